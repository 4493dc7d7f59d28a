"""Takes old entries out of a home's store; the daily files keep them."""

import contextlib
import sqlite3
from datetime import date, datetime
from pathlib import Path

from core.actions import JsonObject
from core.adapters.home import hold_home
from core.adapters.journal import AuditJournal
from core.adapters.sqlite.errors import explain
from core.adapters.sqlite.files import iter_audit_bytes, open_file
from core.adapters.sqlite.migrations import LEDGER_STEPS
from core.adapters.sqlite.standing import LedgerSnapshot, open_snapshot
from core.adapters.sqlite.store import SqliteStore
from core.audit.retention import find_archivable
from core.audit.standing import describe_unfounded
from core.clock import Clock
from core.errors import AuditChainBroken
from core.ids import OperatorId
from core.records import AuditDraft, AuditHead, WriteUnit


async def archive_days(
    home: Path,
    store_file: Path,
    before: date,
    *,
    clock: Clock,
    operator: OperatorId,
    key_file: Path | None = None,
) -> AuditHead:
    """Archive the entries of days (UTC) before `before`; the last of them, GENESIS when none was.

    The trail says who archived, and what. Raises HomeInUse, AuditChainBroken when the trail does
    not hold (then nothing was removed), StorageError, ConfigError.
    """
    with hold_home(home):
        async with contextlib.AsyncExitStack() as stack:
            journal = AuditJournal.open(home, clock, key_file=key_file)
            stack.callback(journal.close)
            store = await SqliteStore.open(
                store_file, seal=journal.seal, clock=clock, on_durable=journal.record
            )
            stack.push_async_callback(store.close)
            journal.catch_up(
                await store.audit_head(),
                lambda after: iter_audit_bytes(store_file, after_seq=after),
            )
            at = clock.now()
            with open_snapshot(store_file) as ledger:
                archived = find_archivable(
                    home, before.isoformat(), rows=ledger.rows(), key_file=key_file
                )
                carried = _carry_on(ledger, at, operator) if archived.length else ()
            # Said first: a stop in between leaves entries that were to go, and the next run takes
            # them out. The other way round they would be gone, and the trail silent about it: and
            # no anchor may be signed before it tells which rights the entries up to it had given.
            drafts = (*journal.take_notes(), *carried)
            if archived.length:
                body: JsonObject = {
                    "entries": archived.length,
                    "head": archived.hash,
                    "carried": len(carried),
                }
                drafts = (*drafts, _draft(body, at, operator))
            await store.commit(WriteUnit(audit=drafts))
            if archived.length:
                journal.anchor(archived)
                _run(store_file, "DELETE FROM audit WHERE seq <= ?", archived.length)
        if archived.length:
            _run(store_file, "VACUUM")  # what was deleted leaves the file
    return archived


def _carry_on(ledger: LedgerSnapshot, at: datetime, by: OperatorId) -> tuple[AuditDraft, ...]:
    if problems := ledger.find_problems():
        raise AuditChainBroken(f"nothing was archived: {describe_unfounded(problems)}", position=0)
    return ledger.carry_on(at=at, by=by)


def _draft(body: JsonObject, at: datetime, by: OperatorId) -> AuditDraft:
    return AuditDraft(event="audit.archived", at=at, actor=by, action_id=None, body=body)


def _run(store_file: Path, sql: str, *values: int) -> None:
    db = open_file(store_file, LEDGER_STEPS, synchronous="FULL", busy_timeout_s=5.0)
    with contextlib.closing(db):
        try:
            db.execute(sql, values)
        except sqlite3.Error as error:
            raise explain(error, store_file, "write") from error
