"""The store in SQLite: `core.ports.Store` over two writing threads and a few readers."""

import asyncio
import contextlib
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from core.adapters.sqlite.errors import has_no_room
from core.adapters.sqlite.files import open_file
from core.adapters.sqlite.group import GroupThread
from core.adapters.sqlite.history import HistoryWriter, SpanRows, make_span_rows
from core.adapters.sqlite.migrations import HISTORY_STEPS, LEDGER_STEPS
from core.adapters.sqlite.readers import Readers
from core.adapters.sqlite.reading import LedgerReads, given
from core.adapters.sqlite.schema import traces_where
from core.adapters.sqlite.writer import LedgerUnit, LedgerWriter, OnDurable, make_move, make_put
from core.clock import Clock
from core.errors import MaestroError, StorageError
from core.ids import ActionId, CorrelationId
from core.ports import Seal
from core.records import (
    AuditHead,
    SpanRecord,
    WriteUnit,
)

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


class SqliteStore(LedgerReads):
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
        path: Path,
    ) -> None:
        super().__init__(ledger_readers)
        self._ledger = ledger
        self._ledger_thread = ledger_thread
        self._history_thread = history_thread
        self._history = history_readers
        self._closing = closing
        self._path = path
        self._trying = False

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
                path=path,
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
        await self._history_thread.submit(make_span_rows(spans))
        return self._ledger.head

    async def find_problem(self) -> str:
        """Why nothing can be written now, or ""; after a failure a write is tried."""
        if self._ledger.problem and not self._trying:  # many may ask, and each try may wait
            self._trying = True
            with contextlib.suppress(MaestroError):
                await self.commit(WriteUnit())
            self._trying = False
        if not self._ledger.problem and has_no_room(self._path):
            return f"cannot write {self._path}: the disk is full; make room"
        return self._ledger.problem

    async def list_spans(
        self, *, trace_id: CorrelationId | None = None, action_id: ActionId | None = None
    ) -> tuple[SpanRecord, ...]:
        """Spans of a trace or an action (both: of both) by their start; all when neither given."""
        wanted = given(trace_id=trace_id, action_id=action_id)
        traces = await self._history.record_lists(SpanRecord, traces_where(*wanted), **wanted)
        newest = {span.id: span for trace in traces for span in trace}
        return tuple(sorted(newest.values(), key=lambda span: span.started_at))

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
