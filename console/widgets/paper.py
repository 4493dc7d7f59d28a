"""A pane of lines that wraps, scrolls and cuts nothing."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.language import N_, _
from console.view_models.ink import Line, Span, Spans, Tone, told
from console.widgets.toned import Toned, cells_in, cut_spans
from console.widgets.unread import Due, Unread, find_due, is_marked
from console.widgets.wrapping import wrap_lines
from console.work import start_work

_MARGIN: Final = Span(" ")
_AT_ONCE_MAX: Final = 100_000  # characters; laying out more would hold up the loop, and the gate


_ABOVE: Final = 2  # rows kept in sight above a marked one
_LINE_COST: Final = 40  # what a line costs beside its characters, in characters
_COMPARED_MAX: Final = 2_000  # lines
_WAIT: Final = Span(N_("laying out a very long text…"), Tone.WARN)


class Paper(Toned, ScrollView, can_focus=True):
    """Draws lines under a title that stays in place; the title tells how much there is."""

    class LaidOut(Message):
        """A very long text can be read now."""

    class Read(Message):
        """All that must be in sight once, was."""

        def __init__(self, about: str) -> None:
            super().__init__()
            self.about = about  # the content, as it was named

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "down", show=False),
        Binding("k", "scroll_up", "up", show=False),
    ]

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 - Textual's name
        titled: bool = True,
        opened_by: str = "",
    ) -> None:
        """`opened_by` names the key that gives this pane more room, where there is one."""
        super().__init__(id=id)
        self._titled = titled
        self._opened_by = opened_by
        self._title: Spans = ()
        self._lines: Sequence[Line] = ()
        self._rows: list[Spans] = []
        self._wrapped_at = 0
        self.complete = True  # False while a very long text is still being laid out
        self._about: str = ""  # the content that is to be read, and of how many lines
        self._to_read: int = 0
        self._unread = Unread()

    @property
    def rows(self) -> list[Spans]:
        """What is drawn, row by row, also what is scrolled out of sight."""
        return self._rows

    @property
    def is_read(self) -> bool:
        """Whether the last row of what is to be read, and each marked one, was in sight."""
        return self._unread.is_read

    @property
    def is_end_seen(self) -> bool:
        """Whether the last row of what is to be read was in sight."""
        return self._unread.is_end_seen

    def show(
        self,
        lines: Sequence[Line],
        *,
        title: Spans = (),
        keep_place: bool = True,
        about: str = "",
        to_read: int = 0,
    ) -> None:
        """Draw these lines; `keep_place` stays where the operator had scrolled to. The first
        `to_read` lines must have been in sight, see `is_read`; `about` names their content.
        """
        same = about == self._about and to_read == self._to_read
        if keep_place and same and (lines is self._lines or _are_same(lines, self._lines)):
            if title != self._title:
                self._title = title
                self.refresh(Region(0, 0, self.size.width, 1))
            return
        self._lines, self._title = lines, title
        self._about, self._to_read = about, to_read
        self._unread.begin(about)
        self._wrap()
        if not keep_place:
            self.scroll_to(y=0, animate=False, force=True, immediate=True)

    def next_risk(self) -> bool:
        """Scroll to the next marked row below the top one, from the start again after the last; of
        those that were not in sight yet, while there are any.

        False when nothing is marked.
        """
        rows = enumerate(self._rows)
        marked = self._unread.marked or [number for number, row in rows if is_marked(row)]
        if not marked:
            return False
        top = round(self.scroll_y)
        last = max(0, len(self._rows) - self._height())
        below = [number for number in marked if number > top + _ABOVE]
        # At the end of the pane the last marks are in sight already: begin again.
        target = below[0] if below and top < last else marked[0]
        self.scroll_to(y=max(0, target - _ABOVE), animate=False, force=True, immediate=True)
        return True

    @property
    def is_at_end(self) -> bool:
        """Whether the last row is in sight."""
        return round(self.scroll_y) + self._height() >= len(self._rows)

    def page(self, direction: int) -> None:
        """A page down or, with -1, up; one row stays in sight. After the end comes what was
        jumped over of what is to be read.
        """
        to = round(self.scroll_y) + direction * max(1, self._height() - 1)
        if direction > 0 and self.is_at_end and (first := self._unread.first) is not None:
            to = max(0, first - _ABOVE)
        self.scroll_to(y=to, animate=False, force=True, immediate=True)

    def action_page_down(self) -> None:
        """By what is in sight: the title lies over a row of the pane."""
        self.page(1)

    def action_page_up(self) -> None:
        """Likewise."""
        self.page(-1)

    def _height(self) -> int:
        return max(1, self.size.height - self._titled)

    def _wrap(self) -> None:
        self._wrapped_at = width = self.size.width
        if not width:  # not on the screen: laid out when it is, see on_show
            self._rows = []
            self._unread.begin(self._about)
            return
        if not _is_long(self._lines):
            self._take(*_lay_out(self._lines, self._room(), self._to_read))
            return
        self._take([(told(_WAIT),)], None)
        start_work(self, partial(self._wrap_aside, self._lines, self._room()), group="wrap")

    async def _wrap_aside(self, lines: Sequence[Line], room: int) -> None:
        rows, due = await asyncio.to_thread(_lay_out, lines, room, self._to_read)
        if lines is self._lines and room == self._room():
            self._take(rows, due)
            self.post_message(self.LaidOut())

    def _room(self) -> int:
        return max(1, self.size.width - 2 * len(_MARGIN.text))

    def _take(self, rows: list[Spans], due: Due | None) -> None:
        """Draw these rows; `due` None: what is to be read is still being laid out."""
        before, self._rows, self.complete = self._rows, rows, due is not None
        if due is not None:
            self._unread.lay_out(due)
            self.look()
        self.virtual_size = Size(self.size.width, len(rows) + self._titled)
        if len(before) == len(rows):
            self._refresh_changed(before)
        else:
            self.refresh()

    def _refresh_changed(self, before: Sequence[Spans]) -> None:
        """One action's card is much like the next one's: have only rows drawn that differ."""
        width, top = self.size.width, round(self.scroll_y)
        pairs = zip(before[top:], self._rows[top : top + self._height()], strict=False)
        changed = (at for at, (old, new) in enumerate(pairs, self._titled) if old != new)
        if regions := [Region(0, y, width, 1) for y in (*range(self._titled), *changed)]:
            self.refresh(*regions)

    def look(self) -> None:
        """Count what is in sight as seen, once it is drawn."""
        if self._to_read and not self.is_read:
            self.call_after_refresh(self._look)

    def _look(self) -> None:
        if self.size.height <= self._titled or not self.screen.is_current or self.is_read:
            return
        top = round(self.scroll_y)
        self._unread.look(top, top + self._height())
        if self.is_read:
            self.post_message(self.Read(self._about))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows are in sight."""
        super().watch_scroll_y(old_value, new_value)
        self.look()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap anew when the width changed; the title's count depends on the height."""
        if event.size.width != self._wrapped_at:
            self._wrap()
        self.look()
        self.refresh()

    def on_show(self) -> None:
        """Lay out what was given to it while it was hidden: its size may be what it was."""
        if self.size.width != self._wrapped_at:
            self._wrap()
        self.look()

    def on_focus(self) -> None:
        """The title shows the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """The title shows the focus."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row, in terminal coordinates of this pane."""
        width = self.size.width
        if self._titled and y == 0:
            return self.strip(self._title_row(width), width)
        at = round(self.scroll_y) + y - self._titled
        row = self._rows[at] if 0 <= at < len(self._rows) else ()
        return self.strip((_MARGIN, *row), width)

    def _title_row(self, width: int) -> list[Span]:
        place = self._place()
        rule = Tone.TITLE if self.has_focus else Tone.RULE
        head = (Span("▌" if self.has_focus else "─", rule), Span(" "), *self._title, Span(" "))
        kept = cut_spans(head, max(1, width - cells_in(place)))
        left = width - cells_in(kept) - cells_in(place)
        return [*kept, Span("─" * max(0, left), Tone.RULE), *place]

    def _place(self) -> Spans:
        height, total = self._height(), len(self._rows)
        if total <= height:
            return ()
        top = round(self.scroll_y)
        last = min(total, top + height)
        arrows = ("↑" if top else " ") + ("↓" if last < total else " ")
        key = f"{self._opened_by} " if self._opened_by and not self.has_focus else ""
        return (
            Span(
                _(" {top}-{last} of {total} {arrows} {key}").format(
                    top=top + 1, last=last, total=total, arrows=arrows, key=key
                ),
                Tone.WARN,
            ),
        )


def _lay_out(lines: Sequence[Line], room: int, to_read: int) -> tuple[list[Spans], Due]:
    rows, ends = wrap_lines(lines, room)
    return rows, find_due(lines, rows, ends, to_read)


def _are_same(lines: Sequence[Line], others: Sequence[Line]) -> bool:
    """Whether nothing changed; many lines are rather laid out anew, aside, than compared here."""
    return len(lines) == len(others) <= _COMPARED_MAX and lines == others


def _is_long(lines: Sequence[Line]) -> bool:
    characters = 0
    for line in lines:
        characters += _LINE_COST + sum(len(span.text) for span in line.body)
        if characters > _AT_ONCE_MAX:
            return True
    return False
