"""How a newcomer's overview and the tour look, pixel by pixel."""

from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from textual._wait import wait_for_idle
from textual.pilot import Pilot

from console.app import MaestroApp
from core.measures import MetricSpec, Reading, SourceState
from tests.console.driving import Driver
from tests.console.fakes import MARIA, FakeOperator
from tests.console.test_first_steps import FakeTrial, lonely_fleet
from tests.factories import NOW
from tests.fakes import FakeClock

Compare = Callable[..., bool]
SIZES = {"80x24": (80, 24), "120x36": (120, 36)}


@pytest.fixture(autouse=True)
def steady_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine that runs this shows."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.mark.parametrize("touring", [False, True], ids=["still", "touring"])
@pytest.mark.parametrize("theme", ["maestro-night", "maestro-day"])
@pytest.mark.parametrize("size", SIZES)
def test_a_newcomer_sees_what_was_approved(
    size: str, theme: str, *, touring: bool, snap_compare: Compare
) -> None:
    operator = FakeOperator()
    fleet = lonely_fleet()
    fleet.metrics += [
        Reading(
            spec=MetricSpec(agent="system", name=name, unit="ratio", target=0.8),
            state=SourceState.FRESH,
            value=value,
            at=NOW,
            source="psutil",
        )
        for name, value in (("host_cpu", 0.12), ("host_memory", 0.43), ("host_disk", 0.26))
    ]
    app = MaestroApp(
        operator,
        operator.bus,
        FakeClock(),
        MARIA,
        zone=UTC,
        theme=theme,
        fleet=fleet,
        home="/home/ana/.local/state/maestro",
        gateway_url="http://127.0.0.1:7717",
        trial=FakeTrial(operator),
    )

    async def go(pilot: Pilot[Any]) -> None:
        clock = app.bridge.clock
        assert isinstance(clock, FakeClock)
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await console.hear()
        await console.hear()  # what only the first steps need is read once they are there
        await console.see("FIRST STEPS", "cpu 12%")
        if touring:
            await console.press("colon", *"tour", "enter")
            await console.see("leaves the tour")
        await wait_for_idle()  # a picture is of the very last state

    assert snap_compare(app, terminal_size=SIZES[size], run_before=go)
