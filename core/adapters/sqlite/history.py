"""Writes of the history file: spans, of which the newest are kept. Costs no fsync a commit."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from core.adapters.sqlite.errors import explain
from core.adapters.sqlite.files import roll_back
from core.adapters.sqlite.schema import INSERT_TRACE
from core.codec import encode_records
from core.errors import StorageError
from core.records import SpanRecord

_CHECKPOINT_SPANS: Final = 4_000  # written spans after which the log goes back into the file
_DROP_OLDEST: Final = "DELETE FROM traces WHERE n <= (SELECT max(n) FROM traces) - ?"

SpanRows = Sequence[tuple[int, str, str | None, str]]
"""How many spans, their trace, their action and their body: those of one of each share a row."""


def make_span_rows(spans: Sequence[SpanRecord]) -> SpanRows:
    """Made by the caller, so that the writing thread only writes.

    Raises StorageError when a span has no JSON form.
    """
    traces: dict[tuple[str, str | None], dict[str, SpanRecord]] = {}
    for span in spans:
        traces.setdefault((span.trace_id, span.action_id), {})[span.id] = span
    try:
        return [
            (len(each), *about, encode_records(tuple(each.values())))
            for about, each in traces.items()
        ]
    except ValueError as error:
        raise StorageError(f"spans cannot be kept: {error}") from error


class HistoryWriter:
    """Holds the writing connection of the history file."""

    def __init__(self, db: sqlite3.Connection, path: Path, *, spans_max: int) -> None:
        self._db = db
        self._path = path
        self._spans_max = spans_max
        self._untidied = 0  # spans in the log

    def write(self, items: Sequence[SpanRows]) -> Sequence[None]:
        """All spans in one transaction. Raises StorageError when none was written."""
        written = [row for rows in items for row in rows]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(INSERT_TRACE, written)
            self._db.execute(_DROP_OLDEST, (self._spans_max,))
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise explain(error, self._path, "write") from error
        finally:
            roll_back(self._db)
        self._untidied += sum(count for count, *_ in written)
        return [None] * len(items)

    def tidy(self) -> None:
        """Move the log back into the file now and then."""
        if self._untidied >= _CHECKPOINT_SPANS:
            self._untidied = 0
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Close the connection."""
        self._db.close()
