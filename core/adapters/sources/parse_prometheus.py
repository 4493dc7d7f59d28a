"""Prometheus' text format, and what is computed from it. Pure."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from core.errors import SourceFailed

LabelPairs = frozenset[tuple[str, str]]
Page = Mapping[str, Mapping[LabelPairs, float]]  # name of the sample -> its series

_BUCKETS_MIN: Final = 2
_SAMPLE: Final = re.compile(r"[A-Za-z_:][\w:]*(?:\{.*\})?\s+[-+\d.NI]")


def parse_page(text: str, names: Collection[str]) -> Page:
    """The samples of these names, by name and labels.

    Lines of other names are passed over: pages are long, and parsing takes 20 µs a line.
    Raises SourceFailed on what is no such page.
    """
    from prometheus_client.parser import (  # noqa: PLC0415 - slow to load
        text_string_to_metric_families,
    )

    page: dict[str, dict[LabelPairs, float]] = {}
    wanted = tuple(names)
    lines = text.split("\n")
    chosen = "\n".join([line for line in lines if line.startswith(wanted)])
    try:
        for family in text_string_to_metric_families(chosen):
            for sample in family.samples:
                series = page.setdefault(sample.name, {})
                series[frozenset(sample.labels.items())] = float(sample.value)
    except (ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        raise SourceFailed(f"not a page in Prometheus' text format: {error}") from error
    if not page and not any(_SAMPLE.match(line) for line in lines):
        raise SourceFailed("the page holds no metric: is this the /metrics address?")
    return page


def select(page: Page, name: str, labels: Mapping[str, str]) -> dict[LabelPairs, float]:
    """Series of this name that hold at least these labels."""
    wanted = set(labels.items())
    return {held: value for held, value in page.get(name, {}).items() if wanted <= held}


@dataclass(slots=True)
class Increases:
    """How much counters grew over the newest scrapes; a counter that fell began anew."""

    window_s: float
    _last: dict[LabelPairs, float] | None = None
    _last_at_s: float = 0.0
    _grown: list[tuple[float, float, dict[LabelPairs, float]]] = field(
        default_factory=list[tuple[float, float, dict[LabelPairs, float]]]
    )

    def add(self, at_s: float, series: Mapping[LabelPairs, float]) -> None:
        """One scrape at a monotonic time; the same scrape twice counts once."""
        if self._last is not None and at_s > self._last_at_s:
            grown = {key: _growth(value, self._last.get(key)) for key, value in series.items()}
            self._grown.append((at_s, at_s - self._last_at_s, grown))
            oldest_s = at_s - self.window_s
            self._grown = [step for step in self._grown if step[0] > oldest_s] or self._grown[-1:]
        if self._last is None or at_s > self._last_at_s:
            self._last, self._last_at_s = dict(series), at_s

    def total(self) -> tuple[dict[LabelPairs, float], float] | None:
        """Growth of each series and the seconds it took; None before the second scrape."""
        if not self._grown:
            return None
        summed: dict[LabelPairs, float] = {}
        for _, _, grown in self._grown:
            for key, value in grown.items():
                summed[key] = summed.get(key, 0.0) + value
        return summed, sum(span_s for _, span_s, _ in self._grown)


def _growth(now: float, before: float | None) -> float:
    """A series that was not there before began at 0."""
    if before is None or now < before:
        return now
    return now - before


def histogram_quantile(quantile: float, buckets: Mapping[LabelPairs, float]) -> float | None:
    """The quantile of a histogram's buckets, linear within one, as Prometheus computes it.

    Buckets of several series are added up. None when nothing was counted. In the last, open
    bucket it is that bucket's lower end. Raises SourceFailed when the series are no buckets.
    """
    counts: dict[float, float] = {}
    for labels, count in buckets.items():
        bound = dict(labels).get("le")
        try:
            edge = float(bound) if bound is not None else math.nan
        except ValueError:
            edge = math.nan
        if math.isnan(edge):
            raise SourceFailed("a quantile needs the …_bucket series of a histogram")
        counts[edge] = counts.get(edge, 0.0) + count
    edges = sorted(counts)
    if len(edges) < _BUCKETS_MIN or not math.isinf(edges[-1]):
        raise SourceFailed('a quantile needs all buckets of a histogram, also le="+Inf"')
    total = counts[edges[-1]]
    if not total > 0:
        return None
    rank = quantile * total
    lower, below = min(0.0, edges[0]), 0.0
    for edge in edges[:-1]:
        if counts[edge] >= rank:
            inside = counts[edge] - below
            return lower + (edge - lower) * (rank - below) / inside if inside > 0 else edge
        lower, below = edge, max(below, counts[edge])
    return edges[-2]
