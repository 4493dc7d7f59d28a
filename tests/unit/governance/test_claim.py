"""What an operator allowed is given to one call, whoever asks at the same time."""

import asyncio

import pytest

from core.actions import ActionStatus, Decision, JsonObject, OutcomeStatus
from core.commands import ApproveAction, EditAction, SetQuarantine
from core.errors import ActionNotFound, BlockedByFault, PermissionDenied, StorageError
from core.events import ActionWithdrawn
from core.governance.model import PolicyAnswer, PolicyRequest
from core.ids import ActionId, AgentId, OperatorId
from core.ports import Ticket
from core.records import AuditHead, Outcome, WriteUnit
from tests.factories import NOW, make_token
from tests.unit.governance.gatehouse import Gatehouse, ask_until_approved, say

ANA = OperatorId("ana")
AGENT = AgentId("coder")
DONE = Outcome(status=OutcomeStatus.SUCCEEDED, reported_at=NOW)


async def approve(house: Gatehouse, held: Ticket) -> None:
    await house.desk.dispatch(ApproveAction(operator=ANA, action_id=held.id, digest=held.digest))


async def claim(house: Gatehouse, held: Ticket, key: str | None = None) -> bool:
    return await house.gate.claim(held.id, key=key, token=make_token())


def events_of(house: Gatehouse, held: Ticket) -> list[str]:
    return [draft.event for draft in house.store.drafts if draft.action_id == held.id]


async def hand_out(house: Gatehouse, held: Ticket) -> Ticket:
    return await house.gate.hand_out(held.id, token=make_token())


async def quarantine(house: Gatehouse) -> None:
    command = SetQuarantine(operator=ANA, agent_id=AGENT, quarantined=True, reason="odd")
    await house.desk.dispatch(command)


@pytest.mark.parametrize("restarted", [False, True])
async def test_of_many_calls_at_once_one_is_given_it(
    monkeypatch: pytest.MonkeyPatch, *, restarted: bool
) -> None:
    house = Gatehouse()
    held = await house.propose(idempotency_key="first", pickup="call")
    assert not await claim(house, held)  # nobody decided yet
    await approve(house, held)
    if restarted:
        await house.restart()
    commit = house.store.commit

    async def commit_slowly(unit: WriteUnit) -> AuditHead:
        await asyncio.sleep(0)
        return await commit(unit)

    monkeypatch.setattr(house.store, "commit", commit_slowly)
    claims = await asyncio.gather(*(claim(house, held, f"try-{n}") for n in range(8)))
    assert sorted(claims) == [False] * 7 + [True]
    assert not await claim(house, held, "first")
    assert not await claim(house, held)
    await house.restart()
    assert not await claim(house, held)
    assert (await house.propose(idempotency_key="first", pickup="call")).id != held.id


async def test_the_call_that_has_it_is_given_it_again_until_its_outcome() -> None:
    house = Gatehouse()
    held = await house.propose(idempotency_key="k", pickup="call")
    await approve(house, held)
    for _ in range(2):
        await house.restart()
        assert (await house.propose(idempotency_key="k", pickup="call")).id == held.id
        assert await claim(house, held, "k")
    await house.gate.report_outcome(held.id, DONE, result=None, token=make_token())
    assert not await claim(house, held, "k")


async def test_what_ran_by_its_id_is_not_given_to_another_call() -> None:
    house = Gatehouse()
    held = await house.propose(pickup="call")
    await approve(house, held)
    await house.gate.report_outcome(held.id, DONE, result=None, token=make_token())
    assert not await claim(house, held)


async def test_nothing_is_given_that_the_store_could_not_note() -> None:
    house = Gatehouse()
    held = await house.propose(pickup="call")
    await approve(house, held)
    house.store.fail_with = StorageError("the disk is full")
    with pytest.raises(StorageError):
        await claim(house, held)
    house.store.fail_with = None
    assert await claim(house, held)


async def test_only_what_an_edge_keeps_and_was_held_waits_for_a_next_try() -> None:
    house = Gatehouse(rule=lambda _request: say(Decision.ALLOW))
    allowed = await house.propose(pickup="call")
    record = await house.store.get_action(allowed.id)
    assert record is not None
    assert (record.pickup, allowed.decided_by) == ("", None)
    asking = Gatehouse()
    held = await asking.propose()
    await approve(asking, held)
    assert not await claim(asking, held)


def unless_quarantined(request: PolicyRequest) -> PolicyAnswer:
    return say(Decision.DENY) if request.facts.quarantined else ask_until_approved(request)


