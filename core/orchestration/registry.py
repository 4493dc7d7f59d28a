"""Every agent that is known, hosted here or seen from outside, and what is known of each."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from core.clock import Clock
from core.errors import AgentNotFound
from core.events import AgentChanged
from core.fleet import AgentMode, AgentOrigin, AgentSpec, AgentState, AgentStatistics, AgentStatus
from core.ids import AgentId
from core.orchestration.graph import DependencyGraph
from core.orchestration.health import rules
from core.orchestration.health.rules import Health

LOADS_KEPT: Final = 60
OUTSIDE_MAX: Final = 1_000  # agents from outside; the one unseen for longest makes room

Publish = Callable[[AgentChanged], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What an agent's part of the runtime measures now."""

    statistics: AgentStatistics = field(default_factory=AgentStatistics)
    queue: int = 0  # waiting in its mailbox
    verdict: str = ""
    suggestions: tuple[str, ...] = ()


class Gauges(Protocol):
    """Where the figures of hosted agents come from. Each raises AgentNotFound."""

    def is_working(self, name: AgentId) -> bool:
        """Whether it has anything in work."""
        ...

    def load(self, name: AgentId) -> float:
        """0..1 of its capacity."""
        ...

    def figures(self, name: AgentId) -> Figures:
        """All that is measured of it."""
        ...


@dataclass(slots=True)
class _Entry:
    spec: AgentSpec
    origin: AgentOrigin
    health: Health
    mode: AgentMode = AgentMode.RUNNING
    mode_why: str = ""
    idle: str = ""
    loads: deque[float] = field(default_factory=lambda: deque[float](maxlen=LOADS_KEPT))
    told: tuple[AgentStatus, AgentMode, str] | None = None  # as last published


