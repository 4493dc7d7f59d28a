"""What waited at the last stop is taken up as the trail tells of it, and not otherwise."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.actions import ActionStatus, Decision, RiskLevel
from core.commands import DeferAction
from core.errors import ApprovalSettled, StorageFull
from core.events import AuditBroken
from core.ports import Ticket
from core.records import ActionRecord, ApprovalRecord, ApprovalStatus
from tests.factories import make_token
from tests.unit.governance.gatehouse import Gatehouse
from tests.unit.governance.test_settlement import ANA, BEN, approve, ask_two, deny, edit, status_of

Edit = Callable[[Gatehouse, Ticket], None]


def edit_record(**changes: Any) -> Edit:
    """Somebody edits the row of a held action; fields of `action` go by their own names."""

    def work(house: Gatehouse, ticket: Ticket) -> None:
        record = house.store.rows[ActionRecord, ticket.id]
        assert isinstance(record, ActionRecord)
        parts: dict[str, Any] = {
            name: replace(getattr(record, name), **changes[name])
            for name in ("action", "verdict")
            if name in changes
        }
        house.store.rows[ActionRecord, ticket.id] = replace(record, **{**changes, **parts})

    return work


def edit_approval(**changes: Any) -> Edit:
    """Somebody edits the row of its approval."""

    def work(house: Gatehouse, ticket: Ticket) -> None:
        approval = house.store.rows[ApprovalRecord, ticket.id]
        assert isinstance(approval, ApprovalRecord)
        house.store.rows[ApprovalRecord, ticket.id] = replace(approval, **changes)

    return work


def edit_entry(change: Callable[[dict[str, Any]], object]) -> Edit:
    """The newest entry is another one, as an older version wrote it, or as it was never written."""

    def work(house: Gatehouse, ticket: Ticket) -> None:
        entry = house.store.trail[-1]
        told = json.loads(entry.text)
        assert told["action_id"] == ticket.id
        change(told)
        house.store.trail[-1] = replace(entry, text=json.dumps(told))

    return work


def forget(told: dict[str, Any]) -> None:
    """Entries of older versions bind no records."""
    del told["body"]["record_digest"], told["body"]["approval_digest"]


async def wait_for_two(house: Gatehouse) -> Ticket:
    ticket = await house.propose(purpose="list it", session="s", untrusted=("a page",))
    defer = DeferAction(
        operator=ANA, action_id=ticket.id, until=house.clock.now() + timedelta(minutes=1)
    )
    await house.desk.dispatch(defer)
    await house.desk.dispatch(edit(ticket, {"command": "ls -a"}))
    return ticket


async def test_what_nobody_edited_waits_on() -> None:
    house = Gatehouse(rule=ask_two)
    untouched, ticket = await house.propose(), await wait_for_two(house)
    await house.restart()
    assert {each.id for each in await house.desk.list_approvals()} == {untouched.id, ticket.id}
    digest = (await house.queue.find(ticket.id)).approval.digest
    await house.desk.dispatch(approve(ticket, by=BEN, digest=digest))
    assert await status_of(house, ticket) is ActionStatus.ALLOWED
    assert not [each for each in house.seen.drain() if isinstance(each, AuditBroken)]


@pytest.mark.parametrize("edited", [False, True], ids=["as proposed", "as an operator edited it"])
@pytest.mark.parametrize(
    "forge",
    [
        edit_record(action={"arguments": {"command": "true"}}),
        edit_record(action={"purpose": "release"}),
        edit_record(action={"untrusted": ("a site",)}),
        edit_record(verdict={"reasons": ("harmless",)}),
        edit_record(verdict={"risk": RiskLevel.CRITICAL}),
        edit_record(pickup="x"),
        edit_approval(risk=RiskLevel.CRITICAL),
        edit_approval(votes_needed=1),
        edit_approval(arguments_edited={"command": "id"}),
        edit_approval(verdict_edited=None, reason="x"),
        edit_approval(expires_at=Gatehouse().clock.now() + timedelta(days=365)),
        edit_approval(digest="sha256:other"),
    ],
)
async def test_what_somebody_edited_is_denied_and_told(forge: Edit, *, edited: bool) -> None:
    house = Gatehouse(rule=ask_two)
    ticket = await (wait_for_two(house) if edited else house.propose(purpose="list it"))
    forge(house, ticket)
    await house.restart()
    assert await house.desk.list_approvals() == ()
    told = await house.gate.wait(ticket.id, timeout_s=0, token=make_token())
    assert told.decision is Decision.DENY
    assert "somebody edited the store" in told.reasons[0]
    with pytest.raises(ApprovalSettled, match="already denied"):
        await house.desk.dispatch(approve(ticket, by=BEN))
    assert house.store.events()[-2:] == ["approval.denied", "action.refused"]
    assert [each.position for each in house.seen.drain() if isinstance(each, AuditBroken)] == [0]
    await house.restart()
    assert house.store.events()[-2:] == ["approval.denied", "action.refused"]


async def test_what_was_decided_is_not_put_back_into_the_queue() -> None:
    house = Gatehouse()
    ticket = await house.propose()
    pending = house.store.rows[ApprovalRecord, ticket.id]
    await house.desk.dispatch(deny(ticket))
    house.store.rows[ApprovalRecord, ticket.id] = pending
    await house.restart()
    assert await house.desk.list_approvals() == ()
    approval = await house.store.get_approval(ticket.id)
    assert approval is not None
    assert approval.status is ApprovalStatus.DENIED


async def test_what_an_older_version_held_is_bound_by_its_digest() -> None:
    house = Gatehouse(rule=ask_two)
    ticket = await house.propose()
    edit_entry(forget)(house, ticket)
    await house.restart()
    assert [each.id for each in await house.desk.list_approvals()] == [ticket.id]
    await house.desk.dispatch(edit(ticket, {"command": "pwd"}))
    edit_entry(forget)(house, ticket)
    await house.restart()
    assert [each.id for each in await house.desk.list_approvals()] == [ticket.id]


@pytest.mark.parametrize("command", ["true", 2**60])
async def test_what_an_older_version_held_is_no_other_action(command: object) -> None:
    house = Gatehouse()
    ticket = await house.propose()
    edit_entry(forget)(house, ticket)
    edit_record(action={"arguments": {"command": command}})(house, ticket)
    await house.restart()
    assert await house.desk.list_approvals() == ()


@pytest.mark.parametrize(
    "changes", [{"body": 3}, {"event": "action.blocked"}, {"body": {"record_digest": None}}]
)
async def test_an_entry_that_tells_nothing_holds_nothing(changes: dict[str, Any]) -> None:
    house = Gatehouse()
    ticket = await house.propose()

    def change(told: dict[str, Any]) -> None:
        told.update(changes)

    edit_entry(change)(house, ticket)
    await house.restart()
    assert await house.desk.list_approvals() == ()


@pytest.mark.parametrize("text", ["{", "[]"])
async def test_an_entry_that_is_no_entry_holds_nothing(text: str) -> None:
    house = Gatehouse()
    await house.propose()
    house.store.trail[-1] = replace(house.store.trail[-1], text=text)
    await house.restart()
    assert await house.desk.list_approvals() == ()


async def test_what_cannot_be_written_is_not_taken_up_all_the_same() -> None:
    house = Gatehouse()
    ticket = await house.propose()
    edit_record(pickup="x")(house, ticket)
    house.store.fail_with = StorageFull("the disk is full")
    await house.restart()
    assert await house.desk.list_approvals() == ()
    assert [each for each in house.seen.drain() if isinstance(each, AuditBroken)]
