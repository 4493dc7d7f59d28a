"""Opens a console over a fleet in memory."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from console.screens.listing import ListScreen
from console.widgets.live_table import LiveTable
from core.commands import FleetCommand
from tests.console.driving import Driver, open_console
from tests.console.fakes import FakeOperator
from tests.fake_fleet import FakeFleet


@asynccontextmanager
async def open_fleet(
    *keys: str, fleet: FakeFleet | None = None, size: tuple[int, int] = (80, 24)
) -> AsyncGenerator[tuple[Driver, FakeFleet]]:
    """A console over a fleet, after these keys."""
    fleet = fleet or FakeFleet()
    async with open_console(FakeOperator(), size=size, fleet=fleet) as console:
        await console.press(*keys)
        await console.hear()
        yield console, fleet


def table(console: Driver) -> LiveTable[Any]:
    screen = console.app.screen
    assert isinstance(screen, ListScreen)
    return screen.table  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def chosen(console: Driver) -> Any:
    """The row under the cursor."""
    row = table(console).selected
    assert row is not None
    return row


async def sent(console: Driver, fleet: FakeFleet, number: int = 1) -> FleetCommand:
    await console.until(lambda: len(fleet.commands) == number)
    return fleet.commands[-1]
