"""A believable fleet: ten agents, three from outside, messages and alerts."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from core.actions import JsonObject
from core.fleet import (
    AgentMode,
    AgentOrigin,
    AgentSpec,
    AgentState,
    AgentStatistics,
    AgentStatus,
    Message,
    MessageState,
    MessageView,
)
from core.ids import (
    AgentId,
    AlertId,
    CorrelationId,
    MessageId,
    OperatorId,
)
from core.measures import (
    Alert,
    AlertState,
    Severity,
)
from tests.factories import NOW

_PARENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "architect": (),
    "backend": ("architect", "ai", "video"),
    "frontend": ("backend", "architect"),
    "ai": ("architect",),
    "video": ("ai", "architect"),
    "devops": ("architect",),
    "data": ("backend", "ai"),
    "mobile": ("backend", "frontend"),
    "security": ("architect", "data"),
    "business": ("frontend", "mobile", "data"),
}
_IDLE: Final = "no source is bound: `maestro init` shows what could be"


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def identifier(tail: str) -> str:
    return tail.rjust(26, "0")


def make_agent(name: str, **changes: Any) -> AgentState:
    """A hosted agent that does well."""
    spec = AgentSpec(
        name=AgentId(name),
        role=f"looks after {name}",
        capabilities=(f"{name}.review",),
        depends_on=tuple(AgentId(each) for each in _PARENTS.get(name, ())),
        every_s=30.0,
    )
    given: dict[str, Any] = {
        "spec": spec,
        "origin": AgentOrigin.HOSTED,
        "status": AgentStatus.ONLINE,
        "load": 0.12,
        "queue": 2,
        "heartbeat_at": ago(seconds=2),
        "since": ago(minutes=48),
        "statistics": AgentStatistics(
            completed=412,
            failed=3,
            pending=2,
            error_rate=0.0072,
            response_ms_mean=84.0,
            response_ms_p95=310.0,
            cpu_share=0.031,
            memory_bytes=11_400_000,
        ),
        "loads": wave(name, 0.12),
        "verdict": "steady",
    }
    return AgentState(**{**given, **changes})


def wave(name: str, middle: float) -> tuple[float, ...]:
    shift = sum(map(ord, name))
    return tuple(
        round(min(1.0, max(0.0, middle + 0.09 * math.sin((at + shift) / 3.7))), 3)
        for at in range(60)
    )


def idle(name: str) -> AgentState:
    nothing = AgentStatistics()
    return make_agent(
        name, load=0.0, queue=0, statistics=nothing, note=_IDLE, loads=(0.0,) * 30, verdict=""
    )


def make_fleet() -> tuple[AgentState, ...]:
    """Ten hosted agents and three from outside."""
    slow = AgentStatistics(
        completed=9_120,
        failed=71,
        pending=88,
        error_rate=0.081,
        response_ms_mean=1_240.0,
        response_ms_p95=14_900.0,
        cpu_share=0.71,
        memory_bytes=188_000_000,
        cost_usd_micros_per_h=740_000,
    )
    seen = AgentStatistics(
        completed=0, error_rate=0.012, response_ms_p95=8_400.0, cost_usd_micros_per_h=1_310_000
    )
    return (
        make_agent("architect"),
        make_agent(
            "backend",
            status=AgentStatus.BUSY,
            load=0.71,
            queue=12,
            loads=wave("backend", 0.68),
            degraded_by=(AgentId("video"),),
        ),
        idle("frontend"),
        make_agent(
            "ai",
            status=AgentStatus.BUSY,
            load=0.88,
            queue=31,
            statistics=slow,
            loads=wave("ai", 0.86),
            verdict="degraded",
            note="answers take 1.6 times as long as before",
            suggestions=("shed load: capacity 100 → 80 (low risk)", "ask for a second worker"),
        ),
        make_agent(
            "video",
            status=AgentStatus.ERROR,
            load=0.0,
            queue=9,
            heartbeat_at=ago(minutes=3, seconds=12),
            since=ago(minutes=3),
            restarts=5,
            note="failed 5 times in 60 s and is not restarted: encoder not found",
        ),
        make_agent("devops", loads=wave("devops", 0.3), load=0.31),
        make_agent(
            "data", mode=AgentMode.PAUSED, load=0.05, queue=4, note="paused by maria: audit"
        ),
        idle("mobile"),
        make_agent("security", loads=wave("security", 0.5), load=0.55),
        make_agent("business", mode=AgentMode.DRAINING, queue=1, load=0.01),
        *(
            make_agent(
                name,
                spec=AgentSpec(name=AgentId(name), role="known by its telemetry"),
                origin=AgentOrigin.OUTSIDE,
                status=status,
                load=0.0,
                queue=0,
                heartbeat_at=ago(seconds=seconds),
                statistics=seen,
                loads=(),
                verdict="",
            )
            for name, status, seconds in (
                ("claude-code", AgentStatus.ONLINE, 9),
                ("codex", AgentStatus.ONLINE, 140),
                ("gemini-cli", AgentStatus.OFFLINE, 90_000),
            )
        ),
    )


def make_message(tail: str, **changes: Any) -> MessageView:
    """A handled message; fields of the view and of the message alike."""
    at = changes.pop("at", ago(seconds=30))
    own: dict[str, Any] = {
        "state": MessageState.HANDLED,
        "holder": AgentId("backend"),
        "changed_at": at,
        "reason": "",
        "priority_now": changes.get("priority", 5),
    }
    own = {name: changes.pop(name, value) for name, value in own.items()}
    given: dict[str, Any] = {
        "id": MessageId(identifier(tail)),
        "sender": AgentId("architect"),
        "to": AgentId("backend"),
        "type": "contract.review",
        "payload": {"document": "openapi/shop.yaml", "breaking": 2},
        "at": at,
        "correlation_id": CorrelationId("4bf92f3577b34da6a3ce929d0e0e4736"),
    }
    message = Message(**{**given, **changes})
    return MessageView(message=message, **own)


def make_messages() -> list[MessageView]:
    """Newest first: every state there is."""
    queue: JsonObject = {"task": "encode", "video": "intro-04.mov", "seconds": 94}
    return [
        make_message("m00009", at=ago(seconds=4), state=MessageState.IN_WORK, answer_required=True),
        make_message(
            "m00008",
            at=ago(seconds=19),
            sender=AgentId("ai"),
            to=AgentId("video"),
            type="task.encode",
            payload=queue,
            state=MessageState.WAITING,
            holder=None,
            priority=5,
            priority_now=9,
            reason="video is in error and no other agent can encode",
            durable=True,
            expires_at=NOW + timedelta(minutes=4),
        ),
        make_message(
            "m00007",
            at=ago(seconds=41),
            sender=AgentId("security"),
            to=AgentId("*"),
            type="policy.changed",
            payload={"version": "sha256:6c1b07d2"},
        ),
        make_message(
            "m00006",
            at=ago(minutes=2),
            sender=AgentId("devops"),
            to=AgentId("data"),
            type="freshness.check",
            payload={"table": "orders", "max_age_s": 600},
            state=MessageState.QUEUED,
            holder=AgentId("data"),
        ),
        make_message(
            "m00005",
            at=ago(minutes=3),
            sender=AgentId("ai"),
            to=AgentId("video"),
            type="task.encode",
            payload={**queue, "video": "outro-01.mov"},
            state=MessageState.DEAD,
            holder=None,
            reason="expired after 300 s: video took nothing",
        ),
        *(make_message(f"m0000{number}", at=ago(minutes=9 - number)) for number in (4, 3, 2)),
        make_message(
            "m00001",
            at=ago(minutes=9),
            sender=AgentId("business"),
            to=AgentId(""),
            capability="forecast",
            type="forecast.ask",
            payload={"horizon_d": 30},
            state=MessageState.DEAD,
            holder=None,
            reason="no agent can do forecast",
        ),
    ]


def make_alert(tail: str, **changes: Any) -> Alert:
    """A warning that fires."""
    given: dict[str, Any] = {
        "id": AlertId(identifier(tail)),
        "cause": "metric:backend.api_response_time_p95",
        "agent": "backend",
        "severity": Severity.WARNING,
        "state": AlertState.FIRING,
        "title": "API answers take 612 ms at p95, above 500 ms",
        "detail": "above the bound for 6 minutes; look at the slowest routes",
        "value": 612.0,
        "bound": 500.0,
        "opened_at": ago(minutes=6),
        "changed_at": ago(seconds=20),
        "count": 12,
    }
    return Alert(**{**given, **changes})


def make_alerts() -> list[Alert]:
    """Worst first."""
    return [
        make_alert(
            "a00003",
            cause="agent:video",
            agent="video",
            severity=Severity.CRITICAL,
            title="video failed 5 times and is not restarted",
            detail="encoder not found: install ffmpeg, then restart the agent",
            value=None,
            bound=None,
            opened_at=ago(minutes=3),
            count=1,
        ),
        make_alert("a00002"),
        make_alert(
            "a00004",
            cause="metric:video.gpu_utilization",
            agent="video",
            title="GPU in use for 97%, above 95%",
            value=0.97,
            bound=0.95,
            state=AlertState.ACKNOWLEDGED,
            acknowledged_by=OperatorId("maria"),
            acknowledged_at=ago(minutes=1),
            opened_at=ago(minutes=21),
        ),
        make_alert(
            "a00001",
            cause="service:otlp",
            agent="system",
            severity=Severity.INFO,
            title="one emitter sends keys that no map knows",
            value=None,
            bound=None,
            silenced_until=NOW + timedelta(minutes=14),
            silenced_by=OperatorId("paul"),
            opened_at=ago(hours=5),
        ),
    ]
