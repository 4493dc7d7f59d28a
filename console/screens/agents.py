"""The fleet: hosted agents first, then those outside."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from console.fleet_bridge import ALERTS, FLEET, HEALTH, Ask
from console.keymap import Need
from console.language import _
from console.screens.base import Asked, Front, bindings_for
from console.screens.controlling import control_handlers
from console.screens.listing import ListScreen
from console.view_models.fleet import (
    COLUMNS,
    SORTS,
    AgentRow,
    agent_cells,
    agent_words,
    fleet_title,
    searched,
)
from console.view_models.ink import Line
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from core.fleet import AgentOrigin, AgentState


class AgentsScreen(ListScreen[AgentRow]):
    """Every agent with its load, its errors and its state."""

    NAME = "agents"
    FIELDS = ("agent", "state", "role", "origin")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("agents")

    def __init__(self, front: Front) -> None:
        table: LiveTable[AgentRow] = LiveTable(
            COLUMNS, key=lambda row: row.state.spec.name, id="all-agents", sorts=SORTS
        )
        super().__init__(front, table)
        self.row_words = Paper(id="agents-row", titled=False)
        self.row_words.can_focus = False

    def compose_body(self) -> ComposeResult:
        """How the fleet is, then each agent."""
        yield self.caption
        yield self.table
        yield self.row_words

    def wants(self) -> Iterable[Ask[Any]]:
        """Every agent, and the health of all."""
        return (ALERTS, FLEET, HEALTH)

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """What lists do, and steering."""
        return {
            **super().handlers,
            **control_handlers(self, self._selected),
            "to_actions": lambda _: self._to_actions(),
            "to_heat": lambda _: self._go("heat"),
            "to_graph": lambda _: self._go("graph"),
        }

    def _selected(self) -> AgentState | None:
        row = self.table.selected
        return None if row is None else row.state

    def missing(self) -> Iterable[Need]:
        """A row, and one that runs here."""
        yield from super().missing()
        state = self._selected()
        if state is not None and state.origin is not AgentOrigin.HOSTED:
            yield Need.HOSTED

    def draw(self) -> None:
        """The fleet as last read, with the trust that the gate knows."""
        front, now = self.front, self.front.view().now
        fleet, health = front.fleet.answer(FLEET), front.fleet.answer(HEALTH)
        self.caption.show(fleet_title(fleet.value, health.value, fleet.problem or health.problem))
        trust = {
            each.principal.id: each.trust.score
            for each in front.snapshot.agents or ()
            if each.trust is not None
        }
        rows = [AgentRow(state, trust.get(state.spec.name)) for state in fleet.value or ()]
        self.explain_empty(
            fleet.problem,
            _("not read yet")
            if fleet.value is None
            else _("no agent runs here: 1 says how to connect one"),
        )
        shown = self.filter.keep(rows, searched)
        self.table.show(shown, lambda row: agent_cells(row, now))
        self.draw_selected()

    def draw_selected(self) -> None:
        """What there is no room for in a row."""
        row = self.table.selected
        self.row_words.show(() if row is None else (Line(agent_words(row)),))

    def open_row(self) -> None:
        """One agent, whole."""
        row = self.table.selected
        if row is not None:
            self.post_message(Asked("agent_detail", argument=row.state.spec.name))

    def _go(self, screen: str) -> None:
        self.post_message(Asked(screen))

    def _to_actions(self) -> None:
        row = self.table.selected
        if row is not None:
            self.post_message(Asked("actions", argument=row.state.spec.name))

    def name_of(self, row: AgentRow) -> str:
        """Its name."""
        return row.state.spec.name
