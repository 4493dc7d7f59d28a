"""Watches the agents: who crashed, who is silent; tells router, operator and screens."""

from collections.abc import Callable
from typing import Protocol

from core.clock import Clock
from core.events import CoreEvent, ServiceFailed
from core.fleet import AgentStatus
from core.ids import AgentId
from core.measures import Severity
from core.orchestration.context import Alerts
from core.orchestration.graph import DependencyGraph
from core.orchestration.health.rules import Health


class Agents(Protocol):
    """What is known of the agents: the registry."""

    @property
    def graph(self) -> DependencyGraph:
        """Who needs whom."""
        ...

    def names(self) -> tuple[AgentId, ...]:
        """The hosted agents."""
        ...

    def health(self, name: AgentId) -> Health:
        """What is known of a hosted agent's life."""
        ...

    def crashed(self, name: AgentId, why: str, *, restarting: bool) -> None:
        """A hosted agent failed."""
        ...

    def find_silent(self, *, hosted_s: float, outside_s: float) -> tuple[AgentId, ...]:
        """Take the silent offline; returns the hosted ones that went now."""
        ...


class Runtime(Protocol):
    """What hosts the agents."""

    def agent_of(self, service: str) -> AgentId | None:
        """Which agent a service runs; None when none."""
        ...

    def accept(self, name: AgentId) -> None:
        """Tell the router anew whether this agent may be sent messages."""
        ...


class HealthMonitor:
    """Takes what the supervisor tells of agents into the registry, and looks for silent ones.

    The supervisor restarts a crashed agent with back-off until its budget is spent. Then the agent
    stays in error until somebody has it restarted, and the operator is told by an alert.
    """

    name = "health-monitor"

    def __init__(
        self,
        registry: Agents,
        runtime: Runtime,
        *,
        alerts: Alerts,
        clock: Clock,
        hosted_silent_s: float = 30.0,
        outside_silent_s: float = 900.0,
        every_s: float = 1.0,
        on_round: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._registry = registry
        self._runtime = runtime
        self._alerts = alerts
        self._clock = clock
        self._hosted_silent_s = hosted_silent_s
        self._outside_silent_s = outside_silent_s
        self._every_s = every_s
        self._on_round = on_round
        self._looked_s = clock.monotonic_s()
        # As last told. An alert of an earlier process is open perhaps: so nothing is told at first.
        self._told: dict[AgentId, tuple[AgentStatus, str]] = {}

    def hear(self, event: CoreEvent) -> None:
        """Listen to the bus with this."""
        if isinstance(event, ServiceFailed):
            name = self._runtime.agent_of(event.service)
            if name is not None:
                self._registry.crashed(name, event.message, restarting=event.restarting)
                self._runtime.accept(name)

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await self.check()
            self._on_round(self.name)
            await self._clock.sleep(self._every_s)

    async def check(self) -> None:
        """Look once: take the silent offline, raise and resolve alerts."""
        if self._was_awake():
            for name in self._registry.find_silent(
                hosted_s=self._hosted_silent_s, outside_s=self._outside_silent_s
            ):
                self._runtime.accept(name)
        for name in self._registry.names():
            await self._alert(name)

    def _was_awake(self) -> bool:
        """Whether it looked a moment ago. After the machine slept, silence says nothing yet."""
        before_s, self._looked_s = self._looked_s, self._clock.monotonic_s()
        return self._looked_s - before_s <= self._hosted_silent_s / 2

    async def _alert(self, name: AgentId) -> None:
        health = self._registry.health(name)
        now = (health.status, health.why if health.status is AgentStatus.ERROR else "")
        if now == self._told.get(name):
            return
        cause = f"agent:{name}"
        if health.status is AgentStatus.ERROR:
            await self._alerts.raise_alert(
                cause,
                agent=name,
                severity=Severity.CRITICAL,
                title=f"{name} is in error and is not restarted again",
                detail=_tell_error(health.why, self._registry.graph.dependents(name)),
            )
        elif health.status is AgentStatus.ONLINE:
            await self._alerts.resolve(cause)
        elif health.heard_s is not None and not health.restarting:
            await self._alerts.raise_alert(
                cause,
                agent=name,
                severity=Severity.WARNING,
                title=f"{name} is offline: {health.why}",
                detail="it is restarted with the key for that, or with maestro agents restart",
            )
        self._told[name] = now


def _tell_error(why: str, dependents: tuple[AgentId, ...]) -> str:
    below = f"; degraded with it: {', '.join(dependents)}" if dependents else ""
    return f"{why}{below}. Find the cause, then have it restarted."
