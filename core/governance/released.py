"""What the store says was allowed counts as far as the trail says so, too."""

import contextlib
import json
from collections import deque
from datetime import datetime
from typing import Final

from core.actions import ActionStatus
from core.bus import Bus
from core.clock import Clock
from core.errors import PermissionDenied, StorageError
from core.events import AuditBroken
from core.governance.rules import is_released
from core.ids import ActionId
from core.ports import Store
from core.records import ActionRecord, AuditDraft, AuditQuery, WriteUnit

_ENTRIES_MAX: Final = 1_000  # about one action, newest first
_TOLD_MAX: Final = 1_000  # actions; an agent asks many times for the same


class Releases:
    """Holds each allowed action that is read from the store against the trail.

    Records stand beside the trail, and whoever can write the store's file can change them there.
    """

    def __init__(self, *, store: Store, clock: Clock, bus: Bus) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._told: deque[ActionId] = deque(maxlen=_TOLD_MAX)

    async def require(self, record: ActionRecord) -> ActionRecord:
        """The record, once the trail is seen to have allowed exactly what it releases.

        Raises PermissionDenied when an allowed action is not what an entry allowed; the first time
        it stands in the trail, and operators are told.
        """
        if record.status is not ActionStatus.ALLOWED:
            return record
        query = AuditQuery(action_id=record.id, limit=_ENTRIES_MAX)
        entries = await self._store.read_audit(query)
        if is_released(record, (json.loads(each.text) for each in entries)):
            return record
        archived = not entries and await self._begins_after(record)
        cause = "it is archived" if archived else "somebody edited the store"
        why = (
            f"action {record.id} stands as allowed in the store, and no entry of the trail"
            f" allowed exactly this: {cause}; nothing is released, propose it again"
        )
        if archived:
            raise PermissionDenied(why)
        raise await self.refusal(record, why)

    async def refusal(self, record: ActionRecord, why: str) -> PermissionDenied:
        """What to raise for an action that somebody edited; the first time it is told."""
        if record.id not in self._told:
            await self._tell(record, why)
        return PermissionDenied(why)

    async def _begins_after(self, record: ActionRecord) -> bool:
        """Whether the entries of that time live in the archive alone."""
        first = await self._store.read_audit(AuditQuery(after_seq=0, ascending=True, limit=1))
        return any(
            datetime.fromisoformat(json.loads(each.text)["at"]) > record.action.proposed_at
            for each in first
        )

    async def _tell(self, record: ActionRecord, why: str) -> None:
        self._told.append(record.id)
        at = self._clock.now()
        refused = AuditDraft(
            event="action.refused",
            at=at,
            actor="gate",
            action_id=record.id,
            body={"agent_id": record.action.agent_id, "reason": why},
        )
        with contextlib.suppress(StorageError):  # refused it is, and shown, all the same
            await self._store.commit(WriteUnit(audit=(refused,)))
        await self._bus.publish(AuditBroken(at=at, position=0, message=why))
