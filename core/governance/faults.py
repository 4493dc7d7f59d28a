"""A part that judges fails for a while: nothing is let through then, and nothing is refused."""

from collections import deque
from typing import Final

from core.actions import Verdict
from core.clock import Clock
from core.errors import BlockedByFault
from core.governance.enforcement import BLOCKED_BY_FAULT
from core.ids import ActionId, AgentId, OperatorId
from core.ports import Store
from core.records import ActionRecord, AuditDraft, WriteUnit

_TOLD_MAX: Final = 1_000  # an agent asks many times for the same


class Faults:
    """Tells a fault that judged an action apart from a policy that did."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._told: deque[tuple[ActionId, str]] = deque(maxlen=_TOLD_MAX)

    async def stop_at(
        self, record: ActionRecord, verdict: Verdict, *, by: AgentId | OperatorId, stays: str
    ) -> None:
        """Raises BlockedByFault, which ends with `stays`, when a fault made this verdict.

        The trail has it once for each action and reason, as what `by` asked for. Raises
        StorageError when that cannot be written.
        """
        if not verdict.policies[0].startswith(BLOCKED_BY_FAULT):
            return
        why = verdict.reasons[0]
        if (record.id, why) not in self._told:
            blocked = AuditDraft(
                event="action.blocked",
                at=self._clock.now(),
                actor=by,
                action_id=record.id,
                body={"agent_id": record.action.agent_id, "reason": why},
            )
            await self._store.commit(WriteUnit(audit=(blocked,)))
            self._told.append((record.id, why))
        raise BlockedByFault(f"{why}; {stays}")
