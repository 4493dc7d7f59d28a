"""One metric over time."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from console.fleet_bridge import ALERTS, FLEET, READINGS, Ask, ask_series
from console.keymap import Need
from console.language import _
from console.screens.base import Asked, Front, bindings_for
from console.screens.lying import LyingOn
from console.view_models.ink import Tone
from console.view_models.metrics import (
    BUCKET_COLUMNS,
    SPANS,
    bucket_cells,
    chart_of,
    no_reading,
    reading_lines,
    series_title,
)
from console.view_models.text import visible_spans
from console.widgets.caption import Caption
from console.widgets.chart import Plot
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from console.widgets.plot import plot_rows
from core.measures import Bucket, Reading

_LEAST: Final = (30, 6)


class MetricDetailScreen(LyingOn):
    """Least, mean and largest over an hour, a day or a fortnight; and what the metric is."""

    NAME = "metric_detail"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("metric_detail")

    def __init__(self, front: Front, key: str) -> None:
        super().__init__(front)
        self.metric = key
        self.caption = Caption(id="series-words")
        self.plot = Plot(id="series")
        self.buckets: LiveTable[Bucket] = LiveTable(
            BUCKET_COLUMNS,
            key=lambda each: str(each.at_s),
            id="buckets",
            empty=_("nothing was measured in this span"),
        )
        self.paper = Paper(id="metric")
        self._span = 0
        self._as_table = False
        self._found: tuple[Bucket, ...] = ()
        self._found_at = front.view().now  # where the chart ends: when its series was read
        self._plotted: object = None

    def compose_body(self) -> ComposeResult:
        """The chart or its table, then the metric."""
        yield self.caption
        yield self.plot
        yield self.buckets
        yield self.paper

    def on_mount(self) -> None:
        """What it is scrolls at once."""
        self.paper.focus()

    @property
    def _ask(self) -> Ask[tuple[Bucket, ...]]:
        return ask_series(self.metric, SPANS[self._span])

    def wants(self) -> Iterable[Ask[Any]]:
        """The series and the newest reading."""
        return (ALERTS, READINGS, FLEET, self._ask)

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Other spans, the other form, copying, going to the agent."""
        return {
            "span": lambda _: self._next_span(),
            "as_table": lambda _: self._turn(),
            "copy": lambda _: self.copy(self.metric),
            "to_agent": lambda _: self._to_agent(),
        }

    def where(self) -> tuple[str, ...]:
        """Which metric."""
        return (self.metric,)

    def missing(self) -> Iterable[Need]:
        """Its agent."""
        if not self.front.knows_agent(self._agent()):
            yield Need.UNKNOWN_AGENT

    def _agent(self) -> str:
        return self.metric.partition(".")[0]

    def _reading(self) -> Reading | None:
        readings = self.front.fleet.answer(READINGS).value or ()
        return next((each for each in readings if each.spec.key == self.metric), None)

    def draw(self) -> None:
        """The series and the reading as last read."""
        view, answer, reading = (
            self.front.view(),
            self.front.fleet.answer(self._ask),
            self._reading(),
        )
        self.caption.show(series_title(answer.value, SPANS[self._span], answer.problem))
        title = visible_spans(self.metric, Tone.STRONG)
        if reading is None:
            self.paper.show(no_reading(self.metric), title=title)
            return
        self.paper.show(reading_lines(reading, self.front.zone, view.now), title=title)
        found = answer.value or ()
        self.plot.display, self.buckets.display = not self._as_table, self._as_table
        if self._as_table:
            zone, unit = self.front.zone, reading.spec.unit
            self.buckets.show(found[::-1], lambda each: bucket_cells(each, unit, zone))
        else:
            self._draw_plot(found, reading)

    def _draw_plot(self, found: tuple[Bucket, ...], reading: Reading) -> None:
        """Draw again only what changed: plotext takes its time."""
        if found != self._found:
            self._found, self._found_at = found, self.front.view().now
        size, span = self.plot.size, SPANS[self._span]
        drawn = (found, size, span)
        if drawn == self._plotted:
            return
        self._plotted = drawn
        if not found or size.width < _LEAST[0] or size.height < _LEAST[1]:
            self.plot.show(())
            return
        series = chart_of(
            found,
            reading.spec,
            span=span,
            now=self._found_at,
            zone=self.front.zone,
            width=size.width,
            height=size.height,
        )
        self.plot.show(plot_rows(series, width=size.width, height=size.height))

    def _next_span(self) -> None:
        self._span = (self._span + 1) % len(SPANS)
        self.front.fleet.wake()
        self.draw()

    def _turn(self) -> None:
        self._as_table = not self._as_table
        self.draw()
        if self._as_table:
            self.buckets.focus()
        else:
            self.paper.focus()

    def _to_agent(self) -> None:
        self.post_message(Asked("agent_detail", argument=self._agent()))

    def on_plot_resized(self, message: Plot.Resized) -> None:
        """Draw for the room that there is."""
        message.stop()
        self.draw()

    def on_live_table_moved(self, message: LiveTable.Moved) -> None:
        """A row of the table is only looked at."""
        message.stop()
