"""A table for rows that change under the operator's eyes.

It draws by the line: a repaint costs what is in sight, never how many rows there are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.language import _, in_use
from console.sorting import Sorter
from console.view_models.columns import Column, SortKey, fit_columns
from console.view_models.ink import Span, Spans, Tone, plain_text
from console.view_models.ordering import Ranked, all_of
from console.widgets.toned import BLURRED, SELECTED, Toned

R = TypeVar("R")
GUTTERS: Final = 3  # cursor and mark at the left, one blank at the right
_HEAD: Final = 1
_DOUBLE: Final = 2
_NOT_TURNED: Final = Style(reverse=False)
_STRIPS_MAX: Final = 256  # a few pages: what was in sight a moment ago
_MARKS: Final = {"": " ", SELECTED: "▸", BLURRED: "▹"}  # no colour says it alone


class _Place(NamedTuple):
    """What lines are drawn by."""

    width: int
    top: int  # the row under the titles
    has_focus: bool


class LiveTable(Toned, ScrollView, Generic[R], can_focus=True):
    """Rows under column titles. The selection belongs to a row's key and goes where it goes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "down", show=False),
        Binding("up,k", "move(-1)", "up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("home", "move_to(0)", "first", show=False),
        Binding("end", "move_to(-1)", "last", show=False),
    ]

    class Moved(Message):
        """Another row is selected; `by_user` is False when rows came or went."""

        def __init__(self, table: "LiveTable[Any]", *, by_user: bool) -> None:
            super().__init__()
            self.table = table
            self.by_user = by_user

        @property
        def control(self) -> "LiveTable[Any]":
            """The table."""
            return self.table

    class Kept(Moved):
        """The operator went where the selection is already, as at the only row's end."""

    class Chosen(Moved):
        """A row was clicked twice."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        key: Callable[[R], str],
        id: str,  # noqa: A002 - Textual's name
        follow: bool = False,
        empty: str = "",
        sorts: Mapping[str, SortKey[R]] | None = None,
    ) -> None:
        """`follow`: while the first row is selected, the selection stays with the newest row.

        `sorts`: title of a column -> what its rows are sorted by.
        """
        super().__init__(id=id, classes="live")
        self._columns = columns
        self._key = key
        self._follow = follow
        self.empty = empty  # said in the place of rows
        self._sorter: Sorter[R] = Sorter(self, sorts or {}, self._take_sorted)
        self._given: Sequence[R] = ()
        self._ranked: Ranked[R] = all_of(())
        self._cells: Callable[[R], Sequence[Spans]] = lambda _: ()
        self._at = 0
        self._selected_key: str | None = None
        self._painted: dict[int, tuple[object, ...]] = {}
        self._top = 0  # the first row in sight when lines were last compared
        self._strips: dict[str, tuple[tuple[object, ...], Strip]] = {}
        self._fitted: tuple[int, tuple[tuple[int, int, bool], ...]] = (-1, ())
        self._drawn_at: _Place | None = None  # while lines are drawn: where, for all of them
        self.marked: frozenset[str] = frozenset()
        self._spoken = in_use()

    @property
    def rows(self) -> Sequence[R]:
        """All rows, in the order drawn; as they come, while not all are in order."""
        return self._ranked.rows if self._ranked.is_whole else self._given

    @property
    def selected(self) -> R | None:
        """The row under the cursor; None also for one that sorting has not brought yet."""
        return self._row(self._at)

    @property
    def in_sight(self) -> Sequence[R]:
        """The rows that are drawn."""
        top = round(self.scroll_y) - self._ranked.start
        end = top + max(1, self.size.height - _HEAD)
        return self._ranked.rows[max(0, top) : max(0, end)]

    def _row(self, at: int) -> R | None:
        rows, start, _ = self._ranked
        return rows[at - start] if start <= at < start + len(rows) else None

    def show(self, rows: Sequence[R], cells: Callable[[R], Sequence[Spans]]) -> None:
        """Draw these rows; only lines that differ are painted again.

        Rows never change: another state is another row, in another sequence.
        """
        self._given, self._cells = rows, cells
        self._take(self._sorter.keep(rows, self.selected))

    def _take_sorted(self) -> None:
        self._take(self._sorter.shown)
        self.repaint()  # the titles, too

    def _take(self, ranked: Ranked[R]) -> None:
        """Draw these, in this order."""
        before, old_at, old = self._selected_key, self._at, self.selected
        self._ranked = ranked
        self._at = self._find(before, old)
        row = self.selected
        self._selected_key = None if row is None else self._key(row)
        size = Size(self.size.width, ranked.total + _HEAD)
        if size != self.virtual_size:
            self.virtual_size = size
            self._painted.clear()
            self.refresh()
        if self.scroll_y > 0 and self._selected_key == before:
            self.scroll_to(y=self.scroll_y + self._at - old_at, animate=False, force=True)
        self._keep_in_sight()
        self._paint_changed()
        if self._selected_key != before:
            self.post_message(self.Moved(self, by_user=False))

    def _find(self, key: str | None, row: R | None) -> int:
        rows, start, total = self._ranked
        if self._follow and self._at == 0 and not self.order[0]:
            return 0
        here = self._row(self._at)
        if key is None or (here is not None and self._key(here) == key):
            return min(self._at, max(0, total - 1))
        found = next((at for at, each in enumerate(rows, start) if each is row), None)
        if found is None:
            found = next(
                (at for at, each in enumerate(rows, start) if self._key(each) == key), None
            )
        return min(self._at, max(0, total - 1)) if found is None else found

    def _paint_changed(self) -> None:
        if self._spoken != in_use():
            self._spoken = in_use()
            self.repaint()  # the titles, too
        top = round(self.scroll_y)
        if top != self._top:
            self._top = top
            self.refresh()  # other rows stand there: none is worth comparing
            return
        width, height = self.size
        for y in range(_HEAD, height):
            if self._painted.get(y) != self._state(y, top, width):
                self.refresh(Region(0, y, width, 1))

    def repaint(self) -> None:
        """Draw everything again: marks or the meaning of cells changed."""
        self._painted.clear()
        self.refresh()

    def texts(self) -> dict[str, str]:
        """The selected row as drawn, by column, also those without room; {} when there is none."""
        row = self.selected
        if row is None:
            return {}
        cells = self._cells(row)
        return {
            column.title: plain_text(cell).strip()
            for column, cell in zip(self._columns, cells, strict=False)
        }

    @property
    def order(self) -> tuple[str, bool]:
        """The title of the sorted column, "" for none; and whether it falls."""
        return self._sorter.order

    @property
    def is_sorting(self) -> bool:
        """Whether not all rows are in order yet, because there are very many."""
        return self._sorter.is_busy

    def sort_by(self, title: str, *, falling: bool) -> None:
        """Sort by one column; "": as rows come. One that has no keys changes nothing."""
        if not title or self._sorter.can_sort_by(title):
            self._sort(title, falling=falling)

    def sort_next(self) -> None:
        """Sort by the next column in sight, numbers falling; after the last one not at all."""
        columns = [self._columns[index] for index, *_ in self._fit(self.size.width)]
        titles = ["", *(each.title for each in columns if self._sorter.can_sort_by(each.title))]
        now, _ = self.order
        title = titles[(titles.index(now) + 1 if now in titles else 1) % len(titles)]
        self._sort(title, falling=any(each.right for each in columns if each.title == title))

    def reverse(self) -> None:
        """Turn the order of the sorted column round."""
        title, falling = self.order
        if title:
            self._sort(title, falling=not falling)

    def _sort(self, title: str, *, falling: bool) -> None:
        self._sorter.order = (title, falling)
        self.show(self._given, self._cells)
        self.repaint()

    def select(self, key: str, *, by_user: bool = True) -> bool:
        """Move to the row with this key; False when there is none."""
        if not self._ranked.is_whole:
            self._take(all_of(self._given))
        for at, row in enumerate(self._ranked.rows):
            if self._key(row) == key:
                self._go(at, by_user=by_user)
                return True
        return False

    def action_move(self, by: int) -> None:
        """Up or down."""
        self._go(self._at + by, by_user=True)

    def action_page(self, direction: int) -> None:
        """A page up or down."""
        self._go(self._at + direction * max(1, self.size.height - _HEAD - 1), by_user=True)

    def action_move_to(self, at: int) -> None:
        """To the first row, or with -1 to the last."""
        self._go(self._ranked.total - 1 if at < 0 else at, by_user=True)

    def _go(self, at: int, *, by_user: bool) -> None:
        if not self._ranked.total:
            return
        at = min(max(0, at), self._ranked.total - 1)
        row = self._row(at)
        key = None if row is None else self._key(row)
        if at == self._at and key == self._selected_key:
            if by_user:
                self.post_message(self.Kept(self, by_user=True))
            return
        self._at, self._selected_key = at, key
        self._keep_in_sight()
        self._paint_changed()
        self.post_message(self.Moved(self, by_user=by_user))

    def _keep_in_sight(self) -> None:
        height = max(1, self.size.height - _HEAD)
        top = round(self.scroll_y)
        if self._at < top:
            self.scroll_to(y=self._at, animate=False, force=True)
        elif self._at >= top + height:
            self.scroll_to(y=self._at - height + 1, animate=False, force=True)

    def on_click(self, event: events.Click) -> None:
        """Select the row under the pointer; a second click opens it."""
        at = round(self.scroll_y) + event.y - _HEAD
        if event.y < _HEAD or at >= self._ranked.total:
            return
        self._go(at, by_user=True)
        if event.chain == _DOUBLE:
            self.post_message(self.Chosen(self, by_user=True))

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self.virtual_size = Size(self.size.width, self._ranked.total + _HEAD)
        self._keep_in_sight()
        self.repaint()

    def on_focus(self) -> None:
        """The cursor's line shows the focus."""
        self.repaint()

    def on_blur(self) -> None:
        """The cursor's line shows the focus."""
        self.repaint()

    def _state(self, y: int, top: int, width: int) -> tuple[object, ...]:
        """All that line `y` is drawn from."""
        at = top + y - _HEAD
        row = self._row(at)
        if row is None:
            is_nowhere = at >= self._ranked.total
            told = _(self.empty) if y == _HEAD and not self._ranked.total else ""
            return (None, told if is_nowhere else "…")
        return (self._cells(row), at == self._at, self._key(row) in self.marked, width)

    def _place(self) -> _Place:
        return _Place(self.size.width, round(self.scroll_y), self.has_focus)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines in sight; where they stand is asked once for all of them."""
        self._drawn_at = self._place()
        try:
            return super().render_lines(crop)
        finally:
            self._drawn_at = None

    def render_line(self, y: int) -> Strip:
        """One line, in terminal coordinates of this table."""
        width, top, has_focus = self._drawn_at or self._place()
        if y < _HEAD:
            return self._titles(width)
        at = top + y - _HEAD
        state = self._painted[y] = self._state(y, top, width)
        row = self._row(at)
        if row is None:
            return self.strip([Span(f"  {state[1]}", Tone.DIM)], width)
        under = "" if at != self._at else SELECTED if has_focus else BLURRED
        drawn_from = (self.ink(under), *state)
        key = self._key(row)
        kept = self._strips.get(key)
        if kept is not None and kept[0][0] is drawn_from[0] and kept[0] == drawn_from:
            return kept[1]
        if len(self._strips) >= _STRIPS_MAX:
            self._strips.clear()
        lead = (
            Span(_MARKS[under], Tone.STRONG),
            Span("◆" if key in self.marked else " ", Tone.WARN),
        )
        cells = cast("Sequence[Spans]", state[0])
        laid = [(cells[index], room, right) for index, room, right in self._fit(width)]
        strip = self.row_strip(lead, laid, width, under=under)
        if under and self.styles_of_theme()[under].reverse:
            strip = self._turn_back(strip, width)
        self._strips[key] = (drawn_from, strip)
        return strip

    def _fit(self, width: int) -> tuple[tuple[int, int, bool], ...]:
        """Number, width and side of the columns to draw."""
        if self._fitted[0] != width:
            fitted = fit_columns(self._columns, width - GUTTERS)
            sides = ((index, room, self._columns[index].right) for index, room in fitted)
            self._fitted = (width, tuple(sides))
        return self._fitted[1]

    def room_of(self, title: str) -> int:
        """Cells that a column has now; 0 when it is not drawn."""
        fitted = self._fit(self.size.width)
        return next((room for at, room, _ in fitted if self._columns[at].title == title), 0)

    def _turn_back(self, strip: Strip, width: int) -> Strip:
        """What is drawn stands as in every other row: turned round, the most looks like nothing."""
        at = GUTTERS - 1
        for index, room, _right in self._fit(width):
            if self._columns[index].is_drawn:
                before, drawn, after = strip.divide([at, at + room, width])
                turned = Strip(Segment.apply_style(drawn, post_style=_NOT_TURNED), room)
                strip = Strip.join([before, turned, after])
            at += room + 1
        return strip

    def _titles(self, width: int) -> Strip:
        lead = (Span("▌ " if self.has_focus else "  ", Tone.TITLE),)
        titles = [
            ((Span(self._title(self._columns[index].title, room), Tone.TITLE),), room, right)
            for index, room, right in self._fit(width)
        ]
        return self.row_strip(lead, titles, width)

    def _title(self, title: str, width: int) -> str:
        now, falling = self.order
        if title != now or not title:
            return _(title)
        sign = "…" if self.is_sorting else "▼" if falling else "▲"
        return _(title)[: width - 1] + sign
