"""A store in memory that honours the port: atomic units, guarded transitions, a sealed trail."""

import hashlib
import json
from typing import TypeVar

from core.errors import StorageError, WriteConflict
from core.ids import ActionId, AgentId, CorrelationId, SessionId
from core.records import (
    ActionQuery,
    ActionRecord,
    ApprovalRecord,
    ApprovalStatus,
    AuditDraft,
    AuditEntry,
    AuditHead,
    AuditQuery,
    GrantRecord,
    PrincipalRecord,
    Record,
    SessionRecord,
    SpanRecord,
    TokenRecord,
    TrustRecord,
    WriteUnit,
)

_Row = TypeVar("_Row", bound=Record)


class FakeStore:
    """`fail_with` makes every commit raise, as a full disk would."""

    def __init__(self) -> None:
        self.rows: dict[tuple[type, str], Record] = {}
        self.trail: list[AuditEntry] = []
        self.drafts: list[AuditDraft] = []
        self.fail_with: StorageError | None = None
        self.units = 0

    async def commit(self, unit: WriteUnit) -> AuditHead:
        if self.fail_with is not None:
            raise self.fail_with
        for each in unit.transitions:
            stored = await self.get_approval(each.to.id)
            if (
                stored is None
                or stored.status is not ApprovalStatus.PENDING
                or stored.digest != each.digest_expected
                or len(stored.votes) != each.votes_expected
            ):
                raise WriteConflict(f"approval {each.to.id} has changed")
        for record in unit.puts:
            if isinstance(record, ActionRecord) and record.action.idempotency_key is not None:
                key = record.action.idempotency_key
                other = await self.find_idempotent(record.action.agent_id, key)
                if other is not None and other.id != record.id:
                    raise WriteConflict("the idempotency key is taken")
        self.units += 1
        for record in (*unit.puts, *(each.to for each in unit.transitions)):
            self.rows[type(record), record.id] = record
        for draft in unit.audit:
            self._append(draft)
        return await self.audit_head()

    def _append(self, draft: AuditDraft) -> None:
        self.drafts.append(draft)
        seq = len(self.trail) + 1
        content = {
            "seq": seq,
            "event": draft.event,
            "body": draft.body,
            "actor": draft.actor,
            "action_id": draft.action_id,
            "at": draft.at.isoformat(),
        }
        text = json.dumps(content, sort_keys=True)
        previous = self.trail[-1].hash if self.trail else "0" * 64
        digest = hashlib.sha256((previous + text).encode()).hexdigest()
        self.trail.append(AuditEntry(seq=seq, text=text, hash=digest))

    def events(self) -> list[str]:
        """Names of the trail's events, oldest first."""
        return [draft.event for draft in self.drafts]

    def _all(self, kind: type[_Row]) -> tuple[_Row, ...]:
        return tuple(row for row in self.rows.values() if isinstance(row, kind))

    async def get_action(self, action_id: ActionId) -> ActionRecord | None:
        row = self.rows.get((ActionRecord, action_id))
        return row if isinstance(row, ActionRecord) else None

    async def find_idempotent(self, agent_id: AgentId, key: str) -> ActionRecord | None:
        for row in self._all(ActionRecord):
            if row.action.agent_id == agent_id and row.action.idempotency_key == key:
                return row
        return None

    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]:
        found = [
            row
            for row in sorted(self._all(ActionRecord), key=lambda row: row.id, reverse=True)
            if query.session_id in (None, row.action.session_id)
            and query.agent_id in (None, row.action.agent_id)
            and query.status in (None, row.status)
            and query.decision in (None, row.verdict.decision)
            and (query.before_id is None or row.id < query.before_id)
        ]
        return tuple(found[: query.limit])

    async def get_approval(self, action_id: ActionId) -> ApprovalRecord | None:
        row = self.rows.get((ApprovalRecord, action_id))
        return row if isinstance(row, ApprovalRecord) else None

    async def list_pending(self) -> tuple[ApprovalRecord, ...]:
        pending = ApprovalStatus.PENDING
        return tuple(row for row in self._all(ApprovalRecord) if row.status is pending)

    async def list_principals(self) -> tuple[PrincipalRecord, ...]:
        return self._all(PrincipalRecord)

    async def list_tokens(self) -> tuple[TokenRecord, ...]:
        return self._all(TokenRecord)

    async def list_trust(self) -> tuple[TrustRecord, ...]:
        return self._all(TrustRecord)

    async def list_grants(self) -> tuple[GrantRecord, ...]:
        return self._all(GrantRecord)

    async def get_session(self, session_id: SessionId) -> SessionRecord | None:
        row = self.rows.get((SessionRecord, session_id))
        return row if isinstance(row, SessionRecord) else None

    async def list_spans(
        self, *, trace_id: CorrelationId | None = None, action_id: ActionId | None = None
    ) -> tuple[SpanRecord, ...]:
        return tuple(
            row
            for row in self._all(SpanRecord)
            if trace_id in (None, row.trace_id) and action_id in (None, row.action_id)
        )

    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        found = [
            entry
            for entry, draft in zip(self.trail, self.drafts, strict=True)
            if entry.seq > query.after_seq
            and query.action_id in (None, draft.action_id)
            and query.event in (None, draft.event)
            and query.actor in (None, draft.actor)
        ]
        return tuple((found if query.ascending else found[::-1])[: query.limit])

    async def audit_head(self) -> AuditHead:
        if not self.trail:
            return AuditHead(length=0, hash="0" * 64)
        return AuditHead(length=self.trail[-1].seq, hash=self.trail[-1].hash)
