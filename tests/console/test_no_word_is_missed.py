"""No text of a screen is in the code alone: in a made-up language only data stays as it is."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Final

import pytest

from console import language
from console.app import MaestroApp
from console.keymap import KEYMAP, PROMPT_ONLY
from console.screens.base import Asked
from console.screens.dialogs.base import Dialog
from tests.console.day import past_events
from tests.console.fakes import MARIA, FakeOperator
from tests.console.office_fakes import FakeMachine
from tests.console.sights import SIGHTS, full_operator
from tests.console.test_first_steps import FakeTrial, lonely_fleet
from tests.console.tongues import MADE_UP, Traveller
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock

pytestmark = pytest.mark.no_cover  # counted elsewhere, in half the time

HERE: Final = Path(__file__).parent
TOLD_BY: Final = (
    HERE / "day.py",
    HERE / "fakes.py",
    HERE / "office_fakes.py",
    HERE / "sights.py",
    HERE.parent / "fake_fleet.py",
    HERE.parent / "fleet_day.py",
)
RUN: Final = re.compile(r"(?:[^\s│─▸▹▌]+ ?)+")
WORD: Final = re.compile(r"[A-Za-z][A-Za-z']+")
IDENTIFIER: Final = re.compile(r"[._/:=@{}\[\]()\d$*~<>|#\"\\-]|…")
# Keys and commands keep their names; so do agents, people, units, kinds, and fields of arguments.
NAMES: Final = {row.action for row in KEYMAP} | set(PROMPT_ONLY)
_DATA: Final = (
    "Enter Esc Tab Space Bksp NAME maestro ai architect backend bash billing-bot business "
    "codex data devops frontend git mail maria mobile paul payments prometheus psutil scraper "
    "security system video VIDEO internal EUR MB POST kB min ms true breaking irreversible "
    "monitoring requests seconds select source tgz timeout account actor body city description "
    "event fields forecast goodwill method name note page policy privacy seq status subject "
    "succeeded task until"
)
DATA: Final = set(_DATA.split())
# What the libraries say of what was mistyped is theirs: JSON, regular expressions, the palette.
OTHERS: Final = {
    "edit-mistyped": {"Expecting", "value"},
    "filter-refused": {"missing", "unterminated", "subpattern", "position", "nothing"},
    "palette": {"rep"},
    "command": {"to", "try"},
    "newcomer": {"hook", "demo"},  # commands to be typed
}


def sentences() -> Iterator[str]:
    """What the engine and the agents of the fixtures say; screens draw it as it was recorded."""
    for file in TOLD_BY:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield " ".join(node.value.split())


TOLD: Final = tuple(sentences())
TOLD_WORDS: Final = {word for each in TOLD if " " in each for word in WORD.findall(each)}


def is_data(run: str, word: str, name: str) -> bool:
    if word in DATA | NAMES | OTHERS.get(name, set()):
        return True
    around = next(each for each in run.split() if word in WORD.findall(each))
    if IDENTIFIER.search(around):
        return True
    return word in TOLD_WORDS and (
        len(run.split()) > 2 or any(run.strip() in told for told in TOLD)
    )


def drawn(app: MaestroApp, console: Traveller) -> list[str]:
    """The rows; of a dialog only its own, for it cuts the words below it."""
    rows = console.screen_text().split("\n")
    if not isinstance(app.screen, Dialog):
        return rows
    region = app.screen.children[0].region
    return [row[region.x : region.right] for row in rows[region.y : region.bottom]]


def missed(rows: list[str], name: str) -> set[tuple[str, str]]:
    """Runs of words with a word that is of no catalogue, and no data."""
    return {
        (run.strip(), word)
        for row in rows
        for run in RUN.findall(row)
        for word in WORD.findall(run)
        if not is_data(run, word, name)
    }


@pytest.mark.parametrize("name", SIGHTS)
async def test_only_data_is_not_of_the_catalogue(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    operator, clock = full_operator(), FakeClock()
    app = MaestroApp(operator, operator.bus, clock, MARIA, zone=UTC, fleet=FakeFleet())
    app.front.office = FakeMachine().office()
    language.put_on(MADE_UP)
    try:
        async with app.run_test(size=(160, 50), notifications=True) as pilot:
            console = Traveller(app, pilot, clock, operator)
            await console.until(lambda: app.bridge.snapshot.approvals is not None)
            for event in past_events(operator):
                await operator.bus.publish(event)
            await console.hear()
            await SIGHTS[name](console)
            await pilot.pause()
            rows = drawn(app, console)
    finally:
        language.use("en")
    assert missed(rows, name) == set()


async def test_a_newcomer_on_the_tour_reads_one_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """First steps, the tour, what costs, lists with nothing in them, old news, small windows."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    operator, clock = FakeOperator(), FakeClock()
    app = MaestroApp(
        operator,
        operator.bus,
        clock,
        MARIA,
        zone=UTC,
        fleet=lonely_fleet(),
        home="/home/ana/.local/state/maestro",
        gateway_url="http://127.0.0.1:7717",
        trial=FakeTrial(operator),
    )
    language.put_on(MADE_UP)
    rows: list[str] = []
    try:
        async with app.run_test(size=(160, 50)) as pilot:
            console = Traveller(app, pilot, clock, operator)
            await console.until(lambda: app.bridge.snapshot.approvals is not None)
            for action in ("tour", "debug", "overview", "approvals", "rules"):
                app.carry_out(Asked(action))
                await console.hear()
                rows += drawn(app, console)
            app.front.stale_s = lambda: 30.0
            for size in ((160, 50), (50, 12)):
                await pilot.resize_terminal(*size)
                await console.hear()
                rows += drawn(app, console)
    finally:
        language.use("en")
    assert missed(rows, "newcomer") == set()
