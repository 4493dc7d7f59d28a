"""Which agent needs which: a drawing with a door to each agent, or a table."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from console.fleet_bridge import ALERTS, FLEET, Ask
from console.language import _
from console.screens.base import Asked, Front, bindings_for
from console.screens.listing import NOTHING_FITS, ListScreen
from console.screens.lying import LyingOn
from console.view_models import graph as words
from console.view_models.graph import Node
from console.view_models.graph_drawing import draw
from console.view_models.ink import Line
from console.view_models.words import screen_name
from console.widgets.live_table import LiveTable
from console.widgets.pad import Pad
from console.widgets.paper import Paper
from core.fleet import AgentState


class GraphScreen(LyingOn, ListScreen[Node]):
    """The selection is one, in the drawing and in the table."""

    NAME = "graph"
    UNDER = "agents"
    FIELDS = ("agent", "state", "needs", "needed")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("graph")

    def __init__(self, front: Front) -> None:
        table: LiveTable[Node] = LiveTable(
            words.COLUMNS, key=lambda each: each.name, id="needs", sorts=words.SORTS
        )
        super().__init__(front, table)
        table.can_focus = False  # while it is not shown
        self.pad = Pad(id="drawing")
        self.row_words = Paper(id="graph-row", titled=False)
        self.row_words.can_focus = False
        self._as_table = False
        self._drawn: tuple[object, ...] = ()
        self._known: tuple[tuple[AgentState, ...], tuple[Node, ...]] = ((), ())

    def compose_body(self) -> ComposeResult:
        """A heading; the drawing or the table; one agent in words."""
        yield self.caption
        yield self.pad
        yield self.table
        yield self.row_words

    def on_mount(self) -> None:
        """The drawing is where one begins."""
        self.pad.focus()

    def wants(self) -> Iterable[Ask[Any]]:
        """The fleet."""
        return (ALERTS, FLEET)

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """What lists do, and the table."""
        return {**super().handlers, "as_table": lambda _: self._turn()}

    def where(self) -> tuple[str, ...]:
        """It belongs to the agents."""
        return (screen_name("agents"), screen_name(self.NAME))

    def list_in_use(self) -> LiveTable[Any]:
        """What is exported and copied, drawn or not."""
        return self.table

    def _find_nodes(self, agents: tuple[AgentState, ...]) -> tuple[Node, ...]:
        if agents is not self._known[0]:
            self._known = (agents, words.make_nodes(agents))
        return self._known[1]

    def draw(self) -> None:
        """The fleet as last read."""
        fleet = self.front.fleet.answer(FLEET)
        every = self._find_nodes(fleet.value or ())
        shown = [each for each in every if self.filter.fits(words.searched(each))]
        there = sum(each.state is not None for each in every)
        alone = len(fleet.value or ()) - there
        self.caption.show(words.graph_title(shown, alone, fleet.problem))
        nothing = (
            _("not read yet")
            if fleet.value is None
            else _("no agent needs another: 2 lists them all")
        )
        self.explain_empty(fleet.problem, nothing)
        self.pad.empty = fleet.problem or (_(NOTHING_FITS) if self.filter else nothing)
        self.pad.display, self.table.display = not self._as_table, self._as_table
        self.table.show(shown, words.node_cells)
        self._draw_pad(words.keep_nodes(shown))
        self.draw_selected()

    def _draw_pad(self, nodes: tuple[Node, ...]) -> None:
        """Laid out anew only when an agent, its state or the room is another."""
        size = self.pad.size
        drawn = (tuple((each.name, each.needs, each.sign) for each in nodes), size)
        drawing = self.pad.drawing
        if drawn != self._drawn and size.width:
            self._drawn = drawn
            drawing = draw(nodes, width=size.width, height=size.height)
        row = self.table.selected
        self.pad.show(drawing, "" if row is None else row.name)

    def draw_selected(self) -> None:
        """One agent in words, and its place in the drawing."""
        row = self.table.selected
        self.row_words.show((Line(words.node_words(row)),))
        self.pad.show(self.pad.drawing, "" if row is None else row.name)

    def on_pad_moved(self, message: Pad.Moved) -> None:
        """Another agent."""
        message.stop()
        self.table.select(message.name)

    def on_pad_chosen(self, message: Pad.Chosen) -> None:
        """A double click opens."""
        message.stop()
        self.open_row()

    def on_pad_resized(self, message: Pad.Resized) -> None:
        """Draw for the room that there is."""
        message.stop()
        self.draw()

    def _turn(self) -> None:
        self._as_table = self.table.can_focus = not self._as_table
        self.update()
        self._focus()

    def _focus(self) -> None:
        (self.table if self._as_table else self.pad).focus()

    def filtered(self) -> None:
        """Another question: begin at what is shown."""
        super().filtered()
        self._focus()

    def open_row(self) -> None:
        """The agent, whole; one that is not in the fleet has nothing to show."""
        row = self.table.selected
        if row is None:
            return
        if row.state is None:
            self.say(_("{name} is not in the fleet.").format(name=row.name), severity="warning")
        else:
            self.post_message(Asked("agent_detail", argument=row.name))

    def name_of(self, row: Node) -> str:
        """The agent."""
        return row.name

    def close_part(self) -> bool:
        """Leave the table."""
        if was_table := self._as_table:
            self._turn()
        return was_table
