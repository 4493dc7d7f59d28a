"""What the rules of monitoring work on. Pure values."""

from dataclasses import dataclass
from enum import StrEnum

from core.measures import Severity


class Side(StrEnum):
    """Which bound of a metric."""

    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Breach:
    """A value past a bound; critical when past it by more than bound and target are apart."""

    side: Side
    bound: float
    critical: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundPolicy:
    """When a value past its bound becomes an alert, and when the alert ends."""

    readings_min: int = 2  # on end, to raise, to make it worse and to resolve
    duration_s: float = 30.0  # past the bound for at least this long
    margin: float = 0.05  # of the way from bound to target: how far inside is back


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of one metric's bounds between readings."""

    past: int = 0  # readings past a bound, on end
    critical: int = 0  # of them, those that are critical, on end
    inside: int = 0  # readings clearly inside, on end, while an alert is open
    since_s: float = 0.0  # monotonic, of the first of `past`
    severity: Severity | None = None  # of the open alert; None when none is open


class Change(StrEnum):
    """What a reading, or its absence, asks of the alerts."""

    RAISE = "raise"
    RESOLVE = "resolve"
    TELL_STALE = "tell stale"
    END_STALE = "end stale"
