"""Telemetry of outside agents in SQLite: `usage.db` in the home, bounded by age and count."""

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from core.adapters.home import FILE_MODE
from core.adapters.sqlite.errors import explain
from core.clock import Clock
from core.errors import StorageError
from core.ids import AgentId, SessionId
from core.usage import AgentCost, ModelCall, SessionUsage, ToolUse, UsageTotals

DAYS_MAX: Final = 30
ROWS_MAX: Final = 200_000  # of calls, and of tool uses: some 0.1 GB together
_VERSION: Final = 1
_PRUNE_EVERY: Final = 10_000  # rows written
_BUSY_TIMEOUT_S: Final = 5.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)
_CALLS: Final = ModelCall._fields
_TOOLS: Final = ToolUse._fields
_SCHEMA: Final = f"""
BEGIN;
CREATE TABLE IF NOT EXISTS calls ({", ".join(_CALLS)}, UNIQUE (emitter, id));
CREATE TABLE IF NOT EXISTS tools ({", ".join(_TOOLS)}, UNIQUE (emitter, id));
PRAGMA user_version = {_VERSION};
COMMIT;
"""
_CALL_SUMS: Final = """
SELECT emitter, agent, session, MIN(started_at), MAX(started_at), json_group_array(DISTINCT model),
    COUNT(*), TOTAL(error IS NOT NULL), 0, 0, TOTAL(input_tokens), TOTAL(output_tokens),
    TOTAL(cache_read_tokens), TOTAL(cache_write_tokens), TOTAL(cost_usd_micros),
    TOTAL(cost_usd_micros IS NULL AND (error IS NULL OR input_tokens IS NOT NULL))
FROM calls GROUP BY emitter, agent, session
"""
_COSTS: Final = """
SELECT agent, COUNT(*), TOTAL(cost_usd_micros), TOTAL(cost_usd_micros IS NULL)
FROM calls WHERE started_at BETWEEN ? AND ? GROUP BY agent
"""
_TOOL_SUMS: Final = """
SELECT emitter, agent, session, MIN(started_at), MAX(started_at), '[]',
    0, 0, COUNT(*), TOTAL(ok = 0), 0, 0, 0, 0, 0, 0
FROM tools GROUP BY emitter, agent, session
"""
_TOTALS: Final = tuple(each.name for each in fields(UsageTotals))


