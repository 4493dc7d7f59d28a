"""How the plots look as tables, and with two hundred agents; other pictures show them otherwise.

After a change that is meant: `MAESTRO_PICTURES=DIR pytest tests/console/test_plot_looks.py
--snapshot-update`, then look at what changed; the SVGs are in DIR.
"""

from dataclasses import replace
from datetime import UTC
from typing import Final

import pytest
from syrupy.assertion import SnapshotAssertion

from console.app import MaestroApp
from console.screens.base import Asked
from core.ids import AgentId
from tests.console.day import busy_operator
from tests.console.driving import Driver
from tests.console.fakes import MARIA
from tests.console.picturing import PictureExtension
from tests.console.test_pictures import THEMES, picture
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock
from tests.fleet_day import make_agent

pytestmark = pytest.mark.no_cover  # counted elsewhere, in half the time

CASES: Final = [
    ("heat", "w", 10, (80, 24)),
    ("graph", "w", 10, (80, 24)),
    ("heat", "t", 10, (120, 36)),
    ("graph", "", 200, (80, 24)),
    ("heat", "", 200, (120, 36)),
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


@pytest.mark.parametrize(("screen", "key", "agents", "size"), CASES)
async def test_a_plot_looks_as_it_was_approved(
    screen: str, key: str, agents: int, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    operator, clock = busy_operator(), FakeClock()
    fleet = large_fleet() if agents > 10 else FakeFleet()
    app = MaestroApp(operator, operator.bus, clock, MARIA, zone=UTC, fleet=fleet)
    async with app.run_test(size=size, notifications=True) as pilot:
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await console.hear()
        app.carry_out(Asked(screen))
        await console.until(lambda: app.screen is app.main_screens.get(screen))
        await console.hear()
        if key:
            await console.press(key)
            await console.hear()  # a table is filled before anybody goes down it
        await console.press("down")
        await console.hear()
        kept = snapshot.use_extension(PictureExtension)
        assert await picture(console, f"plot {screen}-{key}-{agents}", THEMES) == kept
