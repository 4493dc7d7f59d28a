"""How the map of activity and the drawing of needs look: every size, dark, light, without colour.

After a change that is meant: `pytest tests/console/test_plot_looks.py --snapshot-update`, then look
at what changed.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from typing import Any, Final

import pytest
from textual._wait import wait_for_idle
from textual.pilot import Pilot

from console.app import MaestroApp
from console.screens.base import Asked
from core.ids import AgentId
from tests.console.day import busy_operator
from tests.console.driving import Driver
from tests.console.fakes import MARIA
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock
from tests.fleet_day import make_agent

Compare = Callable[..., bool]
SIZES: Final = {"80x24": (80, 24), "120x36": (120, 36), "200x60": (200, 60)}
THEMES: Final = ("maestro-night", "maestro-day", "mono")
CASES: Final = [
    *((name, size, theme) for name in ("heat", "graph") for size in SIZES for theme in THEMES),
    ("heat table", "80x24", "maestro-night"),
    ("graph table", "80x24", "maestro-night"),
    ("graph of 200", "80x24", "maestro-night"),
    ("heat of 200", "120x36", "maestro-night"),
]


@pytest.fixture(autouse=True)
def steady_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine that runs this shows."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


def large_fleet() -> FakeFleet:
    """Each needs the first, and half of them one that is ten before; one needs nobody known."""
    fleet = FakeFleet()
    fleet.agents = [make_agent("core")]
    for at in range(1, 200):
        needs = ["core"]
        if at > 10 and at % 2:
            needs.append(f"worker-{at - 10:03}")
        if at == 5:
            needs.append("ghost")
        agent = make_agent(f"worker-{at:03}")
        spec = replace(agent.spec, depends_on=tuple(map(AgentId, needs)))
        fleet.agents.append(replace(agent, spec=spec))
    return fleet


@pytest.mark.parametrize(("name", "size", "theme"), CASES)
def test_a_plot_looks_as_it_was_approved(
    name: str, size: str, theme: str, snap_compare: Compare
) -> None:
    operator, clock = busy_operator(), FakeClock()
    fleet = large_fleet() if name.endswith("200") else FakeFleet()
    app = MaestroApp(operator, operator.bus, clock, MARIA, zone=UTC, theme=theme, fleet=fleet)

    async def go(pilot: Pilot[Any]) -> None:
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await console.hear()
        screen = name.split(maxsplit=1)[0]
        app.carry_out(Asked(screen))
        await console.until(lambda: app.screen is app.main_screens.get(screen))
        await console.hear()
        if name.endswith("table"):
            await console.press("w")
        await console.press("down")
        await wait_for_idle()  # a picture is of the very last state

    assert snap_compare(app, terminal_size=SIZES[size], run_before=go)
