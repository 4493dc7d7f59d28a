"""What agents did is counted by the minute and the quarter of an hour, in bounded memory."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from core.actions import Decision, OutcomeStatus, RiskLevel
from core.errors import StorageError
from core.events import ActionJudged, AgentSeen, OutcomeReported
from core.fleet import ActivitySpan, AgentActivity, AgentOrigin, AgentSpec, Message
from core.governance.insiders import ORCHESTRATOR, hosted_principal
from core.ids import ActionId, AgentId, CorrelationId
from core.orchestration.activity import AGENTS_MAX, ActivityBook
from tests.fakes import FakeClock
from tests.unit.orchestration.hosting import ScriptedWork, World

BACKEND = AgentId("backend")


def judged(clock: FakeClock, agent: str) -> ActionJudged:
    return ActionJudged(
        at=clock.now(),
        action_id=ActionId("0" * 26),
        agent_id=AgentId(agent),
        correlation_id=CorrelationId("c"),
        session_id=None,
        kind="shell.execute",
        resource="bash",
        summary="ls",
        decision=Decision.ALLOW,
        risk=RiskLevel.LOW,
        reasons=(),
        latency_us=1,
    )


def reported(clock: FakeClock, agent: str, status: OutcomeStatus) -> OutcomeReported:
    return OutcomeReported(
        at=clock.now(),
        action_id=ActionId("0" * 26),
        agent_id=AgentId(agent),
        correlation_id=CorrelationId("c"),
        status=status,
        error="",
    )


def only(book: ActivityBook, span: ActivitySpan = ActivitySpan.HOUR) -> AgentActivity:
    (row,) = book.tell(span).agents
    return row


def test_actions_failures_and_messages_are_counted_apart() -> None:
    clock = FakeClock()
    book = ActivityBook(clock)
    principal = hosted_principal(BACKEND)
    book.hear(judged(clock, principal))
    book.hear(judged(clock, principal))
    book.hear(reported(clock, principal, OutcomeStatus.SUCCEEDED))
    book.hear(reported(clock, principal, OutcomeStatus.FAILED))
    book.handled(BACKEND)
    book.failed(BACKEND)
    row = only(book)
    assert (row.agent, row.origin) == (BACKEND, AgentOrigin.HOSTED)
    assert (row.actions[-1], row.messages[-1], row.errors[-1]) == (2, 1, 2)
    assert sum(row.actions[:-1]) == sum(row.messages[:-1]) == sum(row.errors[:-1]) == 0


def test_an_outside_agent_is_not_the_hosted_one_of_its_name() -> None:
    clock = FakeClock()
    book = ActivityBook(clock)
    book.handled(BACKEND)
    book.hear(judged(clock, BACKEND))
    rows = {each.origin: each for each in book.tell(ActivitySpan.HOUR).agents}
    assert rows[AgentOrigin.OUTSIDE].actions[-1] == rows[AgentOrigin.HOSTED].messages[-1] == 1
    assert rows[AgentOrigin.OUTSIDE].messages[-1] == rows[AgentOrigin.HOSTED].actions[-1] == 0


def test_keys_of_operators_and_the_orchestrator_are_no_agents() -> None:
    clock = FakeClock()
    book = ActivityBook(clock)
    book.hear(judged(clock, "operator/ana"))
    book.hear(judged(clock, ORCHESTRATOR))
    book.hear(AgentSeen(at=clock.now(), agent_id=BACKEND, trust=1.0, quarantined=False, new=True))
    assert book.tell(ActivitySpan.DAY).agents == ()


def test_it_tells_since_when_it_knows_and_where_time_stands() -> None:
    clock = FakeClock()
    book = ActivityBook(clock)
    since_s = clock.now().timestamp()
    clock.advance(7_200)
    told = book.tell(ActivitySpan.HOUR)
    assert told.since_s == since_s
    end_s = told.start_s + told.spans * told.each_s
    assert end_s - told.each_s <= clock.now().timestamp() < end_s


def test_of_too_many_agents_those_that_did_something_last_are_kept() -> None:
    clock = FakeClock()
    book = ActivityBook(clock)
    for number in range(AGENTS_MAX):
        book.hear(judged(clock, f"a{number}"))
    book.hear(judged(clock, "a0"))
    book.hear(judged(clock, "late"))
    names = [each.agent for each in book.tell(ActivitySpan.HOUR).agents]
    assert len(names) == AGENTS_MAX
    assert names[:2] == ["late", "a0"]
    assert "a1" not in names


def test_news_from_before_the_hour_is_left_out_of_it_alone() -> None:
    clock = FakeClock()
    book = ActivityBook(clock)
    old = judged(clock, "a")
    clock.advance(5_000)
    book.hear(judged(clock, "a"))
    book.hear(old)
    assert sum(only(book).actions) == 1
    assert sum(only(book, ActivitySpan.DAY).actions) == 2


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(st.integers(0, 4_000), max_size=40),
    late=st.lists(st.integers(0, 90_000), max_size=8),
)
def test_each_count_stands_in_the_span_it_fell_into(steps: list[int], late: list[int]) -> None:
    clock = FakeClock()
    book = ActivityBook(clock)
    when: list[datetime] = []
    for step in steps:
        clock.advance(step)
        when.append(clock.now())
        book.hear(judged(clock, "a"))
    event = judged(clock, "a")
    for ago_s in late if steps else ():
        at = clock.now() - timedelta(seconds=ago_s)
        when.append(at)
        book.hear(replace(event, at=at))
    for span in ActivitySpan:
        told = book.tell(span)
        wanted = [0] * told.spans
        for at in when:
            place = int((at.timestamp() - told.start_s) // told.each_s)
            if 0 <= place < told.spans:
                wanted[place] += 1
        assert [list(each.actions) for each in told.agents] == ([wanted] if when else [])


async def test_a_hosted_agents_messages_and_failures_are_counted_and_its_own_work_is_not() -> None:
    work = ScriptedWork()

    async def fail_some(message: Message) -> None:
        if message.type == "bad":
            raise StorageError("the disk is full")

    work.on_message = fail_some
    async with World([(AgentSpec(name=BACKEND, role="", every_s=5.0), work)]) as world:
        for kind in ("good", "bad", "good"):
            await world.send(kind, "backend")
        await world.until(lambda: len(work.given) == 3 and work.ticks > 1)
        row = only(world.activity)
    assert (sum(row.messages), sum(row.errors), sum(row.actions)) == (2, 1, 0)
