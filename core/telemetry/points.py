"""Metrics that outside agents send, by name and labels: as values for the console's own metrics,
and as a cross-check of what their calls add up to."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from core.measures import Measured
from core.telemetry.model import PointRow

Measure = Literal["last", "sum", "rate", "p95"]
_STREAMS_MAX: Final = 4_096
_SERIES_MAX: Final = 2_048
_CHANGES_MAX: Final = 512
_IDLE_NS: Final = 3_600 * 10**9
_NS: Final = 10**9
_P: Final = 0.95
_AGENT_LABELS: Final = ("agent.name", "gen_ai.agent.name", "agent_name")

Labels = tuple[tuple[str, str], ...]


class _Change(NamedTuple):
    at_s: float
    value: float
    samples: int
    buckets: tuple[int, ...]


@dataclass(slots=True)
class _Stream:
    """One sender's one label set, as it counted last."""

    start_ns: int
    at_ns: int
    value: float
    samples: int
    buckets: tuple[int, ...]


@dataclass(slots=True)
class _Series:
    kind: str
    bounds: tuple[float, ...]
    total: float = 0.0
    last: float = 0.0
    at_s: float = 0.0
    changes: deque[_Change] = field(default_factory=lambda: deque[_Change](maxlen=_CHANGES_MAX))

    def add(self, change: _Change) -> None:
        self.total += change.value
        self.last = change.value / change.samples if self.kind == "histogram" else change.value
        self.at_s = max(self.at_s, change.at_s)
        self.changes.append(change)

    def since(self, at_s: float) -> Iterable[_Change]:
        return (each for each in self.changes if each.at_s >= at_s)


class PointBook:
    """Bounded: what would be a series or a sender too many is counted in `refused`."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str, int], _Stream] = {}
        self._series: dict[str, dict[tuple[str, Labels], _Series]] = {}
        self._size = 0
        self.refused = 0

    def take(self, emitter: str, rows: Sequence[PointRow], *, now_s: float) -> None:
        """Add points of one emitter; those that came before change nothing."""
        for row in rows:
            change = self._change(emitter, row, now_s)
            if change is None:
                continue
            series = self._find(emitter, row)
            if series is None:
                self.refused += 1
            else:
                series.add(change)

    def total(self, emitter: str, metric: str, labels: Mapping[str, str]) -> float:
        """All that a counter or a histogram's sum came to since its sender's start."""
        found = self._matching(metric, agent=emitter, attributes=labels)
        return sum(each.total for each in found)

    def lookup(
        self,
        metric: str,
        *,
        agent: str = "",
        attributes: Mapping[str, str] | None = None,
        measure: Measure = "last",
        window_s: float = 300.0,
        now_s: float,
    ) -> Measured | None:
        """What a metric says now; None when nothing of that name and those labels has come.

        Args:
            agent: The emitter, or the agent that a label names; "" is any.
            measure: "last" (a counter's total, a histogram's newest mean), "sum" and "rate" (per
                second) over the window, "p95" over the window.
        """
        found = self._matching(metric, agent=agent, attributes=attributes or {})
        if not found:
            return None
        at_s = max(each.at_s for each in found)
        since = now_s - window_s
        changes = [change for each in found for change in each.since(since)]
        note = f"{len(changes)} points of {len(found)} series in {window_s:g} s"
        value: float | None
        if measure == "last":
            newest = max(found, key=lambda each: each.at_s)
            counted = newest.kind == "sum"
            value = sum(each.total for each in found) if counted else newest.last
        elif not changes:
            value = None
        elif measure == "p95":
            value = _p95(found, since)
        else:
            value = sum(each.value for each in changes)
            value = value / window_s if measure == "rate" else value
        return Measured(value, at_s, note)

    def _matching(self, metric: str, *, agent: str, attributes: Mapping[str, str]) -> list[_Series]:
        found: list[_Series] = []
        for (emitter, labels), series in self._series.get(metric, {}).items():
            said = dict(labels)
            named = not agent or agent == emitter or agent in (said.get(n) for n in _AGENT_LABELS)
            if named and all(said.get(key) == value for key, value in attributes.items()):
                found.append(series)
        return found

    def _find(self, emitter: str, row: PointRow) -> _Series | None:
        by_labels = (
            self._series.setdefault(row.metric, {})
            if self._size < _SERIES_MAX
            else (self._series.get(row.metric, {}))
        )
        series = by_labels.get((emitter, row.labels))
        if series is None and self._size < _SERIES_MAX:
            series = by_labels[emitter, row.labels] = _Series(row.kind, row.bounds)
            self._size += 1
        if series is None or series.kind != row.kind or series.bounds != row.bounds:
            return None
        return series

    def _change(self, emitter: str, row: PointRow, now_s: float) -> _Change | None:
        """What this point adds to what its sender said before; None: nothing."""
        at_s = min(row.at_ns / _NS, now_s)
        if row.kind == "gauge":
            return _Change(at_s, row.value, 1, ())
        key = (emitter, row.metric, row.stream)
        before = self._streams.get(key)
        if before is None and not self._make_room(row.at_ns):
            self.refused += 1
            return None
        if before is not None and row.at_ns <= before.at_ns:
            return None  # sent again, or late
        self._streams[key] = _Stream(row.start_ns, row.at_ns, row.value, row.samples, row.buckets)
        counted = row.kind == "histogram"
        if row.delta or before is None or _restarted(row, before):
            change = _Change(at_s, row.value, row.samples, row.buckets)
        else:
            buckets = tuple(
                now - then for now, then in zip(row.buckets, before.buckets, strict=False)
            )
            change = _Change(at_s, row.value - before.value, row.samples - before.samples, buckets)
        return None if counted and change.samples <= 0 else change

    def _make_room(self, now_ns: int) -> bool:
        if len(self._streams) < _STREAMS_MAX:
            return True
        self._streams = {
            key: each for key, each in self._streams.items() if each.at_ns > now_ns - _IDLE_NS
        }
        return len(self._streams) < _STREAMS_MAX


def _restarted(row: PointRow, before: _Stream) -> bool:
    return (
        row.start_ns != before.start_ns or row.samples < before.samples or row.value < before.value
    )


def _p95(found: Sequence[_Series], since: float) -> float | None:
    """Of gauges' values; of histograms, the upper end of the bucket that holds it."""
    newest = found[0]
    if newest.kind != "histogram":
        values = sorted(change.value for each in found for change in each.since(since))
        return values[min(len(values) - 1, int(len(values) * _P))]
    counts = [0] * (len(newest.bounds) + 1)
    for series in found:
        for change in series.since(since):
            if series.bounds == newest.bounds and len(change.buckets) == len(counts):
                counts = [a + b for a, b in zip(counts, change.buckets, strict=True)]
    return _quantile(newest.bounds, counts)


def _quantile(bounds: Sequence[float], counts: Sequence[int]) -> float | None:
    wanted = sum(counts) * _P
    if wanted <= 0 or not bounds:
        return None
    reached = 0.0
    edges = [min(0.0, bounds[0]), *bounds]
    for (low, high), count in zip(pairwise(edges), counts, strict=False):
        if count and reached + count >= wanted:
            return low + (high - low) * (wanted - reached) / count
        reached += count
    return bounds[-1]
