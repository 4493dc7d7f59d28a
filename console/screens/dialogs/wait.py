"""Not now: for how long?"""

from collections.abc import Iterable
from typing import ClassVar, Final

from textual.binding import Binding, BindingType
from textual.widget import Widget

from console.language import _
from console.screens.base import Front
from console.screens.dialogs.base import Dialog, asked
from console.view_models.dossier import dossier_title
from console.view_models.ink import Spans, Tone, prose
from console.view_models.text import duration
from console.widgets.bars import KeyHint
from console.widgets.paper import Paper
from core.ports import Dossier

MINUTES: Final = (5, 15, 60)


class DeferDialog(Dialog[int]):
    """Gives minutes."""

    FOLLOWS_S = 0.5
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(str(number), f"answer('{minutes}')", f"{minutes} minutes", show=False)
        for number, minutes in enumerate(MINUTES, 1)
    ]

    def __init__(self, front: Front, dossier: Dossier) -> None:
        super().__init__(front)
        self._dossier = dossier

    def title_spans(self) -> Spans:
        """What is asked."""
        return asked(_("Not now"), dossier_title(self._dossier))

    def compose_body(self) -> Iterable[Widget]:
        """What it means."""
        yield Paper(id="asked", titled=False)

    def on_mount(self) -> None:
        """Say what it means."""
        super().on_mount()
        self.follow()

    def follow(self) -> None:
        """The time that is left gets less."""
        self.show_keys()
        words = _("It moves down the queue and comes back. It is not denied, and it is not run.")
        lines = [prose(words)]
        if (left_s := self._left_s()) is not None:
            fits = self._comes_back(min(MINUTES))
            lines.append(
                prose(
                    _("It expires, and is denied, in {duration}.").format(
                        duration=duration(left_s)
                    ),
                    Tone.WARN,
                )
            )
            if not fits:
                lines.append(
                    prose(_("There is no time left to put it off: decide it now."), Tone.BAD)
                )
        self.query_one("#asked", Paper).show(lines)

    def _left_s(self) -> float | None:
        approval = self._dossier.approval
        if approval is None:
            return None
        return (approval.expires_at - self.front.bridge.clock.now()).total_seconds()

    def _comes_back(self, minutes: int) -> bool:
        """Whether it is still there after so long."""
        left_s = self._left_s()
        return left_s is None or 60 * minutes < left_s

    def hints(self) -> tuple[KeyHint, ...]:
        """One key each."""
        return tuple(
            KeyHint(
                str(number),
                self._label(minutes),
                str(minutes),
                enabled=self._comes_back(minutes),
            )
            for number, minutes in enumerate(MINUTES, 1)
        )

    def _label(self, minutes: int) -> str:
        """A key keeps its number, also where it does nothing: fingers know them."""
        if self._comes_back(minutes):
            return _("{minutes} minutes").format(minutes=minutes)
        return _("{minutes}: too long").format(minutes=minutes)

    def answer(self, name: str) -> None:
        """That long, unless it would expire meanwhile: that would be a denial."""
        if self._comes_back(int(name)):
            self.dismiss(int(name))
        else:
            self.say(_("It expires before that, and is denied. Decide it, or put it off for less."))
