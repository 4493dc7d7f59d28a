"""Writes of the ledger file: one transaction and one fsync for all units that wait."""

import os
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from core.adapters.sqlite.errors import concerns_whole_file, explain
from core.adapters.sqlite.files import roll_back
from core.adapters.sqlite.migrations import LEDGER_STEPS
from core.adapters.sqlite.schema import (
    EXTEND_AUDIT,
    INSERT_AUDIT,
    LAST_AUDIT,
    MOVE_APPROVAL,
    UPSERT,
)
from core.audit.rules import GENESIS
from core.clock import Clock
from core.codec import encode_record
from core.errors import AuditChainBroken, MaestroError, StorageError, WriteConflict
from core.ports import Seal
from core.records import ApprovalTransition, AuditDraft, AuditEntry, AuditHead, Record

_CHECKPOINT_ROWS: Final = 500  # changed rows after which the log goes back into the file
_MOVE_LOG: Final = "PRAGMA wal_checkpoint(PASSIVE)"
_TRY: Final = f"PRAGMA user_version = {len(LEDGER_STEPS)}"  # as it is; it writes a page
_LAST: Final = LAST_AUDIT.bind()
_SAMPLES: Final = 256
_LOOK_EVERY_S: Final = 0.1  # whether the file is still there


class Put(NamedTuple):
    """One record to insert or replace: its statement, its parameters, what it is."""

    sql: str
    row: tuple[str, str]
    what: str


class Move(NamedTuple):
    """One guarded change of an approval."""

    row: tuple[str | int, ...]
    transition: ApprovalTransition


class LedgerUnit(NamedTuple):
    """A write unit as rows. Made by the caller, so that the writing thread only writes."""

    puts: tuple[Put, ...]
    moves: tuple[Move, ...]
    audit: tuple[AuditDraft, ...]


def make_put(record: Record) -> Put:
    """Raises StorageError when the record has no JSON form."""
    kind = type(record)
    return Put(UPSERT[kind], (record.id, _encode(record)), kind.__name__)


def make_move(transition: ApprovalTransition) -> Move:
    """Raises StorageError when the record has no JSON form."""
    row = MOVE_APPROVAL.bind(
        to=_encode(transition.to),
        key=transition.to.id,
        digest_expected=transition.digest_expected,
        votes_expected=transition.votes_expected,
    )
    return Move(row, transition)


def _encode(record: Record) -> str:
    try:
        return encode_record(record)
    except ValueError as error:
        raise StorageError(
            f"{type(record).__name__} {record.id!r} cannot be kept: {error}"
        ) from error


