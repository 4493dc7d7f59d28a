"""Reading spans of a series: raw samples where they fit, else the shortest spans that do."""

import math
import sqlite3
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.adapters.series_blocks import MINUTE_MS, add_up, merge_minute, summarise, unpack_minute
from core.measures import Bucket, Sample

_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_MINUTE_STEPS: Final = tuple(
    minutes * _MINUTE_S for minutes in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)
)
_HOUR_STEPS: Final = tuple(
    hours * _HOUR_S for hours in (1, 2, 3, 4, 6, 8, 12, *(24 * 2**power for power in range(16)))
)

_RECENT = "SELECT at_ms, value FROM recent WHERE series = ? ORDER BY at_ms"
_RECENT_NEWEST = "SELECT series, max(at_ms), value FROM recent GROUP BY series"
_RAW_NEWEST = "SELECT minute, body FROM raw WHERE series = ? ORDER BY minute DESC LIMIT 1"
_PACKED = "SELECT body FROM raw WHERE series = ? AND minute = ?"
_RAW = "SELECT minute, body FROM raw WHERE series = ? AND minute BETWEEN ? AND ? ORDER BY minute"
_RAW_FIRST = "SELECT min(minute) FROM raw WHERE series = ? AND minute BETWEEN ? AND ?"
_MINUTES = """SELECT minute * 60, min, mean, max, count FROM minutes
WHERE series = ? AND minute BETWEEN ? AND ?"""
_MINUTES_EXTENT = """SELECT min(minute), max(minute), count(*) FROM minutes
WHERE series = ? AND minute BETWEEN ? AND ?"""
_KNOWN = "SELECT 1 FROM minutes WHERE series = ? AND minute = ?"
_COUNT = "SELECT total(count) FROM minutes WHERE series = ? AND minute > ? AND minute < ?"
_HOURS = """SELECT hour * 3600, min, mean, max, count FROM hours
WHERE series = ? AND hour BETWEEN ? AND ?"""
_HOURS_EXTENT = "SELECT min(hour), max(hour) FROM hours WHERE series = ? AND hour BETWEEN ? AND ?"

_Recent = dict[int, dict[int, float]]  # minute -> millisecond of it -> value


@dataclass(frozen=True, slots=True)
class _Extent:
    """Where in the range asked for there is anything. In minutes, both ends included."""

    first: int
    last: int
    minutes: int  # spans of one minute that there would be
    raw_whole: bool  # nothing in the range has lost its raw samples
    minutes_whole: bool  # nothing in the range has lost its minutes


def read_spans(
    db: sqlite3.Connection, series: int, since_s: float, until_s: float, points_max: int
) -> tuple[Bucket, ...]:
    """At most `points_max` buckets, oldest first."""
    since_ms, until_ms = math.ceil(since_s * 1000), math.floor(until_s * 1000)
    low, high = since_ms // MINUTE_MS, until_ms // MINUTE_MS
    recent = _read_recent(db, series, low, high)
    extent = _measure(db, series, low, high, recent)
    if extent is None:
        return ()
    if extent.raw_whole:
        raw = _read_raw(db, series, extent, recent, points_max)
        found = [each for each in raw if since_ms <= each[0] <= until_ms]
        if raw and len(found) <= points_max:
            return tuple(Bucket(at_ms / 1000, value, value, value, 1) for at_ms, value in found)
    fresh = _recent_minutes(db, series, recent)
    if extent.minutes_whole:
        fits = extent.minutes <= points_max
        step_s = _MINUTE_S if fits else _choose_step(extent, points_max, _MINUTE_STEPS)
        if step_s:
            return add_up(_read_minutes(db, series, extent, fresh, step_s), step_s=step_s)
    step_s = _choose_step(extent, points_max, _HOUR_STEPS) or _HOUR_STEPS[-1]
    return add_up(_read_hours(db, series, extent, fresh, step_s), step_s=step_s)


def read_newest(db: sqlite3.Connection, wanted: Mapping[str, int]) -> dict[str, Sample]:
    """The last sample of each series (key to id) that has one, where it is still raw."""
    recent = {series: (at_ms, value) for series, at_ms, value in db.execute(_RECENT_NEWEST)}
    found: dict[str, Sample] = {}
    for key, series in wanted.items():
        newest = [recent[series]] if series in recent else []
        packed = db.execute(_RAW_NEWEST, (series,)).fetchone()
        if packed is not None:
            minute, body = packed
            offset, value = list(unpack_minute(body).items())[-1]
            newest.append((minute * MINUTE_MS + offset, value))
        if newest:
            at_ms, value = max(newest)
            found[key] = Sample(key, at_ms / 1000, value)
    return found


