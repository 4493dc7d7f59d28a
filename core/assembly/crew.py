"""The agents, what watches them, and what carries out their allowed actions."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.adapters.calls import LoggedCalls
from core.adapters.files import LocalFiles
from core.adapters.programs import run_program
from core.agents.architect import CONSISTENCY, DECISIONS, Architect
from core.agents.catalog import build_specialists
from core.agents.ports import Means, WhyNot
from core.agents.proposals import Proposer
from core.agents.reader import DocumentReader
from core.agents.specialist import Specialist
from core.assembly.ground import Ground
from core.fleet import AgentSpec
from core.fleet_ports import AgentWork, UsageStore
from core.governance.insiders import ORCHESTRATOR
from core.ids import AgentId
from core.measures import Measured, Severity
from core.monitoring.alerts import AlertBook
from core.monitoring.internal import Compute
from core.monitoring.readings import MetricBook
from core.orchestration.activity import ActivityBook
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the crew is wired to."""

    router: Router
    activity: ActivityBook
    registry: AgentRegistry
    asks: CountedMessages
    alerts: AlertBook
    metrics: MetricBook
    usage: UsageStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The agents, what watches them, and what carries out their allowed actions."""

    fleet: Fleet
    effects: Effects
    coordinators: tuple[CoordinatorLoop, ...]
    services: tuple[Service, ...]
    computed: Mapping[str, Compute]  # metrics that rest on an agent's own work

    async def coordinator_runs(self) -> tuple[int, int]:
        """Runs that worked, of all."""
        states = [each.state() for each in self.coordinators]
        runs = sum(state.runs for state in states)
        return runs - sum(state.failures for state in states), runs


async def gather_crew(ground: Ground, parts: Parts) -> Crew:
    """Wire them; nothing runs yet."""
    means = _context_means(ground, parts)
    why_not = _WhyNot()
    resolver = ConflictResolver()
    specialists = _build_specialists(ground, why_not, resolver)
    runtime = await _host(ground, parts, means, specialists)
    fleet = Fleet(parts.registry, runtime)
    effects = _make_effects(ground, fleet, why_not)
    health = HealthMonitor(
        parts.registry,
        runtime,
        alerts=parts.alerts,
        clock=ground.clock,
        on_round=ground.degradation.beat,
    )
    ground.bus.listen(health.hear)
    performance = PerformanceMonitor(
        runtime,
        propose=lambda proposal: effects.propose(ORCHESTRATOR, proposal),
        proposer=ORCHESTRATOR,
        clock=ground.clock,
    )
    coordinators = _coordinate(ground, parts, means, why_not, resolver)
    return Crew(
        fleet=fleet,
        effects=effects,
        coordinators=coordinators,
        services=(effects, runtime, health, *runtime.services, performance, *coordinators),
        computed=_computed(ground, specialists),
    )


def _context_means(ground: Ground, parts: Parts) -> ContextMeans:
    return ContextMeans(
        clock=ground.clock,
        ids=ground.ids,
        messages=parts.asks,
        gate=ground.gate,
        alerts=parts.alerts,
        readings=parts.metrics.readings,
        set_idle=parts.registry.set_idle,
    )


def _build_specialists(
    ground: Ground, why_not: WhyNot, resolver: ConflictResolver
) -> tuple[tuple[AgentSpec, Specialist], ...]:
    return build_specialists(
        Means(
            settings=ground.settings.orchestration,
            files=LocalFiles(ground.base),
            compare=compare_documents,
            find_action=ground.store.get_action,
            why_not=why_not,
            list_agents=ground.list_agents,
            end_conflict=resolver.handle,
        )
    )


async def _host(
    ground: Ground,
    parts: Parts,
    means: ContextMeans,
    specialists: Sequence[tuple[AgentSpec, AgentWork]],
) -> AgentRuntime:
    """The ten specialists, and the agents that installed packages bring."""
    found, problems = await asyncio.to_thread(load_agents, [spec for spec, _ in specialists])
    await _tell_left_out(problems, parts.alerts)
    return AgentRuntime(
        (*specialists, *found),
        make_context=lambda spec: HostedContext(spec, means),
        mailroom=parts.router,
        registry=parts.registry,
        clock=ground.clock,
        restart=ground.supervisor.restart,
        on_pulse=ground.degradation.beat,
        tally=parts.activity,
    )


def _computed(
    ground: Ground, specialists: Sequence[tuple[AgentSpec, Specialist]]
) -> Mapping[str, Compute]:
    """What architect measures, where that is declared: else these metrics have no source."""
    settings = ground.settings.orchestration
    contracts = settings.contracts
    declared = {
        CONSISTENCY: len({contracts.architect, contracts.backend, contracts.frontend} - {None}) > 1,
        DECISIONS: bool(settings.repositories),
    }
    architect = next((work for _, work in specialists if isinstance(work, Architect)), None)
    if architect is None:
        return {}

    def compute(name: str) -> Compute:
        async def measure() -> Measured:
            return architect.measure(name) or Measured(None, note="not looked at yet")

        return measure

    return {f"architect.{name}": compute(name) for name, given in declared.items() if given}


def _make_effects(ground: Ground, fleet: Fleet, why_not: "_WhyNot") -> Effects:
    given = ground.settings.operations
    operations = Operations(given.commands, fleet=fleet, run=run_program, timeout_s=given.timeout_s)
    why_not.ask = operations.why_not
    return Effects(
        gate=ground.gate,
        store=ground.store,
        own=ground.own,
        bus=ground.bus,
        clock=ground.clock,
        executors=dict.fromkeys((CONTROL, *KINDS), operations.carry_out),
    )


def _coordinate(
    ground: Ground,
    parts: Parts,
    means: ContextMeans,
    why_not: WhyNot,
    resolver: ConflictResolver,
) -> tuple[CoordinatorLoop, ...]:
    calls = _calls(ground)
    return build_coordinators(
        settings=ground.settings.orchestration,
        context=HostedContext(_ORCHESTRATOR_SPEC, means),
        clock=ground.clock,
        reader=DocumentReader(LocalFiles(ground.base), compare_documents),
        resolver=resolver,
        proposer=Proposer(find_action=ground.store.get_action, why_not=why_not),
        load=parts.router.load,
        usage=parts.usage,
        read_calls=None if calls is None else calls.read,
    )


_ORCHESTRATOR_SPEC: Final = AgentSpec(
    name=AgentId("orchestrator"), role="Coordinates pairs of agents."
)


class _WhyNot:
    """Specialists are built before what carries their actions out."""

    def __init__(self) -> None:
        self.ask: WhyNot = _nothing_against

    def __call__(self, kind: str, resource: str) -> str:
        return self.ask(kind, resource)


def _nothing_against(kind: str, resource: str) -> str:
    del kind, resource
    return ""


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
