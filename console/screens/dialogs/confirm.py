"""Approving what is dangerous, ending a rule, leaving while something waits."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from console.language import _, ngettext
from console.screens.base import Front
from console.screens.dialogs.base import Dialog, asked
from console.view_models import signs
from console.view_models.dossier import dossier_title, risk_of
from console.view_models.ink import Line, Span, Spans, Tone, prose
from console.view_models.rules import fits_words
from console.view_models.text import count, short_id, whole, whole_spans
from console.widgets.bars import KeyHint
from console.widgets.paper import Paper
from core.ports import Dossier
from core.records import GrantRecord

TYPED: Final = 4


class TypeIdDialog(Dialog[bool]):
    """Approves after the last four characters of the id were typed, and then `a`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "answer('approve')", "approve", show=False),
        Binding("down,pagedown", "answer('read on')", "read on", show=False),
        Binding("up,pageup", "answer('read back')", "read back", show=False),
    ]

    def __init__(
        self, front: Front, dossier: Dossier, change: Sequence[Line] | None = None
    ) -> None:
        """`change` is what an edit changes: the card behind shows what was asked for."""
        super().__init__(front)
        self._dossier = dossier
        self._change = change
        self._changed = Paper(id="change")
        self._tail = dossier.record.id[-TYPED:]
        self._fits = False
        self._line = Input(max_length=TYPED, compact=True, id="tail")
        self._line.cursor_blink = False
        self._paper = Paper(id="asked", titled=False)

    def title_spans(self) -> Spans:
        """What is asked."""
        question = (
            _("Approve this edit of {value} risk?") if self._change else _("Approve {value} risk?")
        )
        return asked(
            question.format(value=_(risk_of(self._dossier).value)), dossier_title(self._dossier)
        )

    def compose_body(self) -> Iterable[Widget]:
        """What an edit changes, the words and the line."""
        self._changed.display = self._change is not None
        yield self._changed
        yield self._paper
        yield self._line

    def on_mount(self) -> None:
        """Begin with typing."""
        super().on_mount()
        title = (Span(_("edited: this would run"), Tone.STRONG),)
        self._changed.show(self._change or (), title=title)
        self._line.focus()
        self._explain()

    def _explain(self) -> None:
        short = short_id(self._dossier.record.id)
        if self._fits:
            told = prose(_("The id fits. Press a to approve, Esc to think again."), Tone.STRONG)
            self._paper.show((told,))
            return
        asked_for = Line(
            (
                Span(_("Type the last four characters of ")),
                Span(short[:-TYPED], Tone.DIM),
                Span(short[-TYPED:], Tone.MARK),
                Span(_(", then press a. Enter does nothing.")),
            )
        )
        if len(self._line.value) < TYPED:
            self._paper.show((asked_for,))
            return
        wrong = _("{value!r} is not the end of this id.").format(value=self._line.value)
        self._paper.show((prose(wrong, Tone.BAD), asked_for))

    def hints(self) -> tuple[KeyHint, ...]:
        """`a` lives once the id fits."""
        return (KeyHint("a", _("approve"), "approve", enabled=self._fits),)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Leave the line as soon as it fits, so that `a` is a key again."""
        message.stop()
        if message.value.lower() == self._tail.lower() and not self._fits:
            self._fits = True
            self.arm()  # the last character typed may be held down, and may be an `a`
            self._line.disabled = True
            self._paper.focus()
            self.show_keys()
        self._explain()

    def end(self, why: str) -> None:
        """Nothing is asked any more."""
        super().end(why)
        self._line.disabled = True
        self._paper.show((prose(_("Esc goes back to the list.")),))

    def answer(self, name: str) -> None:
        """Approve, when typed and read; or read on."""
        if name in {"read on", "read back"}:
            self._changed.page(1 if name == "read on" else -1)
        elif name == "approve" and self._fits and self.is_live():
            self.dismiss(True)  # noqa: FBT003 - the dialog's result


class QuitDialog(Dialog[bool]):
    """Leaving does not decide: what waits goes on waiting, and expires to a denial."""

    FOLLOWS_S = 0.5
    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "answer('leave')", "leave", show=False)]

    def __init__(self, front: Front, *, hosting: bool) -> None:
        super().__init__(front)
        self._hosting = hosting

    @property
    def _waiting(self) -> int:
        return len(self.front.snapshot.approvals or ())

    def title_spans(self) -> Spans:
        """What is asked."""
        if not self._waiting:
            return asked(_("Leave? Nothing waits any more."))
        return asked(
            ngettext(
                "Leave while {approvals} waits?", "Leave while {approvals} wait?", self._waiting
            ).format(approvals=count(self._waiting, "approval", "approvals"))
        )

    def compose_body(self) -> Iterable[Widget]:
        """What leaving means."""
        yield Paper(id="asked", titled=False)

    def on_mount(self) -> None:
        """Say what leaving means."""
        super().on_mount()
        self.follow()

    def follow(self) -> None:
        """Others decide meanwhile, and what is unsent is sent."""
        self._caption.show(self.title_spans())
        words = _("What waits stays held. What nobody answers in time is denied.")
        if unsent := len(self.front.outbox.held):
            words = _("{decisions} not sent yet: leaving sends what you decided.").format(
                decisions=count(unsent, "decision", "decisions")
            )
            words += _(" The others stay held; those that nobody answers in time are denied.")
        if self._hosting:
            words += _(" The gate runs in this process: leaving closes it, and agents are refused.")
        self.query_one("#asked", Paper).show((prose(words),))

    def hints(self) -> tuple[KeyHint, ...]:
        """Leave, or not."""
        return (KeyHint("q", _("leave"), "leave", enabled=True),)

    def answer(self, name: str) -> None:
        """Leave."""
        if name == "leave" and self.is_live():
            self.dismiss(True)  # noqa: FBT003 - the dialog's result


class RevokeDialog(Dialog[bool]):
    """Ends a rule: what it let through will be asked about again."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "answer('revoke')", "revoke", show=False)]

    def __init__(self, front: Front, rule: GrantRecord) -> None:
        super().__init__(front)
        self._rule = rule

    def title_spans(self) -> Spans:
        """What is asked."""
        return asked(_("Revoke this rule?"), (Span(whole(self._rule.agent_id), Tone.STRONG),))

    def compose_body(self) -> Iterable[Widget]:
        """The rule."""
        yield Paper(id="asked", titled=False)

    def on_mount(self) -> None:
        """Say which rule."""
        super().on_mount()
        pattern = fits_words(self._rule)
        self.query_one("#asked", Paper).show(
            (
                Line((*whole_spans(self._rule.kind), signs.STEP, *whole_spans(pattern))),
                prose(_("What it let through is asked about again, from now on.")),
            )
        )

    def hints(self) -> tuple[KeyHint, ...]:
        """Revoke, or not."""
        return (KeyHint("x", _("revoke"), "revoke", enabled=True),)

    def answer(self, name: str) -> None:
        """Revoke."""
        if name == "revoke" and self.is_live():
            self.dismiss(True)  # noqa: FBT003 - the dialog's result