def _open_beside(path: Path) -> sqlite3.Connection:
    """A second connection, for good: opened later, it might find another file under that name,
    move our log into that one, and what is in the log would be gone.
    """
    there = f"{path.absolute().as_uri()}?mode=rw"
    db = sqlite3.connect(there, uri=True, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA fullfsync = ON")
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # opens the log, too
    except BaseException:
        db.close()
        raise
    return db


OnDurable = Callable[[Sequence[AuditEntry]], None]
"""Told of the sealed entries of a group right after its commit, in the writing thread.

Must not raise: an error fails the callers of the group, though what they wrote is durable.
"""


class LedgerWriter:
    """Holds the one writing connection and the end of the audit chain."""

    def __init__(
        self,
        db: sqlite3.Connection,
        path: Path,
        *,
        seal: Seal,
        clock: Clock,
        on_durable: OnDurable | None = None,
    ) -> None:
        self._db = db
        self._on_durable = on_durable
        self._sealed: list[AuditEntry] = []
        self._path = path
        self._path_text = str(path)
        self._file = path.stat().st_ino
        self._look_at_s = clock.monotonic_s()
        self.problem = ""  # why the last write failed; may be read from any thread
        self._seal = seal
        self._clock = clock
        try:
            self._head = self._read_head()
            self._log_db = _open_beside(path)
        except sqlite3.Error as error:
            raise explain(error, path, "open") from error
        self._tidied = db.total_changes
        self._commits_s: deque[float] = deque(maxlen=_SAMPLES)
        self._mover = ThreadPoolExecutor(1, thread_name_prefix="ledger-log")
        self._moving: Future[None] | None = None

    @property
    def head(self) -> AuditHead:
        """The end of the chain as it stands on disk; may be read from any thread."""
        return self._head

    def commit_s_p50(self) -> float | None:
        """Median of the last commits, each with its fsync; may be read from any thread."""
        samples = tuple(self._commits_s)
        return median(samples) if samples else None

    def write(self, items: Sequence[LedgerUnit]) -> Sequence[AuditHead | MaestroError]:
        """All units in one transaction; a refused unit leaves the others alone.

        Raises StorageError when nothing was written.
        """
        try:
            return self._write(items)
        except StorageError as error:
            self.problem = str(error)
            raise

    def _write(self, items: Sequence[LedgerUnit]) -> Sequence[AuditHead | MaestroError]:
        try:
            self._begin()
            if self.problem:  # also of units that change nothing it is seen whether they could
                self._db.execute(_TRY)
            self._sealed.clear()
            head = self._head
            outcomes: list[AuditHead | MaestroError] = []
            # A unit alone needs no savepoint: taking the transaction back does the same.
            write = self._write_apart if len(items) > 1 else self._write_or_refuse
            for unit in items:
                outcome = write(unit, head)
                outcomes.append(outcome)
                if isinstance(outcome, AuditHead):
                    head = outcome
                elif len(items) == 1:
                    return outcomes
            started_s = self._clock.monotonic_s()
            self._db.execute("COMMIT")
            self.problem = ""
            self._commits_s.append(self._clock.monotonic_s() - started_s)
        except sqlite3.Error as error:
            raise explain(error, self._path, "write") from error
        finally:
            roll_back(self._db)
        self._head = head
        if self._on_durable is not None and self._sealed:
            self._on_durable(tuple(self._sealed))
        return outcomes

    def tidy(self) -> None:
        """Move the log back into the file now and then.

        Nearly all of it is moved beside the writing, which would else stand still for the copying
        of it. The little that came meanwhile is moved here, for only a log that is moved as a
        whole begins anew.
        """
        if self._moving is not None and self._moving.done():
            self._moving = None
            self._db.execute(_MOVE_LOG)
        elif self._moving is None and self._db.total_changes - self._tidied >= _CHECKPOINT_ROWS:
            self._tidied = self._db.total_changes
            self._moving = self._mover.submit(self._move_log)

    def close(self) -> None:
        """Close the connection; the last one to close moves the log into the file."""
        self._mover.shutdown()
        self._log_db.close()
        self._db.close()

    def _move_log(self) -> None:
        """What goes wrong is told by the next write, or mended by the next move."""
        self._log_db.execute(_MOVE_LOG)

    def _begin(self) -> None:
        """Start a transaction on the very file that this process opened, seen a moment ago."""
        now_s = self._clock.monotonic_s()
        if now_s >= self._look_at_s:
            self._require_same_file()
            self._look_at_s = now_s + _LOOK_EVERY_S
        self._db.execute("BEGIN IMMEDIATE")

    def _require_same_file(self) -> None:
        try:
            same_file = os.stat(self._path_text).st_ino == self._file  # noqa: PTH116 - many a second
        except FileNotFoundError:
            same_file = False
        if not same_file:
            raise StorageError(
                f"{self._path} was removed or replaced while in use; put it back and start again"
            )

    def _read_head(self) -> AuditHead:
        row = self._db.execute(LAST_AUDIT.text, _LAST).fetchone()
        return AuditHead(length=row[0], hash=row[1]) if row else GENESIS

    def _write_apart(self, unit: LedgerUnit, head: AuditHead) -> AuditHead | MaestroError:
        """The head after the unit; or why the unit, and only it, was taken back."""
        self._db.execute("SAVEPOINT unit")
        sealed = len(self._sealed)
        outcome = self._write_or_refuse(unit, head)
        if not isinstance(outcome, AuditHead):
            self._db.execute("ROLLBACK TO unit")
            del self._sealed[sealed:]
        self._db.execute("RELEASE unit")
        return outcome

    def _write_or_refuse(self, unit: LedgerUnit, head: AuditHead) -> AuditHead | MaestroError:
        """The head after the unit; or what is wrong with the unit, a part of which may stand."""
        try:
            return self._write_unit(unit, head)
        except sqlite3.Error as error:
            if concerns_whole_file(error):
                raise
            return explain(error, self._path, "write")
        except AuditChainBroken:
            raise
        except MaestroError as error:
            return error
        except Exception as error:  # noqa: BLE001 - whatever the seal or a value does stays in its unit
            return StorageError(f"a unit cannot be written: {type(error).__name__}: {error}")

    def _write_unit(self, unit: LedgerUnit, head: AuditHead) -> AuditHead:
        for move in unit.moves:
            self._move(move)
        for put in unit.puts:
            try:
                self._db.execute(put.sql, put.row)
            except sqlite3.IntegrityError as error:
                raise WriteConflict(f"{put.what} {put.row[0]!r} conflicts: {error}") from error
        if not unit.audit:
            return head
        entries = self._seal(head, unit.audit)
        first, count = head.length + 1, len(unit.audit)
        if [each.seq for each in entries] != [*range(first, first + count)]:
            raise StorageError("the seal left gaps in the audit trail")
        self._extend(head, entries)
        self._sealed += entries
        return AuditHead(length=entries[-1].seq, hash=entries[-1].hash)

    def _extend(self, head: AuditHead, entries: Sequence[AuditEntry]) -> None:
        """Add entries where the trail ends with `head`, and nowhere else."""
        first = entries[0]
        seq, digest = (head.length, head.hash) if head.length else (None, None)
        row = (first.seq, first.text, first.hash, seq, seq, digest)
        if self._db.execute(EXTEND_AUDIT, row).rowcount != 1:
            found = self._read_head()
            raise AuditChainBroken(
                f"the audit trail in {self._path} was changed from outside: it ends at entry"
                f" {found.length}, not as written at entry {head.length}",
                position=min(found.length, head.length) + 1,
            )
        if len(entries) > 1:
            rows = [(each.seq, each.text, each.hash) for each in entries[1:]]
            self._db.executemany(INSERT_AUDIT, rows)

    def _move(self, move: Move) -> None:
        if self._db.execute(MOVE_APPROVAL.text, move.row).rowcount != 1:
            wanted = move.transition
            raise WriteConflict(
                f"approval {wanted.to.id} is no longer pending with digest"
                f" {wanted.digest_expected} and {wanted.votes_expected} votes"
            )
