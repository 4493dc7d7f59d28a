"""A rule out of decisions: read whole, then accepted."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from console.language import _
from console.screens.base import Front
from console.screens.dialogs.base import Dialog, asked
from console.view_models.ink import Span, Spans, Tone
from console.view_models.policies import proposal_lines
from console.view_models.text import whole, whole_spans
from console.widgets.bars import KeyHint
from console.widgets.paper import Paper
from core.policy_ports import RuleProposal


class AcceptDialog(Dialog[bool]):
    """Says what the rule lets through; `a` accepts it, Enter does nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "answer('accept')", "accept", show=False)]

    def __init__(self, front: Front, proposal: RuleProposal) -> None:
        super().__init__(front)
        self._proposal = proposal
        self._paper = Paper(id="review", titled=False)

    def title_spans(self) -> Spans:
        """What is asked."""
        agent = Span(whole(self._proposal.agent_id), Tone.STRONG)
        return asked(_("Let this pass without asking?"), (agent,))

    def compose_body(self) -> Iterable[Widget]:
        """The rule."""
        yield self._paper

    def on_mount(self) -> None:
        """The rule, whole."""
        super().on_mount()
        self._paper.show(proposal_lines(self._proposal, self.front.zone, show=whole_spans))
        self._paper.focus()

    def hints(self) -> tuple[KeyHint, ...]:
        """Accept, or not."""
        return (KeyHint("a", _("accept the rule"), "accept", enabled=True),)

    def answer(self, name: str) -> None:
        """Accept, once it could be read."""
        if name == "accept" and self.is_live():
            self.dismiss(True)  # noqa: FBT003 - the dialog's result
