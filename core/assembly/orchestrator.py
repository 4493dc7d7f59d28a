"""The whole orchestrator over its stores."""

import asyncio
import contextlib
from dataclasses import dataclass

from core.adapters.alert_store import SqliteAlerts
from core.adapters.messages import SqliteMessages
from core.adapters.series import SqliteSeries
from core.adapters.usage_store import SqliteUsageStore
from core.assembly.crew import Crew, Parts, gather_crew
from core.assembly.ground import Ground
from core.assembly.metrics import bind_metrics, metrics_beside
from core.events import ActionJudged, CoreEvent, OutcomeReported
from core.governance.insiders import insider_role
from core.governance.screening.rules import screen
from core.monitoring.alerts import AlertBook
from core.monitoring.collector import Collector
from core.monitoring.internal import InternalRegistry, offer_own_metrics
from core.monitoring.readings import MetricBook
from core.orchestration.activity import ActivityBook
from core.orchestration.asks import CountedMessages
from core.orchestration.desk import DeskMeans, FleetDesk
from core.orchestration.registry import AgentRegistry
from core.orchestration.routing.service import Router
from core.ports import Service
from core.telemetry.service import TelemetryBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Orchestrator:
    """The parts that others are wired to, and the services in the order of their start."""

    desk: FleetDesk
    telemetry: TelemetryBook
    router: Router
    metrics: MetricBook
    alerts: AlertBook
    services: tuple[Service, ...]


async def assemble(ground: Ground, stack: contextlib.AsyncExitStack) -> Orchestrator:
    """Open the orchestrator's stores and wire its parts; `stack` closes them.

    Raises ConfigError for a metric that cannot be bound, StorageError.
    """
    shelf = await _open_shelf(ground, stack)
    clock = ground.clock
    router = Router(clock=clock, ids=ground.ids, bus=ground.bus, store=shelf.messages)
    await router.restore()
    alerts = AlertBook(
        store=shelf.alerts, clock=clock, ids=ground.ids, bus=ground.bus, audit=ground.audit
    )
    await alerts.load()
    registry = AgentRegistry(clock=clock, publish=ground.bus.publish)
    _follow_outside(ground, registry)
    activity = ActivityBook(clock)
    ground.bus.listen(activity.hear)
    parts = Parts(
        router=router,
        activity=activity,
        registry=registry,
        asks=CountedMessages(router),
        alerts=alerts,
        metrics=MetricBook(clock, beside=metrics_beside(ground.settings)),
        usage=shelf.usage,
    )
    crew = await gather_crew(ground, parts)
    telemetry = TelemetryBook(
        store=shelf.usage, clock=clock, is_secret=lambda text: screen(text).secrets
    )
    _measure(ground, parts, crew, telemetry, stack)
    collector = Collector(parts.metrics, store=shelf.series, alerts=alerts, clock=clock)
    stack.push_async_callback(collector.close)
    return Orchestrator(
        desk=FleetDesk(_desk_means(ground, parts, crew, telemetry, shelf.series)),
        telemetry=telemetry,
        router=router,
        metrics=parts.metrics,
        alerts=alerts,
        services=(ground.degradation, alerts, router, collector, telemetry, *crew.services),
    )


def _measure(
    ground: Ground,
    parts: Parts,
    crew: Crew,
    telemetry: TelemetryBook,
    stack: contextlib.AsyncExitStack,
) -> None:
    internals = InternalRegistry()
    offer_own_metrics(
        internals,
        book=parts.metrics,
        alerts=parts.alerts,
        answered=parts.asks.counts,
        coordinator_runs=crew.coordinator_runs,
    )
    for key, compute in crew.computed.items():
        internals.add(key, compute)
    bind_metrics(ground, parts.metrics, internals, telemetry, stack)


def _desk_means(
    ground: Ground, parts: Parts, crew: Crew, telemetry: TelemetryBook, series: SqliteSeries
) -> DeskMeans:
    return DeskMeans(
        clock=ground.clock,
        store=ground.store,
        find_trust=ground.find_trust,
        audit=ground.audit,
        registry=parts.registry,
        fleet=crew.fleet,
        router=parts.router,
        effects=crew.effects,
        degradation=ground.degradation,
        metrics=parts.metrics,
        series=series,
        alerts=parts.alerts,
        telemetry=telemetry,
        usage=parts.usage,
        coordinators=crew.coordinators,
        activity=parts.activity,
    )


@dataclass(frozen=True, slots=True)
class _Shelf:
    messages: SqliteMessages
    series: SqliteSeries
    alerts: SqliteAlerts
    usage: SqliteUsageStore


async def _open_shelf(ground: Ground, stack: contextlib.AsyncExitStack) -> _Shelf:
    """All stores at once: each is a file of its own, and opening waits for the disk."""
    messages, series, alerts = await asyncio.gather(
        SqliteMessages.open(ground.home / "messages.db"),
        SqliteSeries.open(ground.home / "metrics.db", ground.clock),
        SqliteAlerts.open(ground.home / "alerts.db"),
    )
    usage = SqliteUsageStore(ground.home, clock=ground.clock)
    for store in (messages, series, alerts, usage):
        stack.push_async_callback(store.close)
    return _Shelf(messages, series, alerts, usage)


def _follow_outside(ground: Ground, registry: AgentRegistry) -> None:
    """Outside agents are seen by what they do; those of earlier days join with their last sign."""

    def hear(event: CoreEvent) -> None:
        if (
            isinstance(event, ActionJudged | OutcomeReported)
            and insider_role(event.agent_id) is None
        ):
            registry.seen(event.agent_id, event.at)

    for principal in ground.principals():
        if insider_role(principal.id) is None:
            registry.seen(principal.id, principal.last_seen)
    ground.bus.listen(hear)
