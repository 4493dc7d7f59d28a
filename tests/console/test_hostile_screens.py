"""Whatever outsiders name or say is drawn inert on every screen, and leaves the columns whole."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC
from enum import Enum
from typing import Any, Final, cast
from xml.etree import ElementTree as ET

import pytest
from rich.cells import cell_len

from console.app import MaestroApp
from console.calling import notification
from console.screens.base import Asked
from console.screens.more import MORE_SCREENS
from console.view_models import text as view_text
from console.view_models.ink import Line, plain_text
from console.view_models.text import visible
from console.widgets import paper, wrapping
from core import printable
from tests.console.day import busy_operator, past_events
from tests.console.driving import Driver
from tests.console.fakes import MARIA
from tests.console.office_fakes import FakeMachine
from tests.console.picturing import strips, words
from tests.console.test_hostile import FORBIDDEN
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock

pytestmark = pytest.mark.no_cover  # counted elsewhere, in half the time

EVIL: Final = "[red]\x1b[2J\u202e世界\x07[/red]z\u0301\u0301\u0301\u0301\u0301\u200b\x9b31m"
HUGE: Final = "\x1b[5m世" * 200_000  # 1 MB
MAIN: Final = ("overview", "approvals", "audit", "rules", "agents", "metrics", "messages", "alerts")
AS_IT_IS: Final = {"unit", "hash", "prev", "id", "kind", "correlation_id", "trace_id", "parent_id"}
Change = Callable[[str], str]


def changed(value: Any, change: Change, name: str = "") -> Any:
    """The same with another text wherever there is text that an outsider can choose."""
    if isinstance(value, str):
        keep = name in AS_IT_IS or isinstance(value, Enum)
        return value if keep else type(value)(change(value))
    if isinstance(value, Mapping):
        held = cast("Mapping[str, Any]", value)
        return {key: changed(each, change) for key, each in held.items()}
    if isinstance(value, tuple):
        items = cast("Sequence[Any]", value)
        return tuple(changed(each, change, name) for each in items)
    return _changed_record(value, change) if is_dataclass(value) else value


def _changed_record(value: Any, change: Change) -> Any:
    given = {
        each.name: changed(getattr(value, each.name), change, each.name)
        for each in fields(value)
        if each.init
    }
    try:
        return replace(value, **given)
    except (ValueError, TypeError):  # it refuses such text itself
        return value


class Poisoned:
    """A desk over which every word of others was changed."""

    def __init__(self, change: Change) -> None:
        self.operator, self.fleet, self.machine = busy_operator(), FakeFleet(), FakeMachine()
        operator, fleet, machine = self.operator, self.fleet, self.machine
        operator.pending = [changed(each, change) for each in operator.pending]
        operator.dossiers = {key: changed(each, change) for key, each in operator.dossiers.items()}
        for owner, names in (
            (operator, ("agents", "grants", "spans", "past")),
            (fleet, ("agents", "ring", "open_alerts", "past_alerts", "metrics")),
        ):
            for name in names:
                setattr(owner, name, [changed(each, change) for each in getattr(owner, name)])
        fleet.state = replace(fleet.state, degraded=True, reason=change("why"))
        machine.lines = tuple(map(change, machine.lines))
        machine.settings = changed(machine.settings, change)
        machine.findings = changed(machine.findings, change)
        policies = machine.policies
        policies.held = changed(policies.held, change)
        policies.cases = changed(policies.cases, change)
        policies.changes = changed(policies.changes, change)
        policies.rules = changed(policies.rules, change)
        self._wrap("emitters", change)
        self._wrap("sessions", change)
        self._wrap("coordinators", change)

    def _wrap(self, name: str, change: Change) -> None:
        read = getattr(self.fleet, name)

        async def poisoned() -> Any:
            return changed(await read(), change)

        setattr(self.fleet, name, poisoned)

    def open(self, **more: Any) -> tuple[MaestroApp, FakeClock]:
        clock = FakeClock()
        app = MaestroApp(
            self.operator, self.operator.bus, clock, MARIA, zone=UTC, fleet=self.fleet, **more
        )
        app.front.office = self.machine.office()
        return app, clock


async def visit(console: Driver, name: str) -> None:
    app = console.app
    app.carry_out(Asked(name))
    await console.until(lambda: app.screen is app.main_screens.get(name))
    await console.hear()
    await console.until(lambda: "reading…" not in console.screen_text())


def check(console: Driver, name: str) -> None:
    """Nothing raw, no pile of accents, and each row as wide as the window."""
    rows = strips(console.app)
    text = words(rows)
    raw = [row for row in text.split("\n") if FORBIDDEN & set(row)]
    assert not raw, name
    assert "\u0301" * 4 not in text, name
    width = console.app.size.width
    for row in rows:
        drawn = "".join(each.text for each in row)
        assert cell_len(drawn) == width, (name, drawn)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=["80x24", "200x60"])
async def test_every_screen_draws_the_words_of_others_inert(size: tuple[int, int]) -> None:
    desk = Poisoned(lambda text: EVIL + text)
    app, clock = desk.open(host=EVIL, home=f"/{EVIL}")
    async with app.run_test(size=size) as pilot:
        console = Driver(app, pilot, clock, desk.operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        for event in past_events(desk.operator):
            await desk.operator.bus.publish(changed(event, lambda text: EVIL + text))
        evil = visible(EVIL)[:8]
        for name in (*MAIN, *MORE_SCREENS):
            await visit(console, name)
            check(console, name)
            if name not in {"audit", "reports"}:  # the core's own words
                assert evil in console.screen_text(), name
            await console.press("down", "enter")
            await console.hear()
            check(console, f"{name}, opened")
            await console.press("escape")


async def test_a_megabyte_in_a_cell_is_cut_and_holds_nobody_up() -> None:
    desk = Poisoned(lambda text: text)
    fleet = desk.fleet
    fleet.agents[0] = replace(fleet.agents[0], note=HUGE)
    app, clock = desk.open()
    async with app.run_test(size=(80, 24)) as pilot:
        console = Driver(app, pilot, clock, desk.operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await visit(console, "agents")
        check(console, "agents")


async def test_a_megabyte_in_every_field_is_not_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Poisoned(lambda text: HUGE + text)
    desk.operator.dossiers = busy_operator().dossiers  # an action is drawn whole: it is decided on
    looked_at, laid_out, hidden, wrap = 0, 0, printable.is_hidden, wrapping.wrap_lines

    def counted(character: str) -> bool:
        nonlocal looked_at
        looked_at += 1
        return hidden(character)

    def measured(lines: Sequence[Line], width: int) -> wrapping.Wrapped:
        nonlocal laid_out
        laid_out += sum(len(plain_text(line.body)) for line in lines)
        return wrap(lines, width)

    monkeypatch.setattr(view_text, "_SHORT_MAX", 60)  # bounds are tested elsewhere; here, that
    monkeypatch.setattr(view_text, "_LONG_MAX", 1000)  # each place has one
    monkeypatch.setattr(printable, "is_hidden", counted)
    monkeypatch.setattr(paper, "wrap_lines", measured)
    app, clock = desk.open(host=HUGE, home=f"/{HUGE}")
    async with app.run_test(size=(80, 24)) as pilot:
        console = Driver(app, pilot, clock, desk.operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        for event in past_events(desk.operator):
            await desk.operator.bus.publish(changed(event, lambda text: HUGE + text))
        for name in (*MAIN, *MORE_SCREENS):
            looked_at = laid_out = 0
            await visit(console, name)
            check(console, name)
            assert looked_at < len(HUGE) / 4, name  # of a score of such texts, drawn many times
            assert laid_out < len(HUGE) / 20, name


async def test_a_toast_with_words_of_others_is_inert_and_leaves_the_screen_in_sight() -> None:
    desk = Poisoned(lambda text: text)
    app, clock = desk.open()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        console = Driver(app, pilot, clock, desk.operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        app.say(EVIL)
        await console.see(visible(EVIL)[:20])
        check(console, "toast")
        app.say(HUGE)
        await console.until(lambda: len(console.toasts()) == 2)
        check(console, "long toast")
        await console.see("DECISIONS")


@pytest.mark.parametrize("how", ["osc9", "osc777"])
def test_a_call_to_the_terminal_ends_where_it_ends(how: str) -> None:
    sequence = notification(how, f"{EVIL};\x9c\x1b\\", environ={})
    body = sequence.removeprefix("\x1b]").removesuffix("\x07")
    assert not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in body)
    assert body.count(";") == {"osc9": 1, "osc777": 3}[how]


async def test_what_is_copied_is_the_name_as_it_is_and_what_is_said_of_it_is_inert() -> None:
    desk = Poisoned(lambda text: EVIL + text)
    app, clock = desk.open()
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        console = Driver(app, pilot, clock, desk.operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await visit(console, "agents")
        await console.press("y")
        await console.until(console.toasts)
        assert app.clipboard == desk.fleet.agents[0].spec.name
        assert not FORBIDDEN & set(console.toasts()[0])
        check(console, "copied")


async def test_what_is_written_to_files_moves_nothing_where_it_is_printed() -> None:
    desk = Poisoned(lambda text: EVIL + text)
    app, clock = desk.open()
    files = desk.machine.written
    async with app.run_test(size=(120, 36)) as pilot:
        console = Driver(app, pilot, clock, desk.operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await visit(console, "agents")
        await console.press("e")
        await console.until(lambda: any(name.endswith(".json") for name in files))
        app.carry_out(Asked("screenshot", argument="svg"))
        await console.until(lambda: any(name.endswith(".svg") for name in files))
        app.carry_out(Asked("screenshot", argument="text"))
        await console.until(lambda: any(name.endswith(".txt") for name in files))
    kept = {name.rpartition(".")[2]: body.decode() for name, body in files.items()}
    assert set(kept) == {"svg", "txt", "csv", "json"}
    for ending, text in kept.items():
        assert not (FORBIDDEN - {"\r"}) & set(text), ending
    ET.fromstring(kept["svg"])  # noqa: S314 - our own
    (first, *_rest) = json.loads(kept["json"])
    assert first["state"]["spec"]["name"] == desk.fleet.agents[0].spec.name
