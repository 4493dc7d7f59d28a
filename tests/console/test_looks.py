"""How screens look, pixel by pixel: dark and light, small and large.

After a change that is meant: `pytest tests/console/test_looks.py --snapshot-update`, then look at
what changed.
"""

from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from textual._wait import wait_for_idle
from textual.pilot import Pilot

from console.app import MaestroApp
from tests.console.day import busy_operator, past_events
from tests.console.driving import Driver
from tests.console.fakes import MARIA, FakeOperator
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock

Compare = Callable[..., bool]


async def show_overview(console: Driver) -> None:
    await console.see("curl -fsS", "AGENTS")


async def show_approvals(console: Driver) -> None:
    await console.open_approvals("8f2a1c")
    console.app.tick()
    await console.see("WHY", "a approve")


async def show_card(console: Driver) -> None:
    await show_approvals(console)
    await console.press("enter")
    await console.see("TOUCHES")
    console.app.tick()


async def show_confirmation(console: Driver) -> None:
    await show_approvals(console)
    await console.press("a")
    await console.see("Type the last four characters")


async def show_audit(console: Driver) -> None:
    await console.press("9")
    await console.see("approval.deferred")


async def show_trace(console: Driver) -> None:
    await show_approvals(console)
    await console.press("t")
    await console.see("approval.wait")


async def show_help(console: Driver) -> None:
    await show_approvals(console)
    await console.press("question_mark")
    await console.see("ON APPROVALS")


async def show_rules(console: Driver) -> None:
    await console.press("s")
    await console.see("npm run")


SCREENS = {
    each.__name__.removeprefix("show_"): each
    for each in (
        show_overview,
        show_approvals,
        show_card,
        show_confirmation,
        show_audit,
        show_trace,
        show_help,
        show_rules,
    )
}


@pytest.fixture(autouse=True)
def steady_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine that runs this shows."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


SMALL_ONLY = {"confirmation", "rules"}
SIZES = {"80x24": (80, 24), "160x45": (160, 45)}
CASES = [
    (screen, size)
    for screen in SCREENS
    for size in SIZES
    if size == "80x24" or screen not in SMALL_ONLY
]


@pytest.mark.parametrize("theme", ["maestro-night", "maestro-day"])
@pytest.mark.parametrize(("screen", "size"), CASES)
def test_screens_look_as_they_were_approved(
    screen: str, size: str, theme: str, snap_compare: Compare
) -> None:
    operator = busy_operator()
    assert snap_compare(
        *still(operator, theme), terminal_size=SIZES[size], run_before=on(operator, screen)
    )


def still(operator: FakeOperator, theme: str) -> tuple[MaestroApp]:
    """The console with a clock that stands."""
    fleet = FakeFleet()
    app = MaestroApp(operator, operator.bus, FakeClock(), MARIA, zone=UTC, theme=theme, fleet=fleet)
    return (app,)


def on(operator: FakeOperator, screen: str) -> Callable[[Pilot[Any]], Any]:
    async def go(pilot: Pilot[Any]) -> None:
        app = pilot.app
        assert isinstance(app, MaestroApp)
        clock = app.bridge.clock
        assert isinstance(clock, FakeClock)
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        for event in past_events(operator):
            await operator.bus.publish(event)
        await console.hear()
        await SCREENS[screen](console)
        await wait_for_idle()  # a picture is of the very last state

    return go
