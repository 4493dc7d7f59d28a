import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.bus import Bus
from core.events import AgentSeen, AuditAdvanced
from core.ids import AgentId
from tests.factories import NOW


def seen(agent: str, trust: float = 0.5) -> AgentSeen:
    return AgentSeen(at=NOW, agent_id=AgentId(agent), trust=trust, quarantined=False, new=False)


async def test_a_lossless_reader_gets_everything_in_order_and_slows_the_writer() -> None:
    bus = Bus()
    reader = bus.subscribe_lossless(size_max=2)
    events = [seen(str(number)) for number in range(10)]

    async def write() -> None:
        for event in events:
            await bus.publish(event)

    async def read() -> list[object]:
        got: list[object] = []
        async for event in reader:
            got.append(event)
            if len(got) == len(events):
                return got
        return got

    writing = asyncio.ensure_future(write())
    await asyncio.sleep(0)
    assert not writing.done()
    assert await read() == events
    await writing


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), max_size=30))
def test_a_screen_gets_the_newest_of_each_key(told: list[tuple[str, float]]) -> None:
    async def play() -> None:
        bus = Bus()
        screen = bus.subscribe_latest()
        for agent, trust in told:
            await bus.publish(seen(agent, trust))
        got = {
            event.agent_id: event.trust for event in screen.drain() if isinstance(event, AgentSeen)
        }
        assert got == dict(told)
        assert bus.statistics().replaced == len(told) - len(got)
        assert bus.statistics().published == len(told)

    asyncio.run(play())


async def test_a_screen_that_sleeps_costs_bounded_memory() -> None:
    bus = Bus()
    screen = bus.subscribe_latest(keys_max=2)
    for agent in "abc":
        await bus.publish(seen(agent))
    assert [event.key for event in screen.drain()] == ["AgentSeen:b", "AgentSeen:c"]
    assert bus.statistics().dropped == 1


async def test_waiting_ends_with_the_first_event() -> None:
    bus = Bus()
    screen = bus.subscribe_latest()
    event = AuditAdvanced(at=NOW, length=1, head="x")
    got, _ = await asyncio.gather(screen.wait(), bus.publish(event))
    assert got == (event,)
    assert screen.drain() == ()


async def test_a_closed_subscription_gets_nothing_and_blocks_nobody() -> None:
    bus = Bus()
    reader, screen = bus.subscribe_lossless(size_max=1), bus.subscribe_latest()
    bus.close(reader)
    bus.close(screen)
    for _ in range(3):
        await bus.publish(seen("a"))
    assert screen.drain() == ()


async def test_a_listener_that_fails_is_logged_and_keeps_no_event_from_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus = Bus()
    heard: list[object] = []

    def fail(_: object) -> None:
        raise RuntimeError("injected")

    bus.listen(fail)
    bus.listen(heard.append)
    await bus.publish(seen("a"))
    assert heard == [seen("a")]
    assert "a listener failed at an event: AgentSeen" in caplog.text
