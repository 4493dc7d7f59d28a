"""What the rest of the program may see and ask of the agents."""

from typing import Protocol

from core.actions import Action, JsonObject
from core.commands import AgentChange
from core.errors import InvalidAction
from core.fleet import AgentState
from core.governance.screening.texts import redact_text
from core.ids import AgentId
from core.orchestration.registry import AgentRegistry


class Control(Protocol):
    """What the runtime does to one hosted agent. Each raises AgentNotFound."""

    async def control(self, name: AgentId, change: AgentChange, why: str) -> str:
        """Pause, resume, drain or restart; returns one sentence of what came of it."""
        ...

    async def tune(
        self, name: AgentId, *, parallel: int | None = None, every_s: float | None = None
    ) -> str:
        """Change how much it does at a time and how often; one sentence of what came of it."""
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
        return await self._runtime.control(agent, change, redact_text(why))

    async def tune(self, agent: AgentId, change: JsonObject) -> str:
        """Change "parallel" or "every_s" of a hosted agent, after the gate has allowed it.

        What else `change` holds, as how to undo it, is for the trail. Returns one sentence of what
        came of it. Raises AgentNotFound, InvalidAction.
        """
        parallel, every_s = change.get("parallel"), change.get("every_s")
        if parallel is not None and (isinstance(parallel, bool) or not isinstance(parallel, int)):
            raise InvalidAction("parallel: give a whole number")
        if every_s is not None and (
            isinstance(every_s, bool) or not isinstance(every_s, int | float)
        ):
            raise InvalidAction("every_s: give a number of seconds")
        if parallel is None and every_s is None:
            raise InvalidAction("give parallel, every_s or both")
        return await self._runtime.tune(agent, parallel=parallel, every_s=every_s)

    async def carry_out(self, action: Action, arguments: JsonObject) -> str:
        """Do an allowed "agent.control" or "config.change" of "tuning/AGENT"; for `Effects`.

        Raises AgentNotFound, InvalidAction.
        """
        if action.kind == "config.change":
            kind, _, name = action.resource.partition("/")
            if kind != "tuning":
                raise InvalidAction(f"{action.resource!r}: only tuning/AGENT can be changed here")
            return await self.tune(AgentId(name), arguments)
        change = arguments.get("change")
        if change not in tuple(AgentChange):
            raise InvalidAction(f"change: give one of {', '.join(AgentChange)}")
        return await self.control(
            AgentId(action.resource), AgentChange(str(change)), action.purpose
        )
