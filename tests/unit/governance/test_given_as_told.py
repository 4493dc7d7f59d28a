"""What an operator allowed is given by what the trail says, not by what a record was edited to."""

import json
from dataclasses import replace
from typing import Any

import pytest

from core.actions import ActionStatus, Decision, OutcomeStatus
from core.errors import BlockedByFault, MaestroError, PermissionDenied
from core.ids import OperatorId
from core.ports import Ticket
from core.records import ActionRecord, Outcome
from tests.factories import NOW, make_token
from tests.unit.governance.gatehouse import Gatehouse, say
from tests.unit.governance.test_claim import (
    approve,
    claim,
    events_of,
    hand_out,
    quarantine,
    unless_quarantined,
)

DONE = Outcome(status=OutcomeStatus.UNKNOWN, reported_at=NOW)


def forge(house: Gatehouse, ticket: Ticket, **changes: Any) -> None:
    record = house.store.rows[ActionRecord, ticket.id]
    assert isinstance(record, ActionRecord)
    key = changes.pop("idempotency_key", record.action.idempotency_key)
    action = replace(record.action, idempotency_key=key)
    house.store.rows[ActionRecord, ticket.id] = replace(record, action=action, **changes)


async def approved(house: Gatehouse, **proposal: Any) -> Ticket:
    held = await house.propose(**proposal)
    await approve(house, held)
    return held


@pytest.mark.parametrize(
    "changes", [{}, {"decided_by": None}, {"pickup": "x"}, {"outcome": DONE}], ids=str
)
async def test_no_edit_of_a_record_keeps_it_from_being_judged_again(
    changes: dict[str, Any],
) -> None:
    house = Gatehouse(rule=unless_quarantined)
    held = await approved(house)
    await quarantine(house)
    forge(house, held, **changes)
    again = await house.gate.wait(held.id, timeout_s=0, token=make_token())
    assert again.decided_by == OperatorId("ana")  # what an edge goes by
    assert (await hand_out(house, held)).decision is Decision.DENY


async def test_what_an_edge_keeps_is_judged_again_before_anybody_is_told() -> None:
    house = Gatehouse(rule=unless_quarantined)
    held = await approved(house, pickup="call", idempotency_key="k")
    forge(house, held, pickup="")
    await quarantine(house)
    with pytest.raises(PermissionDenied, match="no longer allowed"):
        await claim(house, held, "k")


async def test_a_key_without_a_claim_is_judged_and_noted() -> None:
    house = Gatehouse()
    held = await approved(house, idempotency_key="k")
    assert not await claim(house, held, "other")
    for _ in range(2):
        assert await claim(house, held, "k")
    assert events_of(house, held)[2:] == ["action.claimed"]


async def test_a_key_that_was_edited_takes_nothing() -> None:
    house = Gatehouse()
    held = await approved(house, pickup="call")
    assert await claim(house, held, "first")
    forge(house, held, idempotency_key="second")
    assert not await claim(house, held, "second")


async def test_a_key_that_was_allowed_at_once_stays_its_own() -> None:
    house = Gatehouse(rule=lambda _request: say(Decision.ALLOW))
    allowed = await house.propose(idempotency_key="k")
    assert await claim(house, allowed, "k")
    assert events_of(house, allowed) == ["action.judged"]


async def test_an_outcome_that_was_reported_stays_one() -> None:
    house = Gatehouse(rule=unless_quarantined)
    held = await approved(house, pickup="call")
    await house.gate.report_outcome(held.id, DONE, result=None, token=make_token())
    await quarantine(house)
    assert (await hand_out(house, held)).decision is Decision.ALLOW  # it ran
    assert "action.withdrawn" not in events_of(house, held)


async def edited_trail(house: Gatehouse, **about: Any) -> Ticket:
    """Somebody makes the entry of a held action one that allows it, and the record with it."""
    held = await house.propose(**about)
    place = next(n for n, each in enumerate(house.store.drafts) if each.event == "action.judged")
    entry = house.store.trail[place]
    told = json.loads(entry.text)
    told["body"]["decision"] = "allow"
    house.store.trail[place] = replace(entry, text=json.dumps(told))
    record = await house.store.get_action(held.id)
    assert record is not None
    forge(
        house,
        held,
        status=ActionStatus.ALLOWED,
        arguments_released=record.action.arguments,
        digest_released=record.digest,
    )
    return held


@pytest.mark.parametrize("first", [False, True], ids=["later", "first entry"])
async def test_an_entry_that_was_edited_proves_nothing(*, first: bool) -> None:
    house = Gatehouse()
    if first:
        await house.propose()
        house.store.trail.clear()
        house.store.drafts.clear()
    held = await edited_trail(house)
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await hand_out(house, held)


async def test_an_entry_without_a_signature_after_it_proves_nothing() -> None:
    house = Gatehouse(rule=lambda _request: say(Decision.ALLOW))
    allowed = await house.propose()
    house.unsigned = {each.text.encode() for each in house.store.trail}
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await hand_out(house, allowed)
    await house.propose()  # whose own signature is over all before it
    assert (await hand_out(house, allowed)).decision is Decision.ALLOW


async def test_nothing_is_given_while_the_trail_fails() -> None:
    house = Gatehouse()
    kept = await approved(house, pickup="call", idempotency_key="k")
    told = await approved(house, arguments={"command": "id"}, idempotency_key="l")
    house.trail_problem = "the copy was cut"
    with pytest.raises(BlockedByFault, match="the copy was cut"):
        await claim(house, kept, "k")
    with pytest.raises(BlockedByFault, match="the copy was cut"):
        await hand_out(house, told)
    with pytest.raises(BlockedByFault, match="the copy was cut"):
        await house.propose(arguments={"command": "id"}, idempotency_key="l")
    with pytest.raises(BlockedByFault, match="the copy was cut"):
        await house.gate.wait(told.id, timeout_s=0, token=make_token())
    await house.gate.report_outcome(told.id, DONE, result=None, token=make_token())
    house.trail_problem = ""
    assert await claim(house, kept, "k")


async def test_nothing_is_approved_while_the_trail_fails() -> None:
    house = Gatehouse()
    held = await house.propose()
    house.trail_problem = "the copy was cut"
    with pytest.raises(MaestroError, match="the copy was cut"):
        await approve(house, held)
    assert "approval.approved" not in events_of(house, held)
    told = await house.gate.wait(held.id, timeout_s=0, token=make_token())
    assert told.decision is not Decision.ALLOW
