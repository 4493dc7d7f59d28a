"""One action's spans as a waterfall."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from console.keymap import Need
from console.language import N_, _
from console.screens.base import Front, bindings_for
from console.screens.lying import LyingOn
from console.screens.sizes import fit_rows
from console.view_models.columns import Column, fit_columns
from console.view_models.ink import Line, Span, Tone
from console.view_models.text import short_id, time_of_day, visible_spans
from console.view_models.trace import Step, step_cells, step_lines, trace_title, waterfall
from console.view_models.words import screen_name
from console.widgets.caption import Caption
from console.widgets.live_table import GUTTERS, LiveTable
from console.widgets.paper import Paper
from console.work import start_work
from core.errors import MaestroError
from core.ids import ActionId

COLUMNS: Final = (
    Column(title=N_("STEP"), width=28),
    Column(title=N_("WHEN"), width=10, flexible=True, is_drawn=True),
    Column(title=N_("TOOK"), width=9, right=True),
    Column(title=N_("STATE"), width=8),
)
_BARS: Final = 1


class TraceScreen(LyingOn):
    """Draws what the tracer kept of one action."""

    NAME = "trace"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("trace")

    def __init__(self, front: Front, action_id: ActionId) -> None:
        super().__init__(front)
        self.action_id = action_id
        self._steps: tuple[Step, ...] | None = None  # None: not read yet
        self.caption = Caption(id="trace-words")
        self.steps: LiveTable[Step] = LiveTable(
            COLUMNS, key=lambda each: each.span.id, id="steps", empty=_("no span is kept")
        )
        self.paper = Paper(id="span")

    def compose_body(self) -> ComposeResult:
        """A word on the whole, the waterfall, one span."""
        yield self.caption
        yield self.steps
        yield self.paper

    def on_mount(self) -> None:
        """Read the spans once: they do not change."""
        self.steps.focus()
        start_work(self, self._read, group="trace")

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Own actions."""
        return {"copy": lambda _: self._copy()}

    def where(self) -> tuple[str, ...]:
        """Whose trace it is."""
        return (screen_name(self.NAME), short_id(self.action_id))

    def missing(self) -> Iterable[Need]:
        """A span."""
        if self.steps.selected is None:
            yield Need.ROW

    async def _read(self) -> None:
        try:
            spans = await self.front.bridge.load_trace(self.action_id)
        except MaestroError as error:
            self.paper.show((Line(visible_spans(str(error), Tone.BAD)),))
            return
        self._show(waterfall(spans))

    def _show(self, steps: tuple[Step, ...]) -> None:
        self._steps = steps
        self.draw()
        self.steps.show(steps, self._cells)
        fit_rows(self.steps, len(steps), above=1)
        self._draw_span()
        self.show_keys()

    def _cells(self, step: Step) -> tuple[tuple[Span, ...], ...]:
        widths = dict(fit_columns(COLUMNS, self.steps.size.width - GUTTERS))
        return step_cells(step, widths[_BARS])

    def draw(self) -> None:
        """Spans that were read do not change; the action may have been settled meanwhile."""
        if self._steps is not None:
            self.caption.show(trace_title(self._steps, self._waits_since()))

    def _waits_since(self) -> str:
        view, waiting = self.front.view(), self.front.snapshot.approvals or ()
        since = next((each.created_at for each in waiting if each.id == self.action_id), None)
        return "" if since is None else time_of_day(since, view.zone)

    def _draw_span(self) -> None:
        step = self.steps.selected
        if step is not None:
            self.paper.show(step_lines(step), title=visible_spans(step.span.name, Tone.STRONG))

    def on_live_table_moved(self, message: LiveTable.Moved) -> None:
        """Another span."""
        message.stop()
        self._draw_span()

    def _copy(self) -> None:
        step = self.steps.selected
        if step is not None:
            self.copy(step.span.trace_id)
