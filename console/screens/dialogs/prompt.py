"""One line to type at the bottom of the screen: `:` commands and `/` filters."""

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input

from console.view_models.ink import Span, Tone
from console.widgets.caption import Caption


class PromptDialog(ModalScreen[str | None]):
    """Gives what was typed; None when the operator thought better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "cancel", show=False)]

    def __init__(self, sign: str, *, value: str = "", suggestions: Iterable[str] = ()) -> None:
        super().__init__()
        self._sign = sign
        self._value = value
        self._suggestions = tuple(suggestions)

    def compose(self) -> ComposeResult:
        """The sign, then the line."""
        with Horizontal(id="prompt"):
            yield Caption(id="sign", words=(Span(self._sign, Tone.TITLE),))
            suggester = SuggestFromList(self._suggestions) if self._suggestions else None
            line = Input(value=self._value, suggester=suggester, compact=True, id="line")
            line.cursor_blink = False
            yield line

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter ends it."""
        message.stop()
        self.dismiss(message.value)

    def action_cancel(self) -> None:
        """Escape changes nothing."""
        self.dismiss(None)
