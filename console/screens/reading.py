"""Lists with the selected row whole below or beside them; and those that a worker reads."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical

from console.fleet_bridge import ALERTS, Answer, Ask
from console.language import _, numeral
from console.screens.base import OPENED, Front
from console.screens.listing import ListScreen
from console.screens.lying import LyingOn
from console.screens.sizes import LIST_WIDTHS, fit_rows
from console.sieve import Sieve
from console.view_models.columns import Column, SortKey
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Spans, Tone
from console.view_models.text import visible_spans
from console.view_models.words import screen_name
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from console.work import start_work
from core.errors import MaestroError

R = TypeVar("R")


class PanedList(ListScreen[R]):
    """A table, and its selected row whole. A screen says what the rows are and how they look."""

    HORIZONTAL_BREAKPOINTS = LIST_WIDTHS
    COLUMNS: ClassVar[Sequence[Column]]
    NOTHING: ClassVar[str]  # said in the place of rows when there are none

    def __init__(
        self,
        front: Front,
        *,
        key: Callable[[R], str],
        sorts: Mapping[str, SortKey[R]] | None = None,
        follow: bool = False,
    ) -> None:
        table: LiveTable[R] = LiveTable(
            self.COLUMNS, key=key, id=f"{self.NAME}-rows", sorts=sorts, follow=follow
        )
        super().__init__(front, table)
        self.paper = Paper(id=f"{self.NAME}-row", opened_by="Enter")
        self.paper.add_class("beside")
        self._upper = Vertical(classes="rows")
        self._sieve: Sieve[R] = Sieve(self, self.update)

    def compose_body(self) -> ComposeResult:
        """The list, then one row whole."""
        with Container(classes="split"):
            with self._upper:
                yield self.caption
                yield self.table
            yield self.paper

    @abstractmethod
    def answer(self) -> Answer[tuple[R, ...]]:
        """The rows as last read."""

    @abstractmethod
    def heading(self, rows: tuple[R, ...], shown: int) -> Spans:
        """What stands above the rows."""

    @abstractmethod
    def searched(self, row: R) -> Searched:
        """What the filter may ask of a row."""

    def kept(self, row: R) -> bool:
        """Whether a row is shown."""
        return not self.filter or self.filter.fits(self.searched(row))

    @abstractmethod
    def cells(self, row: R) -> tuple[Spans, ...]:
        """One row in the order of the columns."""

    @abstractmethod
    def whole(self, row: R) -> tuple[Spans, tuple[Line, ...]]:
        """Title and lines of one row."""

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """What lists do, and reading on in the pane."""
        return {
            **super().handlers,
            "read_on": lambda _: self.paper.page(1),
            "read_back": lambda _: self.paper.page(-1),
        }

    def draw(self) -> None:
        """The rows as last read."""
        found = self.answer()
        rows = found.value or ()
        shown = self._sieve.keep(rows, self.kept, *self.basis())
        heading = self._heading(found, len(shown))
        self.explain_empty(found.problem, _("reading…") if found.value is None else _(self.NOTHING))
        if (looked_at := self._sieve.looked_at) is not None:
            words = _("filtering… {looked_at} of {rows}").format(
                looked_at=numeral(looked_at), rows=numeral(len(rows))
            )
            heading = (*heading, Span(f"  {words}", Tone.INFO))
            self.table.empty = words
        self.caption.show(heading)
        self.table.show(shown, self.cells)
        fit_rows(self._upper, len(shown), above=2)
        self.draw_selected()

    def basis(self) -> tuple[object, ...]:
        """What decides on which rows are kept, beside the rows."""
        return (self.filter,)

    def _heading(self, found: Answer[tuple[R, ...]], shown: int) -> Spans:
        if found.value is not None:
            return self.heading(found.value, shown)
        return (Span(screen_name(self.NAME).upper() + "  ", Tone.TITLE),)

    def draw_selected(self) -> None:
        """One row whole."""
        row = self.table.selected
        if row is None:
            self.paper.show(
                self.why_empty(self.answer()), title=(Span(_("nothing selected"), Tone.DIM),)
            )
            return
        title, lines = self.whole(row)
        self.paper.show(lines, title=title)

    def open_row(self) -> None:
        """The row alone."""
        self.open_pane()
        self.paper.focus()
        self.call_after_refresh(self.update)


class AskedList(PanedList[R]):
    """Rows that the fleet's port answers."""

    ASK: ClassVar[Ask[Any]]

    def answer(self) -> Answer[tuple[R, ...]]:
        """What the port said last."""
        return self.front.fleet.answer(self.ASK)

    def wants(self) -> Iterable[Ask[Any]]:
        """Its own rows, and the header's alerts."""
        return (ALERTS, self.ASK)


class ReadList(PanedList[R]):
    """Rows that a worker reads when the screen comes in front, and again by a key."""

    _found: Answer[tuple[R, ...]] = Answer()
    _reading = False
    _read_at_s = 0.0

    @abstractmethod
    async def read(self) -> tuple[R, ...]:
        """The rows now. Raises MaestroError."""

    def answer(self) -> Answer[tuple[R, ...]]:
        """What was read last."""
        return self._found

    def every_s(self) -> float | None:
        """Read again after this long, while in front; None: only when asked to."""
        return None

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """What lists do, and reading again."""
        return {**super().handlers, "reload": lambda _: self.read_again()}

    def on_screen_resume(self) -> None:
        """Read when it comes in front."""
        super().on_screen_resume()
        self.read_again()

    def read_again(self) -> None:
        """Begin to read; what was read before stands meanwhile."""
        if not self._reading:
            self._reading = True
            start_work(self, self._read, group=f"read {self.NAME}")

    def forget(self) -> None:
        """What was read answers another question."""
        self._found = Answer()
        self.update()

    async def _read(self) -> None:
        try:
            self._found = Answer(await self.read())
        except MaestroError as error:
            self._found = Answer(self._found.value, str(error))
        finally:
            self._reading = False
            self._read_at_s = self.front.bridge.clock.monotonic_s()
        self.update()

    def draw(self) -> None:
        """The rows as last read; read again when they are old."""
        super().draw()
        every_s = self.every_s()
        age_s = self.front.bridge.clock.monotonic_s() - self._read_at_s
        if every_s is not None and age_s >= every_s and self.is_current:
            self.read_again()

    def _heading(self, found: Answer[tuple[R, ...]], shown: int) -> Spans:
        if found.problem and found.value is not None:
            return visible_spans(_("✗ old: {problem}").format(problem=found.problem), Tone.BAD)
        return super()._heading(found, shown)


class SubList(LyingOn, ReadList[R]):
    """A list under another screen: Escape leads back there."""

    def where(self) -> tuple[str, ...]:
        """Under what."""
        return (screen_name(self.UNDER), screen_name(self.NAME.rpartition("_")[2]))

    def go_back(self) -> None:
        """Close, clear, then up."""
        if self.has_class(OPENED) or self.filter or not self.table.has_focus:
            super(LyingOn, self).go_back()
        else:
            super().go_back()
