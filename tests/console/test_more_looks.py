"""How the screens of policies, reports, log, settings, traces and telemetry look."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from textual._wait import wait_for_idle
from textual.pilot import Pilot

from console.app import MaestroApp
from console.screens.base import Asked
from console.screens.more import MORE_SCREENS
from tests.console.day import busy_operator
from tests.console.driving import Driver
from tests.console.fakes import MARIA
from tests.console.office_fakes import FakeMachine
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock

Compare = Callable[..., bool]
SIZES = {"80x24": (80, 24), "160x45": (160, 45)}
DAY = ("policies", "logs", "traces")  # in light too: the others are drawn by the same parts
CASES = [
    *((name, size, "maestro-night") for name in MORE_SCREENS for size in SIZES),
    *((name, "80x24", "maestro-day") for name in DAY),
    ("accepting", "80x24", "maestro-night"),
]


@pytest.fixture(autouse=True)
def steady_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine that runs this shows."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.mark.parametrize(("name", "size", "theme"), CASES)
def test_these_screens_look_as_they_were_approved(
    name: str, size: str, theme: str, snap_compare: Compare
) -> None:
    operator, clock = busy_operator(), FakeClock()
    app = MaestroApp(operator, operator.bus, clock, MARIA, zone=UTC, theme=theme, fleet=FakeFleet())
    app.front.office = FakeMachine().office()

    async def go(pilot: Pilot[Any]) -> None:
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await console.hear()
        screen = "policy_proposals" if name == "accepting" else name
        app.carry_out(Asked(screen))
        await console.until(lambda: app.screen is app.main_screens.get(screen))
        await console.hear()
        await console.until(lambda: "reading…" not in console.screen_text())
        await console.press("down")
        if name == "accepting":
            await console.press("a")
            await console.until(lambda: console.dialog() == "AcceptDialog")
        await wait_for_idle()  # a picture is of the very last state

    assert snap_compare(app, terminal_size=SIZES[size], run_before=go)
