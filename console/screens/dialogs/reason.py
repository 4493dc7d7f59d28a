"""Why something is denied: the agent is told, so there must be words."""

from collections.abc import Iterable, Sequence

from textual.widget import Widget
from textual.widgets import Input

from console.screens.base import Front
from console.screens.dialogs.base import Dialog, asked
from console.view_models.dossier import dossier_title
from console.view_models.ink import Spans, Tone, prose
from console.view_models.text import count
from console.widgets.bars import KeyHint
from console.widgets.paper import Paper
from core.ports import Dossier


class ReasonDialog(Dialog[str]):
    """Gives a reason that is not empty."""

    def __init__(self, front: Front, dossiers: Sequence[Dossier]) -> None:
        super().__init__(front)
        self._dossiers = dossiers
        self._line = Input(placeholder="the agent reads this", compact=True, id="reason")
        self._line.cursor_blink = False

    def title_spans(self) -> Spans:
        """What is asked."""
        if len(self._dossiers) == 1:
            return asked("Deny, because…", dossier_title(self._dossiers[0]))
        return asked(f"Deny {count(len(self._dossiers), 'action')}, because…")

    def compose_body(self) -> Iterable[Widget]:
        """A word of help and the line."""
        yield Paper(id="asked", titled=False)
        yield self._line

    def on_mount(self) -> None:
        """Begin with typing."""
        super().on_mount()
        words = "A reason is needed: it tells the agent what to do instead. Enter denies."
        self.query_one("#asked", Paper).show((prose(words, Tone.DIM),))
        self._line.focus()

    def hints(self) -> tuple[KeyHint, ...]:
        """Enter denies."""
        return (KeyHint("Enter", "deny", "deny", enabled=True),)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter."""
        message.stop()
        self.answer("deny")

    def answer(self, name: str) -> None:
        """Deny, when there are words."""
        reason = self._line.value.strip()
        if name == "deny" and not reason:
            self.say("A denial needs a reason.")
        elif name == "deny":
            self.dismiss(reason)
