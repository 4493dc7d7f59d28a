"""How much room a window has, as classes of the screen: the style sheet decides what it shows."""

from typing import Final

from textual.geometry import Size

Breakpoints = list[tuple[int, str]]
WIDTHS: Final[Breakpoints] = [(0, "-tiny"), (60, "-narrow"), (80, "-normal"), (120, "-wide")]
HEIGHTS: Final[Breakpoints] = [(0, "-flat"), (20, "-low"), (24, "-tall")]


def classes_for(size: Size) -> list[str]:
    """What Textual sets when a screen is told its size: by then all was styled and drawn once."""
    bounds = ((size.width, WIDTHS), (size.height, HEIGHTS))
    return [max(each for each in known if each[0] <= cells)[1] for cells, known in bounds]
