"""Several actions at once; each stays its own decision."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.widget import Widget

from console.screens.base import Front
from console.screens.dialogs.base import Dialog, asked
from console.view_models.dossier import View, dossier_title, make_card
from console.view_models.ink import Line, Span, Spans, Tone
from console.view_models.text import count
from console.widgets.bars import KeyHint
from console.widgets.paper import Paper
from core.ports import Dossier
from core.records import ApprovalRecord


class GroupItem(NamedTuple):
    """One action of the group; `alone` says why it is not approved with the others."""

    dossier: Dossier
    approval: ApprovalRecord
    alone: str


class GroupDialog(Dialog[str]):
    """Gives `approve` or `deny`, after all of it was shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "answer('approve')", "approve", show=False),
        Binding("d", "answer('deny')", "deny", show=False),
    ]

    def __init__(self, front: Front, items: Sequence[GroupItem], lines: Sequence[Line]) -> None:
        super().__init__(front)
        self._items = items
        self._lines = lines
        self._together = sum(not item.alone for item in items)
        self._paper = Paper(id="group")

    def title_spans(self) -> Spans:
        """What is asked."""
        return asked(f"Decide {count(len(self._items), 'action')} at once?")

    def compose_body(self) -> Iterable[Widget]:
        """Every action with all its arguments."""
        yield self._paper

    def on_mount(self) -> None:
        """Show them all."""
        super().on_mount()
        left = len(self._items) - self._together
        words = f"{self._together} can be approved together"
        if left:
            words += f", {left} only alone"
        self._paper.show(self._lines, title=(Span(words, Tone.STRONG),))
        self._paper.focus()

    def hints(self) -> tuple[KeyHint, ...]:
        """Counts, so that nobody approves more than was read."""
        together = bool(self._together)
        return (
            KeyHint("a", f"approve {self._together}", "approve", enabled=together),
            KeyHint("d", f"deny {len(self._items)}", "deny", enabled=True),
        )

    def answer(self, name: str) -> None:
        """Decide."""
        if name == "approve" and not self._together:
            self.say("None of these can be approved in a group.")
        elif self.is_live():
            self.dismiss(name)


def group_lines(items: Sequence[GroupItem], view: View) -> list[Line]:
    """All of them, whole, below each other."""
    return [line for item in items for line in _item_lines(item, view)]


def _item_lines(item: GroupItem, view: View) -> Iterable[Line]:
    yield Line(dossier_title(item.dossier))
    if item.alone:
        yield Line((Span(f"left out of approving: {item.alone}", Tone.WARN),))
    yield from make_card(item.dossier, view).action
    yield Line()
