"""What is durable outlives the program, and is not run twice for it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.errors import InvalidAction, StorageError
from core.fleet import Message, MessageState
from core.ids import AgentId
from tests.unit.orchestration.post import Post, make_message, make_post, make_spec, running, settle

BO = AgentId("bo")


async def restart(post: Post) -> Post:
    """The program ends, however it ends, and starts again over the same store."""
    post.start(make_spec("bo"), make_spec("ana"))
    await post.router.restore()
    return post


async def send_durable(post: Post, **changes: Any) -> Message:
    message = make_message(durable=True, **changes)
    await post.router.send(message)
    return message


async def test_a_durable_message_is_on_disk_before_it_is_sent() -> None:
    post = make_post()
    post.store.hold = asyncio.Event()
    message = make_message(durable=True)
    sending = asyncio.ensure_future(post.router.send(message))
    await settle()
    assert post.router.take_nowait(BO) is None
    assert post.router.statistics().sent == 0
    post.store.hold.set()
    assert (await sending).state is MessageState.QUEUED
    assert list(post.store.views) == [message.id]


async def test_what_cannot_be_written_is_not_sent() -> None:
    post = make_post()
    post.store.broken = True
    with pytest.raises(StorageError, match="the disk is full"):
        await send_durable(post)
    assert post.router.statistics().sent == 0
    assert post.router.take_nowait(BO) is None


async def test_a_sender_that_gives_up_while_it_is_written_has_not_sent() -> None:
    post = make_post()
    post.store.hold = asyncio.Event()
    sending = asyncio.ensure_future(send_durable(post))
    await settle()
    sending.cancel()
    await asyncio.wait([sending])
    post.store.hold = None
    async with running(post):
        await settle()
    await restart(post)
    assert post.router.statistics().sent == 0


async def test_without_a_store_nothing_is_durable() -> None:
    post = make_post(store=None)
    with pytest.raises(StorageError, match="need a store"):
        await send_durable(post)
    await post.router.restore()


async def test_numbers_that_json_has_not_are_refused_in_durable_messages_only() -> None:
    post = make_post()
    with pytest.raises(InvalidAction, match="NaN"):
        await send_durable(post, payload={"x": float("nan")})
    message = make_message(payload={"x": float("nan")})
    post.router.send_nowait(message)
    post.router.failed(post.take(), "it broke")
    async with running(post):
        await settle()
    assert post.store.views == {}  # a dead letter of this run alone
    assert len(post.router.dead_letters()) == 1


async def test_what_was_queued_or_waited_is_there_again_after_a_restart() -> None:
    post = make_post()
    queued = await send_durable(post)
    waiting = await send_durable(post, to="cy")
    await post.router.send(make_message())
    await restart(post)
    assert await post.router.take(BO) == queued
    post.router.register(make_spec("cy"))
    assert await post.router.take(AgentId("cy")) == waiting
    assert post.router.statistics().sent == 2


async def test_what_was_in_work_is_dead_after_a_restart_for_it_may_have_run() -> None:
    post = make_post()
    message = await send_durable(post)
    assert await post.router.take(BO) is message
    await restart(post)
    (letter,) = post.router.dead_letters()
    assert letter.message == message
    assert letter.reason == "it was in work when the program ended: it may have run"
    async with running(post):
        await settle()
    assert [each.message_id for each in post.died] == [message.id]
    await restart(post)
    assert len(post.router.dead_letters()) == 1


async def test_what_was_handled_or_discarded_is_gone_from_the_disk() -> None:
    post = make_post()
    async with running(post):
        await send_durable(post)
        post.router.done(await post.router.take(BO))
        failed = await send_durable(post)
        post.router.failed(await post.router.take(BO), "it broke")
        await settle()
        assert list(post.store.views) == [failed.id]
        post.router.discard(failed.id)
        await settle()
    assert post.store.views == {}


async def test_dead_letters_outlive_the_program_and_those_that_fell_off_do_not() -> None:
    post = make_post()
    post.router.send_nowait(make_message())
    message = post.take()
    post.router.failed(message, "it broke")
    async with running(post):
        await settle()
    await restart(post)
    assert [(view.message, view.reason) for view in post.router.dead_letters()] == [
        (message, "it broke")
    ]
    view = await post.router.resend(message.id, "ana")
    async with running(post):
        await settle()
    assert post.store.views == {}
    assert post.take() is view.message


async def test_time_without_the_program_counts_only_where_an_end_was_named() -> None:
    post = make_post()
    patient = await send_durable(post)
    hasty = await send_durable(post, expires_at=post.clock.now() + timedelta(minutes=1))
    post.clock.advance(3600)
    await restart(post)
    assert await post.router.take(BO) == patient
    assert [view.message for view in post.router.dead_letters()] == [hasty]


async def test_a_taker_that_is_cancelled_while_the_mark_is_written_leaves_the_message() -> None:
    post = make_post()
    message = await send_durable(post)
    async with running(post):
        post.store.hold = asyncio.Event()
        taker = asyncio.ensure_future(post.router.take(BO))
        await settle()
        assert post.state(message).state is MessageState.IN_WORK
        taker.cancel()
        await asyncio.wait([taker])
        post.store.hold.set()
        await settle()
    assert post.state(message).state is MessageState.QUEUED
    assert post.store.views[message.id].state is MessageState.QUEUED
    assert await post.router.take(BO) is message


async def test_a_message_given_up_while_the_mark_is_written_is_not_handed_over() -> None:
    post = make_post()
    first, second = await send_durable(post), await send_durable(post)
    post.store.hold = asyncio.Event()
    taker = asyncio.ensure_future(post.router.take(BO))
    await settle()
    post.router.abandon(BO, "it crashed")
    post.store.hold.set()
    assert await taker is second
    assert post.state(first).state is MessageState.DEAD


async def test_a_durable_message_is_not_taken_without_its_mark() -> None:
    post = make_post()
    message = await send_durable(post)
    assert post.router.take_nowait(BO) is None
    post.store.broken = True
    with pytest.raises(StorageError):
        await post.router.take(BO)
    post.store.broken = False
    assert await post.router.take(BO) is message


async def test_a_disk_that_fails_for_a_while_is_tried_again_and_told() -> None:
    post = make_post()
    async with running(post):
        await send_durable(post)
        message = await post.router.take(BO)
        post.store.broken = True
        post.router.done(message)
        await settle()
        assert post.router.statistics().trouble == "the disk is full"
        post.store.broken = False
        post.clock.advance(1)
        await settle()
        assert post.router.statistics().trouble == ""
    assert post.store.views == {}


async def test_a_letter_given_up_while_it_is_written_does_not_come_back() -> None:
    post = make_post()
    async with running(post):
        post.router.send_nowait(make_message())
        post.store.hold = asyncio.Event()
        message = post.take()
        post.router.failed(message, "it broke")
        await settle()
        post.router.discard(message.id)
        post.store.hold.set()
        await settle()
    assert post.store.views == {}


async def test_the_answer_to_a_durable_request_is_on_disk_before_the_request_is_off_it() -> None:
    post = make_post(make_spec("ana"), make_spec("bo"))
    request = await send_durable(post, answer_required=True)
    await post.router.take(BO)
    async with running(post):
        post.router.done(request, {"ok": True})
        await settle()
    (kept,) = post.store.views.values()
    assert kept.message.answers == request.id
    await restart(post)
    assert (await post.router.take(AgentId("ana"))).payload == {"ok": True}


async def test_an_answer_taken_before_it_was_written_is_not_delivered_again() -> None:
    post = make_post(make_spec("ana"), make_spec("bo"))
    request = await send_durable(post, answer_required=True)
    await post.router.take(BO)
    post.router.done(request, {"ok": True})
    answer = await post.router.take(AgentId("ana"))
    async with running(post):
        await settle()
    await restart(post)
    assert [view.message for view in post.router.dead_letters()] == [answer]


async def test_a_restore_twice_takes_nothing_up_twice() -> None:
    post = make_post()
    await send_durable(post)
    await restart(post)
    await post.router.restore()
    assert post.router.statistics().sent == 1
