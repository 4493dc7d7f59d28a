"""The whole orchestrator over its stores."""

import asyncio
import contextlib
from dataclasses import dataclass

from core.adapters.alert_store import SqliteAlerts
from core.adapters.messages import SqliteMessages
from core.adapters.series import SqliteSeries
from core.adapters.usage_store import SqliteUsageStore
from core.assembly.crew import Crew
from core.assembly.ground import Ground
from core.assembly.metrics import bind_metrics, metrics_beside
from core.events import ActionJudged, CoreEvent, OutcomeReported
from core.governance.insiders import hosted_name, insider_role
from core.governance.screening.rules import screen
from core.monitoring.alerts import AlertBook
from core.monitoring.collector import Collector
from core.monitoring.internal import InternalRegistry, offer_own_metrics
from core.monitoring.readings import MetricBook
from core.orchestration.asks import CountedMessages
from core.orchestration.desk import DeskMeans, FleetDesk
from core.orchestration.registry import AgentRegistry
from core.orchestration.routing.service import Router
from core.ports import Service
from core.records import AuditDraft, WriteUnit
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
    router = Router(clock=ground.clock, ids=ground.ids, bus=ground.bus, store=shelf.messages)
    await router.restore()
    alerts = AlertBook(
        store=shelf.alerts,
        clock=ground.clock,
        ids=ground.ids,
        bus=ground.bus,
        audit=lambda draft: _audit(ground, draft),
    )
    await alerts.load()
    book = MetricBook(ground.clock, beside=metrics_beside(ground.settings))
    asks = CountedMessages(router)
    registry = AgentRegistry(clock=ground.clock, publish=ground.bus.publish)
    _follow_outside(ground, registry)
    crew = await Crew.gather(
        ground,
        router=router,
        registry=registry,
        asks=asks,
        alerts=alerts,
        book=book,
        usage=shelf.usage,
    )
    internals = InternalRegistry()
    offer_own_metrics(
        internals,
        book=book,
        alerts=alerts,
        answered=asks.counts,
        coordinator_runs=crew.coordinator_runs,
    )
    telemetry = TelemetryBook(
        store=shelf.usage,
        clock=ground.clock,
        is_secret=lambda text: screen(text).secrets,
    )
    bind_metrics(ground, book, internals, telemetry, stack)
    collector = Collector(book, store=shelf.series, alerts=alerts, clock=ground.clock)
    stack.push_async_callback(collector.close)
    desk = FleetDesk(
        DeskMeans(
            clock=ground.clock,
            store=ground.store,
            find_trust=ground.find_trust,
            audit=lambda draft: _audit(ground, draft),
            registry=registry,
            fleet=crew.fleet,
            router=router,
            effects=crew.effects,
            degradation=ground.degradation,
            metrics=book,
            series=shelf.series,
            alerts=alerts,
            telemetry=telemetry,
            usage=shelf.usage,
            coordinators=crew.coordinators,
        )
    )
    return Orchestrator(
        desk=desk,
        telemetry=telemetry,
        router=router,
        metrics=book,
        alerts=alerts,
        services=(ground.degradation, alerts, router, collector, telemetry, *crew.services),
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


async def _audit(ground: Ground, draft: AuditDraft) -> None:
    await ground.store.commit(WriteUnit(audit=(draft,)))


def _follow_outside(ground: Ground, registry: AgentRegistry) -> None:
    """Outside agents are seen by what they do; those of earlier days join with their last sign."""

    def hear(event: CoreEvent) -> None:
        if isinstance(event, ActionJudged | OutcomeReported):
            if insider_role(event.agent_id) is None:
                registry.seen(event.agent_id, event.at)
            elif (name := hosted_name(event.agent_id)) in registry.names():
                assert name is not None  # noqa: S101 - a name of the registry
                registry.hear(name)

    for principal in ground.principals():
        if insider_role(principal.id) is None:
            registry.seen(principal.id, principal.last_seen)
    ground.bus.listen(hear)
