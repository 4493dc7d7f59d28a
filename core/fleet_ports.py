"""Protocols of the orchestrator: for agents, for sources and stores, for front ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.actions import JsonObject, JsonValue
from core.clock import Clock
from core.commands import FleetCommand
from core.fleet import (
    Activity,
    ActivitySpan,
    AgentSpec,
    AgentState,
    CoordinatorState,
    FleetHealth,
    Message,
    MessageView,
)
from core.ids import ActionId, AgentId, MessageId
from core.measures import Alert, Bucket, Measured, Reading, Sample, Severity
from core.ports import Ticket
from core.records import ActionRecord, Outcome, TrustRecord
from core.usage import AgentCost, EmitterView, ModelCall, SessionUsage, ToolUse


class AgentContext(Protocol):
    """All that an agent's work may touch. Whatever has an effect goes through `propose`."""

    @property
    def spec(self) -> AgentSpec:
        """Its own row."""
        ...

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    def readings(self, agent: str | None = None) -> tuple[Reading, ...]:
        """Metrics now: its own, or those of `agent`."""
        ...

    def idle(self, why: str) -> None:
        """Say on the screen why there is nothing to do; "" takes it back."""
        ...

    async def send(
        self,
        to: str,
        type: str,  # noqa: A002 - the field's name
        payload: JsonObject,
        *,
        priority: int = 5,
        capability: str = "",
        durable: bool = False,
    ) -> MessageId:
        """Send and go on. Raises Overloaded."""
        ...

    async def ask(
        self,
        to: str,
        type: str,  # noqa: A002 - the field's name
        payload: JsonObject,
        *,
        priority: int = 5,
        timeout_s: float = 30.0,
    ) -> JsonObject:
        """Send and wait for the answer. Raises MessageUndelivered, Overloaded."""
        ...

    async def propose(
        self,
        kind: str,
        resource: str,
        arguments: JsonObject,
        *,
        purpose: str,
        wait_s: float = 0.0,
    ) -> Ticket:
        """Put an Action before the gate; with `wait_s`, hold until it is decided."""
        ...

    async def report(self, action_id: ActionId, outcome: Outcome, result: JsonValue = None) -> None:
        """Tell what came of an allowed Action."""
        ...

    async def raise_alert(
        self, cause: str, *, severity: Severity, title: str, detail: str = ""
    ) -> None:
        """One cause, one alert; raised again, it counts up."""
        ...

    async def resolve_alert(self, cause: str) -> None:
        """The cause is gone; unknown causes are ignored."""
        ...


class AgentWork(Protocol):
    """What a hosted agent does. Entry points `maestro.agents` return (AgentSpec, AgentWork)."""

    async def handle(self, message: Message, context: AgentContext) -> JsonObject | None:
        """Take one message; what is returned is the answer, where one is required."""
        ...

    async def tick(self, context: AgentContext) -> None:
        """Its own work, each `every_s`."""
        ...


class MetricSource(Protocol):
    """Reads one metric. Never blocks the loop; every wait has a limit."""

    @property
    def label(self) -> str:
        """For people, without secrets: "http_probe http://127.0.0.1:8080/healthz"."""
        ...

    @property
    def every_s(self) -> float:
        """How often it wants to be read."""
        ...

    async def read(self) -> Measured:
        """The value now. Raises SourceFailed with one sentence."""
        ...

    async def close(self) -> None:
        """Let go of connections and files."""
        ...


class SeriesStore(Protocol):
    """Time series on disk, bounded: raw for a day, minutes and hours for longer."""

    async def add(self, samples: Sequence[Sample]) -> None:
        """Keep samples, in the order of time per key. Raises StorageError."""
        ...

    async def read(
        self, key: str, *, since_s: float, until_s: float, points_max: int = 400
    ) -> tuple[Bucket, ...]:
        """The finest form that fits into `points_max`, oldest first."""
        ...

    async def newest(self, keys: Iterable[str]) -> dict[str, Sample]:
        """The last sample of each key that has one."""
        ...


class MessageStore(Protocol):
    """Durable messages and dead letters on disk."""

    async def keep(self, views: Sequence[MessageView]) -> None:
        """Insert or replace by message id, durably. Raises StorageError."""
        ...

    async def forget(self, ids: Sequence[MessageId]) -> None:
        """Handled or discarded. Raises StorageError."""
        ...

    async def load(self) -> tuple[MessageView, ...]:
        """All that was kept, oldest first."""
        ...


class UsageStore(Protocol):
    """Telemetry of outside agents on disk, bounded by age and count."""

    async def add(self, calls: Sequence[ModelCall], tools: Sequence[ToolUse]) -> None:
        """Insert; one with a known emitter and id is replaced. Raises StorageError."""
        ...

    async def calls(
        self, *, agent: str | None = None, session: str | None = None, limit: int = 500
    ) -> tuple[ModelCall, ...]:
        """Newest first."""
        ...

    async def tool_uses(
        self, *, agent: str | None = None, session: str | None = None, limit: int = 500
    ) -> tuple[ToolUse, ...]:
        """Newest first."""
        ...

    async def costs(self, *, since: datetime, until: datetime) -> tuple[AgentCost, ...]:
        """Sums of all calls that are kept and began in that time, both ends with it, by agent."""
        ...

    async def sessions(self, *, limit: int = 200) -> tuple[SessionUsage, ...]:
        """Newest first, summed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDetail:
    """One agent, whole."""

    state: AgentState
    dependents: tuple[AgentId, ...]
    mailbox: tuple[MessageView, ...]  # the first 50 in the order in which they are taken
    recent: tuple[ActionRecord, ...]  # newest first
    trust: TrustRecord | None
    readings: tuple[Reading, ...]
    sessions: tuple[SessionUsage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQuery:
    """Which messages; newest first. Texts are substrings, "" is any."""

    agent: str = ""  # sender, addressee or holder
    type: str = ""
    text: str = ""
    dead_only: bool = False
    limit: int = 200


class FleetPort(Protocol):
    """What a front end may see and ask of the orchestrator."""

    async def dispatch(self, command: FleetCommand) -> str:
        """Carry a command out; returns one sentence of what came of it.

        Raises AgentNotFound, MessageNotFound, AlertNotFound, PermissionDenied, InvalidAction,
        StorageError.
        """
        ...

    async def fleet(self) -> tuple[AgentState, ...]:
        """Hosted agents in catalogue order, then outside ones, last seen first."""
        ...

    async def show_agent(self, agent_id: AgentId) -> AgentDetail:
        """Raises AgentNotFound."""
        ...

    async def activity(self, span: ActivitySpan) -> Activity:
        """How many actions, messages and errors of each agent, over the last hour or day."""
        ...

    async def health(self) -> FleetHealth: ...
    async def coordinators(self) -> tuple[CoordinatorState, ...]: ...
    async def messages(self, query: MessageQuery) -> tuple[MessageView, ...]: ...

    async def readings(self) -> tuple[Reading, ...]:
        """All metrics of the catalogue, in its order."""
        ...

    async def series(
        self, key: str, *, since: datetime, until: datetime, points_max: int = 400
    ) -> tuple[Bucket, ...]: ...

    async def alerts(self, *, resolved: bool = False) -> tuple[Alert, ...]:
        """Open ones, worst and newest first; with `resolved`, those of the last day too."""
        ...

    async def emitters(self) -> tuple[EmitterView, ...]: ...
    async def sessions(self) -> tuple[SessionUsage, ...]: ...
