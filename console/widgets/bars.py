"""The first and the last row of every screen."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from textual import events
from textual.message import Message
from textual.strip import Strip

from console.view_models.ink import Span, Spans, Tone
from console.widgets.toned import Toned, cells_in, cut_spans

_GAP: Final = "  "
_PARTS_MIN: Final = 3  # what waits, what rings, in which mode: before the end of the crumbs
_CRUMBS_MIN: Final = 30
_KEPT: Final = frozenset({"back", "cancel", "help"})


class HeaderBar(Toned):
    """Where the operator is, and what must never be out of sight."""

    def __init__(self) -> None:
        super().__init__(id="header")
        self._crumbs: Spans = ()
        self._parts: tuple[Spans, ...] = ()

    def show(self, crumbs: Spans, parts: tuple[Spans, ...]) -> None:
        """Draw crumbs at the left and `parts` at the right; the last parts go first."""
        if (crumbs, parts) != (self._crumbs, self._parts):
            self._crumbs, self._parts = crumbs, parts
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The row."""
        del y
        width = self.size.width
        parts, crumbs_cells = list(self._parts), cells_in(self._crumbs)
        while len(parts) > 1:
            # A filter that is not seen would hide rows in silence.
            few = len(parts) <= _PARTS_MIN and self._crumbs[-1].tone is not Tone.MARK
            least = min(crumbs_cells, _CRUMBS_MIN) if few else crumbs_cells
            if self._needed(parts) + least <= width:
                break
            parts.pop()
        right: list[Span] = []
        for part in parts:
            right += [Span(_GAP), *part]
        right.append(Span(" "))
        crumbs = cut_spans(self._crumbs, max(1, width - cells_in(right)))
        gap = width - cells_in(crumbs) - cells_in(right)
        return self.strip([*crumbs, Span(" " * max(0, gap)), *right], width)

    def _needed(self, parts: Sequence[Spans]) -> int:
        return sum(cells_in(part) + len(_GAP) for part in parts) + 1


class KeyHint(NamedTuple):
    """A key that can be pressed here, or clicked."""

    key: str
    label: str
    action: str
    enabled: bool


class KeyBar(Toned):
    """The keys of the screen; what cannot be done now is dim."""

    class Pressed(Message):
        """A hint was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._hints: tuple[KeyHint, ...] = ()
        self._ends: list[tuple[int, str]] = []

    def show(self, hints: tuple[KeyHint, ...]) -> None:
        """Draw these, first ones first."""
        if hints != self._hints:
            self._hints = hints
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The row; the way back always fits, and `?`, because it explains the rest."""
        del y
        width = self.size.width
        hints = list(self._hints)
        while self._needed(hints) > width and (spare := _last_spare(hints)) is not None:
            del hints[spare]
        row: list[Span] = [Span(" ")]
        self._ends = []
        for hint in hints:
            tone = Tone.TITLE if hint.enabled else Tone.OFF
            row += [
                Span(hint.key, tone),
                Span(f" {hint.label}{_GAP}", Tone.DIM if hint.enabled else Tone.OFF),
            ]
            self._ends.append((cells_in(row), hint.action))
        return self.strip(row, width)

    def _needed(self, hints: Sequence[KeyHint]) -> int:
        return 1 + sum(len(hint.key) + len(hint.label) + 1 + len(_GAP) for hint in hints)

    def on_click(self, event: events.Click) -> None:
        """Do what the hint under the pointer says."""
        for end, action in self._ends:
            if event.x < end:
                self.post_message(self.Pressed(action))
                return


def _last_spare(hints: Sequence[KeyHint]) -> int | None:
    """The last of the hints that can be left out."""
    spare = [at for at, hint in enumerate(hints) if hint.action not in _KEPT]
    return spare[-1] if spare else None
