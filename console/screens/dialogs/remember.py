"""A rule instead of an answer: chosen, read, and only then approved."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget

from console.language import N_, _
from console.screens.base import Front
from console.screens.dialogs.base import Dialog, asked
from console.view_models.columns import Column
from console.view_models.dossier import dossier_title, risk_of
from console.view_models.ink import Line, Span, Spans, Tone, prose
from console.view_models.remember import (
    DURATIONS,
    Duration,
    Fit,
    fit_spans,
    fits_for,
    rule_words,
    too_wide_words,
)
from console.widgets.bars import KeyHint
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from core.actions import JsonObject
from core.commands import Remember
from core.ports import Dossier

_PATTERNS: Final = (Column(title=N_("FITS"), width=20, flexible=True),)
_DURATIONS: Final = (Column(title=N_("FOR"), width=10, flexible=True),)


class RememberDialog(Dialog[Remember]):
    """Gives the rule to approve with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "answer('approve')", "approve with it", show=False),
        Binding("tab,left,right,h,l", "answer('pane')", "other list", show=False, priority=True),
        Binding("full_stop", "answer('read on')", "read on", show=False),
        Binding("comma", "answer('read back')", "read back", show=False),
    ]

    def __init__(self, front: Front, dossier: Dossier, arguments: JsonObject) -> None:
        super().__init__(front)
        self._dossier = dossier
        self._choices = fits_for(dossier.record.action, arguments)
        self._patterns: LiveTable[Fit] = LiveTable(
            _PATTERNS,
            key=lambda each: f"{each.exact} {each.pattern}",
            id="patterns",
            empty=_("nothing here can be made a rule"),
        )
        self._durations: LiveTable[Duration] = LiveTable(
            _DURATIONS, key=lambda each: each.word, id="durations"
        )
        self._rule = Paper(id="rule")

    def title_spans(self) -> Spans:
        """What is asked."""
        return asked(_("Remember"), dossier_title(self._dossier))

    def compose_body(self) -> Iterable[Widget]:
        """What it fits, how long it holds, the rule in words."""
        yield Horizontal(self._patterns, self._durations, id="choices")
        yield self._rule

    def on_mount(self) -> None:
        """The narrowest rule and the shortest time come first."""
        super().on_mount()
        action = self._dossier.record.action
        self._patterns.show(self._choices, lambda each: (fit_spans(action, each),))
        self._durations.show(DURATIONS, lambda each: ((Span(_(each.word)),),))
        self._patterns.focus()
        self._explain()

    def _explain(self) -> None:
        fit, lasts = self._patterns.selected, self._durations.selected
        if fit is None or lasts is None:
            words = _("No rule can be narrow enough here. Esc goes back; a there approves once.")
            self._show((prose(words, Tone.WARN),), "")
            return
        action, arguments = self._dossier.record.action, self._dossier.arguments_shown
        lines: list[Line] = []
        # Above: a long rule would leave no room for it.
        if wide := too_wide_words(action, arguments, fit):
            lines.append(prose(wide, Tone.WARN, lead="! ", lead_tone=Tone.WARN))
        rule = rule_words(action, fit, lasts, risk_of(self._dossier))
        self._show((*lines, prose(rule)), rule)

    def _show(self, lines: Sequence[Line], rule: str) -> None:
        title = (Span(_("the rule"), Tone.STRONG),)
        self._rule.show(lines, title=title, keep_place=False, about=rule, to_read=len(lines))
        self.show_keys()

    def on_paper_read(self, message: Paper.Read) -> None:
        """The rule was in sight to its end."""
        message.stop()
        self.show_keys()

    def hints(self) -> tuple[KeyHint, ...]:
        """Approve with the rule, or change it; nothing where there can be none."""
        if not self._choices:
            return ()
        return (
            KeyHint("a", _("approve with this rule"), "approve", enabled=self._rule.is_read),
            KeyHint("Tab", _("other list"), "pane", enabled=True),
            KeyHint(".", _("read on"), "read on", enabled=True),
        )

    def on_live_table_moved(self, message: LiveTable.Moved) -> None:
        """Another rule is shown: it must be read before it is approved."""
        message.stop()
        self.arm()
        self._explain()

    def answer(self, name: str) -> None:
        """Approve, or go to the other list."""
        fit, lasts = self._patterns.selected, self._durations.selected
        if name == "pane":
            other = self._durations if self._patterns.has_focus else self._patterns
            other.focus()
        elif name in {"read on", "read back"}:
            self._rule.page(1 if name == "read on" else -1)
        elif name == "approve" and self._choices and not self._rule.is_read:
            self.say(_("Read the rule to its end first: . shows the next page."))
        elif name == "approve" and fit is not None and lasts is not None and self.is_live():
            rule = Remember(resource_pattern=fit.pattern, duration_s=lasts.seconds, exact=fit.exact)
            self.dismiss(rule)
