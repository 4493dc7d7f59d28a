"""Charts: an own area of braille dots for what moves, plotext for what is looked at longer."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from textual.message import Message
from textual.strip import Strip

from console.view_models.ink import Span, Spans, Tone
from console.view_models.trend import area_rows
from console.widgets.toned import Toned

_AXIS: Final = 6


class AreaChart(Toned):
    """Shares 0..1 as an area, newest at the right; costs what is on screen."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._shares: Sequence[float] = ()

    def show(self, shares: Sequence[float]) -> None:
        """Draw these."""
        if shares != self._shares:
            self._shares = shares
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row, with its share at the left of the first, the middle and the last one."""
        width, height = self.size
        rows = area_rows(
            self._shares, width=max(1, width - _AXIS - 1), height=height, low=0.0, high=1.0
        )
        marks = {0: "100%", height // 2: "50%", height - 1: "0%"}
        axis = Span(f"{marks.get(y, ''):>{_AXIS - 1}}┤", Tone.DIM)
        return self.strip((axis, Span(rows[y], Tone.INFO)), width)


class Plot(Toned):
    """Rows of text that somebody has drawn already: a chart of plotext."""

    class Resized(Message):
        """What was drawn no longer fits."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._rows: Sequence[Spans] = ()

    def show(self, rows: Sequence[str]) -> None:
        """Draw these rows; thin dots stand back, solid ones and words do not."""
        self._rows = [_toned(row) for row in rows]
        self.refresh()

    def on_resize(self) -> None:
        """Ask for another drawing."""
        self.post_message(self.Resized())

    def render_line(self, y: int) -> Strip:
        """One row."""
        return self.strip(self._rows[y] if y < len(self._rows) else (), self.size.width)


def _tone(character: str) -> Tone:
    if "\u2800" <= character <= "\u28ff":
        return Tone.WARN
    return Tone.INFO if "\u2580" <= character <= "\u259f" else Tone.DIM


def _toned(row: str) -> Spans:
    return tuple(Span("".join(run), tone) for tone, run in groupby(row, _tone))
