"""Calls whose caller stopped waiting."""

from hypothesis import given
from hypothesis import strategies as st

from core.gateway.hook.held import RETRY_S_MAX, HeldCalls, digest_call, recall_calls
from core.ids import ActionId, TokenId
from tests.factories import make_action_record, make_proposal

ONE, TWO = ActionId("1"), ActionId("2")


def test_a_held_action_is_given_out_once() -> None:
    held = HeldCalls()
    held.put("call", ONE, at_s=0.0)
    assert held.take("other", now_s=1.0) is None
    assert held.take("call", now_s=1.0) == ONE
    assert held.take("call", now_s=1.0) is None


def test_the_oldest_of_two_like_calls_comes_first() -> None:
    held = HeldCalls()
    held.put("call", ONE, at_s=0.0)
    held.put("call", TWO, at_s=1.0)
    assert [held.take("call", now_s=2.0), held.take("call", now_s=2.0)] == [ONE, TWO]


def test_an_old_action_is_not_given_out() -> None:
    held = HeldCalls()
    held.put("call", ONE, at_s=0.0)
    held.put("call", TWO, at_s=10.0)
    assert held.take("call", now_s=RETRY_S_MAX + 5.0) == TWO


def test_the_oldest_is_dropped_when_full() -> None:
    held = HeldCalls(calls_max=1)
    held.put("first", ONE, at_s=0.0)
    held.put("second", TWO, at_s=0.0)
    assert held.take("first", now_s=0.0) is None
    assert held.take("second", now_s=0.0) == TWO


TEXT = st.text(max_size=3)


@given(st.tuples(*[TEXT] * 6), st.tuples(*[TEXT] * 6))
def test_only_the_same_call_has_the_same_digest(one: tuple[str, ...], two: tuple[str, ...]) -> None:
    def digest(call: tuple[str, ...]) -> str:
        token, agent, session, kind, resource, value = call
        proposal = make_proposal(
            agent=agent, session=session, kind=kind, resource=resource, arguments={"x": value}
        )
        return digest_call(proposal, token_id=TokenId(token))

    assert (digest(one) == digest(two)) == (one == two)


def test_the_order_of_arguments_and_the_key_do_not_matter() -> None:
    one = make_proposal(arguments={"a": 1, "b": 2}, idempotency_key="k-1", wait_s=1.0)
    two = make_proposal(arguments={"b": 2, "a": 1}, idempotency_key="k-2", wait_s=9.0)
    assert digest_call(one, token_id=TokenId("t")) == digest_call(two, token_id=TokenId("t"))


def test_what_waited_before_is_recalled_oldest_first_if_it_came_here() -> None:
    later, first, elsewhere = (
        make_action_record(
            id=action_id, action={"arguments": {"a": 1}, "idempotency_key": key, "session_id": "s"}
        )
        for action_id, key in ((TWO, "here:2"), (ONE, "here:1"), (ActionId("0"), None))
    )
    action = first.action
    call = make_proposal(
        agent=action.agent_id,
        session="s",
        kind=action.kind,
        resource=action.resource,
        arguments={"a": 1},
    )
    held = recall_calls([later, first, elsewhere], key_prefix="here:", at_s=0.0)
    digest = digest_call(call, token_id=None)
    assert [held.take(digest, now_s=1.0) for _ in range(3)] == [ONE, TWO, None]
