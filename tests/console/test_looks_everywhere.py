"""Every main screen in every size and kind of colour that other pictures do not show.

After a change that is meant: `pytest tests/console/test_looks_everywhere.py --snapshot-update`,
then look at what changed.
"""

from collections.abc import Callable
from datetime import UTC
from typing import Any, Final

import pytest
from textual._wait import wait_for_idle
from textual.pilot import Pilot

from console.app import MaestroApp
from console.screens.base import Asked
from console.screens.more import MORE_SCREENS
from tests.console.day import busy_operator, past_events
from tests.console.driving import Driver
from tests.console.fakes import MARIA
from tests.console.office_fakes import FakeMachine
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock

Compare = Callable[..., bool]
SIZES: Final = {"80x24": (80, 24), "120x36": (120, 36), "200x60": (200, 60)}
THEMES: Final = ("maestro-night", "maestro-day", "mono")
MAIN: Final = (
    "overview",
    "approvals",
    "audit",
    "rules",
    "agents",
    "metrics",
    "messages",
    "alerts",
)
CASES: Final = [
    *((name, size, theme) for name in MAIN for size in ("120x36", "200x60") for theme in THEMES),
    *((name, "80x24", "mono") for name in MAIN),
    *((name, "120x36", "mono") for name in MORE_SCREENS),
    *(("approvals", "120x36", theme) for theme in ("ansi", "high-contrast", "colour-blind")),
]


@pytest.fixture(autouse=True)
def steady_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine that runs this shows."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.mark.parametrize(("name", "size", "theme"), CASES)
def test_each_screen_looks_as_it_was_approved(
    name: str, size: str, theme: str, snap_compare: Compare
) -> None:
    operator, clock = busy_operator(), FakeClock()
    app = MaestroApp(operator, operator.bus, clock, MARIA, zone=UTC, theme=theme, fleet=FakeFleet())
    app.front.office = FakeMachine().office()

    async def go(pilot: Pilot[Any]) -> None:
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        for event in past_events(operator):
            await operator.bus.publish(event)
        await console.hear()
        app.carry_out(Asked(name))
        await console.until(lambda: app.screen is app.main_screens.get(name))
        await console.hear()
        await console.until(lambda: "reading…" not in console.screen_text())
        await wait_for_idle()  # a picture is of the very last state

    assert snap_compare(app, terminal_size=SIZES[size], run_before=go)
