"""Corners that only a crash or a race reaches."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from core.actions import ActionStatus
from core.governance import sessions
from core.ids import AgentId, SessionId
from core.records import ActionRecord, AuditHead, WriteUnit
from tests.factories import make_token
from tests.unit.governance.gatehouse import Gatehouse
from tests.unit.governance.test_settlement import approve


async def test_an_approval_without_its_action_is_not_offered() -> None:
    house = Gatehouse()
    ticket = await house.propose()
    del house.store.rows[ActionRecord, ticket.id]
    await house.restart()
    assert len(house.queue) == 0


async def test_what_is_approved_while_expiry_looks_at_it_stays_approved() -> None:
    house = Gatehouse(approval_timeout_s=60)
    ticket = await house.propose()
    held = await house.queue.find(ticket.id)
    async with held.lock:
        house.clock.advance(61)
        expiring = asyncio.ensure_future(house.queue.expire_overdue())
        await asyncio.sleep(0)
        held.settled.set()  # whoever held the lock settled it
    await expiring
    assert "approval.expired" not in house.store.events()


async def test_sessions_beyond_the_cache_are_found_in_the_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "_CACHED_MAX", 1)
    house = Gatehouse()
    for name in ("a", "b"):
        await house.gate.add_purpose(name, f"words of {name}", agent="coder", token=make_token())
    found = await house.sessions.find(SessionId("a"), agent=AgentId("coder"))
    assert found is not None
    assert found.purposes == ("words of a",)


async def test_an_answer_that_finds_its_action_settled_under_the_lock_says_so() -> None:
    house = Gatehouse()
    ticket = await house.propose()
    await house.desk.dispatch(approve(ticket))
    waited = await house.gate.wait(ticket.id, timeout_s=1, token=make_token())
    assert waited.status is ActionStatus.ALLOWED


async def test_the_queue_tells_until_when_a_caller_is_there_also_at_a_later_try() -> None:
    house = Gatehouse()
    ticket = await house.propose(wait_s=1.0)
    house.clock.advance(30)  # the first caller gave up long ago
    assert [each.awaited_until for each in house.queue.list()] == [None]
    tries = [
        asyncio.create_task(house.gate.wait(ticket.id, timeout_s=wait_s, token=make_token()))
        for wait_s in (40, 10)
    ]
    for _ in range(4):
        await asyncio.sleep(0)
    (held,) = house.queue.list()
    assert held.awaited_until == house.clock.now() + timedelta(seconds=40)
    tries[0].cancel()  # it hung up
    await asyncio.gather(tries[0], return_exceptions=True)
    (held,) = house.queue.list()
    assert held.awaited_until == house.clock.now() + timedelta(seconds=10)
    await house.desk.dispatch(approve(ticket))
    assert (await tries[1]).status is ActionStatus.ALLOWED
    decided = await house.store.get_approval(ticket.id)
    assert decided is not None
    assert decided.awaited_until is None  # nobody waits for what is written


@pytest.mark.parametrize("votes_needed", [1, 2])
async def test_a_decision_whose_caller_goes_away_during_the_write_is_finished(
    votes_needed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = Gatehouse()
    ticket = await house.propose()
    held = await house.queue.find(ticket.id)
    held.approval = replace(held.approval, votes_needed=votes_needed)
    writing, written = asyncio.Event(), asyncio.Event()
    commit = house.store.commit

    async def commit_slowly(unit: WriteUnit) -> AuditHead:
        head = await commit(unit)
        writing.set()
        await written.wait()
        return head

    monkeypatch.setattr(house.store, "commit", commit_slowly)
    deciding = asyncio.ensure_future(house.desk.dispatch(approve(ticket)))
    await writing.wait()
    deciding.cancel()
    await asyncio.gather(deciding, return_exceptions=True)
    written.set()
    for _ in range(20):  # what was begun goes on by itself
        await asyncio.sleep(0)
    assert len(held.approval.votes) == 1
    assert len(house.queue) == votes_needed - 1
