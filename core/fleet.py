"""Agents and the messages between them, as every part of the program names them. Pure values."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from core.actions import JsonObject, JsonValue
from core.ids import AgentId, CorrelationId, MessageId

PRIORITY_MIN: Final = 1
PRIORITY_MAX: Final = 10
EVERYBODY: Final = AgentId("*")  # the addressee of a broadcast


class AgentStatus(StrEnum):
    """What an agent is doing, as far as anybody has measured."""

    ONLINE = "online"
    BUSY = "busy"
    OFFLINE = "offline"
    ERROR = "error"


class AgentOrigin(StrEnum):
    """Where an agent runs."""

    HOSTED = "hosted"  # in this process, under the supervisor
    OUTSIDE = "outside"  # known by its calls, its telemetry or both


class AgentMode(StrEnum):
    """What the operator wants of a hosted agent."""

    RUNNING = "running"
    PAUSED = "paused"  # keeps its mailbox, takes nothing from it
    DRAINING = "draining"  # takes what it has, is sent nothing new


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """What an agent is. One row of the catalogue, or what an outside package declares."""

    name: AgentId
    role: str  # one sentence for people
    capabilities: tuple[str, ...] = ()  # what it can be asked for by capability
    capacity: int = 100  # messages that it holds at the same time, waiting and in work
    depends_on: tuple[AgentId, ...] = ()
    permissions: tuple[str, ...] = ()  # of its principal; none given: its pack's defaults
    every_s: float | None = None  # how often its own work is due; None: only messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message. `to` names an agent, or EVERYBODY, or is "" when any able one will do."""

    id: MessageId
    sender: AgentId
    to: AgentId
    type: str
    payload: JsonObject = field(default_factory=dict[str, JsonValue])
    priority: int = 5  # 1..10, 10 first
    at: datetime
    correlation_id: CorrelationId
    answer_required: bool = False
    answers: MessageId | None = None  # the request that this one answers
    capability: str = ""  # who else may take it: agents with this capability
    expires_at: datetime | None = None  # None: the router's own limit
    durable: bool = False  # survives a restart of the program
    only_addressee: bool = False  # nobody else may take it: an answer, a copy of a broadcast


class MessageState(StrEnum):
    """Where a message stands. HANDLED and DEAD are final; a dead one can be sent again."""

    WAITING = "waiting"  # nobody can take it now
    QUEUED = "queued"  # in a mailbox
    IN_WORK = "in work"
    HANDLED = "handled"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message as the screens show it."""

    message: Message
    state: MessageState
    holder: AgentId | None  # whose mailbox it is in, or who has handled it
    priority_now: int  # raised while it waits, at most 10
    changed_at: datetime
    reason: str = ""  # why it waits, was re-routed or is dead; one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatistics:
    """What was measured of one agent. None is "no source", never 0."""

    completed: int = 0
    failed: int = 0
    pending: int = 0  # waiting and in work
    error_rate: float | None = None  # 0..1, of the newest samples
    response_ms_mean: float | None = None
    response_ms_p95: float | None = None
    cpu_share: float | None = None  # 0..1 of one core
    memory_bytes: int | None = None
    cost_usd_micros_per_h: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentState:
    """One agent of the fleet now."""

    spec: AgentSpec
    origin: AgentOrigin
    status: AgentStatus
    mode: AgentMode = AgentMode.RUNNING
    note: str = ""  # why it idles, is in error, is degraded; one sentence
    degraded_by: tuple[AgentId, ...] = ()  # failed agents that it depends on, nearest first
    load: float = 0.0  # 0..1 of its capacity
    queue: int = 0
    restarts: int = 0
    heartbeat_at: datetime | None = None  # last sign of life
    since: datetime  # of the present status
    statistics: AgentStatistics = AgentStatistics()
    loads: tuple[float, ...] = ()  # recent loads, oldest first, at most 60: the trend
    verdict: str = ""  # of the performance tracker: "insufficient data", "steady", "degraded"
    suggestions: tuple[str, ...] = ()  # what the tracker would try


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatorState:
    """One pair coordinator now."""

    name: str
    every_s: float
    runs: int
    failures: int
    last_at: datetime | None
    next_at: datetime | None
    note: str  # what the last run found, why it has no source, or how it failed
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetHealth:
    """Whether the coordination core works. Degraded: risky actions are blocked."""

    degraded: bool = False
    reason: str = ""
    waiting: int = 0  # messages that nobody can take now
    dead: int = 0
    routed: int = 0  # messages since the start


class ActivitySpan(StrEnum):
    """How far back activity is told, and how finely."""

    HOUR = "hour"  # by the minute
    DAY = "day"  # by the quarter of an hour


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentActivity:
    """What one agent did, a count for each span of time, oldest first."""

    agent: AgentId
    origin: AgentOrigin
    actions: tuple[int, ...]  # that the gate decided on
    messages: tuple[int, ...]  # handled; only hosted agents take any
    errors: tuple[int, ...]  # actions, messages and own work that failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What agents did lately. An agent that is not in `agents` did nothing since `since`."""

    start_s: int  # of the first span, since 1970
    each_s: int  # how long a span is; the last one is still running
    spans: int
    since_s: float  # nothing is known of before
    agents: tuple[AgentActivity, ...]
