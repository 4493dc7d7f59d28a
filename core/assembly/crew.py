"""The agents, what watches them, and what carries out their allowed actions."""

import asyncio
from collections.abc import Callable
from typing import Final

from core.adapters.calls import LoggedCalls
from core.adapters.files import LocalFiles
from core.adapters.programs import run_program
from core.agents.catalog import build_specialists
from core.agents.ports import Means
from core.agents.proposals import Proposer
from core.agents.reader import DocumentReader
from core.assembly.ground import Ground
from core.fleet import AgentSpec
from core.fleet_ports import AgentWork, UsageStore
from core.governance.insiders import ORCHESTRATOR
from core.ids import AgentId
from core.measures import Severity
from core.monitoring.alerts import AlertBook
from core.monitoring.readings import MetricBook
from core.orchestration.advice import PerformanceMonitor
from core.orchestration.asks import CountedMessages
from core.orchestration.context import ContextMeans, HostedContext
from core.orchestration.coordinators.base import CoordinatorLoop
from core.orchestration.coordinators.catalog import build_coordinators
from core.orchestration.effects import Effects
from core.orchestration.entry_points import load_agents
from core.orchestration.fleet_view import Fleet
from core.orchestration.health.service import HealthMonitor
from core.orchestration.openapi.rules import compare_documents
from core.orchestration.operations import CONTROL, KINDS, Operations
from core.orchestration.registry import AgentRegistry
from core.orchestration.resolver import ConflictResolver
from core.orchestration.routing.service import Router
from core.orchestration.runtime import AgentRuntime
from core.ports import Service


class Crew:
    """The agents, what watches them, and what carries out their allowed actions."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        effects: Effects,
        coordinators: tuple[CoordinatorLoop, ...],
        services: tuple[Service, ...],
    ) -> None:
        self.fleet = fleet
        self.effects = effects
        self.coordinators = coordinators
        self.services = services

    async def coordinator_runs(self) -> tuple[int, int]:
        """Runs that worked, of all."""
        states = [each.state() for each in self.coordinators]
        runs = sum(state.runs for state in states)
        return runs - sum(state.failures for state in states), runs

    @classmethod
    async def gather(
        cls,
        ground: Ground,
        *,
        router: Router,
        registry: AgentRegistry,
        asks: CountedMessages,
        alerts: AlertBook,
        book: MetricBook,
        usage: UsageStore,
    ) -> "Crew":
        """Wire them. Raises DependencyInvalid."""
        clock, settings = ground.clock, ground.settings.orchestration
        files = LocalFiles(ground.base)
        means = ContextMeans(
            clock=clock,
            ids=ground.ids,
            messages=asks,
            gate=ground.gate,
            alerts=alerts,
            readings=book.readings,
            set_idle=registry.set_idle,
        )
        why_not = _WhyNot()
        specialists = build_specialists(
            Means(
                settings=settings,
                files=files,
                compare=compare_documents,
                find_action=ground.store.get_action,
                why_not=why_not,
                list_agents=ground.list_agents,
            )
        )
        agents, problems = await _with_third_parties(specialists)
        runtime = AgentRuntime(
            agents,
            make_context=lambda spec: HostedContext(spec, means),
            mailroom=router,
            registry=registry,
            clock=clock,
            restart=ground.supervisor.restart,
            on_pulse=ground.degradation.beat,
        )
        fleet = Fleet(registry, runtime)
        given = ground.settings.operations
        operations = Operations(
            given.commands, fleet=fleet, run=run_program, timeout_s=given.timeout_s
        )
        why_not.ask = operations.why_not
        effects = Effects(
            gate=ground.gate,
            store=ground.store,
            bus=ground.bus,
            clock=clock,
            executors=dict.fromkeys((CONTROL, *KINDS), operations.carry_out),
        )
        health = HealthMonitor(
            registry, runtime, alerts=alerts, clock=clock, on_round=ground.degradation.beat
        )
        ground.bus.listen(health.hear)
        performance = PerformanceMonitor(
            runtime,
            propose=lambda proposal: effects.propose(ORCHESTRATOR, proposal),
            proposer=ORCHESTRATOR,
            clock=clock,
        )
        own = HostedContext(_ORCHESTRATOR_SPEC, means)
        calls = _calls(ground)
        coordinators = build_coordinators(
            settings=settings,
            context=own,
            clock=clock,
            reader=DocumentReader(files, compare_documents),
            resolver=ConflictResolver(),
            proposer=Proposer(find_action=ground.store.get_action, why_not=why_not),
            load=router.load,
            usage=usage,
            read_calls=None if calls is None else calls.read,
        )
        await _tell_left_out(problems, alerts)
        services: tuple[Service, ...] = (
            effects,
            runtime,
            health,
            *runtime.services,
            performance,
            *coordinators,
        )
        return cls(fleet=fleet, effects=effects, coordinators=coordinators, services=services)


_ORCHESTRATOR_SPEC: Final = AgentSpec(
    name=AgentId("orchestrator"), role="Coordinates pairs of agents."
)


class _WhyNot:
    """Specialists are built before what carries their actions out."""

    ask: Callable[[str, str], str] = staticmethod(lambda _kind, _resource: "")

    def __call__(self, kind: str, resource: str) -> str:
        return self.ask(kind, resource)


async def _with_third_parties(
    specialists: tuple[tuple[AgentSpec, AgentWork], ...],
) -> tuple[tuple[tuple[AgentSpec, AgentWork], ...], tuple[str, ...]]:
    known = [spec for spec, _ in specialists]
    found, problems = await asyncio.to_thread(load_agents, known)
    return (*specialists, *found), problems


async def _tell_left_out(problems: tuple[str, ...], alerts: AlertBook) -> None:
    cause = "agents:left-out"
    if not problems:
        await alerts.resolve(cause)
        return
    await alerts.raise_alert(
        cause,
        agent="system",
        severity=Severity.WARNING,
        title=f"{len(problems)} installed agents are left out",
        detail="; ".join(problems),
    )


def _calls(ground: Ground) -> LoggedCalls | None:
    settings = ground.settings.orchestration
    if settings.access_log is None:
        return None
    path = ground.base / settings.access_log.expanduser()
    return LoggedCalls(path, window_s=settings.access_window_s, clock=ground.clock)
