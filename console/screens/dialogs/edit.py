"""Other arguments: typed, checked, compared, and only then approved."""

from collections.abc import Iterable
from typing import ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import TextArea

from console.language import _
from console.screens.base import Front
from console.screens.dialogs.base import Dialog, asked
from console.view_models.diff import diff_arguments
from console.view_models.dossier import dossier_title
from console.view_models.editing import Checked, arguments_to_send, check, parse, same
from console.view_models.ink import Line, Span, Spans, Tone, prose
from console.view_models.text import whole_spans
from console.widgets.bars import KeyHint
from console.widgets.paper import Paper
from core.actions import JsonObject
from core.errors import InvalidAction
from core.ports import Dossier

_AT_ONCE_MAX: Final = 20_000  # characters that are checked at every key
_PAUSE_S: Final = 0.3
_WARNINGS_MAX: Final = 3


def _verdict_lines(found: Checked) -> tuple[Line, ...]:
    if found.problem:
        return (Line((Span("✗ ", Tone.BAD), *whole_spans(found.problem, Tone.BAD))),)
    lines = [
        Line(whole_spans(each, Tone.WARN), (Span("! ", Tone.WARN),), (Span("  "),))
        for each in found.warnings[:_WARNINGS_MAX]
    ]
    if left := len(found.warnings) - _WARNINGS_MAX:
        lines += [prose(_("and {left} more").format(left=left), Tone.WARN)] if left > 0 else []
    what = _("would run as") if found.changed else _("nothing is changed yet:")
    digest = found.digest or _("(the engine puts the secrets back, and alone knows the digest)")
    good = (Span("✓ ", Tone.OK), Span(f"{what} "), Span(digest, Tone.DIM))
    return (Line(good), *lines)


class Edit(NamedTuple):
    """What is to run in the place of what was asked."""

    arguments: JsonObject  # redacted values put back, as far as they are known here
    change: tuple[Line, ...]  # against what was shown, for whoever consents to it


class EditDialog(Dialog[Edit]):
    """Gives the edited arguments; the engine puts back the secrets that stayed with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "answer('approve')", "approve the edit", show=False),
        Binding("e", "answer('edit')", "go on editing", show=False),
    ]

    def __init__(self, front: Front, dossier: Dossier, text: str) -> None:
        super().__init__(front)
        self._dossier = dossier
        self._edited: Edit | None = None
        self._reviewing = False
        self._area = TextArea(text, id="text", show_line_numbers=True)
        self._area.cursor_blink = False
        self._paper = Paper(id="review")
        self._verdict = Paper(id="verdict", titled=False)
        self._looking: Timer | None = None

    def title_spans(self) -> Spans:
        """What is asked."""
        return asked(_("Edit"), dossier_title(self._dossier))

    def compose_body(self) -> Iterable[Widget]:
        """The text; what it changes takes its place."""
        yield self._area
        yield self._paper
        yield self._verdict

    def on_mount(self) -> None:
        """Begin with typing."""
        super().on_mount()
        self._turn(reviewing=False)
        self._look()

    def on_text_area_changed(self, message: TextArea.Changed) -> None:
        """Tell what is wrong while it is typed, but not between two keys of a long text."""
        message.stop()
        if self._looking is not None:
            self._looking.stop()
        if len(self._area.text) <= _AT_ONCE_MAX:
            self._look()
        else:
            self._looking = self.set_timer(_PAUSE_S, self._look)

    def _look(self) -> None:
        found = check(self._area.text, self._dossier)
        self._verdict.show(_verdict_lines(found))

    def _turn(self, *, reviewing: bool) -> None:
        self._reviewing = reviewing
        self._area.display = not reviewing
        self._paper.display = reviewing
        (self._paper if reviewing else self._area).focus()
        self.show_keys()

    def hints(self) -> tuple[KeyHint, ...]:
        """Typing first, then looking, then approving."""
        if not self._reviewing:
            return (KeyHint("Esc", _("see the difference"), "review", enabled=True),)
        going_on = KeyHint("e", _("go on editing"), "edit", enabled=True)
        if self._edited is None:  # nothing can be sent, or nothing was changed
            return (going_on,)
        return (KeyHint("a", _("approve the edit"), "approve", enabled=True), going_on)

    def show_keys(self) -> None:
        """While typing, Escape only looks: nothing typed is lost by it."""
        if self._reviewing:
            super().show_keys()
        else:
            self._keys.show(self.hints())

    def cancel(self) -> None:
        """Escape: from the text to the difference, from there away."""
        if self._reviewing:
            self.dismiss(None)
        else:
            self._review()

    def end(self, why: str) -> None:
        """What is said of approving is no longer true."""
        super().end(why)
        if self._reviewing:
            self._review()

    def _review(self) -> None:
        self._edited = None
        lines, words = self._compare()
        self._paper.show(lines, title=(Span(words, Tone.STRONG),), keep_place=False)
        self.arm()
        self._turn(reviewing=True)

    def _compare(self) -> tuple[tuple[Line, ...], str]:
        """The difference, or what stands in its way; the text is kept in either case."""
        text, shown = self._area.text, self._dossier.arguments_shown
        try:
            edited = parse(text)
            whole = arguments_to_send(text, self._dossier)
        except InvalidAction as error:
            return (
                Line(whole_spans(str(error), Tone.BAD)),
                prose(_("Your text is kept: e goes on editing it.")),
            ), _("cannot be sent")
        if same(edited, shown):
            words = _("Nothing is changed. Esc goes back; a there approves as it is.")
            return (prose(_("Nothing is changed. Esc goes back.") if self.over else words),), _(
                "same"
            )
        self._edited = Edit(whole, diff_arguments(shown, edited))
        return self._edited.change, _("what you change; policy judges it again")

    def answer(self, name: str) -> None:
        """Approve, look, or go on."""
        if name == "review":
            self._review()
        elif name == "edit":
            self._turn(reviewing=False)
        elif name == "approve" and self._reviewing:
            if self._edited is None:
                self.say(_("There is nothing to approve yet: e goes on editing."))
            elif self.is_live():
                self.dismiss(self._edited)
