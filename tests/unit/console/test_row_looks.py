"""Rows in true colours: what a filter of the whole screen makes of them."""

import pytest
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from textual.color import Color
from textual.filter import ANSIToTruecolor, LineFilter, Monochrome
from textual.strip import Strip

from console.view_models.ink import Span, Tone
from console.widgets.toned import lay_row, make_ink

BLACK = Color(0, 0, 0)
TRUE = Style.parse("bold #ff8800 on #102030")
GREEN = Style.parse("green")
DIM = Style.parse("dim #ff8800")


@pytest.mark.parametrize("style", [TRUE, GREEN, DIM], ids=["true", "of the terminal", "dim"])
@pytest.mark.parametrize(
    "by", [ANSIToTruecolor(DEFAULT_TERMINAL_THEME), Monochrome()], ids=["true", "grey"]
)
def test_a_row_is_filtered_as_any_other_strip(style: Style, by: LineFilter) -> None:
    styles, make = make_ink(Style(), Style(), {Tone.PLAIN: style})[1:]
    segments = [Segment("held", styles[Tone.PLAIN])]
    row = make(segments, 4)
    assert row.apply_filter(by, BLACK) == Strip(segments, 4).apply_filter(by, BLACK)
    assert row.cell_length == 4


def test_a_row_in_true_colours_is_not_made_again() -> None:
    ink = make_ink(Style(), Style(), {Tone.PLAIN: TRUE})
    row = ink.strip([Segment("held", TRUE)], 4)
    assert row.apply_filter(ANSIToTruecolor(DEFAULT_TERMINAL_THEME), BLACK) is row


@pytest.mark.parametrize("width", [8, 22, 40], ids=["too narrow", "in full", "room left"])
@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("text", ["", "held", "held since noon", "判定を保留中です", "e\u0301té"])
def test_a_row_knows_how_wide_it_is(text: str, width: int, *, right: bool) -> None:
    cells = [((Span(text), Span("!", Tone.BAD)), room, right) for room in (12, 6)]
    segments, told = lay_row(
        (Span("▸"), Span("◆")),
        cells,
        width,
        make_ink(Style(), Style(), {Tone.PLAIN: TRUE, Tone.BAD: GREEN, Tone.DIM: DIM}).styles,
    )
    assert told == Strip(segments).cell_length >= min(width, 20)
    assert told == width or width < 22
