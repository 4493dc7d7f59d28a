"""What one agent asked to do, newest first, with what was decided and what came of it."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from console.fleet_bridge import FLEET
from console.language import _
from console.screens.base import Asked, Front, bindings_for
from console.screens.listing import ListScreen
from console.screens.lying import LyingOn
from console.view_models.actions import COLUMNS, SORTS, action_cells, actions_title
from console.view_models.columns import searched_cells
from console.widgets.live_table import LiveTable
from console.work import start_work
from core.errors import MaestroError
from core.fleet import AgentOrigin
from core.governance.insiders import hosted_principal
from core.ids import AgentId
from core.records import ActionQuery, ActionRecord

_LIMIT = 200


class ActionsScreen(LyingOn, ListScreen[ActionRecord]):
    """Between an agent and the trail: each row leads to its entries and its trace."""

    NAME = "actions"
    FIELDS = ("decision", "state", "risk", "action", "id")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("actions")

    def __init__(self, front: Front, agent_id: AgentId) -> None:
        table: LiveTable[ActionRecord] = LiveTable(
            COLUMNS, key=lambda each: each.id, id="agent-actions", sorts=SORTS
        )
        super().__init__(front, table)
        self.agent_id = agent_id
        self._problem = ""
        self._read: tuple[ActionRecord, ...] | None = None
        self._read_to = -1  # length of the trail at the last read

    def compose_body(self) -> ComposeResult:
        """How many, then each."""
        yield self.caption
        yield self.table

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """What lists do, and going on to entries and trace."""
        return {
            **super().handlers,
            "trace": lambda _: self._go("trace"),
            "to_entries": lambda _: self._go("entries"),
        }

    def draw(self) -> None:
        """Read again when something happened; draw what is known."""
        length = self.front.snapshot.audit_length or 0
        if length != self._read_to:
            self._read_to = length
            start_work(self, self._load, group="actions")
        view = self.front.view()
        rows = self._read or ()
        shown = [
            each
            for each in rows
            if self.filter.fits(searched_cells(COLUMNS, action_cells(each, view.zone, view.now)))
        ]
        nothing = (
            _("not read yet")
            if self._read is None
            else _("this agent has asked for nothing yet; its first action appears by itself")
        )
        self.explain_empty(self._problem, nothing)
        full = len(rows) == _LIMIT
        self.caption.show(
            actions_title(self.agent_id, len(shown), len(rows), full=full, problem=self._problem)
        )
        self.table.show(shown, lambda each: action_cells(each, view.zone, view.now))

    async def _load(self) -> None:
        query = ActionQuery(agent_id=self._principal(), limit=_LIMIT)
        try:
            self._read, self._problem = await self.front.bridge.list_actions(query), ""
        except MaestroError as error:
            self._problem = str(error)
        self.update()

    def _principal(self) -> AgentId:
        """The name it acts under: that of an agent of the program itself is not its plain one."""
        hosted = any(
            each.spec.name == self.agent_id and each.origin is AgentOrigin.HOSTED
            for each in self.front.fleet.answer(FLEET).value or ()
        )
        return hosted_principal(self.agent_id) if hosted else self.agent_id

    def open_row(self) -> None:
        """Its trace."""
        self._go("trace")

    def _go(self, screen: str) -> None:
        row = self.table.selected
        if row is not None:
            self.post_message(Asked(screen, argument=row.id))

    def name_of(self, row: ActionRecord) -> str:
        """Its id."""
        return row.id
