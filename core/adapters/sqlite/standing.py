"""Reads who may do what, and what the trail says of it, as one snapshot of the ledger file."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

from core.adapters.sqlite.errors import explain
from core.adapters.sqlite.files import open_read_only
from core.audit.standing import (
    ANSWER_EVENTS,
    RIGHT_EVENTS,
    STANDING_EVENTS,
    Standing,
    describe_unfounded,
    find_unfounded,
)
from core.codec import decode_record
from core.ports import VerifyReport
from core.records import (
    ApprovalRecord,
    ApprovalStatus,
    GrantRecord,
    PrincipalRecord,
    Record,
    TokenKind,
    TokenRecord,
)

_R = TypeVar("_R", bound=Record)
# Looked up in the indexes that the schema makes of these very expressions: a long trail costs no
# more than what it says of rights.
_ENTRIES: Final = "SELECT text FROM audit WHERE {} ORDER BY seq"
_EVENT: Final = (
    "json_extract(text, '$.event') IN ({}) AND json_extract(text, '$.event') <> 'action.judged'"
)
_ABOUT: Final = "json_extract(text, '$.action_id') = ?"
_PENDING: Final = "approvals WHERE status = 'pending'"  # as the queue asks for them at a start
_DECIDED_TOO: Final = "approvals WHERE status IN ('approved', 'pending')"


def unfounded_rights(path: Path, *, decided: bool = True) -> tuple[str, ...]:
    """One sentence for each record of a right that the trail does not tell of. Blocks.

    Without `decided`, only of what can still be used: nothing is done any more by the word of an
    approval that does not wait, and all that were ever decided are kept.

    Raises StorageError when the file cannot be read.
    """
    try:
        with contextlib.closing(open_read_only(path)) as db:
            db.execute("BEGIN")
            if not _is_current(db):
                return ()
            approvals = tuple(_consented(db, _DECIDED_TOO if decided else _PENDING))
            entries = [_parse(text) for text in _entries(db, None if decided else approvals)]
            (first,) = db.execute("SELECT min(seq) FROM audit").fetchone()
            standing = Standing(
                principals=tuple(_records(db, "principals", PrincipalRecord)),
                tokens=tuple(_records(db, "tokens", TokenRecord)),
                grants=tuple(_records(db, "grants", GrantRecord)),
                approvals=approvals,
            )
    except sqlite3.Error as error:
        raise explain(error, path, "read") from error
    except ValueError as error:
        return (f"a record of a right cannot be read: {error}",)
    return find_unfounded(entries, standing, whole=first in {None, 1})


def operator_names(path: Path) -> tuple[str, ...]:
    """Whoever had a token to decide with, also one that was revoked. Blocks.

    Raises StorageError when the file cannot be read.
    """
    try:
        with contextlib.closing(open_read_only(path)) as db:
            tokens = tuple(_records(db, "tokens", TokenRecord)) if _is_current(db) else ()
    except sqlite3.Error as error:
        raise explain(error, path, "read") from error
    held = (each for each in tokens if each.kind is TokenKind.OPERATOR)
    return tuple(each.bound_to or each.label for each in held)


def hold_rights(report: VerifyReport, path: Path) -> VerifyReport:
    """The report of a trail that holds, with what rights stand beside it without an entry."""
    unfounded = unfounded_rights(path) if report.ok and path.exists() else ()
    if not unfounded:
        return report
    return replace(report, ok=False, problem=describe_unfounded(unfounded))


def _is_current(db: sqlite3.Connection) -> bool:
    """An older store gets its indexes when the engine opens it."""
    found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit_by_event'").fetchone()
    return found is not None


def _consented(db: sqlite3.Connection, source: str) -> Iterator[ApprovalRecord]:
    """Told by the record as the queue reads it: SQL may see another field of an odd body."""
    for each in _records(db, source, ApprovalRecord):
        if each.votes or each.status is ApprovalStatus.APPROVED:
            yield each


def _entries(
    db: sqlite3.Connection, approvals: tuple[ApprovalRecord, ...] | None
) -> Iterator[bytes]:
    """What the trail says of all rights, or of all but other approvals than these."""
    events = STANDING_EVENTS if approvals is None else RIGHT_EVENTS
    yield from _texts(db, _among(events), events)
    for each in approvals or ():
        yield from _texts(db, f"{_ABOUT} AND {_among(ANSWER_EVENTS)}", (each.id, *ANSWER_EVENTS))


def _texts(db: sqlite3.Connection, wanted: str, values: tuple[str, ...]) -> Iterator[bytes]:
    for (text,) in db.execute(_ENTRIES.format(wanted), values):
        yield text


def _among(events: tuple[str, ...]) -> str:
    return _EVENT.format(",".join("?" * len(events)))


def _records(db: sqlite3.Connection, source: str, kind: type[_R]) -> Iterator[_R]:
    for (body,) in db.execute(f"SELECT body FROM {source}"):  # noqa: S608 - ours
        yield decode_record(kind, bytes(body).decode())


def _parse(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
