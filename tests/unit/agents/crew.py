"""What specialists and coordinators are given in tests: a context that records, files by name."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatch
from typing import Any

from core.actions import ActionStatus, Decision, JsonObject, JsonValue, OutcomeStatus
from core.agents.catalog import ROWS
from core.agents.ports import FileSeen, Means
from core.agents.settings import OrchestrationSettings
from core.agents.specialist import Specialist
from core.errors import MaestroError, MessageUndelivered, SourceFailed
from core.fleet import AgentSpec, Message
from core.ids import ActionId, AgentId, CorrelationId, MessageId
from core.measures import MetricSpec, Reading, Severity, SourceState
from core.orchestration.openapi.rules import compare_documents
from core.ports import Ticket
from core.records import ActionRecord, Outcome
from tests.factories import NOW, make_action_record
from tests.fakes import FakeClock


@dataclass
class Sent:
    to: str
    type: str
    payload: JsonObject
    priority: int


@dataclass
class Proposed:
    kind: str
    resource: str
    arguments: JsonObject
    purpose: str


@dataclass
class FakeContext:
    """Records all that is asked of it. `answers` are given to whoever asks; none: undelivered."""

    spec: AgentSpec = field(default_factory=lambda: AgentSpec(name=AgentId("me"), role="tests"))
    clock: FakeClock = field(default_factory=FakeClock)
    by_agent: dict[str, tuple[Reading, ...]] = field(default_factory=dict[str, tuple[Reading, ...]])
    answers: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    idle_why: str = ""
    sent: list[Sent] = field(default_factory=list[Sent])
    asked: list[Sent] = field(default_factory=list[Sent])
    proposed: list[Proposed] = field(default_factory=list[Proposed])
    alerts: dict[str, tuple[Severity, str, str]] = field(
        default_factory=dict[str, tuple[Severity, str, str]]
    )
    records: dict[str, ActionRecord] = field(default_factory=dict[str, ActionRecord])
    refuses: MaestroError | None = None  # raised by whatever is sent or proposed
    status: ActionStatus = ActionStatus.PENDING

    def readings(self, agent: str | None = None) -> tuple[Reading, ...]:
        return self.by_agent.get(agent or self.spec.name, ())

    def idle(self, why: str) -> None:
        self.idle_why = why

    async def send(
        self,
        to: str,
        type: str,  # noqa: A002
        payload: JsonObject,
        *,
        priority: int = 5,
        capability: str = "",
        durable: bool = False,
    ) -> MessageId:
        assert not capability
        assert not durable
        if self.refuses:
            raise self.refuses
        self.sent.append(Sent(to, type, payload, priority))
        return MessageId(f"m-{len(self.sent)}")

    async def ask(
        self,
        to: str,
        type: str,  # noqa: A002
        payload: JsonObject,
        *,
        priority: int = 5,
        timeout_s: float = 30.0,
    ) -> JsonObject:
        assert timeout_s > 0
        self.asked.append(Sent(to, type, payload, priority))
        if to not in self.answers:
            raise MessageUndelivered(f"{to} is offline")
        return self.answers[to]

    async def propose(
        self,
        kind: str,
        resource: str,
        arguments: JsonObject,
        *,
        purpose: str,
        wait_s: float = 0.0,
    ) -> Ticket:
        assert wait_s == 0
        await asyncio.sleep(0)  # the gate takes its time
        if self.refuses:
            raise self.refuses
        self.proposed.append(Proposed(kind, resource, arguments, purpose))
        action_id = ActionId(f"action-{len(self.proposed)}")
        self.records[action_id] = make_action_record(
            action={"id": action_id, "kind": kind}, status=self.status
        )
        return Ticket(
            id=action_id,
            decision=Decision.ASK,
            status=self.status,
            reasons=("somebody has to look",),
            arguments=arguments,
            digest="sha256:0",
            correlation_id=CorrelationId("0" * 32),
        )

    async def report(self, action_id: ActionId, outcome: Outcome, result: JsonValue = None) -> None:
        raise AssertionError(f"who carries {action_id} out reports it: {outcome} {result}")

    async def raise_alert(
        self, cause: str, *, severity: Severity, title: str, detail: str = ""
    ) -> None:
        self.alerts[cause] = severity, title, detail

    async def resolve_alert(self, cause: str) -> None:
        self.alerts.pop(cause, None)

    async def find_action(self, action_id: ActionId) -> ActionRecord | None:
        return self.records.get(action_id)

    def settle(self, status: ActionStatus, outcome: OutcomeStatus | None = None) -> None:
        """Decide the last proposal, and tell what came of it."""
        last = f"action-{len(self.proposed)}"
        told = Outcome(status=outcome, error="no luck", reported_at=NOW) if outcome else None
        if outcome is OutcomeStatus.SUCCEEDED and told:
            told = replace(told, error="")
        self.records[last] = replace(self.records[last], status=status, outcome=told)


class FakeFiles:
    """Texts by path."""

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self.texts = dict(texts or {})
        self.changed: dict[str, datetime] = {}

    async def read_text(self, path: str) -> str:
        if path not in self.texts:
            raise SourceFailed(f"cannot read {path}: No such file or directory")
        return self.texts[path]

    async def list_files(self, pattern: str) -> tuple[FileSeen, ...]:
        if pattern.startswith("/broken"):
            raise SourceFailed(f"cannot list {pattern}")
        found = sorted(path for path in self.texts if fnmatch(path, pattern))
        return tuple(FileSeen(path, self.changed.get(path, NOW)) for path in found)


def make_means(context: FakeContext, files: FakeFiles | None = None, **changes: Any) -> Means:
    given: dict[str, Any] = {
        "settings": OrchestrationSettings(),
        "files": files or FakeFiles(),
        "compare": compare_documents,
        "find_action": context.find_action,
    }
    return Means(**{**given, **changes})


class Post:
    """One specialist at its post, whose metrics the test moves."""

    def __init__(self, name: str, *, files: FakeFiles | None = None, **means: Any) -> None:
        row = next(row for row in ROWS if row.spec.name == name)
        self.context = FakeContext(spec=row.spec)
        self.files = files or FakeFiles()
        self.work: Specialist = row.make(make_means(self.context, self.files, **means))

    async def look(self, *, seconds: float = 60, **values: float) -> None:
        """Time passes, metrics have these values now, and it is the agent's turn."""
        self.context.clock.advance(seconds)
        name = self.context.spec.name
        self.context.by_agent[name] = tuple(
            make_reading(f"{name}.{metric}", value, at=self.context.clock.now())
            for metric, value in values.items()
        )
        await self.work.tick(self.context)

    async def hear(self, type_: str, payload: JsonObject, sender: str = "backend") -> JsonObject:
        """What it answers to this message."""
        message = make_message(type=type_, payload=payload, sender=AgentId(sender))
        answer = await self.work.handle(message, self.context)
        assert answer is not None
        return answer

    def told(self, to: str) -> list[str]:
        """The types of messages that it sent to `to`."""
        return [each.type for each in self.context.sent if each.to == to]


