"""Writes of the history file: spans, of which the newest are kept. Costs no fsync a commit."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from core.adapters.sqlite.errors import explain
from core.adapters.sqlite.files import roll_back
from core.adapters.sqlite.schema import UPSERT
from core.records import SpanRecord

_CHECKPOINT_ROWS: Final = 4_000  # changed rows after which the log goes back into the file
_DROP_OLDEST: Final = "DELETE FROM spans WHERE n <= (SELECT max(n) FROM spans) - ?"

SpanRows = Sequence[tuple[str, str]]
"""Ids and bodies."""


class HistoryWriter:
    """Holds the writing connection of the history file."""

    def __init__(self, db: sqlite3.Connection, path: Path, *, spans_max: int) -> None:
        self._db = db
        self._path = path
        self._spans_max = spans_max
        self._tidied = db.total_changes

    def write(self, items: Sequence[SpanRows]) -> Sequence[None]:
        """All spans in one transaction. Raises StorageError when none was written."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(UPSERT[SpanRecord], [row for rows in items for row in rows])
            self._db.execute(_DROP_OLDEST, (self._spans_max,))
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise explain(error, self._path, "write") from error
        finally:
            roll_back(self._db)
        return [None] * len(items)

    def tidy(self) -> None:
        """Move the log back into the file now and then."""
        if self._db.total_changes - self._tidied >= _CHECKPOINT_ROWS:
            self._tidied = self._db.total_changes
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Close the connection."""
        self._db.close()
