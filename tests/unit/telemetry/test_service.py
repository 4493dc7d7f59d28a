"""The book: each call once, under its agent's name, bounded, and kept."""

import asyncio

import pytest

from core.errors import Overloaded, StorageError
from core.telemetry.service import TelemetryBook
from tests.otlp import AT_NS, Value, make_log, make_span
from tests.unit.telemetry.conftest import Desk

RUN = {"gen_ai.operation.name": "invoke_agent"}
NAMELESS = {"gen_ai.agent.name": "OpenAI Agent"}


async def test_what_is_sent_again_counts_once(desk: Desk) -> None:
    for _ in range(3):
        await desk.spans(make_span(1), make_span(2))
    assert len(await desk.calls()) == desk.emitter().totals.calls == 2
    assert desk.book.statistics().duplicates == 4


async def test_two_instrumentors_of_one_call_count_it_once_with_the_better_name(
    desk: Desk,
) -> None:
    twin = {"gen_ai.response.id": "resp-1"}
    await desk.spans(make_span(1, attributes={**twin, **NAMELESS}), scope="inner")
    await desk.spans(make_span(2, attributes={**twin, **NAMELESS}), scope="other")
    await desk.spans(make_span(3, attributes=twin), scope="outer")
    (call,) = await desk.calls()
    assert call.agent == "~coder"
    assert desk.emitter().totals.calls == 1


async def test_one_instrumentor_may_tell_the_same_response_id_of_two_calls(desk: Desk) -> None:
    same = {"gen_ai.response.id": "chatcmpl-1"}
    await desk.spans(make_span(1, attributes=same), make_span(2, attributes=same))
    assert len(await desk.calls()) == 2


async def test_a_call_takes_the_name_of_the_nearest_agent_above(desk: Desk) -> None:
    await desk.spans(
        make_span(4, parent=3, attributes=NAMELESS),
        make_span(3, parent=2, attributes={**RUN, "gen_ai.agent.name": "Inner"}),
        make_span(2, parent=1, attributes={**NAMELESS, "gen_ai.operation.name": "unknown"}),
        make_span(1, attributes={**RUN, "gen_ai.agent.name": "Outer"}),
        make_span(5, parent=2, attributes=NAMELESS),
    )
    assert {each.id[-1]: each.agent for each in await desk.calls()} == {
        "4": "~Inner",
        "5": "~Outer",
    }


async def test_a_call_is_renamed_when_its_agent_ends_after_it(desk: Desk) -> None:
    await desk.spans(make_span(3, parent=2, attributes=NAMELESS))
    (before,) = await desk.calls()
    assert before.agent == "~office"
    await desk.spans(make_span(2, parent=1, attributes={**NAMELESS, **RUN}))
    await desk.spans(make_span(1, attributes={**RUN, "gen_ai.agent.name": "Late"}))
    (after,) = await desk.calls()
    assert (after.agent, desk.emitter().totals.calls) == ("~Late", 1)


async def test_a_token_that_is_bound_names_what_names_nobody(desk: Desk) -> None:
    await desk.logs(
        make_log("api_request", {"session.id": "s", "input_tokens": 1}),
        service="claude-code",
        bound_to="coder",
    )
    (call,) = await desk.calls()
    assert call.agent == "coder"
    assert set(desk.book.agents()) == {"coder"}


async def test_times_from_the_future_are_now(desk: Desk) -> None:
    far = str(AT_NS + 10**18)
    await desk.spans(make_span(1, startTimeUnixNano=far, endTimeUnixNano=far))
    await desk.spans(make_span(2, startTimeUnixNano="0", endTimeUnixNano="0"))
    assert {each.started_at for each in await desk.calls()} == {desk.clock.now()}


async def test_emitters_agents_and_unmapped_keys_are_bounded(desk: Desk) -> None:
    for number in range(210):
        await desk.spans(make_span(number + 1), service=f"service-{number}")
    for number in range(12):
        spans = [
            make_span(1000 + number * 100 + each,
                      attributes={"gen_ai.agent.name": f"agent-{number}-{each}",
                                  f"key-{number}-{each}": 1})
            for each in range(100)
        ]  # fmt: skip
        await desk.spans(*spans)
    views = desk.book.emitters()
    assert len(views) == 201
    assert "others" in {each.emitter for each in views}
    assert max(len(each.unmapped) for each in views) <= 65
    assert len(desk.book.agents()) <= 1001
    assert "~others" in desk.book.agents()


