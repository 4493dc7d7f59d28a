"""What every dialog has: a frame, a title, its own keys, and time to read before keys count."""

from abc import abstractmethod
from collections.abc import Iterable
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from console.keys.model import Need
from console.language import _
from console.screens.base import Front
from console.screens.sizes import has_room
from console.screens.toasts import toast
from console.view_models.guard import TypeAheadGuard
from console.view_models.ink import Span, Spans, Tone
from console.view_models.text import whole
from console.widgets.bars import KeyBar, KeyHint
from console.widgets.caption import Caption

T = TypeVar("T")


class Dialog(ModalScreen[T], Generic[T]):
    """Asks one thing. Escape answers nothing; Enter never approves."""

    FOLLOWS_S: ClassVar[float] = 0.0  # how often it looks whether it still says what is so
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "answer('cancel')", "cancel", show=False)
    ]

    def __init__(self, front: Front) -> None:
        super().__init__()
        self.front = front
        self.guard = TypeAheadGuard()
        self.over = ""  # why there is nothing left to decide
        self._caption = Caption(id="caption")
        self._keys = KeyBar()

    def compose(self) -> ComposeResult:
        """Title, question, keys, in a frame."""
        self._caption.show(self.title_spans())
        with Vertical(id="frame"):
            yield self._caption
            yield from self.compose_body()
            yield self._keys

    def on_mount(self) -> None:
        """Keys typed before the dialog stood there were not meant for it."""
        self.arm()
        self.show_keys()
        if self.FOLLOWS_S:
            self.set_interval(self.FOLLOWS_S, self.follow)

    @abstractmethod
    def title_spans(self) -> Spans:
        """What is asked, about what."""

    @abstractmethod
    def compose_body(self) -> Iterable[Widget]:
        """The question."""

    @abstractmethod
    def hints(self) -> tuple[KeyHint, ...]:
        """The dialog's keys."""

    @abstractmethod
    def answer(self, name: str) -> None:
        """A key or a click, by its name; `cancel` is dealt with already."""

    def show_keys(self) -> None:
        """Bring the keys up to what can be done now."""
        hints = tuple(
            each._replace(enabled=each.enabled and not self.over) for each in self.hints()
        )
        self._keys.show((*hints, KeyHint("Esc", _("cancel"), "cancel", enabled=True)))

    def action_answer(self, name: str) -> None:
        """A key of this dialog."""
        if name == "cancel":
            self.cancel()
        elif self.over:
            self.say(self.over)
        elif not has_room(self.size):
            self.say(_(Need.ROOM.value))
        else:
            self.answer(name)

    def end(self, why: str) -> None:
        """What this asks about was settled elsewhere. It stays until Escape: closed by itself, it
        would leave the keys that are being typed to whatever is selected next.
        """
        self.over = why
        self._caption.show((Span(whole(why), Tone.BAD),))
        self.show_keys()

    def follow(self) -> None:
        """Say what is so now, where that changes while it is asked; see `FOLLOWS_S`."""

    def cancel(self) -> None:
        """Answer nothing."""
        self.dismiss(None)

    def arm(self) -> None:
        """Something new is shown: let it be read first, once it is drawn."""
        self.guard.close()
        self.call_after_refresh(lambda: self.guard.arm(self.front.bridge.clock.monotonic_s()))

    def is_live(self) -> bool:
        """True when keys that decide count; says so when they do not."""
        if self.guard.is_open(self.front.typed.when_s(self.front.bridge.clock)):
            return True
        self.say(_("Too soon: read it first, keys answer after 0.4 s."))
        return False

    def say(self, text: str) -> None:
        """A toast."""
        toast(self, text, "warning")

    def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A click on a key is that key."""
        message.stop()
        self.action_answer(message.action)


def asked(question: str, about: Spans = ()) -> Spans:
    """A dialog's title."""
    gap = (Span("  "),) if about else ()
    return (Span(question, Tone.TITLE), *gap, *about)
