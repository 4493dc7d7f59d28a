"""One agent, whole."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from console.fleet_bridge import ALERTS, FLEET, Ask, ask_agent
from console.keymap import Need
from console.language import _
from console.screens.base import Asked, Front, bindings_for
from console.screens.controlling import control_handlers
from console.screens.lying import LyingOn
from console.view_models.agent_detail import (
    activity_lines,
    agent_title,
    fact_lines,
    load_lines,
    load_title,
)
from console.view_models.ink import Line, Span, Tone
from console.view_models.text import visible, visible_spans
from console.widgets.caption import Caption
from console.widgets.chart import AreaChart
from console.widgets.paper import Paper
from core.fleet import AgentOrigin, AgentState
from core.ids import AgentId


class AgentDetailScreen(LyingOn):
    """State and reasons beside what the agent does; its load as a chart or a table."""

    NAME = "agent_detail"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("agent_detail")

    def __init__(self, front: Front, agent_id: AgentId) -> None:
        super().__init__(front)
        self.agent_id = agent_id
        self.caption = Caption(id="agent-words")
        self.load_words = Caption(id="load-words")
        self.chart = AreaChart(id="load")
        self.load_table = Paper(id="load-table", titled=False)
        self.facts = Paper(id="agent-facts")
        self.activity = Paper(id="agent-activity")
        self._as_table = False

    def compose_body(self) -> ComposeResult:
        """A heading; load and facts; beside or below them what it does."""
        yield self.caption
        with Container(id="agent-body"):
            with Vertical(id="agent-left"):
                yield self.load_words
                yield self.chart
                yield self.load_table
                yield self.facts
            yield self.activity

    def on_mount(self) -> None:
        """Facts scroll at once."""
        self.facts.focus()

    def wants(self) -> Iterable[Ask[Any]]:
        """The agent, and the states of those it depends on."""
        return (ALERTS, FLEET, ask_agent(self.agent_id))

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Steering, the other form of the chart, copying."""
        return {
            "as_table": lambda _: self._turn(),
            "copy": lambda _: self.copy(self.agent_id),
            "to_actions": lambda _: self._to_actions(),
            **control_handlers(self, self._state),
        }

    def _to_actions(self) -> None:
        self.post_message(Asked("actions", argument=self.agent_id))

    def _state(self) -> AgentState | None:
        detail = self.front.fleet.answer(ask_agent(self.agent_id)).value
        return None if detail is None else detail.state

    def where(self) -> tuple[str, ...]:
        """Which agent."""
        return (self.agent_id,)

    def missing(self) -> Iterable[Need]:
        """An agent that runs here."""
        state = self._state()
        if state is None:
            yield Need.ROW
        elif state.origin is not AgentOrigin.HOSTED:
            yield Need.HOSTED

    def draw(self) -> None:
        """The agent as last read."""
        answer = self.front.fleet.answer(ask_agent(self.agent_id))
        detail, now = answer.value, self.front.view().now
        name = Span(visible(self.agent_id).upper() + "  ", Tone.TITLE)
        if detail is None:
            words = visible_spans(answer.problem, Tone.BAD) or (Span(_("not read yet"), Tone.DIM),)
            self.caption.show((name, *words))
            self.facts.show((Line(words),), title=(Span(_("nothing to show"), Tone.DIM),))
            self._show_load((), hosted=False)
            return
        trouble = visible_spans(f"  ✗ {answer.problem}" if answer.problem else "", Tone.BAD)
        self.caption.show((*agent_title(detail.state, now), *trouble))
        fleet = self.front.fleet.answer(FLEET).value or ()
        self.facts.show(fact_lines(detail, fleet, now), title=(Span(_("what it is"), Tone.STRONG),))
        self.activity.show(
            activity_lines(detail, self.front.zone, now),
            title=(Span(_("what it does"), Tone.STRONG),),
        )
        hosted = detail.state.origin is AgentOrigin.HOSTED
        self._show_load(detail.state.loads, hosted=hosted)

    def _show_load(self, loads: tuple[float, ...], *, hosted: bool) -> None:
        self.load_words.show(load_title(loads, as_table=self._as_table))
        self.chart.show(loads)
        self.load_table.show(load_lines(loads))
        for each, shown in (
            (self.load_words, hosted),
            (self.chart, hosted and not self._as_table),
            (self.load_table, hosted and self._as_table),
        ):
            each.display = shown

    def _turn(self) -> None:
        self._as_table = not self._as_table
        self.draw()
        if self._as_table:
            self.load_table.focus()
        else:
            self.facts.focus()
