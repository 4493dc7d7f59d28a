"""Lines of web servers' access logs, and what a span of them tells. Pure."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import orjson

from core.actions import JsonValue

_LINE: Final = re.compile(
    r'^\S+ \S+ .*?\[(?P<time>[^\]]{20,32})\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) '
    r"(?:\d+|-)(?P<rest>.*)$"
)
_TIME: Final = re.compile(
    r"^(\d{2})/(\w{3})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$", re.ASCII
)
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
# After referer and agent: `0.004`, `rt=0.004`, `request_time="0.004"`. What stands in quotes
# without a name may come from the caller, who could call himself "9.999".
_DURATION: Final = re.compile(r'(?:^|\s)(?:(?:rt|request_time)=)?"?(\d+\.\d{3,6})"?(?=\s|$)')
_QUOTED: Final = re.compile(r'(="(?:[^"\\]|\\.)*")|"(?:[^"\\]|\\.)*(?:"|$)')
_TIME_KEYS: Final = ("time_iso8601", "time_local", "time", "timestamp", "@timestamp", "msec", "ts")
_DURATION_KEYS: Final = ("request_time", "request_time_s", "duration_s", "duration")
_SERVER_ERROR: Final = 500
_LINE_MAX: Final = 16_384


@dataclass(frozen=True, slots=True)
class Entry:
    """One request that was answered."""

    at_s: float  # seconds since the epoch, as the log says
    path: str  # without the query; "" when the request line was none
    status: int
    duration_s: float | None = None  # None where the log does not hold it


def parse_line(line: str) -> Entry | None:
    """A line in the common or combined format, time taken at its end or not, or JSON; else None."""
    if len(line) > _LINE_MAX:
        return None
    return _parse_json(line) if line.startswith("{") else _parse_text(line)


def _parse_text(line: str) -> Entry | None:
    found = _LINE.match(line)
    if found is None:
        return None
    at_s = _local_time(found["time"])
    if at_s is None:
        return None
    took = _DURATION.search(_QUOTED.sub(lambda quoted: quoted[1] or " ", found["rest"]))
    return Entry(
        at_s, _path(found["request"]), int(found["status"]), float(took[1]) if took else None
    )


def _parse_json(line: str) -> Entry | None:
    try:
        row: JsonValue = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(row, dict):
        return None
    at_s = next((_any_time(row[key]) for key in _TIME_KEYS if key in row), None)
    status = _number(row.get("status"))
    if at_s is None or status is None:
        return None
    request = row.get("request")
    path = _path(request) if isinstance(request, str) else ""
    path = path or str(row.get("uri") or row.get("path") or row.get("request_uri") or "")
    took = next((_number(row[key]) for key in _DURATION_KEYS if key in row), None)
    return Entry(at_s, path.partition("?")[0], int(status), took)


def _path(request: str) -> str:
    words = request.split(" ")
    return words[1].partition("?")[0] if len(words) > 1 else ""


def _local_time(text: str) -> float | None:
    found = _TIME.match(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[at]) for at in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(found[8]), minutes=int(found[9]))
    try:
        zone = timezone(-offset if found[7] == "-" else offset)
        at = datetime(year, _MONTHS[found[2]], day, hour, minute, min(second, 59), tzinfo=zone)
    except ValueError:
        return None
    return at.timestamp()


def _any_time(value: object) -> float | None:
    number = _number(value)
    if number is not None:
        return number
    if not isinstance(value, str):
        return None
    local = _local_time(value)
    if local is not None:
        return local
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _number(value: object) -> float | None:
    if not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


_GROWTH: Final = 1.02  # durations are kept to 1 %
_SHORTEST_S: Final = 0.0005  # nginx writes milliseconds
_VERSIONS_MAX: Final = 32
OTHER: Final = "other"


@dataclass(slots=True)
class Span:
    """Requests of one second, or of several added up. Bounded, however many there were."""

    requests: int = 0
    errors: int = 0  # answered 5xx
    durations: Counter[int] = field(default_factory=Counter[int])  # by logarithmic step
    versions: Counter[str] = field(default_factory=Counter[str])

    def add(self, entry: Entry, version: str | None) -> None:
        """Count one request."""
        self.requests += 1
        self.errors += entry.status >= _SERVER_ERROR
        if entry.duration_s is not None:
            self.durations[_step(entry.duration_s)] += 1
        if version is not None:
            known = version in self.versions or len(self.versions) < _VERSIONS_MAX
            self.versions[version[:40] if known else OTHER] += 1


def add_up(spans: Iterable[Span]) -> Span:
    """Several spans as one."""
    total = Span()
    for span in spans:
        total.requests += span.requests
        total.errors += span.errors
        total.durations.update(span.durations)
        total.versions.update(span.versions)
    return total


def duration_quantile_s(span: Span, quantile: float) -> float | None:
    """By nearest rank, true to 1 %; None where no line held a duration."""
    count = span.durations.total()
    if not count:
        return None
    rank, seen = math.ceil(quantile * count), 0
    for step in sorted(span.durations):
        seen += span.durations[step]
        if seen >= rank:
            break
    else:  # pragma: no cover - the counts add up to `count`
        return None
    return 0.0 if step == 0 else _SHORTEST_S * _GROWTH ** (step - 0.5)


def _step(duration_s: float) -> int:
    if duration_s <= _SHORTEST_S:
        return 0
    return math.ceil(math.log(duration_s / _SHORTEST_S) / math.log(_GROWTH))
