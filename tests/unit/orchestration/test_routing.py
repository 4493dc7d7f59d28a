"""Where messages go, what they wait for, how they end, and what the screens see of it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.errors import (
    AgentNotFound,
    InvalidAction,
    MessageNotFound,
    MessageUndelivered,
    Overloaded,
)
from core.fleet import EVERYBODY, Message, MessageState
from core.fleet_ports import MessageQuery
from core.ids import AgentId
from core.orchestration.mailbox import Entry
from core.orchestration.routing.board import Board
from tests.unit.orchestration.post import (
    EVERYTHING,
    Post,
    limits,
    make_message,
    make_post,
    make_spec,
    running,
    settle,
)

ANA, BO, CY = AgentId("ana"), AgentId("bo"), AgentId("cy")


def stop(post: Post, name: AgentId = BO, why: str = "offline") -> None:
    post.router.set_accepting(name, False, why)  # noqa: FBT003


def start(post: Post, name: AgentId = BO) -> None:
    post.router.set_accepting(name, True)  # noqa: FBT003


def fill(post: Post, name: AgentId = BO) -> list[Message]:
    """Messages until the agent is over the cut-off."""
    sent: list[Message] = []
    while post.router.load(name) <= 0.85:
        sent.append(make_message(to=name))
        post.router.send_nowait(sent[-1])
    return sent


async def test_a_message_is_queued_taken_and_handled_and_every_step_is_seen() -> None:
    post = make_post()
    message = make_message()
    view = await post.router.send(message)
    assert (view.state, view.holder, view.priority_now) == (MessageState.QUEUED, BO, 5)
    post.clock.advance(3)
    assert await post.router.take(BO) is message
    assert post.state(message).state is MessageState.IN_WORK
    assert post.state(message).changed_at == post.clock.now()
    post.clock.advance(3)
    post.router.done(message)
    view = post.state(message)
    assert (view.state, view.holder) == (MessageState.HANDLED, BO)
    assert view.changed_at == post.clock.now()
    assert post.router.take_nowait(BO) is None


async def test_taking_waits_until_a_message_comes() -> None:
    post = make_post()
    takers = [asyncio.ensure_future(post.router.take(BO)) for _ in range(3)]
    await settle()
    takers[0].cancel()
    sent = [make_message(), make_message()]
    for message in sent:
        post.router.send_nowait(message)
    assert await asyncio.gather(*takers[1:]) == sent


async def test_a_taker_that_is_cancelled_as_it_wakes_leaves_the_message_to_the_next() -> None:
    post = make_post()
    first, second = (asyncio.ensure_future(post.router.take(BO)) for _ in range(2))
    await settle()
    message = make_message()
    post.router.send_nowait(message)
    first.cancel()
    assert await second is message


async def test_an_agent_that_is_taken_out_sends_its_takers_away() -> None:
    post = make_post()
    taker = asyncio.ensure_future(post.router.take(BO))
    await settle()
    post.router.unregister(BO)
    with pytest.raises(AgentNotFound, match="taken out"):
        await taker
    with pytest.raises(AgentNotFound, match="knows no agent bo"):
        await post.router.take(BO)


@pytest.mark.parametrize("how", ["missing", "offline", "full"])
def test_a_message_goes_to_an_able_alternative(how: str) -> None:
    post = make_post(make_spec("bo", "write"), make_spec("cy", "write"), make_spec("di", "draw"))
    if how == "missing":
        post.router.unregister(BO)
    elif how == "offline":
        stop(post)
    else:
        fill(post)
    message = make_message(capability="write")
    post.router.send_nowait(message)
    view = post.state(message)
    assert (view.holder, view.reason) == (CY, "sent on from bo to cy")
    assert post.router.statistics().rerouted == 1


def test_the_mailbox_of_an_agent_that_is_taken_out_goes_to_those_who_are_able_as_it_was() -> None:
    post = make_post(make_spec("bo", "write"), make_spec("cy", "write"))
    message = make_message()
    post.router.send_nowait(message)
    post.router.unregister(BO)
    assert post.take("cy") is message


def test_without_a_capability_of_its_own_those_of_the_addressee_tell_who_is_able() -> None:
    post = make_post(make_spec("bo", "read", "write"), make_spec("cy", "write"))
    stop(post)
    message = make_message()
    post.router.send_nowait(message)
    assert post.state(message).holder == CY


def test_the_alternative_is_the_one_with_the_least_to_do() -> None:
    specs = [make_spec(name, "write", capacity=10) for name in ("bo", "cy", "di", "eve")]
    post = make_post(*specs)
    stop(post)
    for _ in range(9):
        post.router.send_nowait(make_message())
    assert [post.router.load(AgentId(each)) for each in ("cy", "di", "eve")] == [0.3] * 3
    post.router.done(post.take("di"))
    message = make_message(to="", capability="write")
    post.router.send_nowait(message)
    assert post.state(message).holder == "di"


def test_nobody_stands_in_for_whom_he_asks() -> None:
    post = make_post(make_spec("ana", "write"), make_spec("bo", "write", capacity=1))
    stop(post)
    asked = make_message()
    post.router.send_nowait(asked)
    other = make_message(sender=CY)
    stop(post, ANA)
    post.router.send_nowait(other)
    start(post, ANA)
    assert post.state(asked).state is MessageState.WAITING
    assert post.take("ana") is other  # the one before it keeps nobody waiting
    to_itself = make_message(to=ANA)
    post.router.send_nowait(to_itself)
    assert post.take("ana") is to_itself


def test_where_all_are_over_the_cut_off_a_message_waits_raised_by_two() -> None:
    post = make_post(make_spec("bo", "write"), make_spec("cy", "write"))
    filled = len(fill(post)) + len(fill(post, CY))
    assert filled == 172  # 86 of 100 each: 85 % is not over the cut-off
    message = make_message()
    post.router.send_nowait(message)
    view = post.state(message)
    assert (view.state, view.priority_now) == (MessageState.WAITING, 7)
    assert view.reason == "all that could take it are over 85 % of their capacity"
    post.router.done(post.take("cy"))
    view = post.state(message)
    assert (view.state, view.holder, view.priority_now) == (MessageState.QUEUED, CY, 7)
    assert post.take("cy") is message


def test_a_message_to_nobody_known_waits_as_it_is_until_the_agent_joins() -> None:
    post = make_post()
    message = make_message(to=CY)
    post.router.send_nowait(message)
    view = post.state(message)
    assert (view.state, view.priority_now) == (MessageState.WAITING, 5)
    assert view.reason == "there is no agent cy, and no other is able"
    post.router.register(make_spec("cy"))
    assert post.take("cy") is message


def test_who_else_is_able_is_found_out_when_the_addressee_joins() -> None:
    post = make_post(make_spec("di", "write"))
    message = make_message(to=CY)
    post.router.send_nowait(message)
    post.router.register(make_spec("cy", "write"), accepting=False)
    assert post.state(message).holder == "di"


async def test_an_unknown_addressee_ends_among_the_dead_letters_with_the_reason() -> None:
    post = make_post()
    message = make_message(to=CY)
    post.router.send_nowait(message)
    async with running(post):
        post.clock.advance(299)
        await settle()
        assert post.state(message).state is MessageState.WAITING
        post.clock.advance(1)
        await settle()
    (letter,) = post.router.dead_letters()
    assert letter.message is message
    assert letter.reason == "it expired: there is no agent cy, and no other is able"
    assert [(each.message_id, each.to, each.reason) for each in post.died] == [
        (message.id, CY, letter.reason)
    ]


async def test_a_message_that_nobody_takes_from_a_mailbox_expires_too() -> None:
    post = make_post(expiry_s=10)
    for _ in range(500):  # more than one turn's worth
        post.router.send_nowait(make_message(to=CY))
    message = make_message()
    post.router.send_nowait(message)
    in_work = make_message(priority=9)
    post.router.send_nowait(in_work)
    post.take()
    async with running(post):
        post.clock.advance(10)
        await settle()
    assert post.state(message).reason == "it expired: bo had not taken it from its mailbox"
    assert post.state(in_work).state is MessageState.IN_WORK
    assert post.router.statistics().dead == 501


async def test_a_message_may_name_its_own_end_sooner_or_later() -> None:
    post = make_post()
    now = post.clock.now()
    late = make_message(expires_at=now + timedelta(hours=1))
    usual = make_message()
    async with running(post):
        post.router.send_nowait(late)
        post.router.send_nowait(usual)
        await settle()
        soon = make_message(expires_at=now + timedelta(seconds=5))
        post.router.send_nowait(soon)
        gone = make_message(expires_at=now - timedelta(seconds=5))
        post.router.send_nowait(gone)
        assert post.state(gone).reason == "it had expired before it was sent"
        await settle()
        ends: list[Message] = []
        for seconds in (5, 295, 3300):
            post.clock.advance(seconds)
            await settle()
            ends.append(post.router.dead_letters()[0].message)
    assert ends == [soon, usual, late]


async def test_a_broadcast_is_one_copy_for_each_other_agent() -> None:
    post = make_post(make_spec("ana", "x"), make_spec("bo", "x"), make_spec("cy", "x"))
    stop(post, CY)
    message = make_message(to=EVERYBODY, capability="x")
    view = await post.router.broadcast(message)
    assert (view.state, view.message) == (MessageState.HANDLED, message)
    assert view.reason == "one copy was sent to each of 2 agents"
    copies = [each.message for each in post.router.views(EVERYTHING)]
    assert sorted(each.to for each in copies) == [BO, CY]
    assert len({message.id, *(each.id for each in copies)}) == 3
    assert {each.correlation_id for each in copies} == {message.correlation_id}
    assert post.router.statistics().waiting == 1  # bo does not get the copy of cy too
    post.router.send_nowait(make_message(to=EVERYBODY))
    assert post.router.statistics().sent == 4


async def test_a_broadcast_that_does_not_fit_is_not_sent_at_all() -> None:
    post = make_post(*(make_spec(name) for name in "abcd"), limits=limits(open_max=3))
    with pytest.raises(Overloaded):
        await post.router.send(make_message(to=EVERYBODY))
    assert post.router.statistics().sent == 0
    await post.router.send(make_message(to=EVERYBODY, sender="a"))
    assert post.router.statistics().sent == 3
    with pytest.raises(InvalidAction, match="priority"):
        await post.router.broadcast(make_message(priority=0))


async def test_what_a_crashed_agent_had_in_work_is_reported_and_never_run_twice() -> None:
    post = make_post(make_spec("bo", "write"), make_spec("cy", "write"))
    taken, queued = make_message(priority=9), make_message()
    post.router.send_nowait(taken)
    post.router.send_nowait(queued)
    assert post.take() is taken
    stop(post)
    post.router.abandon(BO, "it crashed")
    post.router.release(BO, "it crashed")
    assert post.state(queued).holder == CY
    (letter,) = post.router.dead_letters()
    assert (letter.message, letter.reason) == (taken, "it crashed")
    post.router.done(taken)
    post.router.failed(taken, "late")
    assert post.router.statistics().late == 2
    assert post.state(taken).state is MessageState.DEAD


async def test_what_failed_can_be_sent_again_as_a_new_message_once() -> None:
    post = make_post()
    message = make_message(expires_at=post.clock.now() + timedelta(minutes=1))
    post.router.send_nowait(message)
    post.router.failed(post.take(), "it\nbroke")
    post.clock.advance(3600)
    view = await post.router.resend(message.id, "ana")
    fresh = view.message
    assert fresh.id != message.id
    assert (fresh.payload, fresh.priority) == (message.payload, message.priority)
    assert (fresh.expires_at, fresh.at) == (None, post.clock.now())
    assert post.take() is fresh
    assert post.router.dead_letters() == ()
    assert post.state(message).reason == f"it broke; sent again by ana as {fresh.id}"
    with pytest.raises(MessageNotFound):
        await post.router.resend(message.id, "ana")


async def test_a_letter_that_cannot_be_sent_again_now_stays() -> None:
    post = make_post(limits=limits(open_max=1))
    message = make_message()
    post.router.send_nowait(message)
    post.router.failed(post.take(), "it broke")
    post.router.send_nowait(make_message())
    with pytest.raises(Overloaded):
        await post.router.resend(message.id, "ana")
    assert post.router.discard(message.id).message is message
    with pytest.raises(MessageNotFound):
        post.router.discard(message.id)


def test_dead_letters_are_bounded_and_the_oldest_fall_off() -> None:
    post = make_post(limits=limits(dead_max=2, recent_max=3))
    sent = [make_message() for _ in range(9)]
    for message in sent:
        post.router.send_nowait(message)
        post.router.failed(post.take(), "it broke")
    assert [view.message for view in post.router.dead_letters()] == [sent[8], sent[7]]
    assert [view.message for view in post.router.views(EVERYTHING)] == sent[:5:-1]
    assert len(post.router.views(MessageQuery(dead_only=True))) == 2
    assert len(post.router.views(MessageQuery(limit=1))) == 1
    assert post.router.statistics().letters == 2


def test_the_lists_are_bounded_by_the_bytes_of_their_payloads_too() -> None:
    post = make_post(limits=limits(recent_bytes_max=10_000))
    for _ in range(30):
        post.router.send_nowait(make_message(payload={"text": "x" * 1000}))
        post.router.failed(post.take(), "it broke")
    assert len(post.router.dead_letters()) == 9
    assert len(post.router.views(EVERYTHING)) <= 20


def test_a_full_router_says_so_and_takes_again_once_there_is_room() -> None:
    post = make_post(limits=limits(open_max=2))
    post.router.send_nowait(make_message())
    post.router.send_nowait(make_message())
    with pytest.raises(Overloaded, match="holds 2 messages; try again in a moment"):
        post.router.send_nowait(make_message())
    post.router.done(post.take())
    post.router.send_nowait(make_message())


def test_a_router_full_of_bytes_says_so_too() -> None:
    post = make_post(limits=limits(open_bytes_max=1500))
    post.router.send_nowait(make_message(payload={"text": "x" * 1000}))
    with pytest.raises(Overloaded, match="bytes"):
        post.router.send_nowait(make_message(payload={"text": "x" * 1000}))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"priority": 11}, "priority 11"),
        ({"payload": {"text": "x" * 256_000}}, "at most 256000 are allowed"),
        ({"payload": {"what": object()}}, "the payload is not JSON"),
        ({"durable": True}, "send it with send"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_a_sentence(
    changes: dict[str, Any], fault: str
) -> None:
    post = make_post()
    with pytest.raises(InvalidAction, match=fault):
        post.router.send_nowait(make_message(**changes))
    assert post.router.statistics().sent == 0


def test_an_id_is_on_its_way_once() -> None:
    post = make_post()
    message = make_message()
    post.router.send_nowait(message)
    with pytest.raises(InvalidAction, match="on its way already"):
        post.router.send_nowait(message)


@pytest.mark.parametrize("name", ["bo", "", "*"])
def test_a_name_is_registered_once_and_is_a_name(name: str) -> None:
    post = make_post()
    with pytest.raises(InvalidAction, match="cannot be registered"):
        post.router.register(make_spec(name))
    with pytest.raises(InvalidAction, match="not at least 1"):
        post.router.register(make_spec("cy", capacity=0))


def test_a_paused_agent_keeps_its_mailbox_and_is_sent_nothing_new() -> None:
    post = make_post()
    kept, waiting = make_message(), make_message()
    post.router.send_nowait(kept)
    stop(post, why="paused by ana")
    post.router.send_nowait(waiting)
    assert [view.message for view in post.router.mailbox(BO)] == [kept]
    assert post.state(waiting).reason == "bo takes no messages: paused by ana; no other is able"
    start(post)
    assert [view.message for view in post.router.mailbox(BO)] == [kept, waiting]


async def test_a_request_gets_its_answer() -> None:
    post = make_post()
    asking = asyncio.ensure_future(post.router.ask(make_message(), 60))
    request = await post.router.take(BO)
    assert request.answer_required
    post.router.done(request, {"sum": 4})
    assert await asking == {"sum": 4}
    asking = asyncio.ensure_future(post.router.ask(make_message(), 60))
    post.router.done(await post.router.take(BO))
    assert await asking == {}


async def test_a_request_that_dies_tells_whoever_waits() -> None:
    post = make_post()
    asking = asyncio.ensure_future(post.router.ask(make_message(), 60))
    post.router.failed(await post.router.take(BO), "it broke")
    with pytest.raises(MessageUndelivered, match="undelivered: it broke"):
        await asking


async def test_a_request_without_an_answer_in_time_is_taken_back() -> None:
    post = make_post()
    message = make_message()
    with pytest.raises(MessageUndelivered, match=r"no answer from bo within 0\.01 s"):
        await post.router.ask(message, 0.01)
    assert post.state(message).state is MessageState.DEAD
    assert post.router.take_nowait(BO) is None


async def test_a_request_in_work_is_not_taken_back_for_it_may_have_run() -> None:
    post = make_post()
    asking = asyncio.ensure_future(post.router.ask(make_message(to="", capability="write"), 0.01))
    post.router.register(make_spec("cy", "write"))
    request = await post.router.take(CY)
    with pytest.raises(MessageUndelivered, match="no answer from any that can write"):
        await asking
    post.router.done(request)
    assert post.state(request).state is MessageState.HANDLED


async def test_an_answer_that_nobody_waits_for_goes_to_the_sender_as_a_message() -> None:
    post = make_post(make_spec("ana"), make_spec("bo"))
    request = make_message(answer_required=True, priority=9)
    post.router.send_nowait(request)
    post.router.done(post.take(), {"ok": True})
    answer = post.take("ana")
    assert (answer.sender, answer.answers, answer.payload) == (BO, request.id, {"ok": True})
    post.router.send_nowait(make_message(answer_required=True))
    post.router.done(post.take())
    assert post.router.take_nowait(ANA) is None


@pytest.mark.parametrize("answer", [{"what": object()}, {"text": "x" * 256_000}])
async def test_an_answer_that_cannot_be_sent_is_told(answer: dict[str, Any]) -> None:
    post = make_post()
    asking = asyncio.ensure_future(post.router.ask(make_message(), 60))
    request = await post.router.take(BO)
    post.router.done(request, answer)
    with pytest.raises(MessageUndelivered, match="its answer could not be sent"):
        await asking
    assert post.state(request).state is MessageState.HANDLED


async def test_everybody_cannot_be_asked_and_nobody_twice_by_one_message() -> None:
    post = make_post()
    with pytest.raises(InvalidAction, match="everybody"):
        await post.router.ask(make_message(to=EVERYBODY), 1)
    message = make_message()
    asking = asyncio.ensure_future(post.router.ask(message, 60))
    await settle()
    with pytest.raises(InvalidAction, match="waits for its answer already"):
        await post.router.ask(message, 60)
    post.router.done(post.take())
    assert await asking == {}


async def test_the_loop_sleeps_while_a_thousand_messages_wait() -> None:
    post = make_post()
    sleeps: list[float] = []
    sleep = post.clock.sleep

    async def count_sleep(seconds: float) -> None:
        sleeps.append(seconds)
        await sleep(seconds)

    post.clock.sleep = count_sleep  # type: ignore[method-assign]
    for _ in range(1000):
        post.router.send_nowait(make_message(to=CY))
    async with running(post):
        await settle()
        assert sleeps == [300]


def test_heaps_do_not_grow_with_messages_that_are_gone() -> None:
    board = Board(limits(), on_death=lambda _: None)
    for name in ("bo", "cy"):
        board.register(make_spec(name), accepting=True, now_s=0)

    def send(to: str, life_s: float) -> Entry:
        message = make_message(to=to)
        board.launch(board.admit(message, 2, 0, life_s), 0)
        return board.open[message.id]

    for number in range(3000):
        taken = send("bo", 300 if number % 2 else 100)
        assert board.boxes["bo"].pop(0) is not None
        board.handle(taken, 0)
        for entry in (send(f"nobody-{number}", 300), send("nobody", 300), send("cy", 300)):
            board.die(entry, "test", 0)
    assert len(board.due) < 6000
    assert board.room.lanes == {}
    assert len(board.boxes["cy"].heap) < 100
    assert board.statistics().dead == 9000
