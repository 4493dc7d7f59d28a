"""What the rest of the program may see and ask of the agents."""

from typing import Protocol

from core.commands import AgentChange
from core.fleet import AgentState
from core.ids import AgentId
from core.orchestration.registry import AgentRegistry


class Control(Protocol):
    """What the runtime does to one hosted agent. Each raises AgentNotFound."""

    async def control(self, name: AgentId, change: AgentChange, why: str) -> str:
        """Pause, resume, drain or restart; returns one sentence of what came of it."""
        ...


class Fleet:
    """All agents, for front ends and for executors of actions that the gate allowed."""

    def __init__(self, registry: AgentRegistry, runtime: Control) -> None:
        self._registry = registry
        self._runtime = runtime

    def states(self) -> tuple[AgentState, ...]:
        """Hosted agents in catalogue order, then outside ones, last seen first."""
        return self._registry.states()

    def state(self, agent: AgentId) -> AgentState:
        """One agent now. Raises AgentNotFound."""
        return self._registry.state(agent)

    def dependents(self, agent: AgentId) -> tuple[AgentId, ...]:
        """Hosted agents that depend on it, nearest first; of an outside one, none."""
        return self._registry.graph.dependents(agent)

    async def control(self, agent: AgentId, change: AgentChange, why: str = "") -> str:
        """Pause, resume, drain or restart a hosted agent, after the gate has allowed it.

        Returns one sentence of what came of it. Raises AgentNotFound.
        """
        return await self._runtime.control(agent, change, why)
