"""The shapes of the orchestrator's side of the HTTP boundary."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from core.actions import ActionStatus
from core.commands import AgentChange
from core.fleet import AgentMode, AgentOrigin, AgentStatus, MessageState
from core.gateway import patterns
from core.gateway.schemas import Choice, JsonMap, Plain, Seconds, Shape
from core.measures import AlertState, Severity, SourceState

Reason = Annotated[str, StringConstraints(pattern=patterns.SAID, max_length=4096)]


def _flag(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("this is neither true nor false")
    return value == "true"


def _count(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) <= 9):  # noqa: PLR2004
        raise ValueError("this is no whole number of at most 9 digits")
    return int(value)


Flag = Annotated[bool, BeforeValidator(_flag)]


class DoneAnswer(Shape):
    """What came of a request, in one sentence."""

    sentence: str


class StatisticsView(Shape):
    """What was measured of one agent; null is "no source"."""

    completed: int
    failed: int
    pending: int
    error_rate: float | None = Field(description="0..1")
    response_ms_mean: float | None
    response_ms_p95: float | None
    cpu_share: float | None = Field(description="0..1 of one core")
    memory_bytes: int | None
    cost_usd_micros_per_h: int | None


class FleetAgentView(Shape):
    """One agent of the fleet now."""

    name: str
    role: str
    capabilities: tuple[str, ...]
    capacity: int
    depends_on: tuple[str, ...]
    origin: AgentOrigin
    status: AgentStatus
    mode: AgentMode
    note: str
    degraded_by: tuple[str, ...]
    load: float = Field(description="0..1 of its capacity")
    queue: int
    restarts: int
    heartbeat_at: datetime | None
    since: datetime
    statistics: StatisticsView
    verdict: str
    suggestions: tuple[str, ...]


class HealthView(Shape):
    """Whether coordination works; degraded blocks risky actions."""

    degraded: bool
    reason: str
    waiting: int
    dead: int
    routed: int


class CoordinatorView(Shape):
    """One pair coordinator."""

    name: str
    every_s: float
    runs: int
    failures: int
    last_at: datetime | None
    next_at: datetime | None
    note: str
    findings: tuple[str, ...]


class FleetAnswer(Shape):
    """Hosted agents, then outside ones."""

    agents: tuple[FleetAgentView, ...]
    health: HealthView
    coordinators: tuple[CoordinatorView, ...]


class ReadingView(Shape):
    """One metric now; `value` is null when there never was one."""

    key: str
    agent: str
    name: str
    unit: str
    target: float
    max: float | None
    alert_below: float | None
    alert_above: float | None
    state: SourceState
    value: float | None
    at: datetime | None
    source: str
    reason: str
    note: str


class MetricsAnswer(Shape):
    """The whole catalogue, in its order."""

    metrics: tuple[ReadingView, ...]


class BucketView(Shape):
    """A span of a series."""

    at: datetime
    min: float | None
    mean: float | None
    max: float | None
    count: int


class SeriesAnswer(Shape):
    """One metric over time, oldest first."""

    key: str
    unit: str
    points: tuple[BucketView, ...]


class SeriesQuery(Shape):
    """How far back, and how fine."""

    span_s: Annotated[int, Field(ge=60, le=34_560_000), BeforeValidator(_count)] = Field(
        default=3600, description="seconds before now; at most 400 days"
    )
    points: Annotated[int, Field(ge=2, le=2000), BeforeValidator(_count)] = 400


class MessageAnswer(Shape):
    """One message and where it stands; the payload without secrets."""

    id: str
    sender: str
    to: str
    type: str
    payload: JsonMap
    priority: int
    priority_now: int
    at: datetime
    correlation_id: str
    answer_required: bool
    answers: str | None
    capability: str
    expires_at: datetime | None
    durable: bool
    state: MessageState
    holder: str | None
    changed_at: datetime
    reason: str


class MessagesAnswer(Shape):
    """Newest first."""

    messages: tuple[MessageAnswer, ...]


class MessagesQuery(Shape):
    """Which messages; texts are parts of what they are compared with."""

    agent: Annotated[Plain, Field(description="sender, addressee or holder")] = ""
    type: Plain = ""
    text: Plain = ""
    dead: Annotated[Flag, Field(description="only dead letters")] = False
    limit: Annotated[int, Field(ge=1, le=1000), BeforeValidator(_count)] = 200


class ResendBody(Shape):
    """Send a dead letter again, as a new message."""

    decision: Literal["resend"]


class DiscardBody(Shape):
    """Take a dead letter off the list for good."""

    decision: Literal["discard"]
    reason: Reason


class MessageBody(Choice[Annotated[ResendBody | DiscardBody, Field(discriminator="decision")]]):
    """What becomes of a dead letter."""


class AlertAnswer(Shape):
    """One cause, one alert."""

    id: str
    cause: str
    agent: str
    severity: Severity
    state: AlertState
    title: str
    detail: str
    value: float | None
    bound: float | None
    opened_at: datetime
    changed_at: datetime
    resolved_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    silenced_until: datetime | None
    silenced_by: str | None
    count: int


class AlertsAnswer(Shape):
    """Open ones, worst and newest first; then what was resolved, when that was asked for."""

    alerts: tuple[AlertAnswer, ...]


class AlertsQuery(Shape):
    """Whether resolved ones are shown too."""

    resolved: Annotated[Flag, Field(description="those of the last day too")] = False


class AcknowledgeBody(Shape):
    """Somebody looks after it."""

    decision: Literal["acknowledge"]
    note: Annotated[str, StringConstraints(max_length=4096)] = ""


class SilenceBody(Shape):
    """Do not show its cause for a while; it goes on being measured."""

    decision: Literal["silence"]
    duration_s: Annotated[Seconds, Field(ge=60, le=604_800)] = Field(description="at most 7 days")
    reason: Reason


class AlertBody(Choice[Annotated[AcknowledgeBody | SilenceBody, Field(discriminator="decision")]]):
    """What an operator does about an alert."""


class ControlBody(Shape):
    """Pause, resume, drain or restart a hosted agent; goes through the gate."""

    change: AgentChange
    reason: Reason


class TotalsView(Shape):
    """Sums over calls; `unpriced` ones are not in the cost."""

    calls: int
    failed: int
    tool_uses: int
    tool_failures: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost_usd_micros: int
    unpriced: int


class SessionView(Shape):
    """One session of one agent."""

    session: str | None
    agent: str
    emitter: str
    first_at: datetime
    last_at: datetime
    models: tuple[str, ...]
    totals: TotalsView


class EmitterAnswer(Shape):
    """What arrived from one program, and what of it was understood."""

    emitter: str
    version: str
    kind: str
    first_at: datetime
    last_at: datetime
    spans: int
    logs: int
    points: int
    rejected: int
    unmapped: dict[str, int]
    content_dropped: int
    totals: TotalsView


class UsageAnswer(Shape):
    """Telemetry of outside agents: who sent it, and which sessions it tells of."""

    emitters: tuple[EmitterAnswer, ...]
    sessions: tuple[SessionView, ...]


class RecentView(Shape):
    """One of an agent's latest actions."""

    id: str
    kind: str
    resource: str
    status: ActionStatus
    proposed_at: datetime


class FleetAgentAnswer(Shape):
    """One agent, whole."""

    agent: FleetAgentView
    dependents: tuple[str, ...]
    mailbox: tuple[MessageAnswer, ...]
    recent: tuple[RecentView, ...]
    trust: float | None
    metrics: tuple[ReadingView, ...]
    sessions: tuple[SessionView, ...]
