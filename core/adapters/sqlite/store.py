"""The store in SQLite: `core.ports.Store` over two writing threads and a few readers."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from core.adapters.sqlite.files import open_file
from core.adapters.sqlite.group import GroupThread
from core.adapters.sqlite.history import HistoryWriter, SpanRows
from core.adapters.sqlite.migrations import HISTORY_STEPS, LEDGER_STEPS
from core.adapters.sqlite.readers import Readers
from core.adapters.sqlite.schema import actions_page, audit_page, bodies_where
from core.adapters.sqlite.writer import LedgerUnit, LedgerWriter, OnDurable, make_move, make_put
from core.clock import Clock
from core.errors import StorageError
from core.ids import ActionId, AgentId, CorrelationId, SessionId
from core.ports import Seal
from core.records import (
    ActionQuery,
    ActionRecord,
    ApprovalRecord,
    ApprovalStatus,
    AuditEntry,
    AuditHead,
    AuditQuery,
    GrantRecord,
    PrincipalRecord,
    SessionRecord,
    SpanRecord,
    TokenRecord,
    TrustRecord,
    WriteUnit,
)

PAGE_MAX: Final = 10_000  # rows that one query gives at most
_SEQ_MAX: Final = 2**63 - 1  # SQLite's largest integer
_LEDGER_READERS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatistics:
    """Counts since the store was opened."""

    waiting: int  # units that wait for the ledger
    groups: int  # transactions, each one fsync
    units: int
    units_per_group: float  # mean; 0 before the first
    commit_ms_p50: float | None  # of the last commits, fsync included; None before the first
    history_waiting: int  # units that wait for the history file
    history_units: int


class SqliteStore:
    """Two files: the ledger, durable at each acknowledgement, and `history.db` with the spans.

    Make it with `open`. All methods belong to the event loop that opened it.
    """

    def __init__(
        self,
        *,
        ledger: LedgerWriter,
        ledger_thread: GroupThread[LedgerUnit, AuditHead],
        ledger_readers: Readers,
        history_thread: GroupThread[SpanRows, None],
        history_readers: Readers,
        closing: AsyncExitStack,
    ) -> None:
        self._ledger = ledger
        self._ledger_thread = ledger_thread
        self._records = ledger_readers
        self._history_thread = history_thread
        self._history = history_readers
        self._closing = closing

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        seal: Seal,
        clock: Clock,
        busy_timeout_s: float = 5.0,
        spans_max: int = 50_000,
        waiting_max: int = 4_096,
        on_durable: OnDurable | None = None,
    ) -> Self:
        """Open or make `path`, and `history.db` beside it, both readable by their owner alone.

        Raises a StorageError when a file is damaged, read-only, locked, or from a newer version.
        """
        history_path = path.with_name("history.db")
        async with AsyncExitStack() as opened:
            db = await asyncio.to_thread(
                open_file, path, LEDGER_STEPS, synchronous="FULL", busy_timeout_s=busy_timeout_s
            )
            opened.callback(db.close)
            history_db = await asyncio.to_thread(
                open_file,
                history_path,
                HISTORY_STEPS,
                synchronous="NORMAL",
                busy_timeout_s=busy_timeout_s,
            )
            opened.callback(history_db.close)
            ledger = LedgerWriter(db, path, seal=seal, clock=clock, on_durable=on_durable)
            ledger_thread = GroupThread(ledger, name="ledger", waiting_max=waiting_max)
            opened.push_async_callback(ledger_thread.close)
            history = HistoryWriter(history_db, history_path, spans_max=spans_max)
            history_thread = GroupThread(history, name="history", waiting_max=waiting_max)
            opened.push_async_callback(history_thread.close)
            # Readers close first: the writer, last to let go, then moves the log into the file.
            records = await Readers.open(path, count=_LEDGER_READERS, busy_timeout_s=busy_timeout_s)
            opened.push_async_callback(records.close)
            spans = await Readers.open(history_path, count=1, busy_timeout_s=busy_timeout_s)
            opened.push_async_callback(spans.close)
            return cls(
                ledger=ledger,
                ledger_thread=ledger_thread,
                ledger_readers=records,
                history_thread=history_thread,
                history_readers=spans,
                closing=opened.pop_all(),
            )

    async def close(self) -> None:
        """Write what waits, then let go of both files. Closing twice does nothing."""
        await self._closing.aclose()

    async def commit(self, unit: WriteUnit) -> AuditHead:
        """Write all of `unit`, return the chain's end after it, once it is durable.

        Units that wait at the same time share one transaction and one fsync. Spans go to the
        history file without an fsync, in units of their own; every other unit is durable,
        whatever it asks for. A caller that is cancelled while it waits may find its unit written.

        Raises WriteConflict when a transition found another state or an idempotency key is taken,
        Overloaded when too many units wait, else a StorageError; then nothing was written.
        """
        spans = tuple(each for each in unit.puts if isinstance(each, SpanRecord))
        if not spans:
            return await self._ledger_thread.submit(
                LedgerUnit(
                    puts=tuple(map(make_put, unit.puts)),
                    moves=tuple(map(make_move, unit.transitions)),
                    audit=unit.audit,
                )
            )
        if len(spans) < len(unit.puts) or unit.transitions or unit.audit:
            raise StorageError("spans are kept in another file: commit them in a unit of their own")
        await self._history_thread.submit(tuple(make_put(each).row for each in spans))
        return self._ledger.head

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
        wanted = _given(
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

    async def list_spans(
        self, *, trace_id: CorrelationId | None = None, action_id: ActionId | None = None
    ) -> tuple[SpanRecord, ...]:
        """Spans of a trace or an action (both: of both) by their start; all when neither given."""
        wanted = _given(trace_id=trace_id, action_id=action_id)
        found = await self._history.records(SpanRecord, bodies_where(SpanRecord, *wanted), **wanted)
        return tuple(sorted(found, key=lambda span: span.started_at))

    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        """A page of the trail of at most PAGE_MAX; `text` is looked for as it is written."""
        wanted = _given(
            after_seq=_bounded(query.after_seq) or None,
            before_seq=None if query.before_seq is None else _bounded(query.before_seq),
            action_id=query.action_id,
            actor=query.actor,
            event=query.event,
            text=query.text or None,
        )
        sql = audit_page(*wanted, ascending=query.ascending)
        rows = await self._records.rows(sql, **wanted, limit=_page_size(query.limit))
        return tuple(AuditEntry(seq=seq, text=text, hash=digest) for seq, text, digest in rows)

    async def audit_head(self) -> AuditHead:
        """The end of the chain as this process last made it durable."""
        return self._ledger.head

    def statistics(self) -> StoreStatistics:
        """Counts since the store was opened."""
        ledger = self._ledger_thread.statistics()
        history = self._history_thread.statistics()
        commit_s = self._ledger.commit_s_p50()
        return StoreStatistics(
            waiting=ledger.waiting,
            groups=ledger.groups,
            units=ledger.units,
            units_per_group=ledger.units / ledger.groups if ledger.groups else 0.0,
            commit_ms_p50=None if commit_s is None else commit_s * 1000,
            history_waiting=history.waiting,
            history_units=history.units,
        )


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _bounded(seq: int) -> int:
    return max(0, min(seq, _SEQ_MAX))


def _page_size(limit: int) -> int:
    return max(0, min(limit, PAGE_MAX))