async def test_what_is_denied_by_the_time_it_is_fetched_is_withdrawn() -> None:
    house = Gatehouse(rule=unless_quarantined)
    held = await house.propose(pickup="call")
    await approve(house, held)
    await quarantine(house)
    with pytest.raises(PermissionDenied, match="approved by ana, but no longer allowed"):
        await claim(house, held)
    release = SetQuarantine(operator=ANA, agent_id=AGENT, quarantined=False, reason="looked into")
    await house.desk.dispatch(release)
    assert not await claim(house, held)
    told = await house.gate.wait(held.id, timeout_s=0, token=make_token())
    assert (told.decision, told.status) == (Decision.DENY, ActionStatus.DENIED)
    assert "no longer allowed" in told.reasons[0]
    assert events_of(house, held) == ["action.judged", "approval.approved", "action.withdrawn"]


async def test_who_asks_by_the_id_is_told_what_would_still_be_allowed() -> None:
    house = Gatehouse(rule=unless_quarantined)
    held = await house.propose()
    await approve(house, held)
    await quarantine(house)
    for _ in range(2):
        told = await hand_out(house, held)
        assert (told.decision, told.status) == (Decision.DENY, ActionStatus.DENIED)
        assert "approved by ana, but no longer allowed" in told.reasons[0]
    assert events_of(house, held)[2:] == ["action.withdrawn"]
    published = [each for each in house.seen.drain() if isinstance(each, ActionWithdrawn)]
    assert [(each.action_id, each.agent_id) for each in published] == [(held.id, AGENT)]
    assert "no longer allowed" in published[0].reason


async def test_what_was_told_once_may_be_running_and_stays_allowed() -> None:
    house = Gatehouse(rule=unless_quarantined)
    held = await house.propose()
    await approve(house, held)
    assert (await hand_out(house, held)).decision is Decision.ALLOW
    await quarantine(house)
    await house.restart()
    assert (await hand_out(house, held)).decision is Decision.ALLOW
    await house.gate.report_outcome(held.id, DONE, result=None, token=make_token())
    assert (await hand_out(house, held)).decision is Decision.ALLOW
    assert events_of(house, held)[2:] == ["action.claimed", "action.outcome"]


async def test_what_an_edge_keeps_for_a_call_is_not_given_to_who_asks() -> None:
    house = Gatehouse()
    held = await house.propose(pickup="call")
    await approve(house, held)
    assert (await hand_out(house, held)).decision is Decision.ALLOW
    assert await claim(house, held)
    assert events_of(house, held)[2:] == ["action.claimed"]


async def test_what_nobody_decided_is_told_as_it_stands() -> None:
    house = Gatehouse()
    held = await house.propose()
    assert (await hand_out(house, held)).status is ActionStatus.PENDING
    at_once = Gatehouse(rule=lambda _request: say(Decision.ALLOW))
    allowed = await at_once.propose()
    assert (await hand_out(at_once, allowed)).decision is Decision.ALLOW
    assert events_of(at_once, allowed) == ["action.judged"]


@pytest.mark.parametrize("kept", [False, True])
async def test_a_fault_gives_nothing_and_takes_nothing_away(*, kept: bool) -> None:
    house = Gatehouse()
    held = await house.propose(pickup="call" if kept else "")
    await approve(house, held)
    house.judge.error = RuntimeError("the rules are gone")
    ask = claim if kept else hand_out
    for _ in range(2):
        with pytest.raises(BlockedByFault, match=r"the rules are gone.*the approval by ana stays"):
            await ask(house, held)
    house.judge.error = None
    assert await ask(house, held)
    assert events_of(house, held)[2:] == ["action.blocked", "action.claimed"]


def unless_large(request: PolicyRequest) -> PolicyAnswer:
    large = request.facts.approved and request.facts.amount_micros > 3_000_000
    return say(Decision.DENY) if large else ask_until_approved(request)


async def test_what_was_edited_is_judged_as_edited_when_it_is_fetched() -> None:
    house = Gatehouse(rule=unless_large)
    held = await house.propose(kind="payment.transfer", arguments={"amount": 5}, pickup="call")
    edited: JsonObject = {"amount": 2}
    await house.desk.dispatch(
        EditAction(operator=ANA, action_id=held.id, digest=held.digest, arguments=edited)
    )
    assert await claim(house, held)


async def test_what_was_given_is_not_given_again_by_an_edit_of_the_store() -> None:
    house = Gatehouse()
    held = await house.propose(pickup="call")
    await approve(house, held)
    before = await house.store.get_action(held.id)
    assert before is not None
    assert await claim(house, held, "first")
    await house.store.commit(WriteUnit(puts=(before,)))  # as an editor does: without an entry
    for _ in range(2):
        with pytest.raises(PermissionDenied, match="given to a call already"):
            await claim(house, held, "second")
    assert events_of(house, held)[2:] == ["action.claimed", "action.refused"]


async def test_nobody_is_given_what_is_not_known_or_not_theirs() -> None:
    house = Gatehouse()
    held = await house.propose(pickup="call")
    await approve(house, held)
    with pytest.raises(PermissionDenied):
        await house.gate.claim(held.id, key=None, token=make_token(bound_to="other"))
    with pytest.raises(ActionNotFound):
        await house.gate.claim(ActionId("9" * 26), key=None, token=make_token())
