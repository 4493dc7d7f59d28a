"""What stands as allowed in the store is told only as far as the trail says so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.actions import ActionStatus, Decision, OutcomeStatus
from core.commands import SetQuarantine
from core.errors import PermissionDenied, StorageFull
from core.events import AuditBroken
from core.ids import ActionId
from core.records import AuditQuery, Outcome, WriteUnit
from tests.factories import NOW, make_action_record, make_token
from tests.unit.governance.gatehouse import Gatehouse, say
from tests.unit.governance.test_claim import (
    AGENT,
    ANA,
    approve,
    hand_out,
    quarantine,
    unless_quarantined,
)


async def test_an_action_that_only_the_store_calls_allowed_is_refused() -> None:
    house = Gatehouse()
    held = await house.propose(idempotency_key="k")
    record = await house.store.get_action(held.id)
    assert record is not None
    forged = replace(
        record,
        status=ActionStatus.ALLOWED,
        arguments_released=record.action.arguments,
        digest_released=record.digest,
    )
    await house.store.commit(WriteUnit(puts=(forged,)))  # as an editor does: without an entry
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await house.gate.wait(held.id, timeout_s=0, token=make_token())
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await house.propose(idempotency_key="k")
    outcome = Outcome(status=OutcomeStatus.SUCCEEDED, reported_at=NOW)
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await house.gate.report_outcome(held.id, outcome, result=None, token=make_token())
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await house.gate.claim(held.id, key="k", token=make_token())
    (refused,) = await house.store.read_audit(AuditQuery(event="action.refused"))
    assert "somebody edited the store" in refused.text
    told = [each for each in house.seen.drain() if isinstance(each, AuditBroken)]
    assert [each.position for each in told] == [0]


async def test_an_action_that_was_withdrawn_is_not_allowed_again_by_an_edit_of_the_store() -> None:
    house = Gatehouse(rule=unless_quarantined)
    held = await house.propose()
    await approve(house, held)
    allowed = await house.store.get_action(held.id)
    assert allowed is not None
    await quarantine(house)
    assert (await hand_out(house, held)).status is ActionStatus.DENIED
    await house.desk.dispatch(
        SetQuarantine(operator=ANA, agent_id=AGENT, quarantined=False, reason="looked into")
    )
    await house.store.commit(WriteUnit(puts=(allowed,)))  # as an editor does: without an entry
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await hand_out(house, held)


async def test_an_action_from_before_the_trails_beginning_is_refused_without_alarm() -> None:
    house = Gatehouse()
    await house.propose()
    old = make_action_record(
        action={"id": ActionId("f" * 26), "proposed_at": NOW - timedelta(days=400)},
        status=ActionStatus.ALLOWED,
    )
    await house.store.commit(WriteUnit(puts=(old,)))
    with pytest.raises(PermissionDenied, match="it is archived"):
        await house.gate.wait(old.id, timeout_s=0, token=make_token())
    assert not await house.store.read_audit(AuditQuery(event="action.refused"))
    assert not [each for each in house.seen.drain() if isinstance(each, AuditBroken)]


@pytest.mark.parametrize(
    ("removed", "cause"), [(1, "somebody edited the store"), (3, "it is archived")]
)
async def test_an_entry_that_follows_nothing_proves_nothing(removed: int, cause: str) -> None:
    """Its hash is known by the one after it: so any text could stand beside it."""
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    await house.propose()  # registers the agent, too
    await house.propose()
    allowed = await house.propose()
    await house.propose()
    trail, drafts = house.store.trail, house.store.drafts
    place = next(n for n, each in enumerate(drafts) if each.action_id == allowed.id)
    trail[place] = replace(trail[place], text=trail[place].text + " ")
    del trail[place - removed : place], drafts[place - removed : place]
    with pytest.raises(PermissionDenied, match=cause):
        await house.gate.wait(allowed.id, timeout_s=0, token=make_token())


async def test_a_refusal_that_cannot_be_written_is_told_all_the_same() -> None:
    house = Gatehouse()
    forged = make_action_record(status=ActionStatus.ALLOWED)
    await house.store.commit(WriteUnit(puts=(forged,)))
    house.store.fail_with = StorageFull("the disk is full")
    with pytest.raises(PermissionDenied, match="no entry of the trail allowed"):
        await house.gate.wait(forged.id, timeout_s=0, token=make_token())
    assert [each for each in house.seen.drain() if isinstance(each, AuditBroken)]
