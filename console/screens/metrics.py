"""The metric catalogue: what is aimed at, what was measured, and by what."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from console.fleet_bridge import ALERTS, FLEET, READINGS, Ask
from console.keymap import Need
from console.language import _
from console.screens.base import Asked, Front, bindings_for
from console.screens.listing import ListScreen
from console.view_models.metrics import COLUMNS, SORTS, metric_cells, metrics_title, searched
from console.widgets.live_table import LiveTable
from core.measures import Reading, SourceState


class MetricsScreen(ListScreen[Reading]):
    """Every metric, also those without a source."""

    NAME = "metrics"
    FIELDS = ("agent", "state", "source")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("metrics")

    def __init__(self, front: Front) -> None:
        table: LiveTable[Reading] = LiveTable(
            COLUMNS, key=lambda each: each.spec.key, id="all-metrics", sorts=SORTS
        )
        super().__init__(front, table)

    def compose_body(self) -> ComposeResult:
        """How many say something, then each."""
        yield self.caption
        yield self.table

    def wants(self) -> Iterable[Ask[Any]]:
        """All readings; who is in the fleet, to go there."""
        return (ALERTS, READINGS, FLEET)

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """What lists do, and going to the agent."""
        return {**super().handlers, "to_agent": lambda _: self._to_agent()}

    def missing(self) -> Iterable[Need]:
        """A row, and its agent."""
        yield from super().missing()
        row = self.table.selected
        if row is not None and not self.front.knows_agent(row.spec.agent):
            yield Need.UNKNOWN_AGENT

    def draw(self) -> None:
        """The readings as last read."""
        now, answer = self.front.view().now, self.front.fleet.answer(READINGS)
        kept = self.filter.keep(answer.value or (), searched)
        # What nothing measures would bury what is measured.
        shown = sorted(kept, key=lambda each: each.state is SourceState.NO_SOURCE)
        self.caption.show(metrics_title(answer.value, len(shown), answer.problem))
        nothing = _("not read yet") if answer.value is None else _("the catalogue is empty")
        self.explain_empty(answer.problem, nothing)
        self.table.show(shown, lambda each: metric_cells(each, now))

    def open_row(self) -> None:
        """Its series."""
        row = self.table.selected
        if row is not None:
            self.post_message(Asked("metric_detail", argument=row.spec.key))

    def _to_agent(self) -> None:
        row = self.table.selected
        if row is not None:
            self.post_message(Asked("agent_detail", argument=row.spec.agent))

    def name_of(self, row: Reading) -> str:
        """Its key."""
        return row.spec.key
