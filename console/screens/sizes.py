"""How much room a window has, as classes of the screen: the style sheet decides what it shows."""

from typing import Final

from textual.geometry import Size
from textual.widget import Widget

_ROWS_MIN: Final = 3  # room for a word where there is no row
_ROWS_MAX: Final = 60  # beyond, no more rows change the layout

Breakpoints = list[tuple[int, str]]
WIDTHS: Final[Breakpoints] = [(0, "-tiny"), (60, "-narrow"), (80, "-normal"), (120, "-wide")]
# A list keeps the whole width longer: beside a pane its words would be cut that fit at 80.
LIST_WIDTHS: Final[Breakpoints] = [*WIDTHS[:-1], (160, "-wide")]
HEIGHTS: Final[Breakpoints] = [(0, "-flat"), (20, "-low"), (24, "-tall")]


def classes_for(size: Size, widths: Breakpoints | None = None) -> list[str]:
    """What Textual sets when a screen is told its size: by then all was styled and drawn once."""
    bounds = ((size.width, widths or WIDTHS), (size.height, HEIGHTS))
    return [max(each for each in known if each[0] <= cells)[1] for cells, known in bounds]


def has_room(size: Size) -> bool:
    """False for a window that shows nothing but what waits."""
    return not {"-tiny", "-flat"}.intersection(classes_for(size))


def fit_rows(box: Widget, rows: int, *, above: int) -> None:
    """No more room for a list than its rows take; the pane below gets the rest."""
    box.styles.max_height = above + min(max(rows, _ROWS_MIN), _ROWS_MAX)
