"""The fleet: how agents fare, metrics against their targets, alerts, what models cost."""

from core.errors import ConfigError
from core.fleet import AgentState
from core.fleet_ports import FleetPort
from core.measures import Alert, Reading, SourceState
from core.reporting.model import Column, Fact, Kind, Section, Table, Value
from core.reporting.ports import Period, Sources


async def build_operations(sources: Sources, period: Period) -> tuple[Section, ...]:
    """Agents and metrics as they are now; alerts and sessions of the period.

    Raises ConfigError when no engine runs: only a running one knows its fleet.
    """
    fleet = sources.fleet
    if fleet is None:
        raise ConfigError(
            "an operations report needs the running engine: start `maestro` or `maestro serve`"
        )
    readings = await fleet.readings()
    return (
        await _agents(fleet),
        _metrics(readings),
        _alerts([each for each in await fleet.alerts(resolved=True) if _falls_into(each, period)]),
        await _usage(fleet, period),
    )


async def _agents(fleet: FleetPort) -> Section:
    states = await fleet.fleet()
    health = await fleet.health()
    return Section(
        title="Agents",
        facts=(
            Fact(name="agents", title="agents", value=len(states), kind=Kind.COUNT),
            Fact(name="degraded", title="coordination degraded", value=health.degraded),
            Fact(name="routed", title="messages routed", value=health.routed, kind=Kind.COUNT),
            Fact(name="dead_letters", title="dead letters", value=health.dead, kind=Kind.COUNT),
        ),
        tables=(
            Table(
                name="agents",
                title="Agents now",
                columns=(
                    Column("agent", "agent"),
                    Column("origin", "origin"),
                    Column("status", "status"),
                    Column("load", "load", Kind.SHARE),
                    Column("completed", "completed", Kind.COUNT),
                    Column("failed", "failed", Kind.COUNT),
                    Column("error_rate", "error rate", Kind.SHARE),
                    Column("response_ms_p95", "response p95, ms", Kind.NUMBER),
                    Column("restarts", "restarts", Kind.COUNT),
                    Column("heartbeat_at", "heartbeat", Kind.TIME),
                    Column("note", "note"),
                ),
                rows=tuple(map(_agent_row, states)),
            ),
        ),
    )


def _agent_row(state: AgentState) -> tuple[Value, ...]:
    measured = state.statistics
    return (
        state.spec.name,
        state.origin.value,
        state.status.value,
        state.load,
        measured.completed,
        measured.failed,
        measured.error_rate,
        measured.response_ms_p95,
        state.restarts,
        state.heartbeat_at,
        state.note,
    )


def _metrics(readings: tuple[Reading, ...]) -> Section:
    bound = [each for each in readings if each.state is not SourceState.NO_SOURCE]
    return Section(
        title="Metrics",
        facts=(
            Fact(name="metrics", title="metrics", value=len(readings), kind=Kind.COUNT),
            Fact(name="bound", title="with a source", value=len(bound), kind=Kind.COUNT),
        ),
        tables=(
            Table(
                name="metrics",
                title="Metrics that have a source",
                columns=(
                    Column("metric", "metric"),
                    Column("value", "value", Kind.NUMBER),
                    Column("unit", "unit"),
                    Column("target", "target", Kind.NUMBER),
                    Column("alert_below", "alert below", Kind.NUMBER),
                    Column("alert_above", "alert above", Kind.NUMBER),
                    Column("state", "state"),
                    Column("at", "at", Kind.TIME),
                    Column("source", "source"),
                    Column("reason", "reason"),
                ),
                rows=tuple(
                    (
                        each.spec.key,
                        each.value,
                        each.spec.unit,
                        each.spec.target,
                        each.spec.alert_below,
                        each.spec.alert_above,
                        each.state.value,
                        each.at,
                        each.source,
                        each.reason,
                    )
                    for each in bound
                ),
                note="" if bound else "No metric has a source yet: see docs/metric-sources.md.",
            ),
        ),
        words=(
            "Without a source: "
            + (", ".join(each.spec.key for each in readings if each not in bound) or "none")
            + ".",
        ),
    )


def _falls_into(alert: Alert, period: Period) -> bool:
    """Open at some moment of the period."""
    ended = alert.resolved_at
    return alert.opened_at < period.until and (ended is None or ended >= period.since)


def _alerts(alerts: list[Alert]) -> Section:
    return Section(
        title="Alerts",
        tables=(
            Table(
                name="alerts",
                title="Alerts of this time",
                columns=(
                    Column("opened_at", "opened", Kind.TIME),
                    Column("severity", "severity"),
                    Column("agent", "agent"),
                    Column("title", "title"),
                    Column("state", "state"),
                    Column("acknowledged_by", "acknowledged by"),
                    Column("resolved_at", "resolved", Kind.TIME),
                    Column("count", "times", Kind.COUNT),
                ),
                rows=tuple(
                    (
                        each.opened_at,
                        each.severity.value,
                        each.agent,
                        each.title,
                        each.state.value,
                        each.acknowledged_by,
                        each.resolved_at,
                        each.count,
                    )
                    for each in alerts
                ),
                note="Resolved alerts are known for one day.",
            ),
        ),
    )


async def _usage(fleet: FleetPort, period: Period) -> Section:
    sessions = [
        each
        for each in await fleet.sessions()
        if each.first_at < period.until and each.last_at >= period.since
    ]
    return Section(
        title="Models",
        tables=(
            Table(
                name="sessions",
                title="Sessions that touch this time, whole",
                columns=(
                    Column("agent", "agent"),
                    Column("session", "session", Kind.CODE),
                    Column("last_at", "last", Kind.TIME),
                    Column("models", "models"),
                    Column("calls", "calls", Kind.COUNT),
                    Column("input_tokens", "tokens in", Kind.COUNT),
                    Column("output_tokens", "tokens out", Kind.COUNT),
                    Column("cost_usd_micros", "cost", Kind.USD_MICROS),
                    Column("unpriced", "calls without a price", Kind.COUNT),
                ),
                rows=tuple(
                    (
                        each.agent,
                        each.session,
                        each.last_at,
                        ", ".join(each.models),
                        each.totals.calls,
                        each.totals.input_tokens,
                        each.totals.output_tokens,
                        each.totals.cost_usd_micros,
                        each.totals.unpriced,
                    )
                    for each in sessions
                ),
                note="" if sessions else "No outside agent sent telemetry in this time.",
            ),
        ),
    )