def _read_recent(db: sqlite3.Connection, series: int, low: int, high: int) -> _Recent:
    recent: _Recent = {}
    for at_ms, value in db.execute(_RECENT, (series,)):
        minute, offset = divmod(at_ms, MINUTE_MS)
        if low <= minute <= high:
            recent.setdefault(minute, {})[offset] = value
    return recent


def _measure(
    db: sqlite3.Connection, series: int, low: int, high: int, recent: _Recent
) -> _Extent | None:
    inside = (series, low, high)
    first: int | None
    last: int | None
    first_hour: int | None
    last_hour: int | None
    first, last, count = db.execute(_MINUTES_EXTENT, inside).fetchone()
    (first_raw,) = db.execute(_RAW_FIRST, inside).fetchone()
    # The hour in which the range begins may have lost the minutes that the range does not ask for.
    first_hour, last_hour = db.execute(
        _HOURS_EXTENT, (series, -(-low // _MINUTE_S), high // _MINUTE_S)
    ).fetchone()
    ends = [each for each in (first, last, *recent) if each is not None]
    minutes_whole = first_hour is None or (first is not None and first // 60 <= first_hour)
    if not minutes_whole:
        ends += [each * 60 for each in (first_hour, last_hour) if each is not None]
    if not ends:
        return None
    fresh = sum(db.execute(_KNOWN, (series, minute)).fetchone() is None for minute in recent)
    return _Extent(
        first=min(ends),
        last=max(ends),
        minutes=count + fresh,
        raw_whole=minutes_whole and first == first_raw,
        minutes_whole=minutes_whole,
    )


def _read_raw(
    db: sqlite3.Connection, series: int, extent: _Extent, recent: _Recent, points_max: int
) -> list[tuple[int, float]]:
    """Samples in the order of time; none when there are certainly too many."""
    (inner,) = db.execute(_COUNT, (series, extent.first, extent.last)).fetchone()
    if inner > points_max:
        return []
    samples: dict[int, float] = {}
    for minute, body in db.execute(_RAW, (series, extent.first, extent.last)):
        for offset, value in unpack_minute(body).items():
            samples[minute * MINUTE_MS + offset] = value
    for minute, late in recent.items():
        for offset, value in late.items():
            samples[minute * MINUTE_MS + offset] = value
    return sorted(samples.items())


def _recent_minutes(db: sqlite3.Connection, series: int, recent: _Recent) -> dict[int, Bucket]:
    """Minutes with samples that are not packed yet, with what was packed of them before."""
    fresh: dict[int, Bucket] = {}
    for minute, late in recent.items():
        values = array("d", late.values())
        packed = db.execute(_PACKED, (series, minute)).fetchone()
        if packed is not None:
            _, values = merge_minute(packed[0], array("H", late), values)
        fresh[minute] = Bucket(float(minute * _MINUTE_S), *summarise(values))
    return fresh


def _choose_step(extent: _Extent, points_max: int, steps: tuple[int, ...]) -> int | None:
    first_s, last_s = extent.first * _MINUTE_S, extent.last * _MINUTE_S
    fitting = (step for step in steps if last_s // step - first_s // step < points_max)
    return next(fitting, None)


def _read_minutes(
    db: sqlite3.Connection, series: int, extent: _Extent, fresh: dict[int, Bucket], step_s: int
) -> list[Bucket]:
    low = extent.first * _MINUTE_S // step_s * step_s // _MINUTE_S
    rows = db.execute(_MINUTES, (series, low, extent.last))
    packed = (Bucket(float(at_s), *figures) for at_s, *figures in rows)
    return [
        *(each for each in packed if int(each.at_s) // _MINUTE_S not in fresh),
        *fresh.values(),
    ]


def _read_hours(
    db: sqlite3.Connection, series: int, extent: _Extent, fresh: dict[int, Bucket], step_s: int
) -> list[Bucket]:
    """Hours, but those that still grow minute by minute."""
    low = extent.first * _MINUTE_S // step_s * step_s // _HOUR_S
    growing = {minute // 60 for minute in fresh}
    rows = db.execute(_HOURS, (series, low, extent.last // 60))
    hours = [Bucket(float(at_s), *figures) for at_s, *figures in rows]
    found = [each for each in hours if int(each.at_s) // _HOUR_S not in growing]
    for hour in growing:
        own = {minute: fresh[minute] for minute in fresh if minute // 60 == hour}
        rows = db.execute(_MINUTES, (series, hour * 60, hour * 60 + 59))
        packed = (Bucket(float(at_s), *figures) for at_s, *figures in rows)
        found += (each for each in packed if int(each.at_s) // _MINUTE_S not in own)
        found += own.values()
    return found
