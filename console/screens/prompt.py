"""One line to type at the bottom of the screen: `:` commands and `/` filters."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from console.language import _
from console.view_models.ink import Span, Tone
from console.view_models.prompt import longer
from console.view_models.text import visible
from console.widgets.caption import Caption

Complete = Callable[[str], Sequence[str]]


class PromptDialog(ModalScreen[str | None]):
    """Gives what was typed; None when the operator thought better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", show=False),
        Binding("tab", "complete", "complete", show=False, priority=True),
    ]

    def __init__(
        self, sign: str, *, value: str = "", complete: Complete | None = None, hint: str = ""
    ) -> None:
        """`complete` gives the lines that a beginning could become; Tab takes them."""
        super().__init__()
        self._sign = sign
        self._value = value
        self._complete = complete
        self._hint = hint
        self.fitting = Caption(id="fitting")

    def compose(self) -> ComposeResult:
        """What could be meant, then the sign and the line."""
        with Vertical(id="prompting"):
            yield self.fitting
            with Horizontal(id="prompt"):
                sign = Caption(id="sign", words=(Span(self._sign, Tone.TITLE),))
                sign.styles.width = len(self._sign) + 3  # with a rule before it and a gap behind
                yield sign
                line = Input(value=self._value, compact=True, id="line")
                line.cursor_blink = False
                yield line

    def on_mount(self) -> None:
        """Say what can be typed."""
        self._show(self._value)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Say what it could become."""
        message.stop()
        self._show(message.value)

    def _show(self, text: str) -> None:
        found = self._complete(text) if self._complete is not None else ()
        words = "  ".join(map(visible, found)) or self._hint
        lead = (Span(_("Tab "), Tone.KEY),) if found else ()
        self.fitting.show((*lead, Span(words, Tone.DIM)))
        self.fitting.display = bool(words)

    def action_complete(self) -> None:
        """As far as it is clear, then the first that fits."""
        if self._complete is None:
            return
        line = self.query_one("#line", Input)
        line.value = longer(line.value, self._complete(line.value))
        line.cursor_position = len(line.value)

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Enter ends it."""
        message.stop()
        self.dismiss(message.value)

    def action_cancel(self) -> None:
        """Escape changes nothing."""
        self.dismiss(None)
