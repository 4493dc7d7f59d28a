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
    STANDING_EVENTS,
    Standing,
    describe_unfounded,
    find_unfounded,
)
from core.codec import decode_record
from core.ports import VerifyReport
from core.records import ApprovalRecord, GrantRecord, PrincipalRecord, Record, TokenRecord

_R = TypeVar("_R", bound=Record)
# Looked up in the index that the schema makes of this very expression: a long trail costs no more
# than what it says of rights.
_ENTRIES: Final = (
    "SELECT text FROM audit WHERE json_extract(text, '$.event') IN"  # noqa: S608 - constants
    f" ({','.join('?' * len(STANDING_EVENTS))}) ORDER BY seq"
)
_VOTED: Final = "approvals WHERE status = 'approved' OR (status = 'pending' AND votes > 0)"


def unfounded_rights(path: Path) -> tuple[str, ...]:
    """One sentence for each record of a right that the trail does not tell of. Blocks.

    Raises StorageError when the file cannot be read.
    """
    try:
        with contextlib.closing(open_read_only(path)) as db:
            db.execute("BEGIN")
            if not _is_current(db):
                return ()
            entries = [_parse(text) for (text,) in db.execute(_ENTRIES, STANDING_EVENTS)]
            (first,) = db.execute("SELECT min(seq) FROM audit").fetchone()
            standing = Standing(
                principals=tuple(_records(db, "principals", PrincipalRecord)),
                tokens=tuple(_records(db, "tokens", TokenRecord)),
                grants=tuple(_records(db, "grants", GrantRecord)),
                approvals=tuple(_records(db, _VOTED, ApprovalRecord)),
            )
    except sqlite3.Error as error:
        raise explain(error, path, "read") from error
    except ValueError as error:
        return (f"a record of a right cannot be read: {error}",)
    return find_unfounded(entries, standing, whole=first in {None, 1})


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


def _records(db: sqlite3.Connection, source: str, kind: type[_R]) -> Iterator[_R]:
    for (body,) in db.execute(f"SELECT body FROM {source}"):  # noqa: S608 - ours
        yield decode_record(kind, bytes(body).decode())


def _parse(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
