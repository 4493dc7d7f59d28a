"""Metrics as rows, one metric as lines, its series as a chart or a table."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from console.language import N_, _, day_form, minute_form, numeral
from console.view_models import signs
from console.view_models.columns import Column, SortKey
from console.view_models.filters import Searched
from console.view_models.fleet import age_of
from console.view_models.ink import Line, Span, Spans, Tone, Wrap
from console.view_models.text import cell_spans, count, day_and_time, visible, visible_spans
from console.view_models.trend import nice_bounds, spark, ticks
from console.view_models.units import bound_of, past_bound, target_of, with_unit
from core.measures import Bucket, MetricSpec, Reading, SourceState

COLUMNS: Final = (
    Column(title=N_("AGENT"), width=9),
    Column(title=N_("METRIC"), width=30, flexible=True, most=38),
    Column(title=N_("VALUE"), width=9, right=True),
    Column(title=N_("TARGET"), width=9, right=True, drop=1),
    Column(title=N_("ALERTS"), width=12, right=True, drop=4),
    Column(title=N_("STATE"), width=11),
    Column(title=N_("AGE"), width=6, right=True, drop=2),
    Column(title=N_("TREND"), width=12, drop=3, is_drawn=True),
    Column(title=N_("SOURCE"), width=30, drop=5, flexible=True),
)
_TREND: Final = 12
_KEY: Final = 9
SPANS: Final = (timedelta(hours=1), timedelta(hours=24), timedelta(days=14))
SPAN_NAMES: Final = {SPANS[0]: N_("1 h"), SPANS[1]: N_("24 h"), SPANS[2]: N_("14 d")}


def value_span(reading: Reading) -> Span:
    """The value with its unit; `!` stands before one past its bound. Without a source, no value."""
    if reading.value is None or reading.state is SourceState.NO_SOURCE:
        return Span("-", Tone.DIM)
    text = with_unit(reading.value, reading.spec.unit)
    if past_bound(reading.spec, reading.value):
        return Span(f"! {text}", Tone.BAD)
    return Span(text, Tone.DIM if reading.state is SourceState.STALE else Tone.STRONG)


def metric_cells(reading: Reading, now: datetime) -> tuple[Spans, ...]:
    """One metric, in the order of `COLUMNS`."""
    spec = reading.spec
    bound = bound_of(spec)
    # What was measured before its source was taken away says nothing of now.
    told = reading.state is not SourceState.NO_SOURCE
    return (
        (Span(visible(spec.agent)),),
        (Span(visible(spec.name), Tone.STRONG),),
        (value_span(reading),),
        (Span(with_unit(spec.target, spec.unit), Tone.DIM),),
        (Span(bound, Tone.DIM),),
        (signs.SOURCE[reading.state],),
        (Span(age_of(reading.at, now) if reading.at and told else "-", Tone.DIM),),
        (Span(spark(reading.trend, _TREND) if told else "", Tone.INFO),),
        cell_spans(reading.source or reading.reason, Tone.DIM),
    )


def _miss(reading: Reading) -> float | None:
    """By which share of its target a value misses it: units differ, this can be compared."""
    value, spec = reading.value, reading.spec
    if value is None or not spec.target or not math.isfinite(value):
        return None
    above = (value - spec.target) / abs(spec.target)
    if spec.alert_below is not None and spec.alert_above is not None:
        return abs(above)
    return -above if spec.alert_below is not None else above


_STATES: Final = tuple(SourceState)

SORTS: Final[Mapping[str, SortKey[Reading]]] = {
    "AGENT": lambda reading: reading.spec.agent,
    "METRIC": lambda reading: reading.spec.name,
    "VALUE": _miss,
    "STATE": lambda reading: -_STATES.index(reading.state),
    "AGE": lambda reading: None if reading.at is None else -reading.at.timestamp(),
    "SOURCE": lambda reading: reading.source or None,
}


def searched(reading: Reading) -> Searched:
    """What a filter may ask of a metric."""
    spec, state = reading.spec, reading.state.value
    everything = f"{spec.key} {state} {reading.source} {reading.reason}"
    return Searched({"agent": spec.agent, "state": state, "source": reading.source}, everything)


def metrics_title(readings: Sequence[Reading] | None, shown: int, problem: str) -> Spans:
    """How many there are, and how many of them say something."""
    head = Span(_("METRICS  "), Tone.TITLE)
    if problem:
        return (head, Span("✗ ", Tone.BAD), *visible_spans(problem, Tone.BAD))
    if readings is None:
        return (head, Span(_("not read yet"), Tone.DIM))
    spans = [
        head,
        Span(
            _("{shown} of {number}").format(shown=shown, number=len(readings))
            if shown < len(readings)
            else f"{shown}"
        ),
    ]
    past = sum(each.value is not None and past_bound(each.spec, each.value) for each in readings)
    if past:
        spans.append(Span(_("  ! {past} past their bound").format(past=past), Tone.BAD))
    for state, sign in signs.SOURCE.items():
        number = sum(each.state is state for each in readings)
        if number:
            glyph, _blank, word = sign.text.partition(" ")
            spans.append(Span(f"  {glyph} {number} {word}", sign.tone))
    return tuple(spans)


def reading_lines(reading: Reading, zone: tzinfo, now: datetime) -> tuple[Line, ...]:
    """All of one metric now."""
    spec = reading.spec
    facts: list[tuple[str, Spans]] = [
        (_("value"), (value_span(reading), Span("  "), signs.SOURCE[reading.state])),
        (_("target"), (Span(target_of(spec)),)),
        (_("alerts"), (Span(bound_of(spec) or _("never")),)),
    ]
    if reading.at is not None:
        when = _("{day_and_time}, {age_of} ago").format(
            day_and_time=day_and_time(reading.at, zone), age_of=age_of(reading.at, now)
        )
        facts.append((_("measured"), (Span(when),)))
    facts.append((_("source"), visible_spans(reading.source) or (signs.no_source(),)))
    if reading.reason:
        facts.append((_("why"), visible_spans(reading.reason, Tone.WARN)))
    if reading.note:
        facts.append((_("says"), visible_spans(reading.note)))
    if spec.note:
        facts.append((_("note"), visible_spans(spec.note, Tone.DIM)))
    facts.append((_("name"), visible_spans(spec.key, Tone.DIM)))
    return tuple(
        Line(body, (Span(f"{name:<{_KEY}}", Tone.KEY),), (Span(" " * _KEY),))
        for name, body in facts
    )


# -- series ---------------------------------------------------------------------------------------


class Run(NamedTuple):
    """Points without a gap between them."""

    times: list[float]
    lows: list[float]
    means: list[float]
    highs: list[float]


class Series(NamedTuple):
    """What a chart draws: runs, scales, and the words on them."""

    runs: list[Run]
    since_s: float
    until_s: float
    low: float
    high: float
    value_ticks: list[tuple[float, str]]
    time_ticks: list[tuple[float, str]]


_GAP: Final = 3.5  # times the usual distance: nothing is drawn over so long a silence


def downsample(buckets: Sequence[Bucket], points: int) -> tuple[Bucket, ...]:
    """At most `points` buckets: least, largest and weighed mean of equal runs."""
    if len(buckets) <= points:
        return tuple(buckets)
    edges = [round(at * len(buckets) / points) for at in range(points + 1)]
    return tuple(_merge(buckets[start:end]) for start, end in pairwise(edges))


def _merge(run: Sequence[Bucket]) -> Bucket:
    number = sum(each.count for each in run)
    mean = math.fsum(each.mean * each.count for each in run) / number if number else run[0].mean
    low, high = min(each.min for each in run), max(each.max for each in run)
    return Bucket(run[0].at_s, low, mean, high, number)


def chart_of(
    buckets: Sequence[Bucket],
    spec: MetricSpec,
    *,
    span: timedelta,
    now: datetime,
    zone: tzinfo,
    width: int,
    height: int,
) -> Series:
    """Scales and runs for a chart of `width` times `height` cells."""
    points = downsample(buckets, max(2, width))
    values = [value for each in points for value in (each.min, each.max)]
    bounds = [
        each for each in (spec.alert_below, spec.alert_above, spec.target) if each is not None
    ]
    low, high = nice_bounds(values, also=bounds)
    until_s = now.timestamp()
    since_s = until_s - span.total_seconds()
    return Series(
        _runs(points),
        since_s,
        until_s,
        low,
        high,
        [(at, with_unit(at, spec.unit)) for at in ticks(low, high, max(2, height // 3))],
        _time_ticks(since_s, until_s, zone, max(2, width // 18)),
    )


def _runs(points: Sequence[Bucket]) -> list[Run]:
    steps = [after.at_s - before.at_s for before, after in pairwise(points)]
    gap = _GAP * median(steps) if steps else 0.0
    runs: list[Run] = []
    last_s = -math.inf
    for each in points:
        if each.at_s - last_s > gap or not runs:
            runs.append(Run([], [], [], []))
        last_s = each.at_s
        for kept, value in zip(runs[-1], (each.at_s, each.min, each.mean, each.max), strict=True):
            kept.append(value)
    return runs


def _time_ticks(
    since_s: float, until_s: float, zone: tzinfo, number: int
) -> list[tuple[float, str]]:
    form = minute_form() if until_s - since_s <= timedelta(days=1).total_seconds() else day_form()
    step = (until_s - since_s) / number
    times = [since_s + at * step for at in range(number + 1)]
    return [(at, datetime.fromtimestamp(at, UTC).astimezone(zone).strftime(form)) for at in times]


BUCKET_COLUMNS: Final = (
    Column(title=N_("FROM"), width=19, flexible=True),
    Column(title=N_("MIN"), width=12, right=True),
    Column(title=N_("MEAN"), width=12, right=True),
    Column(title=N_("MAX"), width=12, right=True),
    Column(title=N_("COUNT"), width=9, right=True),
)


def bucket_cells(bucket: Bucket, unit: str, zone: tzinfo) -> tuple[Spans, ...]:
    """One span of the series, in the order of `BUCKET_COLUMNS`."""
    at = datetime.fromtimestamp(bucket.at_s, UTC)
    return (
        (Span(day_and_time(at, zone), Tone.DIM),),
        (Span(with_unit(bucket.min, unit)),),
        (Span(with_unit(bucket.mean, unit), Tone.STRONG),),
        (Span(with_unit(bucket.max, unit)),),
        (Span(numeral(bucket.count), Tone.DIM),),
    )


def series_title(buckets: Sequence[Bucket] | None, span: timedelta, problem: str) -> Spans:
    """Which span, of how many samples."""
    head = Span(_("LAST {span_names}  ").format(span_names=_(SPAN_NAMES[span])), Tone.TITLE)
    if problem:
        return (head, Span("✗ ", Tone.BAD), *visible_spans(problem, Tone.BAD))
    if buckets is None:
        return (head, Span(_("not read yet"), Tone.DIM))
    if not buckets:
        return (head, Span(_("nothing was measured in this span: t tries another"), Tone.WARN))
    samples = count(sum(each.count for each in buckets), "sample", "samples")
    words = _("{samples}   █ mean   ⠒ least and largest   t span  w table").format(samples=samples)
    return (head, Span(words, Tone.DIM))


def no_reading(key: str) -> tuple[Line, ...]:
    """In the place of a metric that is not in the catalogue."""
    return (
        Line(
            visible_spans(_("no metric {key} in the catalogue").format(key=key), Tone.WARN),
            wrap=Wrap.WORDS,
        ),
    )
