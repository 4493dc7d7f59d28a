"""Bounds with hysteresis, staleness, the pace of reading, and shares of counts. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from core.measures import Measured, MetricSpec, Reading, Severity, SourceState
from core.monitoring.model import BoundPolicy, Breach, Change, Side, Watch

IDLE: Final = Watch()
STALE_READINGS: Final = 3  # readings that must be missing before staleness is an alert
_BACKOFF_S_MAX: Final = 300.0
_FIRST_READ_S_MAX: Final = 2.0
_GOLDEN: Final = 0.6180339887498949


def find_breach(spec: MetricSpec, value: float) -> Breach | None:
    """The bound that `value` is past; None when it keeps both, or there are none."""
    if spec.alert_below is not None and value < spec.alert_below:
        far = spec.alert_below - value > abs(spec.target - spec.alert_below)
        return Breach(Side.BELOW, spec.alert_below, far)
    if spec.alert_above is not None and value > spec.alert_above:
        far = value - spec.alert_above > abs(spec.target - spec.alert_above)
        return Breach(Side.ABOVE, spec.alert_above, far)
    return None


def is_back(spec: MetricSpec, value: float, margin: float) -> bool:
    """True when `value` is inside both bounds by `margin` of the way to the target."""
    below, above = spec.alert_below, spec.alert_above
    if below is not None and value < below + margin * (spec.target - below):
        return False
    return above is None or value <= above - margin * (above - spec.target)


def watch_value(
    watch: Watch, spec: MetricSpec, value: float, *, now_s: float, policy: BoundPolicy
) -> tuple[Watch, Change | None]:
    """Take one reading at monotonic `now_s`; at most one change comes of it.

    An alert opens after enough readings on end past the bound for long enough, and ends after as
    many that are clearly inside. Between bound and margin nothing changes, so a value that swings
    there neither raises nor resolves. Severity only rises while an alert is open.
    """
    breach = find_breach(spec, value)
    if breach is None:
        return _take_inside(watch, spec, value, policy)
    past = watch.past + 1
    since_s = watch.since_s if watch.past else now_s
    critical = watch.critical + 1 if breach.critical else 0
    severity = Severity.CRITICAL if critical >= policy.readings_min else Severity.WARNING
    lasts = past >= policy.readings_min and now_s - since_s >= policy.duration_s
    worse = watch.severity is Severity.WARNING and severity is Severity.CRITICAL
    opens = watch.severity is None and lasts
    return (
        Watch(past, critical, 0, since_s, severity if opens or worse else watch.severity),
        Change.RAISE if opens or worse else None,
    )


def _take_inside(
    watch: Watch, spec: MetricSpec, value: float, policy: BoundPolicy
) -> tuple[Watch, Change | None]:
    if watch.severity is None:
        return IDLE, None
    inside = watch.inside + 1 if is_back(spec, value, policy.margin) else 0
    if inside >= policy.readings_min:
        return IDLE, Change.RESOLVE
    return Watch(0, 0, inside, 0.0, watch.severity), None


def is_long_stale(*, stale_s: float, every_s: float) -> bool:
    """True when a source has failed for so long that somebody should be told."""
    return stale_s >= STALE_READINGS * every_s


def phase_of(number: int) -> float:
    """A place in 0..1 for the source of this number: any count of them is spread evenly."""
    return number * _GOLDEN % 1.0


def first_due_s(*, start_s: float, phase: float, every_s: float) -> float:
    """When a source is read first: soon, but not all at the same moment."""
    return start_s + phase * min(every_s, _FIRST_READ_S_MAX)


def next_due_s(
    *, start_s: float, phase: float, every_s: float, failures: int, now_s: float
) -> float:
    """When a source is read next: on its own grid, or later for each failure on end.

    What was missed while a read took long, or the machine slept, is not made up for.
    """
    if failures:
        pause_s = every_s * 2.0 ** min(failures, 16)
        return now_s + min(pause_s, max(every_s, _BACKOFF_S_MAX))
    origin_s = start_s + phase * every_s
    earliest_s = now_s + every_s / 2
    return origin_s + every_s * ((earliest_s - origin_s) // every_s + 1)


def share_of(part: int, whole: int, what: str) -> Measured:
    """`part` of `whole` as a share; no value where there is nothing to take a share of."""
    if whole <= 0:
        return Measured(None, note=f"no {what} yet")
    return Measured(part / whole, note=f"{part} of {whole} {what}")


def mean_minutes(minutes: Sequence[float], what: str) -> Measured:
    """Mean of `minutes`; no value where there are none."""
    if not minutes:
        return Measured(None, note=f"no {what}")
    return Measured(sum(minutes) / len(minutes), note=f"{len(minutes)} {what}")


def overall_performance(readings: Iterable[Reading], *, own_key: str) -> Measured:
    """Share of the metrics with a fresh value and a bound that keep their bounds.

    The metric that is computed here, `own_key`, does not count itself.
    """
    fresh = [
        (each.spec, each.value)
        for each in readings
        if each.state is SourceState.FRESH
        and each.value is not None
        and each.spec.key != own_key
        and (each.spec.alert_below is not None or each.spec.alert_above is not None)
    ]
    kept = sum(find_breach(spec, value) is None for spec, value in fresh)
    return share_of(kept, len(fresh), "metrics with a fresh value keep their bounds")
