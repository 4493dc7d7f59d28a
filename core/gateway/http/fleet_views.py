"""From the orchestrator's records to the shapes of the HTTP contract."""

import math
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from core.fleet import AgentState, AgentStatistics, CoordinatorState, FleetHealth, MessageView
from core.fleet_ports import AgentDetail
from core.gateway.fleet_schemas import (
    AlertAnswer,
    BucketView,
    CoordinatorView,
    EmitterAnswer,
    FleetAgentAnswer,
    FleetAgentView,
    HealthView,
    MessageAnswer,
    ReadingView,
    RecentView,
    SessionView,
    StatisticsView,
    TotalsView,
)
from core.governance.screening.rules import screen
from core.governance.screening.texts import redact_text
from core.measures import Alert, Bucket, Reading
from core.usage import EmitterView, SessionUsage, UsageTotals


def _given(shape: type[BaseModel], record: Any, **instead: Any) -> dict[str, Any]:
    """What a shape takes of a record that has fields of the same names, or `instead` of them."""
    names = shape.model_fields.keys() - instead.keys()
    return {name: getattr(record, name) for name in names} | instead


def _finite(value: float | None) -> float | None:
    """JSON has no word for what is no number."""
    return value if value is None or math.isfinite(value) else None


def statistics_view(told: AgentStatistics) -> StatisticsView:
    """What was measured of one agent."""
    return StatisticsView(**_given(StatisticsView, told))


def fleet_agent_view(state: AgentState) -> FleetAgentView:
    """One agent now."""
    spec = state.spec
    return FleetAgentView(
        name=spec.name,
        role=spec.role,
        capabilities=spec.capabilities,
        capacity=spec.capacity,
        depends_on=spec.depends_on,
        origin=state.origin,
        status=state.status,
        mode=state.mode,
        note=state.note,
        degraded_by=state.degraded_by,
        load=state.load,
        queue=state.queue,
        restarts=state.restarts,
        heartbeat_at=state.heartbeat_at,
        since=state.since,
        statistics=statistics_view(state.statistics),
        verdict=state.verdict,
        suggestions=state.suggestions,
    )


def fleet_agent_answer(detail: AgentDetail) -> FleetAgentAnswer:
    """One agent, whole."""
    return FleetAgentAnswer(
        agent=fleet_agent_view(detail.state),
        dependents=detail.dependents,
        mailbox=tuple(map(message_answer, detail.mailbox)),
        recent=tuple(
            RecentView(
                id=each.id,
                kind=each.action.kind,
                resource=redact_text(each.action.resource),
                status=each.status,
                proposed_at=each.action.proposed_at,
            )
            for each in detail.recent
        ),
        trust=None if detail.trust is None else detail.trust.score,
        metrics=tuple(map(reading_view, detail.readings)),
        sessions=tuple(map(session_view, detail.sessions)),
    )


def health_view(health: FleetHealth) -> HealthView:
    """How coordination does."""
    return HealthView(**_given(HealthView, health))


def coordinator_view(state: CoordinatorState) -> CoordinatorView:
    """One pair coordinator."""
    return CoordinatorView(**_given(CoordinatorView, state))


def reading_view(reading: Reading) -> ReadingView:
    """One metric now."""
    spec = reading.spec
    return ReadingView(
        key=spec.key,
        agent=spec.agent,
        name=spec.name,
        unit=spec.unit,
        target=spec.target,
        max=spec.max,
        alert_below=spec.alert_below,
        alert_above=spec.alert_above,
        state=reading.state,
        value=_finite(reading.value),
        at=reading.at,
        source=reading.source,
        reason=reading.reason,
        note=reading.note,
    )


def bucket_view(bucket: Bucket) -> BucketView:
    """A span of a series."""
    return BucketView(
        at=datetime.fromtimestamp(bucket.at_s, UTC),
        min=_finite(bucket.min),
        mean=_finite(bucket.mean),
        max=_finite(bucket.max),
        count=bucket.count,
    )


def message_answer(view: MessageView) -> MessageAnswer:
    """One message; secrets that agents put into it stay here."""
    message = view.message
    payload: Any = screen(dict(message.payload)).redacted
    placed = {
        name: getattr(view, name)
        for name in ("state", "holder", "priority_now", "changed_at", "reason")
    }
    return MessageAnswer(**_given(MessageAnswer, message, payload=payload, **placed))


def alert_answer(alert: Alert) -> AlertAnswer:
    """One alert."""
    return AlertAnswer(
        **_given(AlertAnswer, alert, value=_finite(alert.value), bound=_finite(alert.bound))
    )


def _totals(totals: UsageTotals) -> TotalsView:
    return TotalsView(**_given(TotalsView, totals))


def session_view(session: SessionUsage) -> SessionView:
    """One session."""
    return SessionView(**_given(SessionView, session, totals=_totals(session.totals)))


def emitter_answer(view: EmitterView) -> EmitterAnswer:
    """One program that sends telemetry."""
    totals, unmapped = _totals(view.totals), dict(view.unmapped)
    return EmitterAnswer(**_given(EmitterAnswer, view, totals=totals, unmapped=unmapped))
