"""Runs the engine: under the console, or with no screen."""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from console.first_run import TryIt
from core.bootstrap import Engine, run_engine
from core.settings import Settings


async def serve_until_stopped(home: Path, settings: Settings, *, folder: Path) -> None:
    """Host until SIGTERM or SIGINT, then stop cleanly."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with run_engine(home, settings, folder=folder) as engine:
        where = engine.gateway.url if engine.gateway else "no gateway (switched off)"
        sys.stdout.write(f"maestro serves {home} at {where}\n")
        sys.stdout.flush()
        _settle_memory()
        await stop.wait()


async def run_console(
    home: Path,
    settings: Settings,
    *,
    folder: Path,
    mode: str = "LIVE",
    hosted: Callable[[Engine], Awaitable[None]] | None = None,
    seconds: float | None = None,
) -> int:
    """Host under the console until the operator quits, or SIGTERM, or the terminal is closed.

    `hosted` is called once the engine runs; `seconds` None: until somebody leaves. Returns the exit
    code: 1 when the screen itself failed.
    """
    from console.app import MaestroApp  # noqa: PLC0415 - after this the screen libraries are loaded

    async with run_engine(home, settings, folder=folder) as engine:
        if hosted is not None:
            await hosted(engine)
        app = MaestroApp(
            engine.desk,
            engine.bus,
            engine.clock,
            engine.operator,
            fleet=engine.fleet,
            mode=mode,
            home=str(home),
            trial=TryIt(engine.gate, engine.tokens, engine.clock, home),
            theme=settings.console.theme,
            gateway_url=engine.gateway.url if engine.gateway else "",
        )
        _settle_memory()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(name, app.exit)
        if seconds is not None:
            loop.call_later(seconds, app.exit)
        await app.run_async()
        return app.return_code or 0


def _settle_memory() -> None:
    """What is there now stays: a full collection that walks it all would hold an answer up."""
    gc.collect()
    gc.freeze()
