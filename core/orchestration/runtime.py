"""All hosted agents: their services, one pulse for all of them, and control over each."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from core.clock import Clock
from core.commands import AgentChange
from core.errors import AgentNotFound, InvalidAction, MaestroError
from core.fleet import AgentMode, AgentSpec
from core.fleet_ports import AgentContext, AgentWork
from core.ids import AgentId
from core.orchestration.hosted import HostedAgent, HostLimits, Mailroom, Tally
from core.orchestration.performance import Judgement, PerformanceVerdict, Tuning
from core.orchestration.registry import AgentRegistry, Figures

PARALLEL_MAX: Final = 64
EVERY_S_MIN: Final = 1.0
_LOADS_EVERY_S: Final = 1.0

Restart = Callable[[str], Awaitable[None]]


class AgentRuntime:
    """Hosts agents. Its own service is the pulse that all of them share.

    `services` are the agents themselves, in the order in which they start; the supervisor stops
    them in reverse. Raises DependencyInvalid when the dependencies do not work out.
    """

    name = "agent-runtime"

    def __init__(
        self,
        agents: Sequence[tuple[AgentSpec, AgentWork]],
        *,
        make_context: Callable[[AgentSpec], AgentContext],
        mailroom: Mailroom,
        registry: AgentRegistry,
        clock: Clock,
        restart: Restart,
        limits: HostLimits | None = None,
        pulse_s: float = 1.0,
        on_pulse: Callable[[str], None] = lambda _: None,
        tally: Tally | None = None,
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._restart = restart
        self._pulse_s = pulse_s
        self._on_pulse = on_pulse
        self._loads_s = clock.monotonic_s()
        self._suggested: dict[AgentId, tuple[str, ...]] = {}
        registry.host([spec for spec, _ in agents], self)
        self._agents: dict[AgentId, HostedAgent] = {}
        for spec, work in agents:
            mailroom.register(spec, accepting=False)
            self._agents[spec.name] = HostedAgent(
                spec,
                work,
                context=make_context(spec),
                mailroom=mailroom,
                registry=registry,
                clock=clock,
                limits=limits or HostLimits(),
                tally=tally,
            )

        self._by_service = {agent.name: name for name, agent in self._agents.items()}

    @property
    def services(self) -> tuple[HostedAgent, ...]:
        """The agents, each after all that it depends on."""
        return tuple(self._agents[name] for name in self._registry.graph.start_order())

    async def run(self) -> None:
        """Keep the pulse until cancelled."""
        while True:
            now_s = self._clock.monotonic_s()
            for agent in self._agents.values():
                agent.pulse(now_s)
            if now_s - self._loads_s >= _LOADS_EVERY_S:
                self._loads_s = now_s
                self._registry.note_loads()
            self._tell_drained()
            await self._registry.tell()
            self._on_pulse(self.name)
            await self._clock.sleep(self._pulse_s)

    # What the registry asks

    def is_working(self, name: AgentId) -> bool:
        """Whether it has anything in work."""
        return self._get(name).working

    def load(self, name: AgentId) -> float:
        """0..1 of its capacity."""
        return self._get(name).load

    def figures(self, name: AgentId) -> Figures:
        """All that is measured of it."""
        agent = self._get(name)
        return Figures(
            statistics=agent.statistics(),
            queue=agent.waiting,
            verdict=self.judge(name).verdict.value,
            suggestions=self._suggested.get(name, ()),
        )

    # What the performance monitor asks

    def names(self) -> tuple[AgentId, ...]:
        """All hosted agents."""
        return tuple(self._agents)

    def judge(self, name: AgentId) -> Judgement:
        """How it performs: at messages or at its own work, whichever is worse."""
        agent = self._get(name)
        both = (agent.messages.judge(), agent.own_work.judge())
        return max(both, key=lambda each: _BADNESS[each.verdict])

    def samples_added(self, name: AgentId) -> int:
        """How many pieces of work were measured."""
        agent = self._get(name)
        return agent.messages.added + agent.own_work.added

    def tuning(self, name: AgentId) -> Tuning:
        """How it is tuned now."""
        return self._get(name).tuning

    def configured(self, name: AgentId) -> Tuning:
        """How it was tuned at first."""
        return self._get(name).configured

    def set_suggestions(self, name: AgentId, suggestions: tuple[str, ...]) -> None:
        """What is tried or would be, for the screens."""
        self._get(name)
        self._suggested[name] = suggestions

    # What the health monitor asks

    def agent_of(self, service: str) -> AgentId | None:
        """Which agent a service runs; None when none."""
        return self._by_service.get(service)

    def accept(self, name: AgentId) -> None:
        """Tell the router anew whether this agent may be sent messages. Raises AgentNotFound."""
        self._get(name).accept()

    # What executors of allowed actions ask

    async def control(self, name: AgentId, change: AgentChange, why: str) -> str:
        """Pause, resume, drain or restart; returns one sentence of what came of it.

        A restart also takes it up again after a pause, with the tuning that it had at first.
        Raises AgentNotFound; MaestroError when it does not stop.
        """
        try:
            return await self._change(self._get(name), change, f": {why}" if why else "")
        finally:
            await self._registry.tell()

    async def tune(
        self, name: AgentId, *, parallel: int | None = None, every_s: float | None = None
    ) -> str:
        """Change one or both. Raises AgentNotFound, InvalidAction."""
        agent = self._get(name)
        before = agent.tuning
        if parallel is not None and not 1 <= parallel <= PARALLEL_MAX:
            raise InvalidAction(f"parallel: give 1 to {PARALLEL_MAX}, not {parallel}")
        if every_s is not None and (before.every_s is None or not every_s >= EVERY_S_MIN):
            raise InvalidAction(f"every_s: {name} cannot do its own work each {every_s:g} s")
        after = Tuning(
            before.parallel if parallel is None else parallel,
            before.every_s if every_s is None else every_s,
        )
        agent.tune(after)
        return f"{name}: {before} became {after}"

    async def _change(self, agent: HostedAgent, change: AgentChange, reason: str) -> str:
        match change:
            case AgentChange.PAUSE:
                agent.set_mode(AgentMode.PAUSED, f"paused{reason}")
                return f"{agent.spec.name} is paused; its mailbox waits"
            case AgentChange.DRAIN:
                agent.set_mode(AgentMode.DRAINING, f"draining{reason}")
                return f"{agent.spec.name} finishes what it has and is sent nothing new"
            case AgentChange.RESUME:
                agent.set_mode(AgentMode.RUNNING, "")
                return f"{agent.spec.name} runs again"
            case AgentChange.RESTART:
                return await self._start_anew(agent, reason)

    async def _start_anew(self, agent: HostedAgent, reason: str) -> str:
        self._registry.starting_anew(agent.spec.name, f"restarting{reason}")
        agent.set_mode(AgentMode.RUNNING, "")
        agent.tune(agent.configured)
        try:
            await self._restart(agent.name)
        except ValueError as error:
            raise MaestroError(str(error)) from error
        return f"{agent.spec.name} was restarted"

    def _tell_drained(self) -> None:
        for name, agent in self._agents.items():
            if self._registry.mode(name) is AgentMode.DRAINING and not (
                agent.working or agent.waiting
            ):
                self._registry.set_mode(name, AgentMode.DRAINING, "drained: its mailbox is empty")

    def _get(self, name: AgentId) -> HostedAgent:
        agent = self._agents.get(name)
        if agent is None:
            raise AgentNotFound(f"no agent named {name!r} is hosted here")
        return agent


_BADNESS: Final = {
    PerformanceVerdict.INSUFFICIENT: 0,
    PerformanceVerdict.STEADY: 1,
    PerformanceVerdict.DEGRADED: 2,
}
