"""Time series in one SQLite file of bounded size: raw for a day, minutes and hours for longer.

A sample is first a row of `recent`, in the order of time: cheap to write and safe at once. When a
minute is over, each series' samples of it become one packed row of `raw`, one row of `minutes`, and
the row of their hour is computed again from its minutes.
"""

import math
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from core.adapters.series_blocks import MINUTE_MS, merge_minute, pack_minute, summarise
from core.adapters.series_read import read_newest, read_spans
from core.adapters.sqlite.migrations import Step
from core.adapters.sqlite.thread import FileThread
from core.clock import Clock
from core.measures import Bucket, Sample

SERIES_FILE: Final = "metrics.db"
RAW_S: Final = 86_400
MINUTES_S: Final = 14 * 86_400
HOURS_S: Final = 400 * 86_400
SERIES_MAX: Final = 10_000
VALUE_MAX: Final = 1e290  # sums of what is no larger never overflow
_AHEAD_MS_MAX: Final = 60_000  # a sample from further ahead has a wrong clock
_GRACE_MS: Final = 15_000  # how long a minute that is over waits for late samples
_KEY_BYTES_MAX: Final = 512
_EXPIRE_EVERY_S: Final = 3_600

STEPS: Final[tuple[Step, ...]] = (
    (
        "CREATE TABLE series (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE)",
        """CREATE TABLE recent (at_ms INTEGER NOT NULL, series INTEGER NOT NULL,
        value REAL NOT NULL, PRIMARY KEY (at_ms, series)) WITHOUT ROWID""",
        """CREATE TABLE raw (series INTEGER NOT NULL, minute INTEGER NOT NULL,
        body BLOB NOT NULL, PRIMARY KEY (series, minute)) WITHOUT ROWID""",
        *(
            f"""CREATE TABLE {name} (series INTEGER NOT NULL, {unit} INTEGER NOT NULL,
            min REAL NOT NULL, mean REAL NOT NULL, max REAL NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (series, {unit})) WITHOUT ROWID"""
            for name, unit in (("minutes", "minute"), ("hours", "hour"))
        ),
    ),
)

_ADD = "INSERT OR REPLACE INTO recent (at_ms, series, value) VALUES (?, ?, ?)"
_MAKE = "INSERT INTO series (key) VALUES (?)"
_OLDEST = "SELECT min(at_ms) FROM recent"
_OF_MINUTE = "SELECT series, at_ms, value FROM recent WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms"
_PACKED = "SELECT body FROM raw WHERE series = ? AND minute = ?"
_PACK = "INSERT OR REPLACE INTO raw (series, minute, body) VALUES (?, ?, ?)"
_ROLL_MINUTE = "INSERT OR REPLACE INTO minutes VALUES (?, ?, ?, ?, ?, ?)"
_ROLL_HOUR = """INSERT OR REPLACE INTO hours
SELECT ?1, ?2, min(min), sum(mean * count) / sum(count), max(max), sum(count)
FROM minutes WHERE series = ?1 AND minute >= ?2 * 60 AND minute < ?2 * 60 + 60"""
_FORGET_RECENT = "DELETE FROM recent WHERE at_ms < ?"
_FORGET_RAW = "DELETE FROM raw WHERE series = ? AND minute < ?"
_FORGET_MINUTES = "DELETE FROM minutes WHERE series = ? AND minute < ?"
_FORGET_HOURS = "DELETE FROM hours WHERE series = ? AND hour < ?"
_FORGET_SERIES = """DELETE FROM series WHERE NOT EXISTS
(SELECT 1 FROM hours WHERE hours.series = id) AND id NOT IN (SELECT series FROM recent)"""


@dataclass(frozen=True, slots=True)
class SeriesStatistics:
    """Counts since the start; `bytes` is the file without its log."""

    kept: int
    refused: int  # too old, ahead of the clock, no number, or of one series too many
    series: int
    bytes: int