async def test_names_that_hold_secrets_are_not_kept(desk: Desk) -> None:
    book = TelemetryBook(
        store=desk.store, clock=desk.clock, is_secret=lambda text: text.startswith("sk-")
    )
    desk.book = book
    await desk.spans(make_span(attributes={"gen_ai.agent.name": "sk-123", "sk-key": 1}))
    (call,) = await desk.calls()
    assert call.agent == "~[secret]"
    assert dict(desk.emitter().unmapped) == {"[secret]": 1}


async def test_unknown_keys_are_counted_and_content_is_not_kept(desk: Desk) -> None:
    attributes = {"gen_ai.input.messages": "the prompt", "gen_ai.prompt.0.content": "p", "odd": 1}
    await desk.spans(make_span(1, attributes=attributes), make_span(2, attributes=attributes))
    view = desk.emitter()
    assert (dict(view.unmapped), view.content_dropped) == ({"odd": 2}, 4)
    assert "prompt" not in repr(await desk.calls())


async def test_an_emitter_that_makes_no_sense_is_unknown(desk: Desk) -> None:
    await desk.spans(make_span(attributes={"gen_ai.operation.name": "GET"}), service="")
    view = desk.emitter()
    assert (view.emitter, view.kind, view.totals.calls) == ("unknown", "unknown", 0)


async def test_when_nothing_can_be_kept_it_waits_then_senders_are_told(desk: Desk) -> None:
    book = TelemetryBook(store=desk.store, clock=desk.clock, waiting_max=2)
    desk.book = book
    desk.store.fail_with = StorageError("the disk is full")
    await desk.spans(make_span(1), make_span(2))
    with pytest.raises(StorageError):
        await book.flush()
    with pytest.raises(StorageError):
        await book.flush()
    assert book.problem == "the disk is full"
    with pytest.raises(Overloaded):
        book.check_room()
    desk.store.fail_with = None
    assert len(await desk.calls()) == 2
    assert book.problem == ""
    book.check_room()


async def test_it_writes_each_second_and_at_the_end(desk: Desk) -> None:
    running = asyncio.get_running_loop().create_task(desk.book.run())
    await desk.spans(make_span(1))
    await asyncio.sleep(0)
    desk.clock.advance(1.0)
    await desk.store.wrote.wait()
    assert len(desk.store.by_id) == 1
    await desk.spans(make_span(2))
    desk.store.fail_with = StorageError("gone")
    desk.clock.advance(1.0)
    await asyncio.sleep(0)
    desk.store.fail_with = None
    running.cancel()
    await asyncio.wait((running,))
    assert len(desk.store.by_id) == 2
    assert await desk.book.sessions() == ()


async def test_endless_texts_are_cut_wherever_they_are_kept(desk: Desk) -> None:
    long = "x" * 5_000
    codex = {"service": "codex_exec", "scope": "codex_otel"}
    tokens: dict[str, Value] = {
        "event.kind": "response.completed",
        "input_token_count": 1,
        "model": long,
    }
    await desk.logs(
        make_log("codex.conversation_starts", {"conversation.id": long, "provider_name": long}),
        make_log("codex.sse_event", {"conversation.id": long, **tokens}),
        **codex,
    )
    run = make_span(1, attributes={**RUN, "gen_ai.agent.name": long})
    await desk.spans(make_span(2, parent=1, attributes=NAMELESS), run, service=long)
    calls = await desk.calls()
    assert len(calls) == 2
    for call in calls:
        assert max(len(str(each)) for each in call) <= 250


async def test_the_book_counts_what_it_took(desk: Desk) -> None:
    await desk.spans(make_span(1), {"spanId": "no hex"})
    counted = desk.book.statistics()
    assert (counted.spans, counted.calls, counted.rejected, counted.waiting) == (2, 1, 1, 1)
