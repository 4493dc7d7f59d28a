"""What a believable fleet measures, does and costs."""

import math
from collections.abc import Mapping
from typing import Any, Final

from core.actions import ActionStatus
from core.ids import (
    ActionId,
    AgentId,
    SessionId,
)
from core.measures import (
    MetricSpec,
    Reading,
    SourceState,
)
from core.monitoring.catalog import CATALOG
from core.records import TrustRecord
from core.usage import SessionUsage, UsageTotals
from tests.factories import make_action_record
from tests.fleet_day import ago, identifier

_MEASURED: Final[Mapping[str, tuple[SourceState, float | None, str, str]]] = {
    "architect.system_design_decisions_per_hour": (
        SourceState.FRESH, 0.25, "git docs/adr", "",
    ),
    "backend.api_response_time_p95": (
        SourceState.FRESH, 612.0, "access_log /var/log/nginx/access.log", "",
    ),
    "backend.api_throughput": (
        SourceState.FRESH, 1_204.0, "access_log /var/log/nginx/access.log", "",
    ),
    "backend.error_rate": (
        SourceState.STALE, 0.0031, "prometheus http://127.0.0.1:9090/metrics",
        "the page did not answer in 5 s; the last value is 4 minutes old",
    ),
    "backend.code_coverage": (SourceState.FRESH, 0.912, "file coverage.xml", ""),
    "devops.system_uptime": (
        SourceState.FRESH, 0.99951, "http_probe http://127.0.0.1:8080/healthz", "",
    ),
    "devops.incident_response_time": (
        SourceState.WAITING, None, "internal", "no incident has been closed yet",
    ),
    "video.gpu_utilization": (SourceState.FRESH, 0.97, "psutil", ""),
    "system.cross_agent_collaboration_score": (SourceState.FRESH, 0.87, "internal", ""),
}  # fmt: skip


def make_readings() -> tuple[Reading, ...]:
    """The whole catalogue, most of it without a source."""
    return tuple(map(_reading, CATALOG))


def _reading(spec: MetricSpec) -> Reading:
    if spec.key not in _MEASURED:
        why = f"nothing is bound: set [metrics.{spec.agent}.{spec.name}] in maestro.toml"
        return Reading(spec=spec, state=SourceState.NO_SOURCE, reason=why)
    state, value, source, reason = _MEASURED[spec.key]
    return Reading(
        spec=spec,
        state=state,
        value=value,
        at=None if value is None else ago(minutes=4) if reason else ago(seconds=7),
        source=source,
        reason=reason,
        note="412 requests in 300 s" if source.startswith("access_log") else "",
        trend=()
        if value is None
        else tuple(value * (1 + 0.2 * math.sin(at / 4)) for at in range(60)),
    )


def make_sessions() -> tuple[SessionUsage, ...]:
    """Priced, partly priced, unpriced."""
    return tuple(
        SessionUsage(
            session=SessionId(name),
            agent=AgentId(agent),
            emitter=agent,
            first_at=ago(hours=1),
            last_at=ago(minutes=minutes),
            models=(model,),
            totals=UsageTotals(
                calls=calls,
                input_tokens=12_400 * calls,
                output_tokens=480 * calls,
                cost_usd_micros=31_000 * (calls - unpriced),
                unpriced=unpriced,
            ),
        )
        for name, agent, model, calls, unpriced, minutes in (
            ("s-41c7", "claude-code", "claude-sonnet-4-5", 61, 2, 1),
            ("s-40aa", "claude-code", "local-model", 9, 9, 44),
            ("s-77d0", "codex", "gpt-5-codex", 30, 0, 3),
        )
    )


def make_recent(agent_id: AgentId) -> tuple[Any, ...]:
    return tuple(
        make_action_record(
            action={
                "id": ActionId(identifier(f"r{number}")),
                "agent_id": agent_id,
                "kind": kind,
                "resource": resource,
                "proposed_at": ago(minutes=number + 2),
            },
            status=status,
        )
        for number, (kind, resource, status) in enumerate(
            (
                ("service.restart", "shop-worker-3", ActionStatus.PENDING),
                ("agent.tune", "capacity", ActionStatus.ALLOWED),
                ("service.rollback", "shop 1.4.2", ActionStatus.DENIED),
            )
        )
    )


def make_trust(agent_id: AgentId) -> TrustRecord:
    scores = [0.5 + 0.02 * at for at in range(14)]
    return TrustRecord(
        id=agent_id,
        clean=48,
        violations=1,
        score=0.76,
        start=0.5,
        updated_at=ago(minutes=2),
        history=tuple(
            (ago(minutes=10 * (14 - at)), score, "clean outcome") for at, score in enumerate(scores)
        ),
    )
