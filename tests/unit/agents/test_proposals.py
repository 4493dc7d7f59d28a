import asyncio
from datetime import timedelta

import pytest

from core.actions import ActionStatus, OutcomeStatus
from core.agents.proposals import Proposer
from core.agents.watch import Wish
from core.errors import Overloaded
from tests.unit.agents.crew import FakeContext

WISH = Wish(
    kind="pipeline.rerun",
    resource="nightly",
    arguments={"pipeline": "nightly"},
    purpose="data is 900 s old.",
)
CAUSE = "action:pipeline.rerun nightly"


def make_proposer(context: FakeContext, why_not: str = "") -> Proposer:
    return Proposer(find_action=context.find_action, why_not=lambda _kind, _resource: why_not)


async def test_a_wish_is_put_before_the_gate_once() -> None:
    context = FakeContext()
    proposer = make_proposer(context)
    said = await proposer.propose(context, WISH)
    assert said == "pipeline.rerun nightly: pending: somebody has to look"
    assert await proposer.propose(context, WISH) == ""
    assert [(each.kind, each.resource, each.purpose) for each in context.proposed] == [
        ("pipeline.rerun", "nightly", "data is 900 s old.")
    ]


@pytest.mark.parametrize("status", [ActionStatus.DENIED, ActionStatus.EXPIRED])
async def test_after_a_refusal_it_is_asked_again_when_the_cool_down_is_over(
    status: ActionStatus,
) -> None:
    context = FakeContext()
    proposer = make_proposer(context)
    await proposer.propose(context, WISH)
    context.settle(status)
    context.clock.advance(1_799)
    assert await proposer.propose(context, WISH) == ""
    context.clock.advance(1)
    assert await proposer.propose(context, WISH)
    assert len(context.proposed) == 2
    assert context.alerts == {}


async def test_what_is_refused_at_once_waits_for_the_cool_down_too() -> None:
    context = FakeContext(status=ActionStatus.DENIED)
    proposer = make_proposer(context)
    await proposer.propose(context, WISH)
    assert await proposer.propose(context, WISH) == ""


async def test_it_is_not_asked_again_while_it_is_under_way() -> None:
    context = FakeContext()
    proposer = make_proposer(context)
    await proposer.propose(context, WISH)
    context.settle(ActionStatus.ALLOWED)
    context.clock.advance(7_200)
    assert await proposer.propose(context, WISH) == ""


async def test_the_outcome_is_told() -> None:
    context = FakeContext()
    proposer = make_proposer(context)
    await proposer.propose(context, WISH)
    context.settle(ActionStatus.ALLOWED, OutcomeStatus.SUCCEEDED)
    await proposer.follow_up(context)
    assert proposer.lines() == ("pipeline.rerun nightly: succeeded",)
    assert context.alerts == {}


async def test_a_remedy_that_fails_raises_an_alert_that_ends_when_it_is_no_longer_called_for() -> (
    None
):
    context = FakeContext()
    proposer = make_proposer(context)
    await proposer.propose(context, WISH)
    context.settle(ActionStatus.ALLOWED, OutcomeStatus.FAILED)
    await proposer.follow_up(context)
    _, title, detail = context.alerts[CAUSE]
    assert title == "pipeline.rerun nightly was allowed and did not work"
    assert detail == "failed: no luck. It was asked for because data is 900 s old."
    context.clock.advance(timedelta(hours=1).total_seconds())
    await proposer.follow_up(context)
    assert context.alerts == {}
    assert proposer.lines() == ()


async def test_what_nobody_can_carry_out_is_an_alert_and_no_question() -> None:
    context = FakeContext()
    proposer = make_proposer(context, "Declare a program.")
    said = await proposer.propose(context, WISH)
    assert said == "pipeline.rerun nightly: not proposed: Declare a program."
    assert context.proposed == []
    assert context.alerts[CAUSE][2] == "data is 900 s old. Declare a program."


async def test_a_gate_that_takes_nothing_is_said_and_tried_again_later() -> None:
    context = FakeContext(refuses=Overloaded("too many actions wait"))
    proposer = make_proposer(context)
    assert "too many actions wait" in await proposer.propose(context, WISH)
    context.refuses = None
    context.clock.advance(1_800)
    await proposer.propose(context, WISH)
    assert len(context.proposed) == 1


async def test_an_action_that_nobody_knows_any_more_is_let_go() -> None:
    context = FakeContext()
    proposer = make_proposer(context)
    await proposer.propose(context, WISH)
    context.records.clear()
    await proposer.follow_up(context)
    assert proposer.lines() == ("pipeline.rerun nightly: nobody knows it any more",)


async def test_wishes_that_come_at_the_same_time_are_one() -> None:
    context = FakeContext()
    proposer = make_proposer(context)
    said = await asyncio.gather(*(proposer.propose(context, WISH) for _ in range(5)))
    assert sorted(map(bool, said)) == [False] * 4 + [True]
    assert len(context.proposed) == 1


async def test_only_the_newest_wishes_are_remembered() -> None:
    context = FakeContext()
    proposer = make_proposer(context)
    for index in range(205):
        wish = Wish(kind="service.restart", resource=f"s{index}", arguments={}, purpose="down")
        await proposer.propose(context, wish)
    assert len(proposer.lines()) == 200
