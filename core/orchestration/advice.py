"""What is done for an agent that degraded: one step at a time, each through the gate."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from core.actions import ActionStatus, RiskLevel
from core.clock import Clock
from core.errors import MaestroError
from core.ids import AgentId
from core.orchestration.performance import (
    HISTORY,
    RECENT,
    Judgement,
    PerformanceVerdict,
    Suggestion,
    Tuning,
    put_back,
    suggest,
)
from core.ports import Proposal, Ticket

_SAID_MAX: Final = 5
# Timings below this jump with whatever else the host does, and nobody waits for them.
_WORTH_A_STEP_MS: Final = 100.0

Propose = Callable[[Proposal], Awaitable[Ticket]]


class Performers(Protocol):
    """What the runtime tells of its agents' performance."""

    def names(self) -> tuple[AgentId, ...]:
        """All hosted agents."""
        ...

    def judge(self, name: AgentId) -> Judgement:
        """How it performs now."""
        ...

    def samples_added(self, name: AgentId) -> int:
        """How many pieces of work were measured."""
        ...

    def tuning(self, name: AgentId) -> Tuning:
        """How it is tuned now."""
        ...

    def configured(self, name: AgentId) -> Tuning:
        """How it was tuned at first."""
        ...

    def set_suggestions(self, name: AgentId, suggestions: tuple[str, ...]) -> None:
        """What is tried or would be, for the screens."""
        ...


@dataclass(frozen=True, slots=True)
class _Step:
    """The last thing that was tried for one agent."""

    samples: int  # measured by then
    said: tuple[str, ...] = ()  # of all steps since it degraded


class PerformanceMonitor:
    """Judges every hosted agent and proposes what may help, the least risk first.

    Low risk is what policy lets go ahead by itself; all else waits for the operator, and is asked
    only when ten samples more say the same. So does each next step: the last one did not help.
    """

    name = "performance-monitor"

    def __init__(
        self,
        agents: Performers,
        *,
        propose: Propose,
        proposer: AgentId,
        clock: Clock,
        every_s: float = 5.0,
        cool_down_s: float = 600.0,
    ) -> None:
        self._agents = agents
        self._propose = propose
        self._proposer = proposer
        self._clock = clock
        self._every_s = every_s
        self._cool_down_s = cool_down_s
        self._steps: dict[AgentId, _Step] = {}
        self._tried_s: dict[tuple[AgentId, str], float] = {}

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            for name in self._agents.names():
                await self.look(name)
            await self._clock.sleep(self._every_s)

    async def look(self, name: AgentId) -> None:
        """Judge one agent; take the next step when the last one had its time to show."""
        judgement = self._agents.judge(name)
        step = self._steps.get(name)
        since = None if step is None else self._agents.samples_added(name) - step.samples
        if _is_worth_a_step(judgement):
            if since is None or since >= RECENT:
                await self._remedy(name, judgement, step)
        elif judgement.verdict is not PerformanceVerdict.INSUFFICIENT and step is not None:
            self._agents.set_suggestions(name, ())
            tuning, configured = self._agents.tuning(name), self._agents.configured(name)
            if tuning == configured:
                del self._steps[name]
            elif since is not None and since >= RECENT + HISTORY:
                # Steady for as long as a whole judgement: it is not needed any longer.
                back = put_back(name, tuning, configured=configured)
                await self._try(name, back, "it is steady again")
                del self._steps[name]

    async def _remedy(self, name: AgentId, judgement: Judgement, step: _Step | None) -> None:
        said = () if step is None else step.said
        tuning, configured = self._agents.tuning(name), self._agents.configured(name)
        left = [
            each
            for each in suggest(name, judgement, tuning, configured=configured)
            if not self._was_tried(name, each)
        ]
        # One verdict in a noisy series may be chance: nobody is asked because of it alone.
        if left and (step is not None or left[0].risk is RiskLevel.LOW):
            said = (*said, await self._try(name, left.pop(0), judgement.reason))[-_SAID_MAX:]
        self._steps[name] = _Step(self._agents.samples_added(name), said)
        self._agents.set_suggestions(
            name, (*said, *(f"next: {each.text} ({each.risk} risk)" for each in left))
        )

    def _was_tried(self, name: AgentId, suggestion: Suggestion) -> bool:
        at_s = self._tried_s.get((name, suggestion.text))
        return at_s is not None and self._clock.monotonic_s() - at_s < self._cool_down_s

    async def _try(self, name: AgentId, suggestion: Suggestion, why: str) -> str:
        now_s = self._clock.monotonic_s()
        self._tried_s = {
            key: at_s for key, at_s in self._tried_s.items() if now_s - at_s < self._cool_down_s
        }
        self._tried_s[name, suggestion.text] = now_s
        try:
            ticket = await self._propose(
                Proposal(
                    agent=self._proposer,
                    kind=suggestion.kind,
                    resource=suggestion.resource,
                    arguments=suggestion.arguments,
                    purpose=f"{name}: {why}",
                    risk=suggestion.risk,
                )
            )
        except MaestroError as error:
            return f"{suggestion.text} ({suggestion.risk} risk): not proposed: {error}"
        return f"{suggestion.text} ({suggestion.risk} risk): {_STANDS[ticket.status]}"


def _is_worth_a_step(judgement: Judgement) -> bool:
    """Whether it degraded by something that anybody could notice."""
    return judgement.verdict is PerformanceVerdict.DEGRADED and (
        judgement.failing or (judgement.response_ms_recent or 0.0) >= _WORTH_A_STEP_MS
    )


_STANDS: Final = {
    ActionStatus.ALLOWED: "done",
    ActionStatus.PENDING: "asked",
    ActionStatus.DENIED: "denied",
    ActionStatus.EXPIRED: "nobody answered",
}
