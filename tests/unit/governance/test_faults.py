"""A fault while an operator answers approves nothing and denies nothing."""

import pytest

from core.actions import ActionStatus, Decision
from core.errors import ActionConflict, BlockedByFault, StorageError
from core.records import AuditQuery
from tests.unit.governance.gatehouse import Gatehouse, say
from tests.unit.governance.test_settlement import ANA, BEN, approve, edit, status_of


@pytest.mark.parametrize("part", ["judge", "counsel", "coordination"])
async def test_an_approval_during_a_fault_leaves_the_action_waiting(part: str) -> None:
    house = Gatehouse()
    ticket = await house.propose(arguments={"command": "rm a"})  # not reading alone
    if part == "judge":
        house.judge.error = RuntimeError("it is away")
    elif part == "counsel":
        house.counsel.error = RuntimeError("it is away")
    else:
        house.coordination_problem = "it is away"
    for _ in range(2):
        with pytest.raises(BlockedByFault, match=rf"{part} failed.*it is away.*still waits"):
            await house.desk.dispatch(approve(ticket))
    assert await status_of(house, ticket) is ActionStatus.PENDING
    assert house.store.events()[-2:] == ["action.judged", "action.blocked"]
    assert house.store.drafts[-1].actor == ANA
    house.judge.error = house.counsel.error = None
    house.coordination_problem = ""
    await house.desk.dispatch(approve(ticket))
    assert await status_of(house, ticket) is ActionStatus.ALLOWED


async def test_an_edit_during_a_fault_changes_nothing() -> None:
    house = Gatehouse()
    ticket = await house.propose()
    house.judge.error = RuntimeError("it is away")
    for _ in range(2):
        with pytest.raises(BlockedByFault, match=r"judge failed.*still waits"):
            await house.desk.dispatch(edit(ticket, {"command": "ls -a"}))
    held = await house.queue.find(ticket.id)
    assert (held.approval.arguments_edited, held.approval.votes) == (None, ())
    assert len(await house.store.read_audit(AuditQuery(event="action.blocked"))) == 1


async def test_the_second_of_two_keeps_the_vote_of_the_first() -> None:
    house = Gatehouse(
        rule=lambda request: say(
            Decision.ALLOW if request.facts.approved else Decision.ASK, second=True
        )
    )
    ticket = await house.propose()
    await house.desk.dispatch(approve(ticket))
    house.judge.error = RuntimeError("it is away")
    with pytest.raises(BlockedByFault):
        await house.desk.dispatch(approve(ticket, by=BEN))
    house.judge.error = None
    await house.desk.dispatch(approve(ticket, by=BEN))
    assert await status_of(house, ticket) is ActionStatus.ALLOWED


async def test_a_fault_that_cannot_be_written_stops_all_the_same() -> None:
    house = Gatehouse()
    ticket = await house.propose()
    house.judge.error = RuntimeError("it is away")
    house.store.fail_with = StorageError("the disk is full")
    with pytest.raises(StorageError, match="the disk is full"):
        await house.desk.dispatch(approve(ticket))
    house.store.fail_with = None
    assert await status_of(house, ticket) is ActionStatus.PENDING


async def test_a_policy_that_denies_by_then_still_ends_it() -> None:
    house = Gatehouse()
    ticket = await house.propose()
    house.judge.rule = lambda _request: say(Decision.DENY)
    with pytest.raises(ActionConflict, match="policy no longer allows"):
        await house.desk.dispatch(approve(ticket))
    assert await status_of(house, ticket) is ActionStatus.DENIED
