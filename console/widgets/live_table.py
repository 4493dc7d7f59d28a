"""A table for rows that change under the operator's eyes.

It draws by the line: a repaint costs what is in sight, never how many rows there are.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Final, Generic, TypeVar, cast

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.language import _, in_use
from console.slices import FIRST_S, run_rest, run_some
from console.view_models.columns import Column, SortKey, fit_columns
from console.view_models.ink import Span, Spans, Tone, plain_text
from console.view_models.ordering import Keys, Steps, order_steps
from console.widgets.toned import BLURRED, SELECTED, Toned
from console.work import start_work

R = TypeVar("R")
GUTTERS: Final = 3  # cursor and mark at the left, one blank at the right
_HEAD: Final = 1
_DOUBLE: Final = 2
_STRIPS_MAX: Final = 256  # a few pages: what was in sight a moment ago


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
        self._sorts = sorts or {}
        self._sorted_by = ""  # title of a column; "": as the rows come
        self._falling = False
        self._keys = Keys()
        self._ordered: tuple[Sequence[R], str, bool] = ((), "", False)  # what was sorted, and how
        self._is_sorting = False
        self._given: Sequence[R] = ()
        self._rows: Sequence[R] = ()
        self._cells: Callable[[R], Sequence[Spans]] = lambda _: ()
        self._at = 0
        self._selected_key: str | None = None
        self._painted: dict[int, tuple[object, ...]] = {}
        self._top = 0  # the first row in sight when lines were last compared
        self._strips: dict[str, tuple[tuple[object, ...], Strip]] = {}
        self._fitted: tuple[int, tuple[tuple[int, int], ...]] = (-1, ())
        self.marked: frozenset[str] = frozenset()
        self._spoken = in_use()

    @property
    def rows(self) -> Sequence[R]:
        """All rows, in the order drawn."""
        return self._rows

    @property
    def selected(self) -> R | None:
        """The row under the cursor."""
        return self._rows[self._at] if self._at < len(self._rows) else None

    @property
    def in_sight(self) -> Sequence[R]:
        """The rows that are drawn."""
        top = round(self.scroll_y)
        return self._rows[top : top + max(1, self.size.height - _HEAD)]

    def show(self, rows: Sequence[R], cells: Callable[[R], Sequence[Spans]]) -> None:
        """Draw these rows; only lines that differ are painted again.

        Rows never change: another state is another row, in another sequence.
        """
        self._given, self._cells = rows, cells
        self._take(self._in_order(rows) if self._sorted_by else rows)

    def _in_order(self, rows: Sequence[R]) -> Sequence[R]:
        """Rows sorted; as they stood before, where that takes longer than a frame."""
        wanted = (rows, *self.order)
        if self._is_sorting or _same_order(wanted, self._ordered):
            return self._rows
        steps = self._sort_steps()
        if (ordered := run_some(steps, FIRST_S)) is None:
            self._is_sorting = True
            start_work(self, partial(self._sort_aside, steps, wanted), group="sort")
            return self._rows
        self._ordered = wanted
        return ordered

    def _sort_steps(self) -> Steps[R]:
        rows, title, falling = self._given, *self.order
        keys = yield from self._keys.steps(title, rows, self._sorts[title])
        return (yield from order_steps(rows, keys, falling=falling))

    async def _sort_aside(self, steps: Steps[R], wanted: tuple[Sequence[R], str, bool]) -> None:
        try:
            while self._sorted_by:
                ordered = await run_rest(steps)
                if wanted[1:] == self.order:
                    self._ordered = wanted
                    self._take(ordered)
                if _same_order(wanted, now := (self._given, *self.order)):
                    break
                wanted, steps = now, self._sort_steps()  # other rows came, or another order
        finally:
            self._is_sorting = False
        self.repaint()

    def _take(self, rows: Sequence[R]) -> None:
        """Draw these, in this order."""
        before, old_at, old = self._selected_key, self._at, self.selected
        self._rows = rows
        self._at = self._find(before, old)
        row = self.selected
        self._selected_key = None if row is None else self._key(row)
        size = Size(self.size.width, len(rows) + _HEAD)
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
        rows = self._rows
        if key is None or not rows or (self._follow and self._at == 0 and not self._sorted_by):
            return 0
        if self._at < len(rows) and self._key(rows[self._at]) == key:
            return self._at
        found = next((at for at, each in enumerate(rows) if each is row), None)
        if found is None:
            found = next((at for at, each in enumerate(rows) if self._key(each) == key), None)
        return min(self._at, len(rows) - 1) if found is None else found

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
            if self._painted.get(y) != self._state(y, width):
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
        return self._sorted_by, self._falling

    @property
    def is_sorting(self) -> bool:
        """Whether rows stand in the old order still, because there are very many."""
        return self._is_sorting

    def sort_by(self, title: str, *, falling: bool) -> None:
        """Sort by one column; one that cannot be sorted by changes nothing."""
        if title in self._sorts:
            self._sorted_by, self._falling = title, falling
            self._sort_again()

    def sort_next(self) -> None:
        """Sort by the next column in sight, numbers falling; after the last one not at all."""
        columns = [self._columns[index] for index, _ in self._fit(self.size.width)]
        titles = ["", *(each.title for each in columns if each.title in self._sorts)]
        at = titles.index(self._sorted_by) if self._sorted_by in titles else 0
        self._sorted_by = titles[(at + 1) % len(titles)]
        self._falling = any(each.right for each in columns if each.title == self._sorted_by)
        self._sort_again()

    def reverse(self) -> None:
        """Turn the order of the sorted column round."""
        if self._sorted_by:
            self._falling = not self._falling
            self._sort_again()

    def _sort_again(self) -> None:
        self.show(self._given, self._cells)
        self.repaint()

    def select(self, key: str) -> bool:
        """Move to the row with this key; False when there is none."""
        for at, row in enumerate(self._rows):
            if self._key(row) == key:
                self._go(at, by_user=True)
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
        self._go(len(self._rows) - 1 if at < 0 else at, by_user=True)

    def _go(self, at: int, *, by_user: bool) -> None:
        if not self._rows:
            return
        at = min(max(0, at), len(self._rows) - 1)
        key = self._key(self._rows[at])
        if at == self._at and key == self._selected_key:
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
        if event.y < _HEAD or at >= len(self._rows):
            return
        self._go(at, by_user=True)
        if event.chain == _DOUBLE:
            self.post_message(self.Chosen(self, by_user=True))

    def on_resize(self) -> None:
        """Lay the columns out anew."""
        self.virtual_size = Size(self.size.width, len(self._rows) + _HEAD)
        self._keep_in_sight()
        self.repaint()

    def on_focus(self) -> None:
        """The cursor's line shows the focus."""
        self.repaint()

    def on_blur(self) -> None:
        """The cursor's line shows the focus."""
        self.repaint()

    def _state(self, y: int, width: int) -> tuple[object, ...]:
        """All that line `y` is drawn from."""
        at = round(self.scroll_y) + y - _HEAD
        if at >= len(self._rows):
            return (None, not self._rows and self.empty)
        row = self._rows[at]
        return (self._cells(row), at == self._at, self._key(row) in self.marked, width)

    def render_line(self, y: int) -> Strip:
        """One line, in terminal coordinates of this table."""
        width = self.size.width
        if y < _HEAD:
            return self._titles(width)
        state = self._painted[y] = self._state(y, width)
        at = round(self.scroll_y) + y - _HEAD
        if at >= len(self._rows):
            note = Span(f"  {_(self.empty)}", Tone.DIM)
            return self.strip([note] if not self._rows and y == _HEAD else [], width)
        under = "" if at != self._at else SELECTED if self.has_focus else BLURRED
        drawn_from = (self.ink(under), *state)
        key = self._key(self._rows[at])
        kept = self._strips.get(key)
        if kept is not None and kept[0][0] is drawn_from[0] and kept[0] == drawn_from:
            return kept[1]
        if len(self._strips) >= _STRIPS_MAX:
            self._strips.clear()
        strip = self._row_strip(at, width, cast("Sequence[Spans]", state[0]), under)
        self._strips[key] = (drawn_from, strip)
        return strip

    def _row_strip(self, at: int, width: int, cells: Sequence[Spans], under: str) -> Strip:
        here = at == self._at and self.has_focus
        marked = self._key(self._rows[at]) in self.marked
        lead = (
            Span("▸" if here else " ", Tone.STRONG),
            Span("◆" if marked else " ", Tone.WARN),
        )
        laid = (
            (cells[index], room, self._columns[index].right) for index, room in self._fit(width)
        )
        return self.row_strip(lead, laid, width, under=under)

    def _fit(self, width: int) -> tuple[tuple[int, int], ...]:
        if self._fitted[0] != width:
            self._fitted = (width, fit_columns(self._columns, width - GUTTERS))
        return self._fitted[1]

    def _titles(self, width: int) -> Strip:
        lead = (Span("▌ " if self.has_focus else "  ", Tone.TITLE),)
        titles = (
            ((Span(self._title(each.title, room), Tone.TITLE),), room, each.right)
            for each, room in ((self._columns[index], room) for index, room in self._fit(width))
        )
        return self.row_strip(lead, titles, width)

    def _title(self, title: str, width: int) -> str:
        if title != self._sorted_by or not title:
            return _(title)
        sign = "…" if self._is_sorting else "▼" if self._falling else "▲"
        return _(title)[: width - 1] + sign


def _same_order(
    one: tuple[Sequence[Any], str, bool], other: tuple[Sequence[Any], str, bool]
) -> bool:
    return one[0] is other[0] and one[1:] == other[1:]
