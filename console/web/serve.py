"""`maestro web`: hosts the engine if nobody does, and serves attached consoles to browsers."""

import asyncio
import contextlib
import ipaddress
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
from aiohttp import web
from textual_serve.server import Server

from console.language import _, in_use
from console.remote.address import find_url, read_operator_token
from console.remote.client import Access, RemoteClient
from console.remote.link import Link
from console.web.lock import Lock
from core.adapters.system import SystemClock
from core.bootstrap import Engine, run_engine
from core.errors import ConfigError, HomeInUse
from core.settings import Settings

CONSOLES_MAX: Final = 4  # at once: each is a process, and one of the engine's event streams
_CLOSING_S: Final = 2.0
_TEMPLATES: Final = Path(__file__).parent / "templates"


class ConsoleServer(Server):
    """textual-serve, with its own page, no banner, and a bound on processes."""

    def __init__(self, command: Sequence[str], origin: str) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - a path type of theirs
            shlex.join(command), title="maestro", public_url=origin, templates_path=_TEMPLATES
        )
        self._open = 0

    async def make_app(self, lock: Lock) -> web.Application:
        """Everything behind `lock`."""
        app = await self._make_app()
        guard: Any = lock.middleware()
        app.middlewares.insert(0, guard)
        app.on_response_prepare.append(lock.harden)
        page = next(each for each in app.values() if isinstance(each, jinja2.Environment))
        words: dict[str, Any] = {
            "language": in_use().replace("_", "-"),
            "ended": _("This console has ended; the engine goes on."),
            "again": _("Open it again"),
        }
        page.globals.update(words)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: the login address is told elsewhere."""

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """One console."""
        if self._open >= CONSOLES_MAX:
            raise web.HTTPServiceUnavailable(
                text=_("{number} consoles are open: close one, then reload").format(
                    number=CONSOLES_MAX
                )
                + "\n"
            )
        self._open += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._open -= 1


async def serve_web(
    home: Path,
    settings: Settings,
    *,
    folder: Path,
    config: Path | None,
    host: str,
    port: int,
    hosted: Callable[[Engine], object] = lambda _: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then stop cleanly. `hosted` gets an engine that is ours.

    Raises: ConfigError, and what starting the engine raises.
    """
    _check_loopback(host)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        # Taken before the engine starts: a port in use stops everything, and leaves no trace.
        listening = stack.enter_context(_listen(host, port))
        hosting = await _host(stack, home, settings, folder, hosted)
        await _check_engine(home)
        origin = _origin(listening)
        lock = Lock(origin, _say_address)
        app = await ConsoleServer(_command(home, config), origin).make_app(lock)
        runner = web.AppRunner(
            app, handle_signals=False, access_log=None, shutdown_timeout=_CLOSING_S
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listening).start()
        _say(f"maestro web: {'hosts' if hosting else 'attached to'} {home}; ctrl+c stops it")
        lock.renew()
        await stop.wait()


async def _host(
    stack: contextlib.AsyncExitStack,
    home: Path,
    settings: Settings,
    folder: Path,
    hosted: Callable[[Engine], object],
) -> bool:
    """Host the home, unless somebody does already."""
    try:
        engine = await stack.enter_async_context(run_engine(home, settings, folder=folder))
    except HomeInUse:
        return False
    if engine.gateway is None:
        raise ConfigError("the browser's console needs the gateway: set gateway.enabled = true")
    hosted(engine)
    return True


async def _check_engine(home: Path) -> None:
    """Say here, and not on a page, why a console could not be opened."""
    access = Access(url=lambda: find_url(None, home), token=lambda: read_operator_token(home, None))
    async with RemoteClient.open(access, Link(SystemClock().monotonic_s)) as client:
        await client.greet()


def _command(home: Path, config: Path | None) -> list[str]:
    named = ["--config", str(config.absolute())] if config else []
    return [sys.executable, "-m", "console", "attach", "--home", str(home.absolute()), *named]


def _check_loopback(host: str) -> None:
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    raise ConfigError(
        f"--host {host}: the browser's console is for this machine alone, such as 127.0.0.1. From"
        " elsewhere, use a tunnel: ssh -L 7718:127.0.0.1:7718"
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(
            f"port {port} of {host} cannot be listened at: {error.strerror}; choose another with"
            " --port"
        ) from error


def _origin(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _say_address(url: str) -> None:
    _say(f"maestro web: open {url} (works once; then the next is shown)")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
