"""Runs the engine: under the console, or with no screen."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from pathlib import Path
from socket import gethostname
from typing import TYPE_CHECKING, Final

from console.late import Late
from console.looks import Looks, key_folders, theme_folders
from core.actions import RiskLevel
from core.adapters.login import name_operator
from core.adapters.system import SystemClock
from core.bus import Bus

if TYPE_CHECKING:  # they are loaded once the screen is there
    from console.app import MaestroApp
    from console.office import Office
    from core.bootstrap import Engine
    from core.fleet_ports import FleetPort
    from core.ports import OperatorPort
    from core.settings import Settings

Start = Callable[..., AbstractAsyncContextManager["Engine"]]
STARTING: Final = "STARTING"


async def serve_until_stopped(
    home: Path, settings: Settings, *, folder: Path, config: Path | None = None
) -> None:
    """Host until SIGTERM or SIGINT, then stop cleanly."""
    from core.bootstrap import run_engine  # noqa: PLC0415 - commands without an engine skip it

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    async with run_engine(home, settings, folder=folder) as engine:
        await _make_office(engine, config, folder)  # for consoles that attach
        where = engine.gateway.url if engine.gateway else "no gateway (switched off)"
        sys.stdout.write(f"maestro serves {home} at {where}\n")
        sys.stdout.flush()
        _settle_memory()
        await stop.wait()


async def run_console(
    home: Path,
    load: Callable[[], Settings],
    *,
    folder: Path,
    looks: Looks,
    mode: str = "LIVE",
    config: Path | None = None,
    hosted: Callable[[Engine], Awaitable[None]] | None = None,
    seconds: float | None = None,
) -> int:
    """Host under the console until the operator quits, or SIGTERM, or the terminal is closed.

    The screen comes first, and says that the engine starts: that takes longer than all drawing.
    `load` reads the settings, in a thread. `hosted` is called once the engine runs; `seconds` None:
    until somebody leaves. Returns the exit code: 1 when the screen itself failed. Raises what
    starting the engine raises, once the terminal is given back.
    """
    from console.app import MaestroApp  # noqa: PLC0415 - after this the screen libraries are loaded

    stage = _Stage()
    app = MaestroApp(
        stage.desk.as_port(),
        stage.bus,
        SystemClock(),
        name_operator(looks.operator),
        fleet=stage.fleet.as_port(),
        mode=STARTING,
        home=str(home),
        theme=looks.theme,
        theme_folders=theme_folders(home),
        looks=looks,
        key_folders=key_folders(home),
        host=gethostname(),
        on_painted=stage.painted.set,
    )

    async def host() -> None:
        start, settings = await stage.load(load)
        async with start(home, settings, folder=folder, bus=stage.bus) as engine:
            await stage.go_live(app, engine, mode=mode, hosted=hosted, office=office)

    async def office(engine: Engine) -> Office:
        return await _make_office(engine, config, folder)

    _end_on_signals(app, seconds)
    async with _beside(host, app.exit):
        await app.run_async()
        stage.leave()
    return app.return_code or 0


class _Stage:
    """What the screen has before the engine is there."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.painted = asyncio.Event()
        self.live = asyncio.Event()  # drawn, too
        self.left = asyncio.Event()
        self.desk: Late[OperatorPort] = Late()
        self.fleet: Late[FleetPort] = Late()

    def leave(self) -> None:
        """The screen is gone; whatever waits for it goes on."""
        self.painted.set()
        self.live.set()
        self.left.set()

    async def load(self, load: Callable[[], Settings]) -> tuple[Start, Settings]:
        """What starts the engine, and its settings; after the first picture, in a thread."""
        await self.painted.wait()
        bootstrap = await asyncio.to_thread(import_module, "core.bootstrap")
        settings = await asyncio.to_thread(load)
        start: Start = bootstrap.run_engine
        return start, settings

    async def go_live(
        self,
        app: MaestroApp,
        engine: Engine,
        *,
        mode: str,
        hosted: Callable[[Engine], Awaitable[None]] | None,
        office: Callable[[Engine], Awaitable[Office]],
    ) -> None:
        """Put the engine's parts where the screen has waited for them, until somebody leaves."""
        from console.first_run import TryIt  # noqa: PLC0415 - loaded with the engine

        if hosted is not None:
            await hosted(engine)
        app.front.office = await office(engine)
        self.desk.arrive(engine.desk)
        self.fleet.arrive(engine.fleet)
        app.go_live(
            mode=mode,
            operator_id=engine.operator,
            gateway_url=engine.gateway.url if engine.gateway else "",
            trial=TryIt(engine.gate, engine.tokens, engine.clock, engine.home),
            recall_s=recall_of(engine.settings),
        )
        app.call_after_refresh(self.live.set)
        await self.live.wait()
        await asyncio.to_thread(_load_screens)
        _settle_memory()
        await self.left.wait()


def _load_screens() -> None:
    from console.screens.mains import load_main_screens  # noqa: PLC0415 - loads screen libraries

    load_main_screens()


def _end_on_signals(app: MaestroApp, seconds: float | None) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, app.exit)
    if seconds is not None:
        loop.call_later(seconds, app.exit)


async def _make_office(engine: Engine, config: Path | None, folder: Path) -> Office:
    """What it needs is loaded in a thread: the screen is there already, and is looked at."""
    office = await asyncio.to_thread(import_module, "console.cli.office")
    made: Office = office.make_office(engine, config=config, folder=folder)
    return made


@contextlib.asynccontextmanager
async def _beside(
    work: Callable[[], Awaitable[None]], ended: Callable[[], None]
) -> AsyncGenerator[None]:
    """Run `work` beside the block; when it fails, call `ended`, wait for the block, and raise."""
    failures: list[Exception] = []

    async def run() -> None:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - raised again below, once the screen is gone
            failures.append(error)
            ended()

    async with asyncio.TaskGroup() as group:
        group.create_task(run())
        yield
    if failures:
        raise failures[0]


def recall_of(settings: Settings) -> dict[RiskLevel, float]:
    """For how many seconds a decision can be taken back, by risk."""
    return {risk: getattr(settings.console.recall_s, risk.value) for risk in RiskLevel}


def _settle_memory() -> None:
    """What is there now stays: a full collection that walks it all would hold an answer up."""
    gc.collect()
    gc.freeze()
    gc.enable()
