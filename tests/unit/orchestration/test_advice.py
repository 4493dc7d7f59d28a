"""The performance monitor: one step at a time, through the gate, and taken back when steady."""

from core.actions import ActionStatus, Decision, RiskLevel
from core.bus import Bus
from core.errors import Overloaded
from core.governance.insiders import ORCHESTRATOR
from core.ids import ActionId, AgentId, CorrelationId
from core.orchestration.advice import PerformanceMonitor
from core.orchestration.performance import Judgement, PerformanceTracker, Tuning, WorkSample
from core.ports import Proposal, Ticket
from core.supervisor import Supervisor
from tests.fakes import FakeClock
from tests.unit.orchestration.hosting import WORKER, ScriptedWork, make_world, settle


class Performer:
    """One agent whose samples the test makes; allowed tuning takes effect at once."""

    def __init__(self, status: ActionStatus = ActionStatus.ALLOWED) -> None:
        self.tracker = PerformanceTracker()
        self.tuned = Tuning(2, 60.0)
        self.suggestions: tuple[str, ...] = ()
        self.proposals: list[Proposal] = []
        self.status = status
        self.full = False
        self.clock = FakeClock()
        self.monitor = PerformanceMonitor(
            self, propose=self.propose, proposer=ORCHESTRATOR, clock=self.clock
        )

    def names(self) -> tuple[AgentId, ...]:
        return (WORKER,)

    def judge(self, name: AgentId) -> Judgement:
        assert name == WORKER
        return self.tracker.judge()

    def samples_added(self, name: AgentId) -> int:
        assert name == WORKER
        return self.tracker.added

    def tuning(self, name: AgentId) -> Tuning:
        assert name == WORKER
        return self.tuned

    def configured(self, name: AgentId) -> Tuning:
        assert name == WORKER
        return Tuning(2, 60.0)

    def set_suggestions(self, name: AgentId, suggestions: tuple[str, ...]) -> None:
        assert name == WORKER
        self.suggestions = suggestions

    async def propose(self, proposal: Proposal) -> Ticket:
        if self.full:
            raise Overloaded("too many actions wait")
        self.proposals.append(proposal)
        status = self.status if proposal.risk is not RiskLevel.LOW else ActionStatus.ALLOWED
        if proposal.kind == "config.change":
            parallel = proposal.arguments["parallel"]
            every_s = proposal.arguments["every_s"]
            assert isinstance(parallel, int)
            assert isinstance(every_s, float)
            self.tuned = Tuning(parallel, every_s)
        return Ticket(
            id=ActionId("a"),
            decision=Decision.ALLOW,
            status=status,
            reasons=(),
            arguments={},
            digest="",
            correlation_id=CorrelationId("0" * 32),
        )

    async def work(self, count: int, ms: float, errors: float = 0.0) -> None:
        for _ in range(count):
            self.tracker.add(WorkSample(ms, errors))
        await self.monitor.look(WORKER)

    @property
    def asked(self) -> list[tuple[str, RiskLevel | None]]:
        return [(each.kind, each.risk) for each in self.proposals]


LOW, MEDIUM = RiskLevel.LOW, RiskLevel.MEDIUM


async def test_a_steady_agent_is_left_alone() -> None:
    agent = Performer()
    await agent.work(14, 100)
    await agent.work(100, 100)
    assert agent.proposals == []
    assert agent.suggestions == ()


async def test_what_takes_no_time_that_anybody_notices_is_left_alone() -> None:
    agent = Performer()
    await agent.work(40, 0.06)
    await agent.work(10, 52)
    assert agent.proposals == []


async def test_what_was_tuned_is_put_back_also_when_it_is_slower_by_less_than_anybody_notices() -> (
    None
):
    agent = Performer()
    await agent.work(40, 1)
    await agent.work(10, 300)
    assert agent.tuned != Tuning(2, 60.0)
    await agent.work(49, 1)
    await agent.work(10, 2)
    assert agent.tuned == Tuning(2, 60.0)


