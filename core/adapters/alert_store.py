"""Alerts in one small SQLite file: open ones, and those of the last month."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from pydantic import TypeAdapter

from core.adapters.sqlite.migrations import Step
from core.adapters.sqlite.thread import FileThread
from core.errors import StorageError
from core.measures import Alert, AlertState

ALERTS_FILE: Final = "alerts.db"
_KEPT_MAX: Final = 10_000  # the oldest resolved ones go first
_KEPT_S: Final = 31 * 86_400
_ALERT: Final = TypeAdapter(Alert)

_STEPS: Final[tuple[Step, ...]] = (
    (
        """CREATE TABLE alerts (id TEXT NOT NULL, resolved INTEGER NOT NULL,
        changed_s REAL NOT NULL, body TEXT NOT NULL, PRIMARY KEY (id))""",
        "CREATE INDEX alerts_by_change ON alerts (resolved, changed_s)",
    ),
)
_KEEP = "INSERT OR REPLACE INTO alerts (id, resolved, changed_s, body) VALUES (?, ?, ?, ?)"
_FORGET = """DELETE FROM alerts WHERE resolved AND (changed_s < ? OR id IN
(SELECT id FROM alerts WHERE resolved ORDER BY changed_s DESC LIMIT -1 OFFSET ?))"""
_LOAD = "SELECT body FROM alerts WHERE NOT resolved OR changed_s >= ? ORDER BY changed_s, id"


class SqliteAlerts:
    """`AlertStore` over one file. Every call is one hop to the file's own thread."""

    def __init__(self, file: FileThread, path: Path) -> None:
        self._file = file
        self._path = path

    @classmethod
    async def open(cls, path: Path, *, busy_timeout_s: float = 5.0) -> Self:
        """Open or make the file, private to its owner. Raises a StorageError."""
        return cls(await FileThread.open(path, _STEPS, busy_timeout_s=busy_timeout_s), path)

    async def close(self) -> None:
        """Close after what is under way."""
        await self._file.close()

    async def keep(self, alerts: Sequence[Alert]) -> None:
        """Insert or replace by id; forget resolved ones of more than a month ago, and the oldest
        beyond 10,000. Raises StorageError.
        """
        rows = [
            (
                each.id,
                each.state is AlertState.RESOLVED,
                each.changed_at.timestamp(),
                _ALERT.dump_json(each).decode(),
            )
            for each in alerts
        ]
        oldest_s = max((row[2] for row in rows), default=0.0) - _KEPT_S

        def write(db: sqlite3.Connection) -> None:
            db.executemany(_KEEP, rows)
            db.execute(_FORGET, (oldest_s, _KEPT_MAX))

        await self._file.write(write)

    async def load(self, *, since: datetime) -> tuple[Alert, ...]:
        """Those that are open, and those that have changed since; oldest first.

        Raises StorageError.
        """
        rows = await self._file.read(lambda db: db.execute(_LOAD, (since.timestamp(),)).fetchall())
        try:
            return tuple(_ALERT.validate_json(body) for (body,) in rows)
        except ValueError as error:
            raise StorageError(
                f"cannot read {self._path}: it holds an alert that is none; restore it from a"
                " backup, or remove it to begin anew"
            ) from error