class AgentRegistry:
    """The one place that knows which agents there are and how they fare.

    Changes are taken in at once; `tell` publishes what is new since the last time. What outside
    agents' telemetry says of their work comes from `measure_outside`.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        publish: Publish,
        measure_outside: Callable[[AgentId], Figures] = lambda _: Figures(),
    ) -> None:
        self._clock = clock
        self._measure_outside = measure_outside
        self._publish = publish
        self._gauges: Gauges | None = None
        self._hosted: dict[AgentId, _Entry] = {}
        self._outside: dict[AgentId, _Entry] = {}
        self._graph = DependencyGraph(())

    @property
    def graph(self) -> DependencyGraph:
        """Who needs whom among the hosted agents."""
        return self._graph

    def host(self, specs: Sequence[AgentSpec], gauges: Gauges) -> None:
        """Take in all hosted agents at once, in catalogue order. Raises DependencyInvalid."""
        self._graph = DependencyGraph(specs)
        self._gauges = gauges
        health = Health(since=self._clock.now(), why="not started yet", restarting=True)
        for spec in specs:
            self._outside.pop(spec.name, None)
            self._hosted[spec.name] = _Entry(spec, AgentOrigin.HOSTED, health)

    def seen(self, name: AgentId, at: datetime) -> None:
        """An outside agent called or sent telemetry at `at`; it joins at its first contact.

        A hosted agent's own calls say nothing here: its runtime knows better.
        """
        if name in self._hosted:
            return
        entry = self._outside.get(name)
        if entry is not None and rules.is_fresh(entry.health, at):
            return
        now = self._clock.now()
        if entry is None:
            if len(self._outside) >= OUTSIDE_MAX:
                del self._outside[
                    min(self._outside, key=lambda each: _heard_s(self._outside[each]))
                ]
            spec = AgentSpec(name=name, role="seen from outside")
            entry = self._outside[name] = _Entry(spec, AgentOrigin.OUTSIDE, Health(since=now))
        # Telemetry arrives late: what counts is when it was sent, on a clock that never steps.
        ago_s = max(0.0, (now - at).total_seconds())
        entry.health = rules.hear(
            entry.health, at=min(at, now), at_s=self._clock.monotonic_s() - ago_s
        )

    def began(self, name: AgentId) -> None:
        """A hosted agent runs, for the first time or again."""
        entry = self._get(name)
        entry.health = rules.begin(
            entry.health, at=self._clock.now(), at_s=self._clock.monotonic_s()
        )

    def hear(self, name: AgentId) -> None:
        """A sign of life of a hosted agent."""
        entry = self._get(name)
        entry.health = rules.hear(
            entry.health, at=self._clock.now(), at_s=self._clock.monotonic_s()
        )

    def crashed(self, name: AgentId, why: str, *, restarting: bool) -> None:
        """A hosted agent failed."""
        entry = self._get(name)
        entry.health = rules.crash(
            entry.health, at=self._clock.now(), why=why, restarting=restarting
        )

    def starting_anew(self, name: AgentId, why: str) -> None:
        """A hosted agent is started again because somebody asked for it."""
        entry = self._get(name)
        entry.health = rules.start_anew(entry.health, at=self._clock.now(), why=why)

    def find_silent(self, *, hosted_s: float, outside_s: float) -> tuple[AgentId, ...]:
        """Take agents without a sign of life offline; returns the hosted ones that went now."""
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        gone: list[AgentId] = []
        for entries, limit_s in ((self._hosted, hosted_s), (self._outside, outside_s)):
            for name, entry in entries.items():
                before = entry.health.status
                entry.health = rules.miss(entry.health, now=now, now_s=now_s, limit_s=limit_s)
                if entry.health.status is not before and entries is self._hosted:
                    gone.append(name)
        return tuple(gone)

    def set_mode(self, name: AgentId, mode: AgentMode, why: str) -> None:
        """What the operator wants of a hosted agent. Raises AgentNotFound."""
        entry = self._get(name)
        entry.mode, entry.mode_why = mode, why

    def set_idle(self, name: AgentId, why: str) -> None:
        """Why a hosted agent has nothing to do; "" takes it back. Raises AgentNotFound."""
        self._get(name).idle = why

    def note_loads(self) -> None:
        """Take one sample of each hosted agent's load."""
        if self._gauges is None:
            return
        for name, entry in self._hosted.items():
            entry.loads.append(self._gauges.load(name))

    def names(self) -> tuple[AgentId, ...]:
        """The hosted agents, in catalogue order."""
        return tuple(self._hosted)

    def health(self, name: AgentId) -> Health:
        """What is known of a hosted agent's life. Raises AgentNotFound."""
        return self._get(name).health

    def mode(self, name: AgentId) -> AgentMode:
        """Raises AgentNotFound."""
        return self._get(name).mode

    def state(self, name: AgentId) -> AgentState:
        """One agent now. Raises AgentNotFound."""
        entry = self._hosted.get(name) or self._outside.get(name)
        if entry is None:
            raise AgentNotFound(f"no agent named {name!r} is known here")
        return self._view(entry, self._failed())

    def states(self) -> tuple[AgentState, ...]:
        """Hosted agents in catalogue order, then outside ones, last seen first."""
        failed = self._failed()
        outside = sorted(self._outside.values(), key=_heard_s, reverse=True)
        return tuple(self._view(entry, failed) for entry in (*self._hosted.values(), *outside))

    async def tell(self) -> None:
        """Publish AgentChanged for each whose status, mode or note is not as last published."""
        at, failed = self._clock.now(), self._failed()
        for name, entry in (*self._hosted.items(), *self._outside.items()):
            now = (self._status(entry), entry.mode, _note(entry, self._below(entry, failed)))
            if now != entry.told:
                entry.told = now
                status, mode, note = now
                await self._publish(
                    AgentChanged(at=at, agent_id=name, status=status, mode=mode, note=note)
                )

    def _get(self, name: AgentId) -> _Entry:
        entry = self._hosted.get(name)
        if entry is None:
            raise AgentNotFound(f"no agent named {name!r} is hosted here")
        return entry

    def _failed(self) -> frozenset[AgentId]:
        return frozenset(
            name for name, entry in self._hosted.items() if entry.health.status is AgentStatus.ERROR
        )

    def _status(self, entry: _Entry) -> AgentStatus:
        online = entry.health.status is AgentStatus.ONLINE
        gauges = self._gauges_of(entry)
        if online and gauges is not None and gauges.is_working(entry.spec.name):
            return AgentStatus.BUSY
        return entry.health.status

    def _gauges_of(self, entry: _Entry) -> Gauges | None:
        return self._gauges if entry.origin is AgentOrigin.HOSTED else None

    def _below(self, entry: _Entry, failed: frozenset[AgentId]) -> tuple[AgentId, ...]:
        if entry.origin is AgentOrigin.OUTSIDE:
            return ()
        return self._graph.failed_below(entry.spec.name, failed)

    def _view(self, entry: _Entry, failed: frozenset[AgentId]) -> AgentState:
        name, gauges = entry.spec.name, self._gauges_of(entry)
        figures = self._measure_outside(name) if gauges is None else gauges.figures(name)
        below = self._below(entry, failed)
        return AgentState(
            spec=entry.spec,
            origin=entry.origin,
            status=self._status(entry),
            mode=entry.mode,
            note=_note(entry, below),
            degraded_by=below,
            load=0.0 if gauges is None else gauges.load(name),
            queue=figures.queue,
            restarts=entry.health.restarts,
            heartbeat_at=entry.health.heard_at,
            since=entry.health.since,
            statistics=figures.statistics,
            loads=tuple(entry.loads),
            verdict=figures.verdict,
            suggestions=figures.suggestions,
        )


def _heard_s(entry: _Entry) -> float:
    return float("-inf") if entry.health.heard_s is None else entry.health.heard_s


def _note(entry: _Entry, below: tuple[AgentId, ...]) -> str:
    if entry.health.status is not AgentStatus.ONLINE:
        return entry.health.why
    if entry.mode is not AgentMode.RUNNING:
        return entry.mode_why
    if below:
        return f"degraded: it needs {', '.join(below)}, which failed"
    return entry.idle
