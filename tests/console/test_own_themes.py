"""Themes of the operator's own: found, put on while the console runs, refused with a reason."""

import os
from pathlib import Path

import pytest

from console.app import MaestroApp
from console.theme_shelf import ThemeShelf
from console.themes import read_theme, shipped_themes
from console.theming import POLL_S, Theming
from core.errors import ConfigError
from tests.console.fakes import MARIA, FakeOperator
from tests.fakes import FakeClock

DAY = shipped_themes()["maestro-day"].read_text(encoding="utf-8")


def write(folder: Path, name: str, text: str, *, at_s: int = 0) -> Path:
    """A theme file whose time of change is `at_s`: two writes within a tick of the disk differ."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    os.utime(path, (at_s, at_s))
    return path


def make_app(folder: Path, theme: str) -> MaestroApp:
    operator = FakeOperator()
    return MaestroApp(
        operator, operator.bus, FakeClock(), MARIA, theme=theme, theme_folders=(folder,)
    )


@pytest.fixture(autouse=True)
def colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("dark = perhaps", "mine.toml is not valid TOML: Invalid value"),
        (DAY.replace("dark = false", 'dark = "perhaps"'), "line 2: dark is true or false"),
        (DAY.replace("#FAFAF7", "#12"), "mine.toml, line 7: background '#12' is not a colour"),
        (DAY + 'blink = "#FFFFFF"\n', "line 37: blink is not a key of a theme"),
        (DAY.replace('title = "#00446F"\n', ""), "title is missing"),
        (DAY.replace('style-bad = "bold"', 'style-bad = "blink"'), "'blink' is not of none, bold"),
        (DAY.replace('rule = "#B4B8B4"', "rule = 3"), "rule is a text"),
        ("variables = 3\n", "line 1: \\[variables\\] is a table"),
    ],
)
def test_a_broken_theme_says_where_and_why(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        read_theme(text, where="mine.toml", name="mine")


def test_a_theme_has_a_name_that_can_be_typed() -> None:
    with pytest.raises(ConfigError, match="small letters, digits and dashes"):
        read_theme(DAY, where="My Theme.toml", name="My Theme")


def test_the_operators_file_takes_the_place_of_one_that_ships(tmp_path: Path) -> None:
    shelf = ThemeShelf((tmp_path / "none", tmp_path))
    assert shelf.read("maestro-day").background == "#FAFAF7"
    write(tmp_path, "maestro-day", DAY.replace("#FAFAF7", "#FFFFFF"))
    write(tmp_path, "sea", DAY)
    assert shelf.read("maestro-day").background == "#FFFFFF"
    assert {"sea", "maestro-night"} <= set(shelf.names())


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\xff\xfe", "not text in UTF-8"), (b"#" * 70_000, "larger than a theme")],
)
def test_what_cannot_be_a_theme_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "odd.toml").write_bytes(data)
    with pytest.raises(ConfigError, match=words):
        ThemeShelf((tmp_path,)).read("odd")


def test_a_theme_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").mkdir()
    with pytest.raises(ConfigError, match="Is a directory"):
        ThemeShelf((tmp_path,)).read("odd")


async def test_a_changed_file_is_put_on_and_a_broken_one_told(tmp_path: Path) -> None:
    write(tmp_path, "sea", DAY, at_s=1)
    app = make_app(tmp_path, "sea")
    complaints: list[str] = []
    async with app.run_test() as pilot:
        assert app.theme_variables["title"] == "#00446F"
        theming = Theming(app, ThemeShelf((tmp_path,)))
        theming.choose("sea")

        write(tmp_path, "sea", DAY.replace("#00446F", "#102030"), at_s=2)
        theming.look(complaints.append)
        await pilot.pause()
        assert (app.theme, app.theme_variables["title"], complaints) == ("sea", "#102030", [])

        write(tmp_path, "sea", DAY.replace("#00446F", "sea green"), at_s=3)
        theming.look(complaints.append)
        theming.look(complaints.append)  # told once, not twice a second
        await pilot.pause()
        assert app.theme_variables["title"] == "#102030"
        assert len(complaints) == 1
        assert "sea.toml, line 18: title 'sea green' is not a colour" in complaints[0]


async def test_the_console_looks_again_only_where_a_theme_can_change(tmp_path: Path) -> None:
    for folder, looks in ((tmp_path / "none", False), (tmp_path, True)):
        app = make_app(folder, "maestro-night")
        async with app.run_test():
            paces = {timer._interval for timer in app._timers}  # pyright: ignore[reportPrivateUsage]
            assert (POLL_S in paces) is looks


async def test_a_broken_theme_locks_nobody_out(tmp_path: Path) -> None:
    write(tmp_path, "sea", "dark = perhaps")
    app = make_app(tmp_path, "sea")
    async with app.run_test() as pilot:
        await pilot.pause()
        assert app.theme == "maestro-night"
        assert any("sea.toml is not valid TOML" in each.message for each in app._notifications)  # pyright: ignore[reportPrivateUsage]
