"""What a terminal shows, as text that a diff can be read of: its rows, then how they are drawn.

`MAESTRO_PICTURES=DIR` writes each picture as SVG too, to be looked at.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rich.segment import Segment
from rich.style import Style
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual._context import visible_screen_stack

from console.app import MaestroApp
from console.screens.base import MaestroScreen
from console.widgets.bars import KeyBar

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LAST: Final = re.compile(r" \?(?: \w+)?  :(?: \w+)?$")
_LAST_OF_HELP: Final = re.compile(r"  :(?: \w+)?$")
_LOOKS: Final = ("bold", "dim", "italic", "underline", "reverse", "strike")


class PictureExtension(SingleFileSnapshotExtension):
    """One text file a picture."""

    _file_extension = "txt"
    _write_mode = WriteMode.TEXT


def strips(app: MaestroApp) -> list[list[Segment]]:
    """What stands on the terminal, row by row."""
    shell: Any = app
    below: Any = shell._background_screens  # what dialogs lie on
    visible_screen_stack.set(below)
    drawn = shell.screen._compositor.render_strips()
    return [[each for each in strip if each.text] for strip in drawn]


def names_help_and_command(app: MaestroApp) -> bool:
    """Whether the last row, though a dialog may lie on it, ends with `? :`; the help with `:`."""
    screen = next(each for each in reversed(app.screen_stack) if isinstance(each, MaestroScreen))
    row = screen.query_one(KeyBar).render_line(0).text.rstrip()
    return bool((_LAST_OF_HELP if screen.NAME == "help" else _LAST).search(row))


def words(rows: list[list[Segment]]) -> str:
    """The text alone."""
    return "\n".join("".join(each.text for each in row).rstrip() for row in rows)


def colours(rows: list[list[Segment]]) -> str:
    """A letter a style and how many cells are drawn in it; then what the letters mean."""
    letters: dict[str, str] = {}
    lines = [" ".join(_runs(row, letters)) for row in rows]
    meaning = [f"{letter} {look}" for look, letter in letters.items()]
    return "\n".join([*lines, *meaning])


def _runs(row: list[Segment], letters: dict[str, str]) -> Iterator[str]:
    last, cells = "", 0
    for segment in row:
        look = _look(segment.style)
        letter = letters.setdefault(look, _letter(len(letters)))
        if letter != last and cells:
            yield f"{last}{cells}"
            cells = 0
        last, cells = letter, cells + segment.cell_length
    if cells:
        yield f"{last}{cells}"


def _letter(number: int) -> str:
    return _LETTERS[number] if number < len(_LETTERS) else f"<{number}>"


def _look(style: Style | None) -> str:
    if style is None:
        return "plain"
    named = [each for each in _LOOKS if getattr(style, each)]
    front, back = (None if each is None else each.name for each in (style.color, style.bgcolor))
    return " ".join([front or "-", "on", back or "-", *named])


def keep_picture(app: MaestroApp, name: str) -> None:
    """For eyes, where they were asked for."""
    folder = os.environ.get("MAESTRO_PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{name}.svg").write_text(app.export_screenshot(title=name))
