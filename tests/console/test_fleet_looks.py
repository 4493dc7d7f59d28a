"""How the fleet's screens look, pixel by pixel: dark and light, small to large."""

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any

import pytest
from textual._wait import wait_for_idle
from textual.pilot import Pilot

from console.app import MaestroApp
from tests.console.driving import Driver
from tests.console.fakes import MARIA, FakeOperator
from tests.console.fleet_driving import table
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock

Compare = Callable[..., bool]


async def show_agents(console: Driver) -> None:
    await console.press("2")
    await console.see("✗ ERROR", "▽ draining")


async def show_agent(console: Driver) -> None:
    await show_agents(console)
    await console.press("down", "enter")
    await console.hear()
    await console.see("degraded by video", "RECENT ACTIONS", "⣿")


async def show_metrics(console: Driver) -> None:
    await console.press("4")
    await console.see("METRICS  54", "! 612 ms")


async def show_metric(console: Driver) -> None:
    await show_metrics(console)
    table(console).select("backend.api_response_time_p95")
    await console.press("enter")
    await console.see("LAST 1 h", "▀", "access_log")  # read before the clock moves again


async def show_messages(console: Driver) -> None:
    await console.press("5", "down")
    await console.hear()
    await console.see("9 newest", "◌ waiting")


async def show_alerts(console: Driver) -> None:
    await console.press("6")
    await console.hear()
    await console.see("✗ CRITICAL", "encoder not found")


async def show_silencing(console: Driver) -> None:
    await show_alerts(console)
    await console.press("n")
    await console.see("8 hours")


async def show_restarting(console: Driver) -> None:
    await show_agents(console)
    await console.press("x")
    await console.see("Restart, because")


Show = Callable[[Driver], Awaitable[None]]
SHOWS: tuple[Show, ...] = (
    show_agents,
    show_agent,
    show_metrics,
    show_metric,
    show_messages,
    show_alerts,
    show_silencing,
    show_restarting,
)
SIZES = {"80x24": (80, 24), "120x36": (120, 36), "160x45": (160, 45)}
SMALL_ONLY = (show_silencing, show_restarting)
CASES = [
    pytest.param(show, size, id=f"{getattr(show, '__name__', '')[5:]}-{name}")
    for show in SHOWS
    for name, size in SIZES.items()
    if name == "80x24" or show not in SMALL_ONLY
]


@pytest.fixture(autouse=True)
def steady_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine that runs this shows."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.mark.parametrize("theme", ["maestro-night", "maestro-day"])
@pytest.mark.parametrize(("show", "size"), CASES)
def test_the_fleet_looks_as_it_was_approved(
    show: Show, size: tuple[int, int], theme: str, snap_compare: Compare
) -> None:
    operator, clock = FakeOperator(), FakeClock()
    app = MaestroApp(operator, operator.bus, clock, MARIA, zone=UTC, theme=theme, fleet=FakeFleet())

    async def go(pilot: Pilot[Any]) -> None:
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await console.hear()
        await show(console)
        await console.hear()
        await wait_for_idle()  # a picture is of the very last state

    assert snap_compare(app, terminal_size=size, run_before=go)
