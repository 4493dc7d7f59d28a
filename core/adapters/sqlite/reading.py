"""Queries of the ledger file, for the store and for who only reads beside a running engine."""

import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Final

from core.adapters.sqlite.migrations import LEDGER_STEPS
from core.adapters.sqlite.readers import Readers
from core.adapters.sqlite.schema import COMMON_EVENT, Sql, actions_page, audit_page, bodies_where
from core.errors import StorageError
from core.ids import ActionId, AgentId, SessionId
from core.records import (
    ActionQuery,
    ActionRecord,
    ApprovalRecord,
    ApprovalStatus,
    AuditEntry,
    AuditQuery,
    GrantRecord,
    PrincipalRecord,
    SessionRecord,
    TokenRecord,
    TrustRecord,
)

PAGE_MAX: Final = 10_000  # rows that one query gives at most
_SEQ_MAX: Final = 2**63 - 1  # SQLite's largest integer
_VERSION: Final = Sql("PRAGMA user_version", (), {})


class LedgerReads:
    """What the ledger file holds. Every method raises StorageError when it cannot be read."""

    def __init__(self, readers: Readers) -> None:
        self._records = readers

    async def get_action(self, action_id: ActionId) -> ActionRecord | None:
        """One action, or None."""
        found = await self._records.records(
            ActionRecord, bodies_where(ActionRecord, "id"), id=action_id
        )
        return found[0] if found else None

    async def find_idempotent(self, agent_id: AgentId, key: str) -> ActionRecord | None:
        """The action that this agent proposed under this key, or None."""
        sql = bodies_where(ActionRecord, "agent_id", "idempotency_key")
        found = await self._records.records(
            ActionRecord, sql, agent_id=agent_id, idempotency_key=key
        )
        return found[0] if found else None

    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]:
        """A page, newest first, of at most PAGE_MAX."""
        wanted = given(
            status=query.status,
            agent_id=query.agent_id,
            session_id=query.session_id,
            decision=query.decision,
            before_id=query.before_id,
        )
        return await self._records.records(
            ActionRecord, actions_page(*wanted), **wanted, limit=_page_size(query.limit)
        )

    async def get_approval(self, action_id: ActionId) -> ApprovalRecord | None:
        """The approval of one action, or None."""
        found = await self._records.records(
            ApprovalRecord, bodies_where(ApprovalRecord, "id"), id=action_id
        )
        return found[0] if found else None

    async def list_pending(self) -> tuple[ApprovalRecord, ...]:
        """Every pending approval, oldest first."""
        return await self._records.records(
            ApprovalRecord, bodies_where(ApprovalRecord, "status"), status=ApprovalStatus.PENDING
        )

    async def list_principals(self) -> tuple[PrincipalRecord, ...]:
        """Every principal, by id."""
        return await self._records.records(PrincipalRecord, bodies_where(PrincipalRecord))

    async def list_tokens(self) -> tuple[TokenRecord, ...]:
        """Every token, revoked ones too, by id."""
        return await self._records.records(TokenRecord, bodies_where(TokenRecord))

    async def list_trust(self) -> tuple[TrustRecord, ...]:
        """The trust of every agent, by id."""
        return await self._records.records(TrustRecord, bodies_where(TrustRecord))

    async def list_grants(self) -> tuple[GrantRecord, ...]:
        """Every grant, expired and revoked ones too, by id."""
        return await self._records.records(GrantRecord, bodies_where(GrantRecord))

    async def get_session(self, session_id: SessionId) -> SessionRecord | None:
        """One session, or None."""
        found = await self._records.records(
            SessionRecord, bodies_where(SessionRecord, "id"), id=session_id
        )
        return found[0] if found else None

    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        """A page of the trail of at most PAGE_MAX; `text` is looked for as it is written."""
        wanted = given(
            after_seq=_bounded(query.after_seq) or None,
            before_seq=None if query.before_seq is None else _bounded(query.before_seq),
            action_id=query.action_id,
            actor=query.actor,
            event=COMMON_EVENT if query.event == COMMON_EVENT else None,
            seldom_event=None if query.event == COMMON_EVENT else query.event,
            text=query.text or None,
        )
        sql = audit_page(*wanted, ascending=query.ascending)
        rows = await self._records.rows(sql, **wanted, limit=_page_size(query.limit))
        return tuple(AuditEntry(seq=seq, text=text, hash=digest) for seq, text, digest in rows)


@contextlib.asynccontextmanager
async def open_to_read(path: Path) -> AsyncGenerator[LedgerReads]:
    """Read an existing ledger, hosted or not; it is neither changed nor brought up to date.

    Raises StorageError when it cannot be read, or another version of Maestro wrote it.
    """
    readers = await Readers.open(path, count=1, busy_timeout_s=5.0, read_only=True)
    try:
        ((version,),) = await readers.rows(_VERSION)
        if version != len(LEDGER_STEPS):
            raise StorageError(
                f"{path} has schema number {version} and this version reads {len(LEDGER_STEPS)}:"
                " start `maestro` on this home once to bring an older one up to date, or update"
                " Maestro"
            )
        yield LedgerReads(readers)
    finally:
        await readers.close()


def given(**values: Any) -> dict[str, Any]:
    """Those values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def _bounded(seq: int) -> int:
    return max(0, min(seq, _SEQ_MAX))


def _page_size(limit: int) -> int:
    return max(0, min(limit, PAGE_MAX))
