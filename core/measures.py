"""Metrics, their samples and the alerts that they raise. Pure values; shares are 0..1."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.ids import AlertId, OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSpec:
    """One row of the metric catalogue. `agent` is "system" for the system as a whole."""

    agent: str
    name: str
    unit: str  # "ratio", "score", "ms", "s", "min", "h", "usd", "per_hour", "per_day", …
    target: float
    max: float | None = None  # the scale's end, for scores
    alert_below: float | None = None
    alert_above: float | None = None
    note: str = ""

    @property
    def key(self) -> str:
        """`agent.name`: what names the metric in settings, on screens and in the store."""
        return f"{self.agent}.{self.name}"


class SourceState(StrEnum):
    """Whether a metric's value can be believed."""

    NO_SOURCE = "no source"  # nothing is bound to it
    WAITING = "waiting"  # bound; nothing has arrived yet
    FRESH = "fresh"
    STALE = "stale"  # the last value is too old, or the source fails; the reason says why


@dataclass(frozen=True, slots=True)
class Sample:
    """One measured value of one series."""

    key: str
    at_s: float  # seconds since the epoch
    value: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a source read. `at_s` None: now. `value` None: the source works and has no value."""

    value: float | None
    at_s: float | None = None
    note: str = ""  # where it comes from or why there is none: "412 requests in 300 s"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A span of a series: raw samples have count 1 and min = mean = max."""

    at_s: float  # start of the span
    min: float
    mean: float
    max: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One metric now. `value` is the newest even when STALE; None when there never was one."""

    spec: MetricSpec
    state: SourceState
    value: float | None = None
    at: datetime | None = None
    source: str = ""  # "http_probe http://127.0.0.1:8080/healthz"
    reason: str = ""  # why NO_SOURCE, WAITING or STALE; one sentence, with what to do
    note: str = ""  # what the source said of the value
    trend: tuple[float, ...] = ()  # newest values, oldest first, at most 60


class Severity(StrEnum):
    """How urgent an alert is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class AlertState(StrEnum):
    """Where an alert stands. A silenced one still fires, unseen, until its silence ends."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One cause, one alert: raised again while it lasts, it counts up instead."""

    id: AlertId
    cause: str  # "metric:backend.error_rate", "agent:video", "service:gateway", …
    agent: str  # whose it is; "system" when nobody's
    severity: Severity
    state: AlertState
    title: str  # one line
    detail: str = ""  # value, bound, for how long, what to do
    value: float | None = None
    bound: float | None = None
    opened_at: datetime
    changed_at: datetime
    resolved_at: datetime | None = None
    acknowledged_by: OperatorId | None = None
    acknowledged_at: datetime | None = None
    silenced_until: datetime | None = None
    silenced_by: OperatorId | None = None
    count: int = 1
