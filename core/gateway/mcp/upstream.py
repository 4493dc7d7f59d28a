"""The connection to one MCP server: opened, kept, and opened again when it breaks."""

import asyncio
import logging
import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp_types import CONNECTION_CLOSED, CallToolResult, Tool

from core.actions import JsonObject
from core.clock import Clock
from core.errors import ConfigError
from core.gateway.mcp.governed import ServerDownError
from core.gateway.mcp.listing import Listing
from core.gateway.mcp.model import Tell
from core.settings import McpServerSettings

SEPARATOR: Final = "__"  # between a server's name and its tool's
CONNECT_S_MAX: Final = 30.0
START_S_MAX: Final = 10.0  # how long lists and calls wait for a server that is starting
LOOK_EVERY_S: Final = 10.0
_BACKOFF_FIRST_S: Final = 0.5
_BACKOFF_MAX_S: Final = 30.0
_NAME: Final = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")
_log = logging.getLogger("maestro.gateway.mcp")

TellHealth = Callable[[str, str], Awaitable[None]]
"""Hears a server's name, and each time it changes what is wrong with it; "" while it works."""


class Upstream:
    """One server of the configuration. Raises ConfigError when it cannot be one."""

    def __init__(
        self, name: str, settings: McpServerSettings, *, clock: Clock, tell_health: TellHealth
    ) -> None:
        if not _NAME.fullmatch(name):
            raise ConfigError(f"[mcp.{name}]: a name has letters, digits and single - or _ inside")
        if (settings.command is None) == (settings.url is None):
            raise ConfigError(f"[mcp.{name}]: give either a command or a url")
        self.name = name
        self._settings = settings
        self._clock = clock
        self._tell_health = tell_health
        self._told: str | None = None
        self._client: Client | None = None
        self._listing = Listing(f"the MCP server {name!r}")
        self._calls = 0  # that it works on now
        self._problem = "it is not connected yet"
        self._broken = asyncio.Event()
        self._tried = asyncio.Event()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        pause_s = _BACKOFF_FIRST_S
        while True:
            self._broken.clear()
            try:
                async with asyncio.timeout(CONNECT_S_MAX) as patience, self._connect() as client:
                    patience.reschedule(None)
                    self._client = client
                    self._listing.clear()
                    pause_s = _BACKOFF_FIRST_S
                    self._tried.set()
                    await self._watch()
            except Exception as error:  # noqa: BLE001 - whatever it was, it is told and tried again
                self._problem = _tell_cause(error)
                if not self._broken.is_set():
                    self._tried.set()
            finally:
                self._client = None
            await self._tell(self._problem)
            await self._clock.sleep(pause_s)
            pause_s = min(_BACKOFF_MAX_S, pause_s * 2)

    async def _watch(self) -> None:
        """Look after an open connection, until it breaks: a server may die while nobody calls."""
        while not self._broken.is_set():
            try:
                async with asyncio.timeout(CONNECT_S_MAX):
                    await self.list_tools()
            except TimeoutError:  # what it does is not ended for that
                if not self._calls:  # some do one thing at a time
                    await self._tell(f"it gave no answer for {CONNECT_S_MAX:g} s")
            except MCPError as error:
                if not self._broken.is_set():
                    await self._tell(f"its tools cannot be listed: {error}")
            else:
                await self._tell("")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._broken.wait()

    async def _tell(self, problem: str) -> None:
        if problem == self._told:
            return
        if problem:
            _log.warning("MCP server %s: %s", self.name, problem)
        self._told = problem
        await self._tell_health(self.name, problem)

    @asynccontextmanager
    async def _connect(self) -> AsyncGenerator[Client]:
        settings = self._settings
        if settings.command is None:
            async with Client(str(settings.url), cache=None) as client:
                yield client
            return
        parameters = StdioServerParameters(
            command=settings.command, args=list(settings.args), env=settings.env
        )
        # What a server writes on its stderr must not reach the terminal that the console draws on.
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:  # noqa: ASYNC230 - never waits
            async with Client(stdio_client(parameters, nowhere), cache=None) as client:
                yield client

    async def wait_tried(self) -> None:
        """Return once a connection stands or has failed; after a break, the next one."""
        await self._tried.wait()

    async def list_tools(self) -> list[Tool]:
        """All its tools. Raises ServerDownError, MCPError."""
        with self._use() as client:
            return await self._listing.read(client)

    async def why_not(self, tool: str) -> str:
        """Why this tool cannot be called now; "" when it can. Waits for a server that starts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(START_S_MAX):
                await self.wait_tried()
        try:
            with self._use() as client:
                return await self._listing.why_not(tool, client)
        except ServerDownError as error:
            return str(error)
        except MCPError as error:
            return f"the MCP server {self.name!r} gives no list of its tools: {error}"

    async def call(self, tool: str, arguments: JsonObject, tell: Tell) -> CallToolResult:
        """Call one tool. Raises ServerDownError, MCPError."""
        with self._use() as client:
            self._calls += 1
            try:
                return await client.call_tool(tool, dict(arguments), progress_callback=tell)
            finally:
                self._calls -= 1

    @contextmanager
    def _use(self) -> Generator[Client]:
        if self._client is None:
            raise ServerDownError(f"the MCP server {self.name!r} is down: {self._problem}")
        try:
            yield self._client
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                self._problem = "the connection broke"
                self._broken.set()
                self._tried.clear()
            raise


def _tell_cause(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"it did not answer within {CONNECT_S_MAX:g} s"
    return str(first_cause(error)) or type(error).__name__


def first_cause(error: Exception) -> Exception:
    """The first cause of an error: task groups wrap what happens in them."""
    causes: tuple[Exception, ...] = getattr(error, "exceptions", ())
    return first_cause(causes[0]) if causes else error
