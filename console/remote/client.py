"""Calls of the engine's gateway with the operator's token."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlencode

import httpx

from console.language import _
from console.remote.link import Link
from console.remote.problems import EngineDiffersError, EngineSilentError, read_problem
from core.codec import decode_value
from core.gateway.console_schemas import FORMS
from core.ids import OperatorId

READ_S: Final = 10.0
COMMAND_S: Final = 60.0  # steering an agent waits for the gate
VERIFY_S: Final = 600.0  # of a long trail
STREAM_S: Final = 40.0  # the engine says something every fifteen seconds
CONNECT_S: Final = 5.0
_CONNECTIONS_MAX: Final = 8
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Access:
    """Where the engine is, and its token; asked for each call, so that a restart is followed."""

    url: Callable[[], str]
    token: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Greeting:
    """Who the operator is; whether an orchestrator is hosted, and its machine can be asked."""

    operator: OperatorId
    fleet: bool
    office: bool


class RemoteClient:
    """One engine. Every method raises a MaestroError with a sentence for the screen."""

    def __init__(self, access: Access, http: httpx.AsyncClient, link: Link) -> None:
        self._access = access
        self._http = http
        self.link = link

    @classmethod
    @asynccontextmanager
    async def open(cls, access: Access, link: Link) -> AsyncGenerator["RemoteClient"]:
        """A client; connects when it is first used."""
        limits = httpx.Limits(
            max_connections=_CONNECTIONS_MAX, max_keepalive_connections=_CONNECTIONS_MAX
        )
        # No proxies of the environment, no redirects: the token goes where it was said to go.
        async with httpx.AsyncClient(trust_env=False, limits=limits) as http:
            yield cls(access, http, link)

    async def greet(self) -> Greeting:
        """Raises EngineDiffersError when the engine is older or newer than this console."""
        response = await self._send("GET", "/v1/console", None, READ_S)
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise EngineDiffersError(
                _(
                    "the engine at {url} is older than this console: it cannot be attached"
                    " to. Update it and start it again"
                ).format(url=self._access.url())
            )
        told = self._answer(response)
        forms = told.get("forms")
        if forms != FORMS:
            older = isinstance(forms, int) and forms < FORMS
            raise EngineDiffersError(
                _(
                    "the engine at {url} is {what} than this console: update the {what_2},"
                    " then attach again"
                ).format(
                    url=self._access.url(),
                    what="older" if older else "newer",
                    what_2="engine" if older else "console",
                )
            )
        return Greeting(
            OperatorId(str(told.get("operator"))),
            fleet=told.get("fleet") is True,
            office=told.get("office") is True,
        )

    async def view(
        self, kind: type[T], view: str, *, timeout_s: float = READ_S, **arguments: Any
    ) -> T:
        """Read one view; changes nothing, so a connection that was closed is tried once more."""
        body = {"view": view} | {
            name: value for name, value in arguments.items() if value is not None
        }
        try:
            response = await self._send("POST", "/v1/console/views", body, timeout_s)
        except _ClosedMeanwhileError:
            response = await self._send("POST", "/v1/console/views", body, timeout_s)
        try:
            found = decode_value(kind, self._answer(response).get("value"))
        except ValueError:
            found = None
        if found is None:
            raise EngineDiffersError(
                _(
                    "the engine's {view} do not fit this console: they are of different versions"
                ).format(view=view)
            )
        return cast("T", found)

    async def command(self, command: str, **fields: Any) -> str:
        """Send one command, once; the sentence of what came of it."""
        body = {"command": command, **fields}
        response = await self._send("POST", "/v1/console/commands", body, COMMAND_S)
        return str(self._answer(response).get("sentence", ""))

    async def fetch(self, path: str, **query: str) -> bytes:
        """Read what is not JSON, such as a report; changes nothing."""
        asked = f"{path}?{urlencode(query)}"
        try:
            response = await self._send("GET", asked, None, COMMAND_S)
        except _ClosedMeanwhileError:
            response = await self._send("GET", asked, None, COMMAND_S)
        if response.is_error:
            self._answer(response)
        return response.content

    @asynccontextmanager
    async def stream(self, last_id: str) -> AsyncGenerator[httpx.Response]:
        """The event stream, open. Raises what the calls raise."""
        headers = self._headers() | ({"Last-Event-ID": last_id} if last_id else {})
        timeout = httpx.Timeout(STREAM_S, connect=CONNECT_S)
        url = self._access.url()
        try:
            async with self._http.stream(
                "GET", url + "/v1/events", headers=headers, timeout=timeout
            ) as response:
                if response.is_error:
                    await response.aread()
                    self._answer(response)
                yield response
        except httpx.HTTPError as error:
            raise _silence(url, error, sent=False) from error

    async def _send(self, method: str, path: str, body: Any, timeout_s: float) -> httpx.Response:
        url = self._access.url()
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
        try:
            response = await self._http.request(
                method, url + path, json=body, headers=self._headers(), timeout=timeout
            )
        except httpx.HTTPError as error:
            self.link.unanswered()
            raise _silence(url, error, sent=path.endswith("commands")) from error
        self.link.answered()
        return response

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._access.token()}"}

    def _answer(self, response: httpx.Response) -> Mapping[str, Any]:
        try:
            answer: Any = response.json()
        except (ValueError, RecursionError):
            answer = None
        if response.is_error or not isinstance(answer, Mapping):
            raise read_problem(response.status_code, answer)
        return cast("Mapping[str, Any]", answer)


class _ClosedMeanwhileError(EngineSilentError):
    """The engine had closed the connection before it was used again."""


def _silence(url: str, error: httpx.HTTPError, *, sent: bool) -> EngineSilentError:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return EngineSilentError(
            _("nothing answers at {url}: start the engine with `maestro serve`").format(url=url)
        )
    if sent:
        return EngineSilentError(
            _(
                "the engine at {url} gave no answer: whether it did this is not known."
                " Look at the queue before you decide again"
            ).format(url=url)
        )
    kind = (
        _ClosedMeanwhileError if isinstance(error, httpx.RemoteProtocolError) else EngineSilentError
    )
    return kind(
        _("the engine at {url} gave no answer in time: it has stopped, or is very busy").format(
            url=url
        )
    )
