"""The gateway's service: uvicorn in the engine's own loop, on loopback only."""

import asyncio
import contextlib
import errno
import json
import logging
import math
import os
import resource
import socket
from collections.abc import Generator
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from core.clock import Clock
from core.errors import ConfigError, MaestroError, StorageError
from core.gateway.http.context import gateway_of
from core.gateway.http.problem import MEDIA_TYPE

HOST: Final = "127.0.0.1"
PORT: Final = 7717
_PATIENCE_S: Final = 10.0  # for the head of a request
_HEAD_BYTES_MAX: Final = 32_768  # the edge refuses less, with a better answer
_KEEP_ALIVE_S: Final = 75
_BACKLOG: Final = 128
_CONNECTIONS_MAX: Final = 2048
_FILES_KEPT: Final = 64  # of the process's open files, for the store, the trail and the log
_STOP_S: Final = 3  # what has not answered by then is cancelled
# Without a handler of its own a warning would reach the terminal that the console draws on.
for _name in ("uvicorn", "maestro.gateway"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


class GatewayServer:
    """Serves the application until cancelled. `gateway.json` in the home tells where."""

    name = "gateway"

    def __init__(self, app: Starlette, *, home: Path, clock: Clock, port: int = PORT) -> None:
        self._app = app
        self._file = home / "gateway.json"
        self._clock = clock
        self._port = port
        self._tried = asyncio.Event()
        self._failure: MaestroError | None = None
        self.url = ""  # known once started

    async def wait_started(self) -> str:
        """Wait until connections are taken; return the address. Raises what `run` raised."""
        await self._tried.wait()
        if self._failure is not None:
            raise self._failure
        return self.url

    async def run(self) -> None:
        """Serve. Raises ConfigError when the port cannot be had, StorageError when the home cannot
        take the address."""
        gateway = gateway_of(self._app)
        gateway.closing.clear()
        with self._listening() as listener:
            server = _Server(_config(self._app))
            async with asyncio.TaskGroup() as group:
                serving = group.create_task(server.serve(sockets=[listener]))
                try:
                    await asyncio.wait((serving,))
                finally:
                    gateway.closing.set()
                    server.end()
                    await asyncio.wait((serving,))

    @contextlib.contextmanager
    def _listening(self) -> Generator[socket.socket]:
        """From here on callers are taken; who comes before uvicorn is ready waits in the queue."""
        try:
            listener = _listen(self._port)
            with contextlib.closing(listener):
                self._announce(listener)
                self._failure = None
                self._tried.set()
                try:
                    yield listener
                finally:
                    self._tried.clear()
        except MaestroError as error:
            self._failure = error
            self._tried.set()
            raise
        finally:
            with contextlib.suppress(OSError):  # a disk that fails must not keep it from stopping
                self._file.unlink(missing_ok=True)

    def _announce(self, listener: socket.socket) -> None:
        port = int(listener.getsockname()[1])
        self.url = f"http://{HOST}:{port}"
        content = {
            "url": self.url,
            "port": port,
            "pid": os.getpid(),
            "started_at": self._clock.now().isoformat(),
        }
        try:
            _write_private(self._file, content)
        except OSError as error:
            raise StorageError(
                f"cannot write {self._file}: {error.strerror}; without it no agent can find us"
            ) from error


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_STOP_S,
        h11_max_incomplete_event_size=_HEAD_BYTES_MAX,
    )


class _State(ServerState):
    """What all connections share. Its date is of the second in which a request came."""

    def __init__(self) -> None:
        super().__init__()
        self._dated_s = -math.inf

    def keep_date(self, now_s: float) -> None:
        """Write the date of the answers anew, once a second at most."""
        if now_s - self._dated_s >= 1:
            self._dated_s = now_s
            self.default_headers = [(b"date", formatdate(usegmt=True).encode())]


class _Server(uvicorn.Server):
    """Leaves signals to the process's own handlers, and sleeps until it is told to end.

    uvicorn's own loop wakes ten times a second: to look whether to end, and to keep the date.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.server_state = _State()
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Stop serving."""
        self.should_exit = True
        self._ending.set()

    async def main_loop(self) -> None:
        """Until `end`."""
        await self._ending.wait()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class _Protocol(H11Protocol):
    """Bounds what uvicorn does not: connections, and heads that never end."""

    heard_s = 0.0  # of the loop's clock: when it last sent something
    _patience: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether closing it takes an answer from nobody: it asks nothing, or was refused."""
        refused = self.conn.states == {h11.CLIENT: h11.SEND_BODY, h11.SERVER: h11.SEND_BODY}
        return refused or self.conn.their_state is h11.IDLE

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.heard_s = self.loop.time()
        self._make_room()
        self._watch()

    def data_received(self, data: bytes) -> None:
        self.heard_s = self.loop.time()
        if isinstance(self.server_state, _State):
            self.server_state.keep_date(self.heard_s)
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._calm()

    def _make_room(self) -> None:
        """The longest idle connection gives way: a flood of them must not starve the store."""
        kept = [each for each in self.connections if not each.transport.is_closing()]
        if len(kept) <= _connections_max():
            return
        idle = [each for each in kept if isinstance(each, _Protocol) and each.is_idle]
        min(idle, key=lambda each: each.heard_s).transport.close()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._calm()
        elif self._patience is None:
            self._patience = self.loop.call_later(_PATIENCE_S, self.timeout_keep_alive_handler)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def send_400_response(self, msg: str) -> None:
        status = HTTPStatus.BAD_REQUEST
        problem = {
            "type": "about:blank",
            "title": status.phrase,
            "status": int(status),
            "detail": f"{msg} It is no HTTP/1.1, or its head is too large.",
            "request_id": "",
        }
        headers = [("content-type", MEDIA_TYPE), ("connection", "close")]
        response = h11.Response(status_code=status, headers=headers, reason=status.phrase)
        for event in (response, h11.Data(data=json.dumps(problem).encode()), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def _connections_max() -> int:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return _CONNECTIONS_MAX
    return max(_FILES_KEPT, min(_CONNECTIONS_MAX, files - _BACKLOG - _FILES_KEPT))


def _listen(port: int) -> socket.socket:
    # Named as TCP, or asyncio leaves Nagle's delay on and each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        busy = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        why = "is in use" if busy else f"cannot be had ({error})"
        raise ConfigError(
            f"port {port} of {HOST} {why}; stop what listens there, or choose another with --port"
            " or [gateway] port (0 takes any free one)"
        ) from error
    return listener


def _write_private(path: Path, content: dict[str, Any]) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump(content, file)
    draft.replace(path)
