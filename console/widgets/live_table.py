"""A table for rows that change under the operator's eyes.

It draws by the line: a repaint costs what is in sight, never how many rows there are.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.view_models.columns import Column, SortKey, fit_columns, sort_rows
from console.view_models.ink import Span, Spans, Tone, plain_text
from console.widgets.toned import BLURRED, SELECTED, Toned, fill_cell, join_row

R = TypeVar("R")
GUTTERS: Final = 3  # cursor and mark at the left, one blank at the right
_HEAD: Final = 1
_DOUBLE: Final = 2


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
        self._given: Sequence[R] = ()
        self._rows: Sequence[R] = ()
        self._cells: Callable[[R], Sequence[Spans]] = lambda _: ()
        self._at = 0
        self._selected_key: str | None = None
        self._painted: dict[int, tuple[object, ...]] = {}
        self.marked: frozenset[str] = frozenset()

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
        """Draw these rows; only lines that differ are painted again."""
        before, old_at = self._selected_key, self._at
        self._given = rows
        if self._sorted_by:
            rows = sort_rows(rows, self._sorts[self._sorted_by], falling=self._falling)
        self._rows, self._cells = rows, cells
        self._at = self._find(before)
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

    def _find(self, key: str | None) -> int:
        rows = self._rows
        if key is None or not rows or (self._follow and self._at == 0 and not self._sorted_by):
            return 0
        if self._at < len(rows) and self._key(rows[self._at]) == key:
            return self._at
        found = next((at for at, row in enumerate(rows) if self._key(row) == key), None)
        return min(self._at, len(rows) - 1) if found is None else found

    def _paint_changed(self) -> None:
        for y in range(_HEAD, self.size.height):
            if self._painted.get(y) != self._state(y):
                self.refresh(Region(0, y, self.size.width, 1))

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

    def sort_by(self, title: str, *, falling: bool) -> None:
        """Sort by one column; one that cannot be sorted by changes nothing."""
        if title in self._sorts:
            self._sorted_by, self._falling = title, falling
            self._sort_again()

    def sort_next(self) -> None:
        """Sort by the next column in sight, numbers falling; after the last one not at all."""
        drawn = fit_columns(self._columns, self.size.width - GUTTERS)
        columns = [self._columns[index] for index, _ in drawn]
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

    def _state(self, y: int) -> tuple[object, ...]:
        """All that line `y` is drawn from."""
        at = round(self.scroll_y) + y - _HEAD
        if at >= len(self._rows):
            return (None, not self._rows and self.empty)
        row = self._rows[at]
        return (self._cells(row), at == self._at, self._key(row) in self.marked, self.size.width)

    def render_line(self, y: int) -> Strip:
        """One line, in terminal coordinates of this table."""
        width = self.size.width
        if y < _HEAD:
            return self.strip(self._titles(width), width)
        self._painted[y] = self._state(y)
        at = round(self.scroll_y) + y - _HEAD
        if at >= len(self._rows):
            note = Span(f"  {self.empty}", Tone.DIM)
            return self.strip([note] if not self._rows and y == _HEAD else [], width)
        return self._row_strip(at, width)

    def _row_strip(self, at: int, width: int) -> Strip:
        row = self._rows[at]
        here = at == self._at
        cells = self._cells(row)
        sign = Span("▸" if here and self.has_focus else " ", Tone.STRONG)
        mark = Span("◆" if self._key(row) in self.marked else " ", Tone.WARN)
        parts = [
            fill_cell(cells[index], cell_width, right=self._columns[index].right)
            for index, cell_width in fit_columns(self._columns, width - GUTTERS)
        ]
        under = ""
        if here:
            under = SELECTED if self.has_focus else BLURRED
        return self.strip([sign, mark, *join_row(parts)], width, under=under)

    def _titles(self, width: int) -> list[Span]:
        parts = [
            fill_cell(
                (Span(self._title(self._columns[index].title, cell_width), Tone.TITLE),),
                cell_width,
                right=self._columns[index].right,
            )
            for index, cell_width in fit_columns(self._columns, width - GUTTERS)
        ]
        return [Span("▌ " if self.has_focus else "  ", Tone.TITLE), *join_row(parts)]

    def _title(self, title: str, width: int) -> str:
        if title != self._sorted_by or not title:
            return title
        return title[: width - 1] + ("▼" if self._falling else "▲")
