"""A row of words that lead elsewhere: each names its key, and can be clicked."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from textual import events
from textual.strip import Strip

from console.view_models.ink import Span, Spans, Tone
from console.view_models.words import screen_name
from console.widgets.bars import KeyBar
from console.widgets.fitting import fit_parts
from console.widgets.toned import Toned, cells_in

_GAP: Final = Span("  ")


class Door(NamedTuple):
    """The key that goes there, the name of the place and of the action, what stands there."""

    key: str
    action: str
    words: Spans


class Doors(Toned):
    """One row; what does not fit is left out at the end."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._doors: Sequence[Door] = ()
        self._ends: list[tuple[int, str]] = []

    def show(self, doors: Sequence[Door]) -> None:
        """Draw these."""
        if doors != self._doors:
            self._doors = doors
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The row."""
        del y
        row: list[Span] = []
        for door in self._doors:
            row += [
                Span(f" {_sign(door)} ", Tone.TITLE),
                Span(f"{screen_name(door.action)} ", Tone.DIM),
            ]
            row += [*door.words, _GAP]
        width = self.size.width
        fitting = fit_parts(tuple(row), width)
        self._ends, cells = [], 0
        signs = {_sign(door): door.action for door in self._doors}
        for span in fitting:
            if action := signs.get(span.text.strip()):
                self._ends = [*self._ends[:-1], *((cells, was) for _, was in self._ends[-1:])]
                self._ends.append((width, action))
            cells += cells_in((span,))
        return self.strip(fitting, width)

    def on_click(self, event: events.Click) -> None:
        """Go where the words under the pointer lead."""
        for end, action in self._ends:
            if event.x < end:
                self.post_message(KeyBar.Pressed(action))
                return


def _sign(door: Door) -> str:
    """The key, in brackets: a number beside other numbers."""
    return f"[{door.key}]"
