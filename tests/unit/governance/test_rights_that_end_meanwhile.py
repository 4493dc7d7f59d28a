"""What ends while something is under way that it would allow: a rule, a token, an operator."""

import asyncio

import pytest

from core.actions import Decision, RiskLevel
from core.commands import ApproveAction, Remember, RevokeGrant
from core.errors import InvalidAction, StorageFull, Unauthenticated
from core.ids import GrantId, OperatorId
from core.ports import Ticket
from tests.factories import make_token
from tests.unit.governance.gatehouse import Gatehouse
from tests.unit.governance.test_rights_in_turn import Slowly, settle

ANA, BEN = OperatorId("ana"), OperatorId("ben")


def approve(
    ticket: Ticket, by: OperatorId = ANA, remember: Remember | None = None
) -> ApproveAction:
    return ApproveAction(operator=by, action_id=ticket.id, digest=ticket.digest, remember=remember)


async def remembered(house: Gatehouse) -> GrantId:
    remember = Remember(resource_pattern="ls*", duration_s=600)
    await house.desk.dispatch(approve(await house.propose(), remember=remember))
    (grant,) = await house.desk.list_grants()
    assert (await house.propose()).decision is Decision.ALLOW
    return grant.id


@pytest.mark.parametrize("how", ["revoked", "expired"])
async def test_a_rule_that_ends_while_an_action_is_judged_allows_it_no_more(how: str) -> None:
    house = Gatehouse()
    grant = await remembered(house)
    go = asyncio.Event()
    counsel = house.counsel.counsel

    async def slow(*given: object) -> object:
        await go.wait()
        return await counsel(*given)  # type: ignore[arg-type]

    house.counsel.counsel = slow  # type: ignore[method-assign,assignment]
    proposal = asyncio.create_task(house.propose())
    await settle()
    if how == "revoked":
        await house.desk.dispatch(RevokeGrant(operator=ANA, grant_id=grant))
    else:
        house.clock.advance(601)
    go.set()
    assert (await proposal).decision is Decision.ASK


async def test_a_rule_is_revoked_though_whoever_asked_for_it_goes_away() -> None:
    house = Gatehouse()
    grant = await remembered(house)
    slowly = Slowly(house)
    revoking = asyncio.create_task(house.desk.dispatch(RevokeGrant(operator=ANA, grant_id=grant)))
    await settle()
    revoking.cancel()
    slowly.go.set()
    await settle()
    assert house.store.events()[-1] == "grant.revoked"
    assert house.grants.in_force() == ()
    assert (await house.propose()).decision is Decision.ASK


async def test_while_its_end_is_written_a_rule_allows_nothing_and_a_failure_gives_it_back() -> None:
    house = Gatehouse()
    grant = await remembered(house)
    slowly = Slowly(house)
    revoking = asyncio.create_task(house.desk.dispatch(RevokeGrant(operator=ANA, grant_id=grant)))
    await settle()
    assert house.grants.in_force() == ()
    house.store.fail_with = StorageFull("the disk is full")
    slowly.go.set()
    with pytest.raises(StorageFull):
        await revoking
    house.store.fail_with = None
    assert (await house.propose()).decision is Decision.ALLOW


async def test_of_two_operators_who_revoke_a_rule_at_once_one_does() -> None:
    house = Gatehouse()
    grant = await remembered(house)
    both = (RevokeGrant(operator=each, grant_id=grant) for each in (ANA, BEN))
    told = await asyncio.gather(*map(house.desk.dispatch, both), return_exceptions=True)
    assert [type(each) for each in told] == [type(None), InvalidAction]
    assert house.store.events().count("grant.revoked") == 1


async def test_a_token_that_is_revoked_while_its_call_waits_is_given_nothing() -> None:
    house = Gatehouse()
    token = make_token()
    ticket = await house.propose(token=token)
    waiting = asyncio.create_task(house.gate.wait(ticket.id, timeout_s=60, token=token))
    await settle()
    house.tokens_revoked.add(token.id)
    await house.desk.dispatch(approve(ticket))
    with pytest.raises(Unauthenticated, match="was revoked"):
        await waiting
    with pytest.raises(Unauthenticated):
        await house.gate.claim(ticket.id, key=None, token=token)
    with pytest.raises(Unauthenticated):
        await house.gate.hand_out(ticket.id, token=token)
    with pytest.raises(Unauthenticated):
        await house.propose(token=token)


async def test_who_is_no_operator_any_more_is_none_of_two_approvers() -> None:
    house = Gatehouse()
    ticket = await house.propose(risk=RiskLevel.CRITICAL)
    await house.desk.dispatch(approve(ticket, BEN))
    house.operators_gone.add(BEN)
    await house.desk.dispatch(approve(ticket))
    (held,) = await house.desk.list_approvals()
    assert [vote.operator for vote in held.votes] == [ANA]
    house.operators_gone.clear()
    await house.desk.dispatch(approve(ticket, BEN))
    assert await house.desk.list_approvals() == ()
