"""What the screens that are one live table have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from console.fleet_bridge import Answer
from console.keymap import Need
from console.language import N_, _
from console.screens.base import Front, MaestroScreen
from console.view_models.ink import Line
from console.view_models.nothing import nothing_lines
from console.widgets.caption import Caption
from console.widgets.live_table import LiveTable
from console.work import Work
from core.errors import MaestroError

if TYPE_CHECKING:  # not loaded for the first picture
    from core.commands import FleetCommand

R = TypeVar("R")
NOTHING_FITS = N_("nothing fits the filter: Esc clears it, / changes it")


async def send_fleet(screen: MaestroScreen, command: FleetCommand) -> None:
    """Send a command and show the sentence that comes back; no row changes before that."""
    screen.front.typed.ask_no_more()
    try:
        sentence = await screen.front.fleet.send(command)
    except MaestroError as error:
        screen.say(str(error), severity="error")
    else:
        screen.say(sentence)
    screen.update()


class ListScreen(MaestroScreen, Generic[R]):
    """A heading and a table that filters, sorts, opens and copies."""

    def __init__(self, front: Front, table: LiveTable[R]) -> None:
        super().__init__(front)
        self.table = table
        self.caption = Caption(id=f"{self.NAME}-words")

    def on_mount(self) -> None:
        """The list is where one begins."""
        self.table.focus()

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """What every list does; a screen adds its own."""
        return {
            "open": lambda _: self.open_row(),
            "copy": lambda _: self._copy(),
        }

    @abstractmethod
    def open_row(self) -> None:
        """Show the selected row whole."""

    @abstractmethod
    def name_of(self, row: R) -> str:
        """What is copied."""

    def missing(self) -> Iterable[Need]:
        """A row."""
        if self.table.selected is None:
            yield Need.ROW

    def explain_empty(self, answer_problem: str, nothing: str) -> None:
        """What stands in the place of rows."""
        self.table.empty = answer_problem or (_(NOTHING_FITS) if self.filter else nothing)

    def why_empty(self, answer: Answer[Any], name: str = "") -> tuple[Line, ...]:
        """For the pane of a list with nothing in it: why, and what to do; else nothing."""
        if answer.value is None or answer.problem or self.filter:
            return ()
        return nothing_lines(name or self.NAME)

    def filtered(self) -> None:
        """Another question: begin at the list."""
        self.table.focus()
        self.front.fleet.wake()
        self.update()

    def _copy(self) -> None:
        row = self.table.selected
        if row is not None:
            self.copy(self.name_of(row))

    def ask(self, work: Work) -> None:
        """Begin something that asks the operator; no other begins meanwhile."""
        self.front.typed.start_asking(self, work)

    def go_back(self) -> None:
        """Close what was opened, then clear the filter."""
        if self.close_pane() or not self.table.has_focus:
            self.table.focus()
        elif self.filter:
            self.set_filter("")

    def on_live_table_moved(self, message: LiveTable.Moved) -> None:
        """Another row."""
        message.stop()
        self.draw_selected()
        self.show_keys()

    def draw_selected(self) -> None:
        """What depends on the selected row; most lists show nothing beside it."""

    def on_live_table_chosen(self, message: LiveTable.Chosen) -> None:
        """A double click opens."""
        message.stop()
        self.open_row()
