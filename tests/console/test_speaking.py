"""The operator changes the language while the console runs; it is kept for the next time."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from console import language
from console.app import MaestroApp
from console.looks import Looks
from console.memory import STATE_FILE, Remembered, read_state, write_state
from console.screens.base import Asked
from tests.console.driving import open_console
from tests.console.fakes import MARIA, FakeOperator
from tests.fakes import FakeClock


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    language.use("en")


async def test_the_screens_change_at_once_and_the_next_console_begins_so(tmp_path: Path) -> None:
    operator = FakeOperator()
    async with open_console(operator, home=str(tmp_path)) as console:
        await console.press("colon", *"language pt_BR", "enter")
        await console.see("visão geral", "DECISÕES", "RISCO", "HORA", "ajuda")
        assert console.toasts() == ["Agora as telas estão em português."]
        console.app.keeper.flush()
    assert read_state(tmp_path / STATE_FILE).language == "pt_BR"
    language.use("en")
    async with open_console(FakeOperator(), home=str(tmp_path)) as console:
        await console.see("visão geral")


async def test_the_settings_take_the_next_language_and_theme_at_once() -> None:
    async with open_console(FakeOperator()) as console:
        console.app.carry_out(Asked("settings"))
        await console.see("l language")
        before = console.app.theme
        await console.press("l")
        await console.see("l idioma")
        await console.press("l", "t")
        await console.see("l language")
        assert console.app.theme != before
        assert console.app.keeper.state.language == "en"
        assert console.app.keeper.state.theme == console.app.theme


async def test_a_language_that_there_is_not_changes_nothing() -> None:
    async with open_console(FakeOperator()) as console:
        console.app.carry_out(Asked("language", argument="tlh"))
        await console.pilot.pause()
        assert console.toasts() == ["There is no language 'tlh'; there are en, pt_BR."]
        assert language.in_use() == "en"


@pytest.mark.parametrize(
    ("looks", "kept", "spoken"),
    [
        (Looks(language="en", spoken="pt_BR"), "pt_BR", "en"),
        (Looks(spoken="en"), "pt_BR", "pt_BR"),
        (Looks(spoken="pt_BR"), "", "pt_BR"),
        (Looks(), "", "en"),
    ],
)
def test_what_is_asked_for_wins_over_what_was_kept_and_that_over_the_terminal(
    looks: Looks, kept: str, spoken: str, tmp_path: Path
) -> None:
    write_state(tmp_path / STATE_FILE, Remembered(language=kept))
    operator = FakeOperator()
    MaestroApp(operator, operator.bus, FakeClock(), MARIA, home=str(tmp_path), looks=looks)
    assert language.in_use() == spoken


def test_english_loads_no_locale_data() -> None:
    script = "import sys, console.app; print('babel' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