class SqliteSeries:
    """`SeriesStore` over one file. Every call is one hop to the file's own thread."""

    def __init__(self, file: FileThread, path: Path, clock: Clock, *, series_max: int) -> None:
        self._file = file
        self._path = path
        self._clock = clock
        self._series_max = series_max
        self._ids: dict[str, int] = {}  # only the file's thread changes it
        self._packed_minute = 0  # whatever is older was packed
        self._expired_s = -math.inf
        self._kept = 0
        self._refused = 0

    @classmethod
    async def open(
        cls,
        path: Path,
        clock: Clock,
        *,
        series_max: int = SERIES_MAX,
        busy_timeout_s: float = 5.0,
    ) -> Self:
        """Open or make the file, private to its owner. Raises a StorageError."""
        file = await FileThread.open(path, STEPS, busy_timeout_s=busy_timeout_s)
        store = cls(file, path, clock, series_max=series_max)
        try:
            store._ids = dict(
                await file.read(lambda db: db.execute("SELECT key, id FROM series").fetchall())
            )
        except BaseException:
            await file.close()
            raise
        return store

    async def close(self) -> None:
        """Close after what is under way."""
        await self._file.close()

    async def add(self, samples: Sequence[Sample]) -> None:
        """Keep samples of the last day; of two of one series at one millisecond, the last.

        Samples that cannot be kept are counted as refused: older than a day, more than a minute
        ahead of the clock, not finite or beyond 1e290, or of a new series beyond `series_max`.
        Raises StorageError; adding the same again is harmless.
        """
        now_ms = round(self._clock.now().timestamp() * 1000)
        await self._file.write(lambda db: self._add(db, samples, now_ms), then=self._note)
        await self._tidy(now_ms)

    async def read(
        self, key: str, *, since_s: float, until_s: float, points_max: int = 400
    ) -> tuple[Bucket, ...]:
        """Raw samples where they fit; else spans of the shortest length that fits, oldest first.

        Spans start at multiples of their length; a span without a sample is not there.
        Raises StorageError.
        """
        series = self._ids.get(key)
        if series is None or until_s < since_s:
            return ()
        return await self._file.read(
            lambda db: read_spans(db, series, since_s, until_s, max(1, points_max))
        )

    async def newest(self, keys: Iterable[str]) -> dict[str, Sample]:
        """The last sample of each key that has one of the last day. Raises StorageError."""
        wanted = {key: self._ids[key] for key in keys if key in self._ids}
        return await self._file.read(lambda db: read_newest(db, wanted)) if wanted else {}

    def statistics(self) -> SeriesStatistics:
        """Counts since the start."""
        return SeriesStatistics(
            self._kept, self._refused, len(self._ids), self._path.stat().st_size
        )

    async def _tidy(self, now_ms: int) -> None:
        """Once a minute pack what is over, once an hour forget what is too old."""
        minute = (now_ms - _GRACE_MS) // MINUTE_MS
        if minute != self._packed_minute:  # also after a step back
            while await self._file.write(lambda db: _pack_oldest(db, minute)):
                pass
            self._packed_minute = minute
        if abs(now_ms / 1000 - self._expired_s) >= _EXPIRE_EVERY_S:
            await self._file.write(lambda db: _expire(db, now_ms // 1000), then=self._take_ids)
            self._expired_s = now_ms / 1000

    def _add(
        self, db: sqlite3.Connection, samples: Sequence[Sample], now_ms: int
    ) -> tuple[dict[str, int], int, int]:
        """The series that were made; how many samples were kept, and how many refused."""
        oldest_ms, newest_ms = now_ms - RAW_S * 1000, now_ms + _AHEAD_MS_MAX
        ids, made = self._ids, dict[str, int]()
        rows: list[tuple[int, int, float]] = []
        for sample in samples:
            at_ms, value = sample.at_s * 1000, sample.value
            # What is not a number fails every comparison.
            if not (oldest_ms <= at_ms <= newest_ms and -VALUE_MAX <= value <= VALUE_MAX):
                continue
            series = ids.get(sample.key)
            if series is None:
                series = made.get(sample.key) or self._make(db, sample.key, made)
            if series is not None:
                rows.append((round(at_ms), series, value))
        db.executemany(_ADD, rows)
        return made, len(rows), len(samples) - len(rows)

    def _note(self, added: tuple[dict[str, int], int, int]) -> None:
        made, kept, refused = added
        self._ids |= made
        self._kept += kept
        self._refused += refused

    def _take_ids(self, ids: dict[str, int]) -> None:
        self._ids = ids

    def _make(self, db: sqlite3.Connection, key: str, made: dict[str, int]) -> int | None:
        room = len(self._ids) + len(made) < self._series_max
        # What cannot be printed holds lone surrogates too, which SQLite cannot keep.
        if not room or not key.isprintable() or len(key.encode()) > _KEY_BYTES_MAX:
            return None
        made[key] = series = db.execute(_MAKE, (key,)).lastrowid or 0
        return series


def _pack_oldest(db: sqlite3.Connection, end_minute: int) -> bool:
    """Pack the oldest minute that waits; False when none before `end_minute` does."""
    (oldest_ms,) = db.execute(_OLDEST).fetchone()
    if oldest_ms is None or oldest_ms // MINUTE_MS >= end_minute:
        return False
    minute = oldest_ms // MINUTE_MS
    start_ms, end_ms = minute * MINUTE_MS, (minute + 1) * MINUTE_MS
    gathered: dict[int, tuple[array[int], array[float]]] = {}
    for series, at_ms, value in db.execute(_OF_MINUTE, (start_ms, end_ms)):
        if series not in gathered:
            gathered[series] = (array("H"), array("d"))
        offsets, values = gathered[series]
        offsets.append(at_ms - start_ms)
        values.append(value)
    packed: list[tuple[int, int, bytes]] = []
    rolled: list[tuple[int, int, float, float, float, int]] = []
    for series, (offsets, values) in gathered.items():
        known = db.execute(_PACKED, (series, minute)).fetchone()
        if known is not None:
            offsets, values = merge_minute(known[0], offsets, values)  # noqa: PLW2901
        packed.append((series, minute, pack_minute(offsets, values)))
        rolled.append((series, minute, *summarise(values)))
    db.executemany(_PACK, packed)
    db.executemany(_ROLL_MINUTE, rolled)
    db.executemany(_ROLL_HOUR, [(series, minute // 60) for series in gathered])
    db.execute(_FORGET_RECENT, (end_ms,))
    return True


def _expire(db: sqlite3.Connection, now_s: int) -> dict[str, int]:
    """Forget what is too old, then series of which nothing is left; returns the others."""
    ids: list[tuple[int]] = db.execute("SELECT id FROM series").fetchall()
    for forget, oldest in (
        (_FORGET_RAW, (now_s - RAW_S) // 60),
        (_FORGET_MINUTES, (now_s - MINUTES_S) // 60),
        (_FORGET_HOURS, (now_s - HOURS_S) // 3_600),
    ):
        db.executemany(forget, [(series, oldest) for (series,) in ids])
    db.execute(_FORGET_SERIES)
    return dict(db.execute("SELECT key, id FROM series").fetchall())


def bytes_max(*, series: int, samples_per_s: float, days: float = 400.0) -> int:
    """What the file takes at most after `days`; `samples_per_s` are those of all series together.

    The formula of docs/metrics.md; a test holds the file to it.
    """

    def spans(kept_s: float, span_s: float) -> float:
        return min(kept_s * samples_per_s, series * (kept_s / span_s + 1))

    raw_s, minutes_s, hours_s = (
        min(days * 86_400, kept_s + _EXPIRE_EVERY_S) for kept_s in (RAW_S, MINUTES_S, HOURS_S)
    )
    return round(
        1_000_000
        + 15 * raw_s * samples_per_s
        + 30 * spans(raw_s, 60)
        + 56 * spans(minutes_s, 60)
        + 62 * spans(hours_s, 3_600)
        + 40 * 180 * samples_per_s
    )
