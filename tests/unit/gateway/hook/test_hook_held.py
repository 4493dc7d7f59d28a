"""Calls whose caller stopped waiting."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import ActionStatus, Decision
from core.errors import ActionConflict, ActionNotFound, StorageError
from core.gateway.hook.held import RETRY_S_MAX, HeldCalls, digest_call, recall_calls
from core.ids import ActionId, CorrelationId, TokenId
from core.ports import Ticket
from tests.factories import NOW, make_action_record, make_proposal
from tests.fakes import FakeClock

ONE, TWO = ActionId("1"), ActionId("2")


def test_a_held_action_is_given_out_once() -> None:
    held = HeldCalls()
    held.put("call", ONE, at_s=0.0)
    assert held.take("other", now_s=1.0) is None
    assert held.take("call", now_s=1.0) == (ONE, 0.0)
    assert held.take("call", now_s=1.0) is None


def test_the_oldest_of_two_like_calls_comes_first() -> None:
    held = HeldCalls()
    held.put("call", ONE, at_s=0.0)
    held.put("call", TWO, at_s=1.0)
    assert held.take("call", now_s=2.0) == (ONE, 0.0)
    assert held.take("call", now_s=2.0) == (TWO, 1.0)


def test_an_old_action_is_not_given_out() -> None:
    held = HeldCalls()
    held.put("call", ONE, at_s=0.0)
    held.put("call", TWO, at_s=10.0)
    assert held.take("call", now_s=RETRY_S_MAX + 5.0) == (TWO, 10.0)


def test_the_oldest_is_dropped_when_full() -> None:
    held = HeldCalls(calls_max=1)
    held.put("first", ONE, at_s=0.0)
    held.put("second", TWO, at_s=0.0)
    assert held.take("first", now_s=0.0) is None
    assert held.take("second", now_s=0.0) == (TWO, 0.0)


TEXT = st.text(max_size=3)


@given(st.tuples(*[TEXT] * 7), st.tuples(*[TEXT] * 7))
def test_only_the_same_call_has_the_same_digest(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    def digest(call: tuple[str, ...]) -> str:
        edge, token, agent, session, kind, resource, value = call
        proposal = make_proposal(
            agent=agent, session=session, kind=kind, resource=resource, arguments={"x": value}
        )
        return digest_call(proposal, edge=edge, token_id=TokenId(token))

    assert (digest(one) == digest(two)) == (one == two)


def test_the_order_of_arguments_and_the_key_do_not_matter() -> None:
    one = make_proposal(arguments={"a": 1, "b": 2}, idempotency_key="k-1", wait_s=1.0)
    two = make_proposal(arguments={"b": 2, "a": 1}, idempotency_key="k-2", wait_s=9.0)
    token = TokenId("t")
    assert digest_call(one, edge="e", token_id=token) == digest_call(two, edge="e", token_id=token)


def make_ticket(status: ActionStatus) -> Ticket:
    return Ticket(
        id=ONE,
        decision=Decision.ALLOW,
        status=status,
        reasons=(),
        arguments={},
        digest="sha256:0",
        correlation_id=CorrelationId("1" * 32),
    )


async def use(held: HeldCalls, clock: FakeClock, *, mine: bool | StorageError) -> ActionId | None:
    """Try a call that is allowed; what an earlier try left."""

    async def claim() -> bool:
        if isinstance(mine, StorageError):
            raise mine
        return mine

    with held.trying("call", clock) as trial:
        left = trial.action_id
        trial.note(make_ticket(ActionStatus.ALLOWED))
        await trial.take(claim())
    return left


async def test_what_was_taken_is_not_kept_and_what_could_not_be_is() -> None:
    held, clock = HeldCalls(), FakeClock()
    held.put("call", ONE, at_s=clock.monotonic_s())
    with pytest.raises(StorageError):
        await use(held, clock, mine=StorageError("the disk is full"))
    assert await use(held, clock, mine=True) == ONE
    assert await use(held, clock, mine=True) is None


async def test_what_another_call_has_is_neither_used_nor_kept() -> None:
    held, clock = HeldCalls(), FakeClock()
    with pytest.raises(ActionConflict, match="another call"):
        await use(held, clock, mine=False)
    assert held.take("call", now_s=clock.monotonic_s()) is None


@pytest.mark.parametrize("status", [ActionStatus.DENIED, ActionStatus.EXPIRED])
def test_a_refusal_is_not_kept(status: ActionStatus) -> None:
    held, clock = HeldCalls(), FakeClock()
    with held.trying("call", clock) as trial:
        trial.note(make_ticket(status))
    assert held.take("call", now_s=clock.monotonic_s()) is None


def test_a_gate_that_cannot_be_asked_takes_nothing_and_gives_no_more_time() -> None:
    held, clock = HeldCalls(), FakeClock()
    left_at_s = clock.monotonic_s()
    held.put("call", ONE, at_s=left_at_s)
    clock.advance(60.0)
    with pytest.raises(StorageError), held.trying("call", clock):
        raise StorageError("the disk is full")
    assert held.take("call", now_s=clock.monotonic_s()) == (ONE, left_at_s)


def test_who_waits_longer_is_kept_from_when_the_caller_left() -> None:
    held, clock = HeldCalls(), FakeClock()
    held.put("call", ONE, at_s=clock.monotonic_s())
    clock.advance(60.0)
    with held.trying("call", clock) as trial:
        trial.note(make_ticket(ActionStatus.PENDING))
    now_s = clock.monotonic_s()
    assert held.take("call", now_s=now_s) == (ONE, now_s)


def test_an_action_that_nobody_knows_any_more_is_forgotten() -> None:
    held, clock = HeldCalls(), FakeClock()
    held.put("call", ONE, at_s=clock.monotonic_s())
    with pytest.raises(ActionNotFound), held.trying("call", clock):
        raise ActionNotFound("another store")
    assert held.take("call", now_s=clock.monotonic_s()) is None


def test_what_nobody_took_before_is_recalled_oldest_first() -> None:
    def make(action_id: str, status: ActionStatus, **changes: Any) -> Any:
        fields: dict[str, Any] = {"pickup": "call", **changes}
        return make_action_record(id=ActionId(action_id), status=status, **fields)

    lately, long_ago = NOW - timedelta(seconds=60), NOW - timedelta(seconds=RETRY_S_MAX + 1)
    records = [
        make("7", ActionStatus.PENDING),
        make("6", ActionStatus.ALLOWED, decided_at=NOW + timedelta(seconds=5)),
        make("5", ActionStatus.ALLOWED, decided_at=lately),
        make("4", ActionStatus.ALLOWED, decided_at=long_ago),
        make("3", ActionStatus.ALLOWED, decided_at=lately, pickup=""),  # it was taken
        make("2", ActionStatus.DENIED, decided_at=lately),
        make("1", ActionStatus.PENDING, pickup="other"),
    ]
    held = recall_calls(records, now=NOW, now_s=1_000.0)
    found = [held.take("call", now_s=1_000.0) for _ in range(4)]
    assert found == [("5", 940.0), ("6", 1_000.0), ("7", 1_000.0), None]
