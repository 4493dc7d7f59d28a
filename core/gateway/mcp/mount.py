"""`/mcp`: the tools of every configured MCP server over streamable HTTP, through the gate."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any, Final

from mcp import MCPError
from mcp.server import Server, ServerRequestContext
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    Tool,
)
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from core.actions import JsonObject, JsonValue, OutcomeStatus
from core.clock import Clock
from core.errors import Overloaded
from core.gateway.hook.held import HeldCalls, claim
from core.gateway.http.body import read_body
from core.gateway.http.context import Gateway, authenticate, gateway_of
from core.gateway.http.limits import Limits
from core.gateway.mcp.governed import WAIT_S, GovernedCalls, ServerDownError
from core.gateway.mcp.model import Caller, Screen, Tell, ToolCall
from core.gateway.mcp.rules import clean_tools, refuse
from core.gateway.mcp.upstream import SEPARATOR, START_S_MAX, TellHealth, Upstream
from core.governance.screening.rules import screen as screen_json
from core.ids import ActionId
from core.ports import Proposal, Ticket
from core.records import Outcome, TokenKind, TokenRecord
from core.settings import McpServerSettings

PATH: Final = "/mcp"
AGENT_HEADER: Final = "maestro-agent"
SESSION_HEADER: Final = "maestro-session"
AGENT: Final = "mcp-client"
_TOKEN: Final = "maestro.token"  # noqa: S105 - key in the ASGI scope
_log = logging.getLogger("maestro.gateway.mcp")


class McpMount:
    """The routes, for `make_app(extra_routes=…)`, and the service behind them.

    `held`: calls of an earlier process whose answers nobody took.
    Raises: ConfigError when a server's name or settings cannot be used.
    """

    name = "mcp"

    def __init__(
        self,
        servers: Mapping[str, McpServerSettings],
        *,
        clock: Clock,
        tell_health: TellHealth,
        limits: Limits | None = None,
        screen: Screen = screen_json,
        wait_s: float = WAIT_S,
        held: HeldCalls | None = None,
    ) -> None:
        self._upstreams = {
            name: Upstream(name, settings, clock=clock, tell_health=tell_health)
            for name, settings in servers.items()
        }
        self._governed = GovernedCalls(screen=screen, clock=clock, wait_s=wait_s, held=held)
        self._limits = limits or Limits()
        self._manager: StreamableHTTPSessionManager | None = None
        self._started = asyncio.Event()
        # Nothing is ever sent unasked, and a stream that stays open would only take a place.
        self.routes = [Route(PATH, self, methods=["POST"])]

    async def run(self) -> None:
        """Serve until cancelled."""
        # A manager runs once; a restart by the supervisor needs a new one.
        manager = StreamableHTTPSessionManager(
            app=self._make_server(),
            stateless=True,  # every request brings its own token
            max_request_body_size=self._limits.body_bytes_max,
        )
        async with manager.run(), asyncio.TaskGroup() as group:
            for upstream in self._upstreams.values():
                group.create_task(upstream.run(), name=f"mcp:{upstream.name}")
            self._manager = manager
            self._started.set()
            try:
                await asyncio.Event().wait()
            finally:
                self._manager = None
                self._started.clear()

    async def wait_started(self) -> None:
        """Return once requests are served."""
        await self._started.wait()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises Unauthenticated, PermissionDenied, Overloaded, Refused."""
        request = Request(scope, receive)
        token = await authenticate(request, TokenKind.AGENT)
        if self._manager is None:
            raise Overloaded("the MCP service is starting: try again in a moment")
        scope[_TOKEN] = token
        gateway = gateway_of(request.app)
        with gateway.uploads.take(token.id):
            body = await read_body(receive, request.headers, gateway.limits)
        await self._manager.handle_request(scope, _behind(body, receive), send)

    def _make_server(self) -> Server[Any]:
        return Server(
            "maestro",
            instructions="Every tool call is governed; a held one is answered once it is decided.",
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            # Without it every call would list all tools first, only to look at headers.
            get_tool_input_schema=lambda _name: None,
        )

    async def _list_tools(
        self, _context: ServerRequestContext[Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        listed = await asyncio.gather(*map(self._list_one, self._upstreams.values()))
        return ListToolsResult(tools=[tool for tools in listed for tool in tools])

    async def _list_one(self, upstream: Upstream) -> list[Tool]:
        """One server's tools under its name; none while it is down."""
        try:
            async with asyncio.timeout(START_S_MAX):
                await upstream.wait_tried()
                tools = await upstream.list_tools()
        except (ServerDownError, MCPError, TimeoutError) as error:
            _log.warning("the tools of %s cannot be listed: %s", upstream.name, error)
            return []
        return clean_tools(tools, self._governed.screen, prefix=upstream.name + SEPARATOR)

    async def _call_tool(
        self, context: ServerRequestContext[Any, Request], params: CallToolRequestParams
    ) -> CallToolResult:
        server, _, tool = params.name.partition(SEPARATOR)
        upstream = self._upstreams.get(server)
        if upstream is None or not tool:
            known = ", ".join(self._upstreams) or "none"
            return refuse(f"no tool {params.name!r}: tools are server{SEPARATOR}tool of: {known}")
        if context.request is None:
            return refuse("this call came without its request")

        async def run(arguments: JsonObject, tell: Tell) -> CallToolResult:
            # An approval serves once: not for being told that the server is about to start.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(START_S_MAX):
                    await upstream.wait_tried()
            return await upstream.call(tool, arguments, tell)

        call = ToolCall(server=server, tool=tool, arguments=params.arguments or {})
        caller = _read_caller(context.request, context.session.report_progress)
        return await self._governed.call(call, caller=caller, why_not=upstream.why_not, run=run)


def _behind(body: bytes, receive: Receive) -> Receive:
    """Gives the body, which has arrived, and then what comes after it."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return first.pop() if first else await receive()

    return give


def _read_caller(request: Request, tell: Tell) -> Caller:
    token: TokenRecord = request.scope[_TOKEN]
    headers = request.headers
    return Caller(
        link=_GateHere(gateway_of(request.app), token),
        agent=headers.get(AGENT_HEADER) or token.bound_to or AGENT,
        session=headers.get(SESSION_HEADER),
        token_id=token.id,
        tell=tell,
        traceparent=headers.get("traceparent", ""),
    )


class _GateHere:
    """The gate of this process, as one token may use it."""

    def __init__(self, gateway: Gateway, token: TokenRecord) -> None:
        self._gateway = gateway
        self._token = token

    async def propose(self, proposal: Proposal) -> Ticket:
        return await self._gateway.gate.propose(proposal, token=self._token)

    async def wait(self, action_id: ActionId, *, timeout_s: float) -> Ticket:
        with self._gateway.waits.take(self._token.id):
            return await self._gateway.gate.wait(action_id, timeout_s=timeout_s, token=self._token)

    async def claim(self, ticket: Ticket) -> bool:
        return await claim(self._gateway.gate, ticket, key=None, token=self._token)

    async def report_outcome(
        self, action_id: ActionId, *, status: OutcomeStatus, error: str, result: JsonValue
    ) -> None:
        now = self._gateway.clock.now()
        outcome = Outcome(status=status, error=error, reported_at=now)
        await self._gateway.gate.report_outcome(
            action_id, outcome, result=result, token=self._token
        )
