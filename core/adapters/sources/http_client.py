"""Bounded GETs over httpx, which is loaded at the first one."""

import asyncio
import contextlib
import importlib
import os
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from core.adapters.sources.apart import Apart
from core.adapters.sources.names import Names
from core.adapters.sources.regular import open_regular, read_at_most
from core.errors import SourceFailed

if TYPE_CHECKING:
    import httpx

_TOKEN_BYTES_MAX: Final = 16_384
_REDIRECTS_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `kept` reuses connections: right for pages, wrong for timings."""

    url: str
    timeout_s: float
    method: str = "GET"
    bytes_max: int = 1_000_000
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    token_file: Path | None = None
    ca_file: Path | None = None
    follow_redirects: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, and how long it took. `cut`: there was more than `bytes_max`."""

    status: int
    body: bytes
    cut: bool
    total_ms: float
    connect_ms: float
    first_byte_ms: float


class HttpClient:
    """One httpx client for each way to trust, shared by all sources."""

    def __init__(self) -> None:
        self._clients: dict[tuple[Path | None, bool], httpx.AsyncClient] = {}
        self._names = Names()
        self._apart = Apart()
        self._tokens: dict[Path, Apart] = {}
        self._lock = asyncio.Lock()

    async def send(self, request: Request) -> Answer:
        """Raises SourceFailed with the reason, TimeoutError."""
        await self._apart.run(_load, request.timeout_s)
        import httpx  # noqa: PLC0415 - loaded by now

        headers = dict(request.headers)
        token_file = request.token_file
        if token_file is not None:
            apart = self._tokens.setdefault(token_file, Apart())
            token = await apart.run(lambda: _read_token(token_file), request.timeout_s)
            headers["Authorization"] = f"Bearer {token}"
        client = await self._client(request)
        await self._names.look_up(urlsplit(request.url).hostname or "", request.timeout_s)
        try:
            async with asyncio.timeout(request.timeout_s):
                return await _send(client, request, headers)
        except httpx.TimeoutException as error:
            raise TimeoutError from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceFailed(_reason(error, request.url)) from error

    async def close(self) -> None:
        """Close all connections."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()

    async def _client(self, request: Request) -> "httpx.AsyncClient":
        key = (request.ca_file, request.kept)
        async with self._lock:
            if key not in self._clients:
                self._clients[key] = await self._apart.run(
                    lambda: _make_client(request.ca_file, kept=request.kept), request.timeout_s
                )
            return self._clients[key]


def _read_token(path: Path) -> str:
    """The first line of a file that holds a secret. Raises SourceFailed."""
    try:
        with open_regular(path) as file:
            token = read_at_most(file, _TOKEN_BYTES_MAX).partition(b"\n")[0].decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not plain text"
        raise SourceFailed(f"the token file {path} cannot be read: {why}") from error
    if not token.isprintable() or not token:
        raise SourceFailed(f"the token file {path} holds no token in its first line")
    return token


def shown_url(url: str) -> str:
    """The address without user, query and fragment, which may hold secrets."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" + ("?…" if parts.query else "")


def _load() -> None:
    """200 ms: not before the first request, not on the loop, and not within what is timed."""
    importlib.import_module("httpx")
    with contextlib.suppress(ImportError):  # else the first connection loads it, on the loop
        importlib.import_module("anyio._backends._asyncio")


def _make_client(ca_file: Path | None, *, kept: bool) -> "httpx.AsyncClient":
    import httpx  # noqa: PLC0415

    if ca_file is None:
        trust = httpx.create_ssl_context(trust_env=False)
        trust.load_default_certs()  # and whom this host trusts besides
    else:
        try:
            trust = ssl.create_default_context(cafile=ca_file)
        except OSError as error:  # SSLError is one
            raise SourceFailed(f"ca_file {ca_file} cannot be read: {error.strerror}") from error
    connections = 20 if kept else 0
    return httpx.AsyncClient(
        verify=trust,
        trust_env=False,  # a proxy or a .netrc of this user has no say in what is measured
        max_redirects=_REDIRECTS_MAX,
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=connections),
    )


async def _send(
    client: "httpx.AsyncClient", request: Request, headers: Mapping[str, str]
) -> Answer:
    marks: dict[str, float] = {}
    started = time.perf_counter()

    async def trace(name: str, _info: object) -> None:  # httpcore awaits it
        marks.setdefault(name, time.perf_counter())

    stream = client.stream(
        request.method,
        request.url,
        # Packed answers are not asked for: a small one can unpack to more than there is memory.
        headers={"User-Agent": "maestro-console", "Accept-Encoding": "identity", **headers},
        follow_redirects=request.follow_redirects,
        timeout=request.timeout_s,
        extensions={"trace": trace},
    )
    body = bytearray()
    async with contextlib.AsyncExitStack() as stack:
        response = await stack.enter_async_context(stream)
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > request.bytes_max:
                break
        ended = time.perf_counter()
    connected = max(
        marks.get("connection.connect_tcp.complete", started),
        marks.get("connection.start_tls.complete", started),
    )
    first = marks.get("http11.receive_response_headers.complete", ended)
    return Answer(
        status=response.status_code,
        body=bytes(body[: request.bytes_max]),
        cut=len(body) > request.bytes_max,
        total_ms=(ended - started) * 1000,
        connect_ms=(connected - started) * 1000,
        first_byte_ms=(first - started) * 1000,
    )


def _reason(error: Exception, url: str) -> str:
    """One sentence out of what is wrapped three deep."""
    import httpx  # noqa: PLC0415

    deepest: BaseException = error
    while deepest.__cause__ or deepest.__context__:
        deepest = deepest.__cause__ or deepest.__context__ or deepest
        if isinstance(deepest, ssl.SSLError):
            break
    host = urlsplit(url).netloc  # without user and password: the settings refuse them
    if isinstance(deepest, ssl.SSLCertVerificationError):
        return (
            f"TLS: the certificate of {host} is not trusted ({deepest.verify_message}); name its"
            " authority as ca_file"
        )
    if isinstance(deepest, ssl.SSLError):
        return f"TLS: {deepest.reason or deepest}: does {host} speak https there?"
    if isinstance(error, httpx.TooManyRedirects):
        return f"more than {_REDIRECTS_MAX} redirects"
    if isinstance(error, httpx.ConnectError):
        return f"cannot connect to {host} ({_system_reason(deepest)}); is it running there?"
    return f"{host} broke off: {str(error) or type(error).__name__}"


def _system_reason(error: BaseException) -> str:
    """asyncio says "Connect call failed" whatever the reason was; the number knows better."""
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)
