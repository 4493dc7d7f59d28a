"""Runs the console onto an engine elsewhere."""

import asyncio
import signal
from pathlib import Path
from socket import gethostname
from typing import Final

from console.app import MaestroApp
from console.cli.host import recall_of
from console.cli.shelf import FileShelf
from console.looks import Looks, key_folders, theme_folders
from console.remote.client import Access, RemoteClient
from console.remote.events import EventStream
from console.remote.fleet import RemoteFleet
from console.remote.link import Link
from console.remote.office import RemoteOffice
from console.remote.operator import RemoteOperator
from console.screens.mains import load_main_screens
from core.adapters.system import SystemClock
from core.bus import Bus
from core.settings import Settings

ATTACHED: Final = "ATTACHED"


async def run_attached(access: Access, settings: Settings, looks: Looks, *, home: Path) -> int:
    """Until the operator quits, or SIGTERM, or the terminal is closed; the exit code.

    `home` is this console's own: themes and keys are looked for there, files are written there.
    Raises a MaestroError before anything is drawn when the engine cannot be attached to.
    """
    clock = SystemClock()
    async with RemoteClient.open(access, Link(clock.monotonic_s)) as client:
        greeting = await client.greet()
        bus, loop = Bus(), asyncio.get_running_loop()

        def load_soon() -> None:
            loop.run_in_executor(None, load_main_screens)

        app = MaestroApp(
            RemoteOperator(client),
            bus,
            clock,
            greeting.operator,
            fleet=RemoteFleet(client) if greeting.fleet else None,
            mode=ATTACHED,
            theme=looks.theme,
            theme_folders=theme_folders(home),
            key_folders=key_folders(home),
            host=gethostname(),
            looks=looks,
            recall_s=recall_of(settings),
            gateway_url=access.url(),
            stale_s=client.link.stale_s,
            on_painted=load_soon,
        )
        office = RemoteOffice(
            client, put_files=FileShelf(home).put, clock=clock, zone=app.front.zone
        )
        app.front.office = office.for_screens(asked=greeting.office)
        for name in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(name, app.exit)

        def tell(problem: str) -> None:
            if app.is_running:
                app.say(
                    problem or "Attached again.", severity="warning" if problem else "information"
                )

        stream = EventStream(client, bus, clock, missed=app.bridge.ask_again, tell=tell)
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(stream.run())
            await app.run_async()
            listening.cancel()
        return app.return_code or 0
