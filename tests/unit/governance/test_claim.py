"""What an operator allowed is given to one call, whoever asks at the same time."""

import asyncio

import pytest

from core.actions import Decision, OutcomeStatus
from core.commands import ApproveAction
from core.errors import ActionNotFound, PermissionDenied, StorageError
from core.ids import ActionId, OperatorId
from core.ports import Ticket
from core.records import AuditHead, Outcome, WriteUnit
from tests.factories import NOW, make_token
from tests.unit.governance.gatehouse import Gatehouse, say

DONE = Outcome(status=OutcomeStatus.SUCCEEDED, reported_at=NOW)


async def approve(house: Gatehouse, held: Ticket) -> None:
    await house.desk.dispatch(
        ApproveAction(operator=OperatorId("ana"), action_id=held.id, digest=held.digest)
    )


async def claim(house: Gatehouse, held: Ticket, key: str | None = None) -> bool:
    return await house.gate.claim(held.id, key=key, token=make_token())


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


async def test_nobody_is_given_what_is_not_known_or_not_theirs() -> None:
    house = Gatehouse()
    held = await house.propose(pickup="call")
    await approve(house, held)
    with pytest.raises(PermissionDenied):
        await house.gate.claim(held.id, key=None, token=make_token(bound_to="other"))
    with pytest.raises(ActionNotFound):
        await house.gate.claim(ActionId("9" * 26), key=None, token=make_token())
