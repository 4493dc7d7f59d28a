"""Is a store made of what its migrations make, and of nothing else?"""

import contextlib
import sqlite3
from functools import cache
from typing import Final

from core.adapters.sqlite.migrations import Step

_SCHEMA: Final = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
# What `ANALYZE` leaves: it can make a query slower, never give another answer.
_STATISTICS: Final = frozenset({"sqlite_stat1", "sqlite_stat4"})

_Made = frozenset[tuple[str | None, ...]]


def find_foreign(db: sqlite3.Connection, steps: tuple[Step, ...]) -> str:
    """What is not as the steps taken make it, as a sentence; "" when nothing is.

    A view can show one thing to who looks and another to who works, a trigger change what is
    written, an index leave out what is looked for.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if not 0 <= version <= len(steps):
        return f"the store says that its schema is number {version}, which no migration made"
    found, made = _read(db), _make(steps[:version])
    if found == made:
        return ""
    kind, name, *_ = min(found ^ made, key=repr)
    known, there = (any(each[1] == name for each in some) for some in (made, found))
    if known and there:
        return f"{kind} {name} of the store is not as Maestro makes it"
    return f"the store {'lacks' if known else 'holds a foreign'} {kind} {name}"


@cache
def _make(steps: tuple[Step, ...]) -> _Made:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        for statement in (each for step in steps for each in step):
            db.execute(statement)
        return _read(db)


def _read(db: sqlite3.Connection) -> _Made:
    rows = (tuple(map(_text, row)) for row in db.execute(_SCHEMA))
    return frozenset(row for row in rows if row[:1] != ("table",) or row[1] not in _STATISTICS)


def _text(value: object) -> str | None:
    """Whatever the connection gives texts as; an edited schema may not be UTF-8."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if value is None else str(value)
