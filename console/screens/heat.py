"""When which agent did how much: a map of the last hour or day, or its numbers as a table."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from console.fleet_bridge import ALERTS, FLEET, Ask
from console.keymap import Need
from console.language import N_, _
from console.screens.base import Asked, Front, bindings_for
from console.screens.listing import ListScreen
from console.screens.lying import LyingOn
from console.view_models import heat as words
from console.view_models.heat import Grid, HeatCell, HeatRow, Measure
from console.view_models.ink import Span
from console.view_models.words import screen_name
from console.widgets.caption import Caption
from console.widgets.live_table import GUTTERS, LiveTable
from console.widgets.words import Words
from core.fleet import Activity, ActivitySpan, AgentState

_LEFT = GUTTERS - 1  # of the table's gutters


def ask_activity(span: ActivitySpan) -> Ask[Activity]:
    """What agents did."""
    return Ask(N_("the activity"), lambda port, _: port.activity(span), span)


class HeatScreen(LyingOn, ListScreen[HeatRow]):
    """Enter opens the agent of a row."""

    NAME = "heat"
    UNDER = "agents"
    FIELDS = ("agent", "state", "origin")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("heat")

    def __init__(self, front: Front) -> None:
        table: LiveTable[HeatRow] = LiveTable(
            words.COLUMNS, key=lambda each: each.key, id="heat-map", sorts=words.SORTS
        )
        super().__init__(front, table)
        self.cells: LiveTable[HeatCell] = LiveTable(
            words.CELL_COLUMNS,
            key=lambda each: f"{each.at.timestamp()} {each.origin} {each.agent}",
            id="heat-cells",
            sorts=words.CELL_SORTS,
        )
        self.axis = Words(id="heat-axis")
        self.legend = Words(id="heat-legend")
        self.row_words = Caption(id="heat-row")
        self._span = ActivitySpan.HOUR
        self._measure = Measure.ALL
        self._as_table = False
        self._basis: tuple[object, ...] = ()  # what the rows were found from
        self._rows: list[HeatRow] = []
        self._asked: tuple[Measure, int] = (self._measure, 0)  # of the grid
        self._grid: Grid | None = None
        self._cells: tuple[HeatCell, ...] | None = None

    def compose_body(self) -> ComposeResult:
        """A heading; the map under its signs and times, or the table; one agent in numbers."""
        yield self.caption
        yield self.legend
        yield self.axis
        yield self.table
        yield self.cells
        yield self.row_words

    def wants(self) -> Iterable[Ask[Any]]:
        """The fleet, and what it did."""
        return (ALERTS, FLEET, ask_activity(self._span))

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """What lists do; other spans, other counts, the table."""
        return {
            **super().handlers,
            "heat_span": lambda _: self._next_span(),
            "heat_measure": lambda _: self._next_measure(),
            "as_table": lambda _: self._turn(),
        }

    def where(self) -> tuple[str, ...]:
        """It belongs to the agents."""
        return (screen_name("agents"), screen_name(self.NAME))

    def missing(self) -> Iterable[Need]:
        """A row of what is shown."""
        shown = self.list_in_use()
        if shown is None or shown.selected is None:
            yield Need.ROW

    def draw(self) -> None:
        """The map, or its table, as last read."""
        fleet = self.front.fleet.answer(FLEET)
        found = self.front.fleet.answer(ask_activity(self._span))
        for each, shown in (
            (self.table, not self._as_table),
            (self.cells, self._as_table),
            (self.axis, not self._as_table),
            (self.legend, not self._as_table),
        ):
            each.display = shown
        if found.value is None:
            self._grid = None
            problem = found.problem or fleet.problem
            self.explain_empty(problem, _("not read yet"))
            self.caption.show(words.heat_title(self._span, self._measure, None, 0, problem))
            self.table.show((), lambda _: ())
            self.cells.show((), lambda _: ())
            return
        self._find_rows(fleet.value or (), found.value)
        self.explain_empty(found.problem, _("no agent runs here: 1 says how to connect one"))
        if self._as_table:
            self._draw_table(found.value)
        else:
            self._draw_map(found.value)
        number, problem = len(self._rows), found.problem
        grid = None if self._as_table else self._grid
        self.caption.show(words.heat_title(self._span, self._measure, grid, number, problem))
        self.draw_selected()

    def _find_rows(self, fleet: tuple[AgentState, ...], activity: Activity) -> None:
        """Found anew only when another answer came, or another filter."""
        basis = (fleet, activity, self.filter)
        if len(self._basis) != len(basis) or any(
            new is not old for new, old in zip(basis, self._basis, strict=True)
        ):
            self._basis, self._grid, self._cells = basis, None, None
            self._rows = [
                each
                for each in words.heat_rows(fleet, activity)
                if self.filter.fits(words.searched(each))
            ]

    def _draw_map(self, activity: Activity) -> None:
        at, room = words.map_room(self.table.size.width - GUTTERS)
        grid, asked = self._grid, (self._measure, room)
        if grid is None or asked != self._asked:
            self._asked = asked
            grid = self._grid = words.make_grid(self._rows, activity, self._measure, room)
        zone = self.front.zone
        self.table.show(self._rows, lambda row: words.heat_cells(row, grid))
        self.axis.show((Span(" " * (_LEFT + at)), Span(words.axis(grid, zone))))
        self.legend.show((Span(" " * _LEFT), *words.legend(grid, zone)))

    def _draw_table(self, activity: Activity) -> None:
        if self._cells is None:
            self._cells = words.heat_table(self._rows, activity)
        view = self.front.view()
        self.cells.empty = _("nothing happened that is known of")
        self.cells.show(self._cells, lambda each: words.table_cells(each, view.zone, view.now))

    def draw_selected(self) -> None:
        """One agent in numbers."""
        activity = self.front.fleet.answer(ask_activity(self._span)).value
        if activity is not None:
            self.row_words.show(words.row_words(self._row(), activity, self.front.zone))

    def _row(self) -> HeatRow | None:
        if not self._as_table:
            return self.table.selected
        cell = self.cells.selected
        if cell is None:
            return None
        same = (each for each in self._rows if each.key == f"{cell.origin} {cell.agent}")
        return next(same, None)

    def _next_span(self) -> None:
        spans = tuple(ActivitySpan)
        self._span = spans[(spans.index(self._span) + 1) % len(spans)]
        self.front.fleet.wake()
        self.update()

    def _next_measure(self) -> None:
        measures = tuple(Measure)
        self._measure = measures[(measures.index(self._measure) + 1) % len(measures)]
        self.update()

    def _turn(self) -> None:
        self._as_table = not self._as_table
        self.update()
        (self.cells if self._as_table else self.table).focus()

    def filtered(self) -> None:
        """Another question: begin at what is shown."""
        super().filtered()
        (self.cells if self._as_table else self.table).focus()

    def open_row(self) -> None:
        """The agent, whole."""
        row = self._row()
        if row is not None:
            self.post_message(Asked("agent_detail", argument=row.agent))

    def name_of(self, row: HeatRow) -> str:
        """The agent."""
        return row.agent

    def close_part(self) -> bool:
        """Leave the table."""
        if was_table := self._as_table:
            self._turn()
        return was_table
