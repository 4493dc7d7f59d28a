"""Reads the trail, and who may do what beside it, as one snapshot of the ledger file.

No index is used for what is held against the trail: an index can be rebuilt so that it lacks an
entry, under the very definition that is expected.
"""

import contextlib
import json
import sqlite3
from collections.abc import Generator, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from core.adapters.sqlite.errors import explain
from core.adapters.sqlite.files import open_read_only
from core.adapters.sqlite.made import find_foreign
from core.adapters.sqlite.migrations import LEDGER_STEPS
from core.audit.carrying import carry_on
from core.audit.model import Row
from core.audit.standing import (
    Standing,
    describe_unfounded,
    find_unfounded,
    gives_right,
)
from core.audit.trust import find_told_trust
from core.codec import decode_record, decode_value
from core.ids import OperatorId
from core.ports import VerifyReport
from core.records import (
    ApprovalRecord,
    ApprovalStatus,
    AuditDraft,
    GrantRecord,
    PrincipalRecord,
    Record,
    SessionRecord,
    TokenKind,
    TokenRecord,
    TrustRecord,
)

_R = TypeVar("_R", bound=Record)
_CHUNK_ROWS: Final = 256  # more would leave the cache before they are looked at
_ROWS: Final = (  # a table that somebody made anew can hold any type; see `iter_audit_bytes`
    "SELECT iif(typeof(seq) = 'integer', seq, 0), CAST(ifnull(text, '') AS TEXT),"
    " CAST(ifnull(hash, '') AS TEXT) FROM audit NOT INDEXED WHERE seq IS NOT NULL"
    " ORDER BY seq"
)
_PENDING: Final = "approvals WHERE status = 'pending'"  # as the queue asks for them at a start


class LedgerSnapshot:
    """The trail's rows, in order; once they are drawn, what stands beside them."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path
        self._entries: list[Any] = []
        self._trust: dict[bytes, bytes] = {}  # the newest that is told of each agent
        self._first: int | None = None

    def rows(self) -> Iterator[Row]:
        """All rows, lazily: the snapshot is taken when the first one is drawn."""
        try:
            cursor = self._db.execute(_ROWS)
            while some := cursor.fetchmany(_CHUNK_ROWS):
                for row in some:
                    self._keep(row)
                    yield row
        except sqlite3.Error as error:
            raise explain(error, self._path, "read") from error

    def _keep(self, row: Row) -> None:
        text = cast("object", row[1])
        if self._first is None:
            self._first = row[0]
        # An edited store can hold any type: verification says so.
        if not isinstance(text, bytes):
            return
        if told := find_told_trust(text):
            self._trust[told[0]] = told[1]
        if gives_right(text):
            with contextlib.suppress(ValueError, RecursionError):
                self._entries.append(json.loads(text))

    def find_problems(self, *, decided: bool = True) -> tuple[str, ...]:
        """One sentence for each thing that the rows, which hold, do not tell of. Blocks.

        Without `decided`, only of what can still be used: nothing is done any more by the word of
        an approval that does not wait, and all that were ever decided are kept.
        Raises StorageError when the file cannot be read.
        """
        try:
            if foreign := find_foreign(self._db, LEDGER_STEPS):
                return (foreign,)
            if decided and (damaged := _find_poisoned(self._db)):
                return (damaged,)
            standing = self._standing(decided=decided)
        except sqlite3.Error as error:
            raise explain(error, self._path, "read") from error
        except ValueError as error:
            return (f"a record of a right cannot be read: {error}",)
        whole = self._first in {None, 1}
        trust = {each["agent"]: each for each in map(json.loads, self._trust.values())}
        return find_unfounded(self._entries, standing, trust=trust, whole=whole, decided=decided)

    def carry_on(self, *, at: datetime, by: OperatorId) -> tuple[AuditDraft, ...]:
        """Entries that tell anew what is in force. Only where `find_problems` finds none."""
        return carry_on(self._entries, self._standing(decided=False), at=at, by=by)

    def _standing(self, *, decided: bool) -> Standing:
        return Standing(
            principals=tuple(self._records("principals", PrincipalRecord)),
            tokens=tuple(self._records("tokens", TokenRecord)),
            grants=tuple(self._records("grants", GrantRecord)),
            approvals=tuple(self._approvals(decided=decided)),
            sessions=tuple(self._records("sessions", SessionRecord)) if decided else (),
            trust=tuple(self._trust_records()),
        )

    def judge(self, report: VerifyReport) -> VerifyReport:
        """The report of a trail that holds, with what stands beside it without an entry."""
        problems = self.find_problems() if report.ok else ()
        if not problems:
            return report
        return replace(report, ok=False, problem=describe_unfounded(problems))

    def operator_names(self) -> tuple[str, ...]:
        """Whoever had a token to decide with, also one that was revoked."""
        try:
            tokens = tuple(self._records("tokens", TokenRecord))
        except sqlite3.Error as error:
            raise explain(error, self._path, "read") from error
        held = (each for each in tokens if each.kind is TokenKind.OPERATOR)
        return tuple(each.bound_to or each.label for each in held)

    def _approvals(self, *, decided: bool) -> Iterator[ApprovalRecord]:
        """All; or those that wait and that somebody consented to, the rest the queue looks at.

        Told by the record as the queue reads it: SQL may see another field of an odd body.
        """
        for each in self._records("approvals" if decided else _PENDING, ApprovalRecord):
            if decided or each.votes or each.status is ApprovalStatus.APPROVED:
                yield each

    def _trust_records(self) -> Iterator[TrustRecord]:
        """Without their history, which is shown alone and takes most of the time to read."""
        for (body,) in self._db.execute("SELECT body FROM trust"):
            plain = json.loads(body)
            plain.pop("history", None)
            yield decode_value(TrustRecord, plain)

    def _records(self, source: str, kind: type[_R]) -> Iterator[_R]:
        for (body,) in self._db.execute(f"SELECT body FROM {source}"):  # noqa: S608 - ours
            yield decode_record(kind, bytes(body).decode())


@contextlib.contextmanager
def open_snapshot(path: Path) -> Generator[LedgerSnapshot]:
    """Look at one moment of a ledger, hosted or not. Raises StorageError when it cannot be read."""
    try:
        db = open_read_only(path)
        db.execute("BEGIN")
    except sqlite3.Error as error:
        raise explain(error, path, "read") from error
    with contextlib.closing(db):
        yield LedgerSnapshot(db, path)


def operator_names(path: Path) -> tuple[str, ...]:
    """Whoever had a token to decide with, also one that was revoked. Blocks.

    Raises StorageError when the file cannot be read.
    """
    with open_snapshot(path) as ledger:
        return ledger.operator_names()


def _find_poisoned(db: sqlite3.Connection) -> str:
    """What an index says otherwise than its table; "" when all agree."""
    ((said, *_), *_) = db.execute("PRAGMA integrity_check(1)").fetchall()
    return "" if said == b"ok" else f"the store's file is not sound: {bytes(said).decode()}"
