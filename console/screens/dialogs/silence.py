"""Silence an alert: for how long?"""

from collections.abc import Iterable
from datetime import timedelta
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.widget import Widget

from console.language import N_, _
from console.screens.base import Front
from console.screens.dialogs.base import Dialog, asked
from console.view_models.ink import Span, Spans, Tone, prose
from console.view_models.text import whole
from console.widgets.bars import KeyHint
from console.widgets.paper import Paper

SPANS: Final = {
    N_("15 minutes"): timedelta(minutes=15),
    N_("1 hour"): timedelta(hours=1),
    N_("8 hours"): timedelta(hours=8),
}


class SilenceDialog(Dialog[str]):
    """Gives one of the names in `SPANS`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(str(number), f"answer('{name}')", name, show=False)
        for number, name in enumerate(SPANS, 1)
    ]

    def __init__(self, front: Front, alert: str) -> None:
        super().__init__(front)
        self._alert = alert

    def title_spans(self) -> Spans:
        """What is asked."""
        return asked(_("Silence for how long?"), (Span(whole(self._alert), Tone.STRONG),))

    def compose_body(self) -> Iterable[Widget]:
        """What it means."""
        yield Paper(id="asked", titled=False)

    def on_mount(self) -> None:
        """Say what it means."""
        super().on_mount()
        words = _("Its cause is not shown until then. A reason is asked next.")
        self.query_one("#asked", Paper).show((prose(words),))

    def hints(self) -> tuple[KeyHint, ...]:
        """One key each."""
        return tuple(
            KeyHint(str(number), _(name), name, enabled=True)
            for number, name in enumerate(SPANS, 1)
        )

    def answer(self, name: str) -> None:
        """That long."""
        self.dismiss(name)
