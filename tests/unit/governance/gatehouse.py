"""A whole gate over a store in memory, for tests: real parts, a judge that says what it is told."""

from collections.abc import Callable
from typing import Any

from core.actions import Action, Counsel, Decision, Finding
from core.adapters.telemetry import NoTracer
from core.bus import Bus, Latest
from core.governance.approvals import ApprovalQueue
from core.governance.desk import OperatorDesk
from core.governance.enforcement import Enforcement, JudgePort
from core.governance.ethics_counsel import advise
from core.governance.gate import Gate
from core.governance.grants import GrantBook
from core.governance.identities import PrincipalBook
from core.governance.model import Facts, PolicyAnswer, PolicyRequest
from core.governance.own_entries import OwnEntries
from core.governance.sessions import SessionBook
from core.governance.settlement import Settlement
from core.governance.tallies import TallyBook
from core.ports import Ticket, VerifyReport
from core.settings import AgentSettings, GovernanceSettings
from tests.factories import make_proposal, make_token
from tests.fake_store import FakeStore
from tests.fakes import FakeClock, FakeIds

Rule = Callable[[PolicyRequest], PolicyAnswer]


def say(
    decision: Decision, *policies: str, second: bool = False, violation: bool = False
) -> PolicyAnswer:
    """An answer of the judge."""
    named = policies or (f"{decision.value}:test",)
    return PolicyAnswer(
        decision=decision,
        policies=named,
        reasons=(f"{decision.value} said",),
        second_approver=second,
        violation=violation,
    )


def ask_until_approved(request: PolicyRequest) -> PolicyAnswer:
    """What an ask-policy does: asks, and allows what was approved."""
    return say(Decision.ALLOW if request.facts.approved else Decision.ASK)


class ToldJudge:
    """Answers by `rule`; `error` makes it fail."""

    version = "sha256:test"

    def __init__(self, rule: Rule = ask_until_approved) -> None:
        self.rule: Rule = rule
        self.error: Exception | None = None
        self.requests: list[PolicyRequest] = []

    def judge(self, request: PolicyRequest) -> PolicyAnswer:
        self.requests.append(request)
        if self.error is not None:
            raise self.error
        return self.rule(request)


class ToldCounsel:
    """The embedded counsellor, which can be made to fail, to hang or to say nothing."""

    waits = True

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.answer: Any = "rules"

    async def counsel(self, action: Action, facts: Facts, findings: tuple[Finding, ...]) -> Counsel:
        if self.error is not None:
            raise self.error
        if self.answer != "rules":
            answer: Counsel = self.answer
            return answer
        return advise(action, facts, findings)


class Gatehouse:
    """Everything wired, nothing running: tests move the clock and call."""

    def __init__(self, *, rule: Rule = ask_until_approved, **settings: Any) -> None:
        self.settings = GovernanceSettings(**settings)
        self.store = FakeStore()
        self.clock = FakeClock()
        self.ids = FakeIds()
        self.bus = Bus()
        self.seen: Latest = self.bus.subscribe_latest()
        self.judge = ToldJudge(rule)
        self.judge_port = JudgePort(self.judge)
        self.counsel = ToldCounsel()
        self.verified = VerifyReport(ok=True, entries=0, head="", signed_length=0)
        self.trail_problem = ""
        self.unsigned: set[bytes] = set()  # texts of entries that carry no signature
        self.coordination_problem = ""
        self.agents: dict[str, AgentSettings] = {}
        self.tokens_revoked: set[str] = set()
        self.operators_gone: set[str] = set()
        self.build()

    def build(self) -> None:
        """Wire the parts; again after a restart over the same store."""
        tracer = NoTracer()
        self.principals = PrincipalBook(
            settings=self.settings,
            agents=self.agents,
            permissions_of=lambda _pack, _role: ("call_tools",),
        )
        self.own = OwnEntries(self.store, lambda _before, text: text not in self.unsigned)
        self.sessions = SessionBook(self.store, self.own)
        self.grants = GrantBook(store=self.store, clock=self.clock)
        self.queue = ApprovalQueue(store=self.store, clock=self.clock, bus=self.bus, tracer=tracer)
        self.enforcement = Enforcement(
            judge=self.judge_port,
            counsellor=self.counsel,
            clock=self.clock,
            tracer=tracer,
            judge_timeout_s=self.settings.judge_timeout_s,
            counsel_timeout_s=self.settings.counsel_timeout_s,
            coordination_problem=lambda: self.coordination_problem,
        )
        self.gate = Gate(
            settings=self.settings,
            store=self.store,
            enforcement=self.enforcement,
            principals=self.principals,
            sessions=self.sessions,
            grants=self.grants,
            queue=self.queue,
            clock=self.clock,
            ids=self.ids,
            bus=self.bus,
            tracer=tracer,
            trail_problem=lambda: self.trail_problem,
            own=self.own,
            is_revoked=lambda token: token.id in self.tokens_revoked,
        )
        self.settlement = Settlement(
            queue=self.queue,
            store=self.store,
            clock=self.clock,
            ids=self.ids,
            bus=self.bus,
            reevaluate=self.gate.reevaluate,
            keep_grant=self.grants.keep,
            is_operator=lambda name: name not in self.operators_gone,
        )
        self.tallies = TallyBook()
        self.bus.listen(self.tallies.hear)
        self.desk = OperatorDesk(
            store=self.store,
            queue=self.queue,
            settlement=self.settlement,
            principals=self.principals,
            sessions=self.sessions,
            grants=self.grants,
            tallies=self.tallies,
            clock=self.clock,
            bus=self.bus,
            verify=self._verify,
            tracer=tracer,
        )

    async def restart(self) -> None:
        """What a new process does over the same store."""
        self.build()
        await self.principals.load(self.store, at=self.clock.now())
        await self.tallies.load(self.store)
        await self.grants.load()
        await self.queue.load()

    async def propose(self, **changes: Any) -> Ticket:
        """Propose as an agent with an unbound token."""
        token = changes.pop("token", make_token())
        return await self.gate.propose(make_proposal(**changes), token=token)

    async def _verify(self) -> VerifyReport:
        return self.verified
