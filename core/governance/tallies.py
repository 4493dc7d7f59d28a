"""How often each agent acted, was held and was refused: counted as it happens."""

from dataclasses import dataclass
from typing import Final

from core.actions import ActionStatus, Decision
from core.events import ActionJudged, ActionSettled, ActionWithdrawn, CoreEvent
from core.ids import AgentId
from core.ports import Store
from core.records import ActionQuery, ApprovalStatus

_BEFORE_MAX: Final = 1_000  # actions of earlier runs, of all agents, that are counted


@dataclass(slots=True)
class Tally:
    """Counts of one agent; they only grow while the engine runs."""

    actions: int = 0
    asked: int = 0
    denied: int = 0
    expired: int = 0  # nobody answered in time


class TallyBook:
    """Whoever looks for what grew must not read the newest so many: a busy fleet fills those."""

    def __init__(self) -> None:
        self._tallies: dict[AgentId, Tally] = {}

    async def load(self, store: Store) -> None:
        """Begin with the newest actions of earlier runs. Raises StorageError."""
        for record in await store.list_actions(ActionQuery(limit=_BEFORE_MAX)):
            tally = self._of(record.action.agent_id)
            tally.actions += 1
            tally.asked += record.verdict.decision is Decision.ASK
            tally.denied += record.status is ActionStatus.DENIED
            tally.expired += record.status is ActionStatus.EXPIRED

    def hear(self, event: CoreEvent) -> None:
        """Count a decision of the gate or of an operator: a listener of the bus."""
        match event:
            case ActionJudged():
                tally = self._of(event.agent_id)
                tally.actions += 1
                tally.asked += event.decision is Decision.ASK
                tally.denied += event.decision is Decision.DENY
            case ActionSettled(status=ApprovalStatus.EXPIRED):
                self._of(event.agent_id).expired += 1
            case ActionSettled(decision=Decision.DENY) | ActionWithdrawn():
                self._of(event.agent_id).denied += 1
            case _:
                pass

    def find(self, agent_id: AgentId) -> Tally:
        """The counts of an agent, all 0 when it did nothing."""
        return self._tallies.get(agent_id, Tally())

    def _of(self, agent_id: AgentId) -> Tally:
        return self._tallies.setdefault(agent_id, Tally())