class SqliteUsageStore:
    """One file, one writing and one reading connection; each call is one hop to a thread.

    Newest is what arrived last: an index by time would cost as much as all the rest of a row.

    The newest second may be lost with the machine's power, never the file.
    """

    def __init__(
        self,
        home: Path,
        *,
        clock: Clock,
        days_max: int = DAYS_MAX,
        rows_max: int = ROWS_MAX,
    ) -> None:
        self._path = home / "usage.db"
        self._clock = clock
        self._days_max = days_max
        self._rows_max = rows_max
        self._written = _PRUNE_EVERY  # the first write looks for what has aged
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None

    async def add(self, calls: Sequence[ModelCall], tools: Sequence[ToolUse]) -> None:
        """Insert; one with a known emitter and id is replaced. Raises StorageError."""
        oldest = _micros(self._clock.now() - timedelta(days=self._days_max))
        await asyncio.to_thread(self._add, calls, tools, oldest)

    async def calls(
        self, *, agent: str | None = None, session: str | None = None, limit: int = 500
    ) -> tuple[ModelCall, ...]:
        """Newest first. Raises StorageError."""
        rows = await asyncio.to_thread(self._newest, "calls", _CALLS, agent, session, limit)
        return tuple(ModelCall(**_values(_CALLS, row)) for row in rows)

    async def tool_uses(
        self, *, agent: str | None = None, session: str | None = None, limit: int = 500
    ) -> tuple[ToolUse, ...]:
        """Newest first. Raises StorageError."""
        rows = await asyncio.to_thread(self._newest, "tools", _TOOLS, agent, session, limit)
        return tuple(ToolUse(**_values(_TOOLS, row)) for row in rows)

    async def costs(self, *, since: datetime, until: datetime) -> tuple[AgentCost, ...]:
        """By agent, of calls from `since` up to and with `until`. Raises StorageError."""
        span = (_micros(since), _micros(until))
        rows = await asyncio.to_thread(self._read, _COSTS, span)
        return tuple(AgentCost(agent, *map(int, sums)) for agent, *sums in rows)

    async def sessions(self, *, limit: int = 200) -> tuple[SessionUsage, ...]:
        """Newest first, summed. Raises StorageError."""
        rows = await asyncio.to_thread(self._read, f"{_CALL_SUMS} UNION ALL {_TOOL_SUMS}", ())
        return _sum_sessions(rows)[:limit]

    async def close(self) -> None:
        """Let go of the file."""
        await asyncio.to_thread(self._close)

    def _add(self, calls: Sequence[ModelCall], tools: Sequence[ToolUse], oldest: int) -> None:
        with self._write_lock:
            try:
                db = self._writer = self._writer or self._open()
                with db:
                    db.execute("BEGIN IMMEDIATE")
                    db.executemany(_insert("calls", _CALLS), map(_call_row, calls))
                    db.executemany(_insert("tools", _TOOLS), map(_tool_row, tools))
                    self._written += len(calls) + len(tools)
                    if self._written >= _PRUNE_EVERY:
                        self._prune(db, oldest)
                        self._written = 0
            except (sqlite3.Error, OSError) as error:
                raise self._explain(error, "write") from error

    def _prune(self, db: sqlite3.Connection, oldest: int) -> None:
        for table in ("calls", "tools"):
            db.execute(f"DELETE FROM {table} WHERE started_at < ?", (oldest,))  # noqa: S608 - own
            (count,) = db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()  # noqa: S608 - own
            db.execute(
                f"DELETE FROM {table} WHERE rowid IN"  # noqa: S608 - own
                f" (SELECT rowid FROM {table} ORDER BY rowid LIMIT ?)",
                (max(0, count - self._rows_max),),
            )

    def _newest(
        self, table: str, names: Sequence[str], agent: str | None, session: str | None, limit: int
    ) -> list[tuple[Any, ...]]:
        asked = {"agent": agent, "session": session}
        given = {name: value for name, value in asked.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in given) or "1"
        query = (
            f"SELECT {', '.join(names)} FROM {table} WHERE {where}"  # noqa: S608 - own names
            " ORDER BY rowid DESC LIMIT ?"
        )
        rows = self._read(query, (*given.values(), limit))
        at = names.index("started_at")
        return sorted(rows, key=lambda row: row[at], reverse=True)

    def _read(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._read_lock:
            try:
                db = self._reader = self._reader or self._open()
                return db.execute(query, values).fetchall()
            except (sqlite3.Error, OSError) as error:
                raise self._explain(error, "read") from error

    def _open(self) -> sqlite3.Connection:
        """Mode 0600 before SQLite opens it: log and shared memory take their mode from the file."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, FILE_MODE))
        self._path.chmod(FILE_MODE)
        db = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, timeout=_BUSY_TIMEOUT_S
        )
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA cache_size = -16000")
            _migrate(db, self._path)
        except BaseException:
            db.close()
            raise
        return db

    def _explain(self, error: Exception, doing: str) -> StorageError:
        if isinstance(error, sqlite3.Error):
            return explain(error, self._path, doing)
        return StorageError(f"cannot {doing} {self._path}: {error}")

    def _close(self) -> None:
        with self._write_lock, self._read_lock:
            for db in (self._writer, self._reader):
                if db is not None:
                    db.close()
            self._writer = self._reader = None


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > _VERSION:
        raise StorageError(f"{path} was written by a newer version: use that one, or move the file")
    if version < _VERSION:
        db.executescript(_SCHEMA)


def _insert(table: str, names: Sequence[str]) -> str:
    marks = ", ".join("?" for _ in names)
    return f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // _US


_CALL_AT: Final = _CALLS.index("started_at")
_TOOL_AT: Final = _TOOLS.index("started_at")


def _call_row(call: ModelCall) -> list[Any]:
    row: list[Any] = [*call]
    row[_CALL_AT] = _micros(call.started_at)
    return row


def _tool_row(use: ToolUse) -> list[Any]:
    row: list[Any] = [*use]
    row[_TOOL_AT] = _micros(use.started_at)
    return row


def _values(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    values = dict(zip(names, row, strict=True))
    values["started_at"] = _EPOCH + values["started_at"] * _US
    if values.get("ok") is not None:
        values["ok"] = bool(values["ok"])
    return values


def _sum_sessions(rows: Iterable[tuple[Any, ...]]) -> tuple[SessionUsage, ...]:
    """Calls and tool uses of one session in one."""
    found: dict[tuple[Any, ...], tuple[int, int, list[str], list[int]]] = {}
    for emitter, agent, session, first, last, models, *sums in rows:
        key = emitter, agent, session
        named = [each for each in json.loads(models) if each is not None]
        added = [int(each) for each in sums]
        if key in found:
            a, b, before, counted = found[key]
            found[key] = (
                min(a, first),
                max(b, last),
                before + named,
                [x + y for x, y in zip(counted, added, strict=True)],
            )
        else:
            found[key] = first, last, named, added
    newest = sorted(found.items(), key=lambda each: each[1][1], reverse=True)
    return tuple(
        SessionUsage(
            session=session and SessionId(session),
            agent=AgentId(agent),
            emitter=emitter,
            first_at=_EPOCH + first * _US,
            last_at=_EPOCH + last * _US,
            models=tuple(sorted(models)),
            totals=UsageTotals(**dict(zip(_TOTALS, sums, strict=True))),
        )
        for (emitter, agent, session), (first, last, models, sums) in newest
    )