async def test_low_risk_is_proposed_at_once_in_the_orchestrator_s_name_with_its_undo() -> None:
    agent = Performer()
    await agent.work(40, 100)
    await agent.work(10, 300)
    (proposal,) = agent.proposals
    assert (proposal.agent, proposal.risk) == ("maestro/orchestrator", LOW)
    assert proposal.arguments["undo"] == {"parallel": 2, "every_s": 60.0}
    assert proposal.purpose == "worker: mean response 300 ms against 100 ms before"
    assert agent.suggestions[0].endswith("(low risk): done")
    assert agent.suggestions[1].startswith("next: restart it")


async def test_the_next_step_waits_for_ten_samples_and_asks_when_low_risk_did_not_help() -> None:
    agent = Performer(ActionStatus.PENDING)
    await agent.work(40, 100)
    await agent.work(10, 1_000)
    await agent.work(9, 10_000)
    assert agent.asked == [("config.change", LOW)]
    await agent.work(1, 10_000)
    assert agent.asked[1:] == [("config.change", LOW)]
    await agent.work(10, 100_000)
    await agent.work(10, 1_000_000)
    assert agent.asked[2:] == [("config.change", LOW), ("agent.control", MEDIUM)]
    assert "(medium risk): asked" in agent.suggestions[-1]


async def test_nobody_is_asked_for_chance_or_for_the_same_again_within_the_cool_down() -> None:
    agent = Performer(ActionStatus.DENIED)
    await agent.work(40, 100)
    for _ in range(4):
        await agent.work(10, 100, errors=0.3)
        await agent.work(40, 100)
    assert agent.asked == []
    for errors in (0.3, 0.6, 0.9, 1.0):
        await agent.work(10, 100, errors=errors)
    assert agent.asked == [("agent.control", MEDIUM), ("agent.control", RiskLevel.HIGH)]
    assert all("denied" in each for each in agent.suggestions)
    agent.clock.advance(601)
    await agent.work(50, 100)
    for errors in (0.5, 1.0):
        await agent.work(10, 100, errors=errors)
    assert len(agent.proposals) == 3


async def test_what_was_tuned_is_taken_back_when_it_is_steady_again() -> None:
    agent = Performer()
    await agent.work(40, 100)
    await agent.work(10, 300)
    assert agent.tuned == Tuning(1, 60.0)
    await agent.work(40, 100)
    assert agent.tuned == Tuning(1, 60.0)
    await agent.work(20, 100)
    assert agent.tuned == Tuning(2, 60.0)
    assert agent.proposals[-1].arguments["undo"] == {"parallel": 1, "every_s": 60.0}
    assert agent.suggestions == ()
    await agent.work(200, 100)
    assert len(agent.proposals) == 2


async def test_a_gate_that_is_full_is_said_and_stops_nothing() -> None:
    agent = Performer()
    agent.full = True
    await agent.work(40, 100)
    await agent.work(10, 300)
    assert "not proposed: too many actions wait" in agent.suggestions[0]


async def test_it_looks_at_all_agents_again_and_again() -> None:
    agent = Performer()
    await agent.work(40, 100)
    supervisor = Supervisor(clock=agent.clock, report=Bus().publish)
    await supervisor.start([agent.monitor])
    for _ in range(10):
        agent.tracker.add(WorkSample(500, 0))
    agent.clock.advance(5)
    await settle()
    await supervisor.stop()
    assert len(agent.proposals) == 1


async def test_the_runtime_s_own_figures_lead_to_a_verdict() -> None:
    work = ScriptedWork()
    async with make_world(work) as world:
        for _ in range(14):
            await world.send("x")
        assert world.state().verdict == "insufficient data"
        await world.send("x")
        assert world.state().verdict == "steady"
        assert world.runtime.judge(WORKER).verdict.value == "steady"
        world.runtime.set_suggestions(WORKER, ("restart it",))
        assert world.state().suggestions == ("restart it",)
        assert world.runtime.samples_added(WORKER) == 15
        assert world.runtime.names() == (WORKER,)
        assert world.runtime.configured(WORKER) == world.runtime.tuning(WORKER)
