"""The newest traces; Enter draws one as a waterfall."""

from typing import ClassVar, Final

from textual.binding import BindingType

from console.language import N_
from console.screens.base import Asked, Front, bindings_for
from console.screens.reading import ReadList
from console.view_models.filters import Searched
from console.view_models.ink import Line, Spans, Tone
from console.view_models.text import visible_spans
from console.view_models.traces import (
    COLUMNS,
    SORTS,
    TraceRow,
    newest_of_each,
    searched,
    trace_cells,
    trace_lines,
    trace_row,
    traces_title,
)
from core.records import ActionQuery

_ACTIONS_MAX: Final = 100  # each costs a read of its spans


class TracesScreen(ReadList[TraceRow]):
    """One trace a row, from the newest actions."""

    NAME = "traces"
    FIELDS = ("agent", "kind", "state", "trace")
    COLUMNS = COLUMNS
    NOTHING = N_("no action was proposed yet")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("traces")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=lambda each: each.trace_id, sorts=SORTS)
        self._read_actions = 0

    async def read(self) -> tuple[TraceRow, ...]:
        """The newest actions, and the spans of each one's trace."""
        bridge = self.front.bridge
        records = await bridge.list_actions(ActionQuery(limit=_ACTIONS_MAX))
        self._read_actions = len(records)
        return tuple(
            [
                trace_row(record, number, await bridge.load_trace(record.id))
                for record, number in newest_of_each(records)
            ]
        )

    def heading(self, rows: tuple[TraceRow, ...], shown: int) -> Spans:
        """How many."""
        return traces_title(rows, shown, self._read_actions)

    def searched(self, row: TraceRow) -> Searched:
        """What a filter may ask of it."""
        return searched(row)

    def cells(self, row: TraceRow) -> tuple[Spans, ...]:
        """One trace."""
        return trace_cells(row, self.front.zone, self.front.view().now)

    def whole(self, row: TraceRow) -> tuple[Spans, tuple[Line, ...]]:
        """One trace whole."""
        return visible_spans(row.resource, Tone.STRONG), trace_lines(row, self.front.zone)

    def open_row(self) -> None:
        """The waterfall."""
        row = self.table.selected
        if row is not None:
            self.post_message(Asked("trace", action_id=row.action_id))

    def name_of(self, row: TraceRow) -> str:
        """Its id."""
        return row.trace_id
