"""Highest priority first, first in first out within one, and nothing starves."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.fleet import MessageState
from core.ids import AgentId
from core.orchestration.order import WINDOW_MIN, aged_priority, raise_priority
from tests.fakes import FakeClock
from tests.unit.orchestration.post import (
    Post,
    limits,
    make_message,
    make_post,
    make_spec,
    running,
    settle,
)

PRIORITIES = st.lists(st.integers(1, 10), min_size=1, max_size=80)


@given(PRIORITIES)
def test_a_burst_goes_strictly_by_priority_and_in_its_order_within_one(
    priorities: list[int],
) -> None:
    post = make_post()
    sent = [make_message(priority=each) for each in priorities]
    for message in sent:
        post.router.send_nowait(message)
    taken = [post.take() for _ in sent]
    assert taken == sorted(sent, key=lambda message: (-message.priority, message.id))


@given(PRIORITIES)
def test_what_has_waited_goes_by_priority_too(priorities: list[int]) -> None:
    post = make_post()
    post.router.set_accepting(AgentId("bo"), False)  # noqa: FBT003
    sent = [make_message(priority=each) for each in priorities]
    for message in sent:
        post.router.send_nowait(message)
    post.router.set_accepting(AgentId("bo"), True)  # noqa: FBT003
    taken = [post.take() for _ in sent]
    assert taken == sorted(sent, key=lambda message: (-message.priority, message.id))


@settings(max_examples=15, deadline=None)
@given(
    capacity=st.sampled_from([2, 100, 150]),
    cycles=st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=6),
    priority=st.integers(1, 9),
)
def test_no_flood_of_urgent_messages_keeps_one_waiting_beyond_the_bound(
    capacity: int, cycles: list[tuple[int, int]], priority: int
) -> None:
    """At most (10 - priority) windows of later messages are taken before it."""
    post = make_post(make_spec("bo", capacity=capacity), limits=limits(open_max=200))
    patient = make_message(priority=priority)
    post.router.send_nowait(patient)
    bound = (10 - priority) * max(WINDOW_MIN, capacity)
    passed, step = 0, 0
    while True:
        coming, going = cycles[step % len(cycles)]
        step += 1
        while coming and post.router.statistics().waiting == 0:
            post.router.send_nowait(make_message(priority=10))
            coming -= 1
        for _ in range(going):
            taken = post.router.take_nowait(AgentId("bo"))
            if taken is None:
                break
            post.router.done(taken)
            if taken is patient:
                assert passed <= bound
                return
            passed += 1
        assert passed <= bound


def test_no_flood_keeps_one_in_the_waiting_room_either() -> None:
    post = make_post(make_spec("bo", capacity=1), limits=limits(open_max=120))
    held = make_message(priority=10)
    post.router.send_nowait(held)  # the mailbox is full
    patient = make_message(priority=1)
    post.router.send_nowait(patient)
    passed = 0
    while (taken := post.take()) is not patient:
        passed += 1
        post.router.send_nowait(make_message(priority=10))
        post.router.done(taken)
        assert passed <= 9 * 120


def test_a_message_rises_one_step_each_30_seconds_in_a_quiet_hour() -> None:
    post = make_post()
    early = make_message(priority=5)
    post.router.send_nowait(early)
    post.clock.advance(61)
    assert post.state(early).priority_now == 7
    late = make_message(priority=6)
    post.router.send_nowait(late)
    assert [post.take(), post.take()] == [early, late]


def test_a_message_that_changes_hands_keeps_what_it_has_risen_to() -> None:
    post = make_post(make_spec("bo", "write"), make_spec("cy", "write"))
    message = make_message(priority=5)
    post.router.send_nowait(message)
    post.clock.advance(61)
    post.router.set_accepting(AgentId("bo"), False)  # noqa: FBT003
    post.router.release(AgentId("bo"), "it crashed")
    view = post.state(message)
    assert (view.holder, view.priority_now) == ("cy", 7)


@pytest.mark.parametrize(("priority", "raised"), [(1, 3), (8, 10), (9, 10), (10, 10)])
def test_a_raise_is_two_steps_and_ends_at_ten(priority: int, raised: int) -> None:
    assert raise_priority(priority) == raised


def test_a_message_is_raised_once_however_often_it_is_placed() -> None:
    post = make_post(make_spec("bo", capacity=1))
    post.router.send_nowait(make_message())
    message = make_message(priority=3)
    post.router.send_nowait(message)
    assert post.state(message).priority_now == 5
    post.router.unregister(AgentId("bo"))
    post.router.register(make_spec("bo", capacity=1))
    assert post.state(message).priority_now == 5


@given(st.integers(1, 10), st.floats(0, 1e6), st.integers(100, 10_000))
def test_age_never_lowers_a_priority_and_never_lifts_it_over_ten(
    priority: int, ticks: float, window: int
) -> None:
    assert priority <= aged_priority(priority, ticks=ticks, window=window) <= 10


async def test_a_jump_of_the_wall_clock_neither_kills_nor_saves_a_message() -> None:
    clock = FakeClock()
    post = Post(clock=clock).start(make_spec("bo"))
    message = make_message(expires_at=clock.now() + timedelta(seconds=60))
    async with running(post):
        post.router.send_nowait(message)
        await settle()
        clock.now = lambda: datetime(2027, 1, 1, tzinfo=UTC)  # type: ignore[method-assign]
        clock.advance(59)
        await settle()
        assert post.state(message).state is MessageState.QUEUED
        clock.now = lambda: datetime(2025, 1, 1, tzinfo=UTC)  # type: ignore[method-assign]
        clock.advance(1)
        await settle()
    assert post.state(message).state is MessageState.DEAD
