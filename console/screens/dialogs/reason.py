"""Why: the agent is told, and the trail keeps it, so there must be words."""

from collections.abc import Iterable, Sequence

from textual.widget import Widget
from textual.widgets import Input

from console.language import N_, _
from console.screens.base import Front
from console.screens.dialogs.base import Dialog, asked
from console.view_models.dossier import dossier_title
from console.view_models.ink import Span, Spans, Tone, prose
from console.view_models.text import count, whole
from console.widgets.bars import KeyHint
from console.widgets.paper import Paper
from core.commands import AgentChange
from core.ports import Dossier


class ReasonDialog(Dialog[str]):
    """Gives a reason that is not empty."""

    def __init__(self, front: Front, title: Spans, *, verb: str, words: str, reader: str) -> None:
        """`words` say what Enter does; `reader` who will read the reason."""
        super().__init__(front)
        self._title = title
        self._verb = verb
        self._words = words
        self._line = Input(
            placeholder=_("{reader} reads this").format(reader=reader), compact=True, id="reason"
        )
        self._line.cursor_blink = False

    def title_spans(self) -> Spans:
        """What is asked."""
        return self._title

    def compose_body(self) -> Iterable[Widget]:
        """A word of help and the line."""
        yield Paper(id="asked", titled=False)
        yield self._line

    def on_mount(self) -> None:
        """Begin with typing."""
        super().on_mount()
        self.query_one("#asked", Paper).show((prose(self._words, Tone.DIM),))
        self._line.focus()

    def hints(self) -> tuple[KeyHint, ...]:
        """Enter says it."""
        return (KeyHint("Enter", self._verb, "say", enabled=True),)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter."""
        message.stop()
        self.action_answer("say")

    def answer(self, name: str) -> None:
        """Give the reason, when there are words."""
        reason = self._line.value.strip()
        if name == "say" and not reason:
            self.say(_("{verb}: a reason is needed.").format(verb=self._verb.capitalize()))
        elif name == "say":
            self.dismiss(reason)


def ask_denial(front: Front, dossiers: Sequence[Dossier]) -> ReasonDialog:
    """Asks why one or several actions are denied."""
    if len(dossiers) == 1:
        title = asked(_("Deny, because…"), dossier_title(dossiers[0]))
    else:
        title = asked(
            _("Deny {actions}, because…").format(actions=count(len(dossiers), "action", "actions"))
        )
    words = _("A reason is needed: it tells the agent what to do instead. Enter denies.")
    return ReasonDialog(front, title, verb=_("deny"), words=words, reader=_("the agent"))


def ask_quarantine(front: Front, agent: str, *, quarantined: bool) -> ReasonDialog:
    """Asks why an agent goes into quarantine, or comes out of it."""
    name = (Span(whole(agent), Tone.STRONG),)
    if quarantined:
        title = asked(_("Put into quarantine, because…"), name)
        words = _("Until it is released, it may at most read. Enter does it.")
        return ReasonDialog(front, title, verb=_("quarantine"), words=words, reader=_("the trail"))
    title = asked(_("Release from quarantine, because…"), name)
    words = _("Policies judge it again from now on. Enter does it.")
    return ReasonDialog(front, title, verb=_("release"), words=words, reader=_("the trail"))


_CHANGES = {
    AgentChange.PAUSE: N_("It keeps its mailbox and takes nothing from it."),
    AgentChange.RESUME: N_("It takes from its mailbox again."),
    AgentChange.DRAIN: N_("It finishes what it has; nothing new is sent to it."),
    AgentChange.RESTART: N_("What it works on is broken off and tried again."),
}


def ask_control(front: Front, agent: str, change: AgentChange) -> ReasonDialog:
    """Asks why a hosted agent is to be paused, resumed, drained or restarted."""
    verb = _(change.value)
    title = asked(
        _("{verb}, because…").format(verb=verb.capitalize()), (Span(whole(agent), Tone.STRONG),)
    )
    words = _("{changes} Enter proposes it: the gate may ask for more.").format(
        changes=_(_CHANGES[change])
    )
    return ReasonDialog(front, title, verb=verb, words=words, reader=_("the trail"))


def ask_discard(front: Front, message: str) -> ReasonDialog:
    """Asks why a dead letter is given up."""
    title = asked(_("Discard, because…"), (Span(whole(message), Tone.STRONG),))
    words = _("The message is gone for good, and nobody will have dealt with it. Enter discards.")
    return ReasonDialog(front, title, verb=_("discard"), words=words, reader=_("the trail"))


def ask_silence(front: Front, alert: str, wording: str) -> ReasonDialog:
    """Asks why an alert's cause is not to be shown for a while."""
    title = asked(
        _("Silence for {wording}, because…").format(wording=_(wording)),
        (Span(whole(alert), Tone.STRONG),),
    )
    words = _("It goes on being measured, and comes back after that. Enter silences.")
    return ReasonDialog(front, title, verb=_("silence"), words=words, reader=_("the trail"))