def make_message(**changes: Any) -> Message:
    given: dict[str, Any] = {
        "id": MessageId("0" * 26),
        "sender": AgentId("backend"),
        "to": AgentId("me"),
        "type": "health.ask",
        "at": NOW,
        "correlation_id": CorrelationId("0" * 32),
    }
    return Message(**{**given, **changes})


# name: unit, alert_below, alert_above
BOUNDS: Mapping[str, tuple[str, float | None, float | None]] = {
    "api_response_time_p95": ("ms", None, 500),
    "error_rate": ("ratio", None, 0.005),
    "code_coverage": ("ratio", 0.8, None),
    "core_web_vitals_score": ("score", 80, None),
    "conversion_rate_optimization": ("ratio", 0.12, None),
    "processing_success_rate": ("ratio", 0.95, None),
    "cost_per_video": ("usd", None, 5),
    "video_processing_time": ("s", None, 600),
    "gpu_utilization": ("ratio", 0.6, 0.95),
    "system_uptime": ("ratio", 0.995, None),
    "data_freshness_sla": ("s", None, 600),
    "analytics_query_performance": ("s", None, 10),
    "app_crash_rate": ("ratio", None, 0.005),
    "incident_response_time": ("min", None, 15),
    "conversion_funnel_optimization": ("ratio", 0.12, None),
    "user_acquisition_cost": ("usd", None, 35),
}


def make_reading(key: str, value: float | None, *, at: datetime = NOW, **changes: Any) -> Reading:
    agent, _, name = key.partition(".")
    unit, below, above = BOUNDS.get(name, ("ratio", None, None))
    spec = MetricSpec(
        agent=agent, name=name, unit=unit, target=0, alert_below=below, alert_above=above
    )
    given: dict[str, Any] = {
        "spec": spec,
        "state": SourceState.FRESH,
        "value": value,
        "at": at,
        "source": "prometheus http://127.0.0.1:9090/metrics",
    }
    return Reading(**{**given, **changes})
