"""What nobody answers ends, whatever the store, another process or the clock does meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.actions import ActionStatus, Decision
from core.commands import Remember
from core.errors import ApprovalSettled, StorageError
from core.events import ActionSettled, CoreEvent, ServiceFailed, ServiceRecovered
from core.ids import OperatorId
from core.ports import Ticket
from core.records import ApprovalRecord, ApprovalStatus, AuditEntry
from tests.factories import make_token
from tests.unit.governance.gatehouse import Gatehouse
from tests.unit.governance.test_settlement import approve


async def status_of(house: Gatehouse, ticket: Ticket) -> ActionStatus:
    return (await house.gate.wait(ticket.id, timeout_s=0, token=make_token())).status


def told(house: Gatehouse) -> list[CoreEvent]:
    kinds = (ServiceFailed, ServiceRecovered)
    return [each for each in house.seen.drain() if isinstance(each, kinds)]


async def change_in_store(house: Gatehouse, ticket: Ticket, **changes: Any) -> None:
    """As another process, or an editor, does."""
    stored = await house.store.get_approval(ticket.id)
    assert stored is not None
    house.store.rows[ApprovalRecord, ticket.id] = replace(stored, **changes)


async def test_expiry_goes_on_once_the_store_serves_again() -> None:
    house = Gatehouse(approval_timeout_s=60)
    tickets = [await house.propose(arguments={"command": each}) for each in ("ls", "id")]
    house.clock.advance(61)
    house.store.fail_with = StorageError("the disk is full")
    running = asyncio.ensure_future(house.queue.run())
    for _ in range(20):  # as many looks as no budget of restarts allows
        await asyncio.sleep(0)
        house.clock.advance(1)
    assert [await status_of(house, each) for each in tickets] == [ActionStatus.PENDING] * 2
    (failed,) = told(house)
    assert isinstance(failed, ServiceFailed)
    assert failed.service == "approvals"
    assert "cannot be denied" in failed.message
    assert "the disk is full" in failed.message
    house.store.fail_with = None
    for _ in range(10):
        await asyncio.sleep(0)
        house.clock.advance(1)
    assert not running.done()
    running.cancel()
    assert [await status_of(house, each) for each in tickets] == [ActionStatus.EXPIRED] * 2
    (recovered,) = told(house)
    assert isinstance(recovered, ServiceRecovered)
    assert recovered.service == "approvals"


async def test_a_problem_is_told_once_and_again_when_it_changes() -> None:
    house = Gatehouse(approval_timeout_s=60)
    await house.propose()
    house.clock.advance(61)
    for message, times in (("the disk is full", 1), ("the disk is full", 0), ("it is gone", 1)):
        house.store.fail_with = StorageError(message)
        await house.queue.expire_overdue()
        assert len(told(house)) == times


async def test_one_that_cannot_be_written_holds_up_no_other() -> None:
    house = Gatehouse(approval_timeout_s=60)
    stuck, other = await house.propose(), await house.propose(arguments={"command": "id"})
    house.clock.advance(61)
    await change_in_store(house, stuck, digest="sha256:other")
    await house.queue.expire_overdue()
    assert await status_of(house, other) is ActionStatus.EXPIRED
    assert len(house.queue) == 1
    assert len(told(house)) == 1
    await change_in_store(house, stuck, digest=stuck.digest)
    await house.queue.expire_overdue()
    assert await status_of(house, stuck) is ActionStatus.EXPIRED


async def test_what_another_process_settled_is_no_longer_held_nor_expired() -> None:
    house = Gatehouse(approval_timeout_s=60)
    ticket = await house.propose()
    waiting = asyncio.ensure_future(house.gate.wait(ticket.id, timeout_s=1_000, token=make_token()))
    await asyncio.sleep(0)
    by = OperatorId("ben")
    await change_in_store(house, ticket, status=ApprovalStatus.DENIED, settled_by=by)
    house.clock.advance(61)
    await house.queue.expire_overdue()
    await waiting
    assert len(house.queue) == 0
    events = house.seen.drain()
    assert not any(isinstance(each, ServiceFailed) for each in events)
    (settled,) = (each for each in events if isinstance(each, ActionSettled))
    assert (settled.by, settled.decision) == (by, Decision.DENY)
    with pytest.raises(ApprovalSettled, match="already denied by ben"):
        await house.desk.dispatch(approve(ticket))


async def test_an_approval_that_is_gone_from_the_store_is_told() -> None:
    house = Gatehouse(approval_timeout_s=60)
    ticket = await house.propose()
    del house.store.rows[ApprovalRecord, ticket.id]
    with pytest.raises(ApprovalSettled, match="gone"):
        await house.desk.dispatch(approve(ticket))
    house.clock.advance(61)
    await house.queue.expire_overdue()
    (failed,) = told(house)
    assert isinstance(failed, ServiceFailed)
    assert "gone" in failed.message


async def test_a_clock_set_back_before_a_restart_lengthens_no_approval() -> None:
    house = Gatehouse(approval_timeout_s=600)
    ticket = await house.propose()
    house.clock.advance(500)
    await house.propose(arguments={"command": "id"})  # the trail knows that it is so late
    house.clock.step_back(timedelta(hours=3))
    await house.restart()
    house.clock.advance(99)
    await house.queue.expire_overdue()
    assert await status_of(house, ticket) is ActionStatus.PENDING
    house.clock.advance(1)
    await house.queue.expire_overdue()
    assert await status_of(house, ticket) is ActionStatus.EXPIRED


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at": 3}', '{"at": "soon"}'])
async def test_no_approval_is_given_more_time_than_at_first(text: str) -> None:
    house = Gatehouse(approval_timeout_s=600)
    ticket = await house.propose()
    await house.propose(arguments={"command": "id"})
    house.store.trail[-1] = AuditEntry(seq=2, text=text, hash="")  # an editor was here
    house.clock.step_back(timedelta(hours=3))
    await house.restart()
    house.clock.advance(600)
    await house.queue.expire_overdue()
    assert await status_of(house, ticket) is ActionStatus.EXPIRED


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_clock_set_back_lengthens_no_rule(*, restarted: bool) -> None:
    house = Gatehouse()
    ticket = await house.propose()
    remember = Remember(resource_pattern="ls", duration_s=600)
    await house.desk.dispatch(approve(ticket, remember=remember))
    house.clock.advance(500)
    assert (await house.propose()).decision is Decision.ALLOW
    house.clock.step_back(timedelta(seconds=400))
    if restarted:
        await house.restart()
    house.clock.advance(99)
    assert (await house.propose()).decision is Decision.ALLOW
    house.clock.advance(1)
    assert (await house.propose()).decision is Decision.ASK
