"""What the store says was allowed counts as far as the trail says so, too."""

import contextlib
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from core.actions import ActionStatus
from core.bus import Bus
from core.clock import Clock
from core.errors import PermissionDenied, StorageError
from core.events import AuditBroken
from core.governance.own_entries import OwnEntries
from core.governance.rules import is_released
from core.ids import ActionId, OperatorId
from core.ports import Store
from core.records import (
    ActionRecord,
    AuditDraft,
    AuditEntry,
    AuditQuery,
    WriteUnit,
)

_Told = Mapping[str, Any]  # an entry, parsed
_ENTRIES_MAX: Final = 1_000  # about one action, newest first
_TOLD_MAX: Final = 1_000  # actions; an agent asks many times for the same


class Releases:
    """Holds each allowed action that is read from the store against the trail.

    Records stand beside the trail, and whoever can write the store's file can change them there.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        bus: Bus,
        own: OwnEntries,
    ) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._own = own
        self._told: deque[ActionId] = deque(maxlen=_TOLD_MAX)

    async def require(self, record: ActionRecord) -> ActionRecord:
        """The record, once the trail is seen to have allowed exactly what it releases.

        Who approved it, for which call it is kept and whether it has an outcome are told as the
        trail has them: by these it is decided whether it is judged again.
        Raises PermissionDenied when an allowed action is not what an entry allowed; the first time
        it stands in the trail, and operators are told.
        """
        if record.status is not ActionStatus.ALLOWED:
            return record
        query = AuditQuery(action_id=record.id, limit=_ENTRIES_MAX)
        entries = await self._store.read_audit(query)
        told = [json.loads(each.text) for each in entries]
        proof = await self._prove(record, entries, told)
        if proof is not None:
            return _as_told(record, proof, told)
        archived = await self._is_archived(record, entries)
        cause = "it is archived" if archived else "somebody edited the store"
        why = (
            f"action {record.id} stands as allowed in the store, and no entry of the trail"
            f" allowed exactly this: {cause}; nothing is released, propose it again"
        )
        if archived:
            raise PermissionDenied(why)
        raise await self.refusal(record, why)

    async def _prove(
        self, record: ActionRecord, entries: Sequence[AuditEntry], told: Sequence[_Told]
    ) -> _Told | None:
        """What allowed the record, if the engine wrote it."""
        if not is_released(record, told):
            return None
        for entry, each in zip(entries, told, strict=True):
            if is_released(record, (each,)) and await self._own.hold(entry):
                return each
        return None

    async def refusal(self, record: ActionRecord, why: str) -> PermissionDenied:
        """What to raise for an action that somebody edited; the first time it is told."""
        if record.id not in self._told:
            await self._tell(record, why)
        return PermissionDenied(why)

    async def _is_archived(self, record: ActionRecord, entries: Sequence[AuditEntry]) -> bool:
        """Whether the entries of that time, or what the first of them follows, are archived."""
        begin = await self._store.read_audit(AuditQuery(after_seq=0, ascending=True, limit=1))
        if entries:
            return any(entries[-1].seq == each.seq > 1 for each in begin)
        at = record.action.proposed_at
        return any(datetime.fromisoformat(json.loads(each.text)["at"]) > at for each in begin)

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


def _as_told(record: ActionRecord, proof: _Told, told: Sequence[_Told]) -> ActionRecord:
    """The record with what `Claims` goes by as the trail has it; what was given, it sees itself."""
    bodies = {str(each["event"]): each["body"] for each in told}
    approved = proof["event"] == "approval.approved"
    judged = bodies.get("action.judged", {})
    given = "action.claimed" in bodies or "action.outcome" in bodies
    return replace(
        record,
        decided_by=OperatorId(str(proof["actor"])) if approved else None,
        outcome=record.outcome if "action.outcome" in bodies else None,
        pickup=record.pickup if given else str(judged.get("pickup", record.pickup)),
    )
