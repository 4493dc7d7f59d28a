"""The first and the last row of every screen."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from textual import events
from textual.message import Message
from textual.strip import Strip

from console.keymap import KEYMAP
from console.view_models.ink import Span, Spans, Tone
from console.widgets.toned import Toned, cells_in, cut_spans

_GAP: Final = "  "
_PARTS_MIN: Final = 3  # what waits, what rings, in which mode: before the end of the crumbs
_CRUMBS_MIN: Final = 30
_KEPT: Final = frozenset({"back", "cancel", "help", "command"})
_AWAY: Final = frozenset(row.action for row in KEYMAP if row.leads_away)
_KNOWN: Final = ("command", "help")  # without words sooner than that a key of the screen goes


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
        """The row; the way back always fits, and `? :`, because they explain and do the rest."""
        del y
        width = self.size.width
        row: list[Span] = [Span(" ")]
        self._ends = []
        for hint in fit_hints(self._hints, width):
            tone = Tone.TITLE if hint.enabled else Tone.OFF
            said = f" {hint.label}{_GAP}" if hint.label else _GAP
            row += [Span(hint.key, tone), Span(said, Tone.DIM if hint.enabled else Tone.OFF)]
            self._ends.append((cells_in(row), hint.action))
        return self.strip(row, width)

    def on_click(self, event: events.Click) -> None:
        """Do what the hint under the pointer says."""
        for end, action in self._ends:
            if event.x < end:
                self.post_message(self.Pressed(action))
                return


def fit_hints(hints: Sequence[KeyHint], width: int) -> tuple[KeyHint, ...]:
    """What is drawn in so many cells: other screens go first, a screen's own last keys last."""
    rest = _leave_out(tuple(hints), width, lambda hint: hint.action in _AWAY)
    silent = _silence(rest, _KNOWN)
    left = _leave_out(silent, width, lambda hint: hint.action not in _KEPT)
    rest = tuple(each for each in rest if each.action in {hint.action for hint in left})
    with_words = (rest, _silence(rest, _KNOWN[:1]))
    return next((each for each in with_words if _needed(each) <= width), left)


def _leave_out(
    hints: tuple[KeyHint, ...], width: int, is_spare: Callable[[KeyHint], bool]
) -> tuple[KeyHint, ...]:
    """As many of the last that can be spared as must go."""
    spare = [at for at, hint in enumerate(hints) if is_spare(hint)]
    while spare and _needed(hints) > width:
        at = spare.pop()
        hints = (*hints[:at], *hints[at + 1 :])
    return hints


def _silence(hints: tuple[KeyHint, ...], actions: Sequence[str]) -> tuple[KeyHint, ...]:
    return tuple(each._replace(label="") if each.action in actions else each for each in hints)


def _needed(hints: Sequence[KeyHint]) -> int:
    """Cells, from the margin to the last label."""
    labels = sum(len(hint.label) + 1 for hint in hints if hint.label)
    return 1 + labels + sum(len(hint.key) + len(_GAP) for hint in hints) - len(_GAP)
