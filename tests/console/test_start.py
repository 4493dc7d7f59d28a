"""What is loaded before the first picture is paid for by everybody who waits for it."""

import subprocess
import sys

PROBE = """
import asyncio, sys
from console.cli import front, host
from console.app import MaestroApp
from console.late import Late
from core.adapters.system import SystemClock
from core.bus import Bus
from core.ids import OperatorId

loaded = []

async def paint():
    app = MaestroApp(
        Late().as_port(), Bus(), SystemClock(), OperatorId("ana"), fleet=Late().as_port(),
        mode=host.STARTING, on_painted=lambda: loaded.extend(sys.modules),
    )
    async with app.run_test(size=(120, 36)) as pilot:
        while not loaded:
            await pilot.pause()

asyncio.run(paint())
print(*loaded)
"""
LIBRARIES = [
    "babel",
    "aiohttp",
    "asyncpg",
    "cedarpy",
    "cryptography",
    "httpx",
    "jinja2",
    "opentelemetry",
    "orjson",
    "plotext",
    "psutil",
    "pydantic",
    "pydantic_settings",
    "sqlalchemy",
    "sqlite3",
    "starlette",
    "tree_sitter",
    "typer",
    "uvicorn",
    "yaml",
]
PARTS = [
    "core.bootstrap",
    "core.commands",
    "core.events",
    "core.gateway",
    "core.governance",
    "core.orchestration",
    "core.ports",
    "core.records",
    "core.risk",
    "core.settings",
    "core.telemetry",
    "console.first_run",
    "console.folding",
    "console.screens.dialogs",
    "console.screens.prompt",
    "console.view_models.arguments",
    "console.view_models.dossier",
]
SHARED = {  # by all screens
    "base", "copying", "exporting", "frames", "hints", "listing", "sizes", "toasts",
}  # fmt: skip
SCREENS = {*SHARED, "mains", "more", "overview"}


def test_the_first_picture_waits_for_nothing_that_does_not_stand_on_it() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "console.screens.overview" in loaded
    early = [
        name
        for name in loaded
        if any(name == each or name.startswith(f"{each}.") for each in (*LIBRARIES, *PARTS))
    ]
    screens = {name.split(".")[2] for name in loaded if name.startswith("console.screens.")}
    assert (early, screens - SCREENS) == ([], set())
