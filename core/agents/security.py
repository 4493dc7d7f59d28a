"""security: refused and quarantined agents, data flows that nobody declared, its own metrics."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.actions import JsonObject, JsonValue
from core.agents.messages import FLOW_SETTLED, FLOW_VIOLATION
from core.agents.ports import Means
from core.agents.specialist import Specialist, UnreadableMessageError, read_text
from core.agents.watch import Wish
from core.fleet import Message
from core.fleet_ports import AgentContext
from core.measures import Severity

DENIALS_MIN: Final = 5  # of one agent within the span, before anything is said
EXPIRED_MIN: Final = 5  # of all agents together
SPAN: Final = timedelta(hours=1)
_FLOWS_MAX: Final = 200
_AGENTS_MAX: Final = 1_000
_LOOKS_MAX: Final = 512
_HOSTED: Final = "maestro/"  # how the principal of a hosted agent begins
_ORCHESTRATOR: Final = "maestro/orchestrator"
_UNANSWERED: Final = "unanswered"
_TELLS: Final = {
    "incident_response_time": "devops",
    "compliance_score": "business",
    "vulnerability_detection_rate": "devops",
    "penetration_test_pass_rate": "architect",
    "security_awareness_score": "business",
}


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something had happened, in all, at one look."""

    at: datetime
    total: int


class Security(Specialist):
    """Sees who is refused again and again; asks to pause an agent of this program that is."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._denied: dict[str, deque[Tally]] = {}
        self._expired: deque[Tally] = deque(maxlen=_LOOKS_MAX)
        self._looked = False
        self._quarantined: tuple[str, ...] = ()
        self._flows: dict[str, str] = {}
        self._answers[FLOW_VIOLATION] = self._take_flow
        self._answers[FLOW_SETTLED] = self._drop_flow

    async def look(self, context: AgentContext) -> None:
        """Agents by what the gate said to them; then its metrics."""
        await self.pass_on(context, _TELLS)
        if self._means.list_agents is None:
            return
        agents = await self._means.list_agents()
        self._quarantined = tuple(
            str(each.principal.id) for each in agents if each.principal.quarantined
        )
        known, self._denied = self._denied, {}
        for agent in agents[:_AGENTS_MAX]:
            name, now = str(agent.principal.id), context.clock.now()
            looks = known.get(name)
            if looks is None:
                # Who came since the last look has been refused since then; who was there before
                # this program started to look, nobody knows when.
                looks = deque([Tally(now, 0)] if self._looked else [], maxlen=_LOOKS_MAX)
            looks.append(Tally(now, agent.denied))
            self._denied[name] = looks
            await self._judge(context, name, looks)
        self._looked = True
        self._expired.append(Tally(context.clock.now(), sum(each.expired for each in agents)))
        await self._judge_unanswered(context)

    def other_sources(self) -> bool:
        """What the gate decided is a source of its own."""
        return self._means.list_agents is not None

    def status(self) -> JsonObject:
        """With who is in quarantine and which flows are open."""
        flows: dict[str, JsonValue] = dict(self._flows)
        return {"quarantined": list(self._quarantined), "flows": flows}

    async def _judge(self, context: AgentContext, name: str, looks: deque[Tally]) -> None:
        now = context.clock.now()
        fresh = count_fresh(looks, now)
        cause = f"denials:{name}"
        if fresh < DENIALS_MIN:
            if self._told.pop(cause, None) is not None:
                await context.resolve_alert(cause)
            return
        self._told[cause] = now
        evidence = f"the gate refused {fresh} actions of {name} since {looks[0].at:%H:%M:%S} UTC."
        await context.raise_alert(
            cause,
            severity=Severity.WARNING,
            title=f"{name} is refused again and again",
            detail=f"{evidence} Look at its actions, then quarantine it or correct its rules.",
        )
        if name.startswith(_HOSTED) and name != _ORCHESTRATOR:
            hosted = name.removeprefix(_HOSTED)
            await self.propose(
                context,
                Wish(
                    kind="agent.control",
                    resource=hosted,
                    arguments={"change": "pause", "agent": hosted},
                    purpose=f"{evidence} Paused, it does no harm while somebody looks.",
                ),
            )

    async def _judge_unanswered(self, context: AgentContext) -> None:
        """One alert for all agents: that nobody answers is no agent's fault."""
        now = context.clock.now()
        fresh = count_fresh(self._expired, now)
        if fresh < EXPIRED_MIN:
            if self._told.pop(_UNANSWERED, None) is not None:
                await context.resolve_alert(_UNANSWERED)
            return
        self._told[_UNANSWERED] = now
        await context.raise_alert(
            _UNANSWERED,
            severity=Severity.WARNING,
            title="nobody answers what agents ask",
            detail=f"{fresh} actions expired with no answer since {self._expired[0].at:%H:%M:%S}"
            " UTC, and did not run. Answer what waits under approvals, or give operators longer:"
            " [governance] approval_timeout_s.",
        )

    async def _take_flow(self, message: Message, _context: AgentContext) -> JsonObject:
        flow, reason = read_text(message, "flow"), read_text(message, "reason")
        if flow not in self._flows and len(self._flows) >= _FLOWS_MAX:
            raise UnreadableMessageError(f"more than {_FLOWS_MAX} flows are not kept")
        self._flows[flow] = reason
        return {"open": len(self._flows)}

    async def _drop_flow(self, message: Message, _context: AgentContext) -> JsonObject:
        self._flows.pop(read_text(message, "flow"), None)
        return {"open": len(self._flows)}


def count_fresh(looks: deque[Tally], now: datetime) -> int:
    """How many within the span; older looks are let go. The oldest kept is where it counts from."""
    while len(looks) > 1 and now - looks[0].at > SPAN:
        looks.popleft()
    return max(looks[-1].total - looks[0].total, 0)
