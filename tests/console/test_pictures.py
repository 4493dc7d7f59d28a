"""Every screen and dialog at three sizes, dark, light and without colour, as it was approved.

After a change that is meant: `MAESTRO_PICTURES=DIR pytest tests/console/test_pictures.py
--snapshot-update`, then look at what changed; the SVGs are in DIR.
"""

from datetime import UTC
from typing import Any, Final

import pytest
from syrupy.assertion import SnapshotAssertion
from textual._wait import wait_for_idle

from console.app import MaestroApp
from core.measures import MetricSpec, Reading, SourceState
from tests.console.day import past_events
from tests.console.driving import Driver
from tests.console.fakes import MARIA, FakeOperator
from tests.console.office_fakes import FakeMachine
from tests.console.picturing import (
    PictureExtension,
    colours,
    keep_picture,
    names_help_and_command,
    strips,
    words,
)
from tests.console.sights import LISTS, SIGHTS, full_operator, go
from tests.console.test_first_steps import FakeTrial, lonely_fleet
from tests.factories import NOW
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock

pytestmark = pytest.mark.no_cover  # counted elsewhere, in half the time

SIZES: Final = {"80x24": (80, 24), "120x36": (120, 36), "200x60": (200, 60)}
THEMES: Final = ("maestro-night", "maestro-day", "mono")
OTHERS: Final = ("high-contrast", "colour-blind", "ansi")
IN_OTHERS: Final = {("overview", "120x36"), ("approvals", "120x36"), ("confirm", "80x24")}


@pytest.fixture(autouse=True)
def steady_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine that runs this shows."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.fixture
def kept(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(PictureExtension)


async def put_on(console: Driver, name: str, theme: str) -> None:
    """Change the theme. Textual's palette keeps the colours that it was opened in."""
    app = console.app
    if name == "palette":
        await console.press("escape")
        app.set_theme(theme)
        await SIGHTS[name](console)
    app.set_theme(theme)
    app.tick()


async def picture(console: Driver, name: str, themes: tuple[str, ...] = THEMES) -> str:
    """The same words in every theme, so that none says by colour what another does not say."""
    app, said, parts = console.app, list[str](), list[str]()

    def is_said() -> bool:
        return words(strips(app)) == said[0]

    for theme in themes:
        await put_on(console, name.partition(" ")[0], theme)
        await console.pilot.pause()
        await wait_for_idle()  # a picture is of the very last state
        said = said or [words(strips(app))]
        await console.until(is_said)
        parts.append(f"--- {theme}\n{colours(strips(app))}")
        keep_picture(app, f"{name.replace(' ', '-')}-{theme}")
    return "\n".join([*said, *parts, ""])


def open_app(operator: FakeOperator, clock: FakeClock, **more: Any) -> MaestroApp:
    given: dict[str, Any] = {"zone": UTC, "fleet": FakeFleet(), **more}
    return MaestroApp(operator, operator.bus, clock, MARIA, **given)


@pytest.mark.parametrize(
    "size", ["80x24", "120x36", pytest.param("200x60", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("name", SIGHTS)
async def test_a_sight_looks_as_it_was_approved(
    name: str, size: str, kept: SnapshotAssertion
) -> None:
    operator, clock = full_operator(), FakeClock()
    app = open_app(operator, clock)
    app.front.office = FakeMachine().office()
    themes = (*THEMES, *(OTHERS if (name, size) in IN_OTHERS else ()))
    async with app.run_test(size=SIZES[size], notifications=True) as pilot:
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        for event in past_events(operator):
            await operator.bus.publish(event)
        await console.hear()
        await SIGHTS[name](console)
        assert await picture(console, f"{name} {size}", themes) == kept
        assert names_help_and_command(app)


@pytest.mark.parametrize("touring", [False, True], ids=["still", "touring"])
@pytest.mark.parametrize("size", SIZES)
async def test_a_newcomer_sees_what_was_approved(
    size: str, *, touring: bool, kept: SnapshotAssertion
) -> None:
    operator, clock, fleet = FakeOperator(), FakeClock(), lonely_fleet()
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
    app = open_app(
        operator,
        clock,
        fleet=fleet,
        home="/home/ana/.local/state/maestro",
        gateway_url="http://127.0.0.1:7717",
        trial=FakeTrial(operator),
    )
    async with app.run_test(size=SIZES[size]) as pilot:
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await console.hear()
        await console.hear()  # what only the first steps need is read once they are there
        await console.see("FIRST STEPS", "cpu 12%")
        if touring:
            await console.press("colon", *"tour", "enter")
            await console.see("leaves the tour")
        assert await picture(console, f"{'touring' if touring else 'first'} {size}") == kept


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_with_nothing_in_it_says_so(name: str, kept: SnapshotAssertion) -> None:
    operator, clock, fleet, machine = FakeOperator(), FakeClock(), FakeFleet(), FakeMachine()
    fleet.ring, fleet.open_alerts, fleet.past_alerts, fleet.metrics = [], [], [], []
    fleet.agents, fleet.is_heard = [], False
    machine.lines, machine.settings, machine.findings = (), (), ()
    machine.policies.rules, machine.policies.cases, machine.policies.changes = (), (), ()
    app = open_app(operator, clock, fleet=fleet)
    app.front.office = machine.office()
    async with app.run_test(size=SIZES["80x24"]) as pilot:
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await go(console, name)
        assert await picture(console, f"empty {name}", ("maestro-night",)) == kept
