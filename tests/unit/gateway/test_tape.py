"""The numbered events that a reader can come back to."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from core.bus import Bus
from core.events import AuditAdvanced, CoreEvent
from core.gateway.http.tape import Tape
from tests.factories import NOW


def event(length: int) -> CoreEvent:
    return AuditAdvanced(at=NOW, length=length, head="")


async def filled(count: int, events_max: int) -> Tape:
    bus = Bus()
    tape = Tape(bus, epoch="run", events_max=events_max)
    for number in range(1, count + 1):
        await bus.publish(event(number))
    return tape


@given(st.integers(0, 30), st.integers(1, 10), st.integers(0, 40), st.integers(1, 12))
async def test_what_is_read_follows_without_a_gap_from_the_first_one_kept(
    count: int, kept: int, after: int, limit: int
) -> None:
    tape = await filled(count, kept)
    expected = range(max(after + 1, count - min(kept, count) + 1), count + 1)[:limit]
    assert tape.read(after, limit=limit) == tuple((number, event(number)) for number in expected)
    assert tape.first == count - min(kept, count) + 1


@given(st.integers(0, 20))
async def test_an_id_leads_back_to_its_number(count: int) -> None:
    tape = await filled(count, 5)
    assert [tape.find(tape.id_of(number)) for number in range(count + 1)] == list(range(count + 1))
    assert tape.find(tape.id_of(count + 1)) is None


@given(st.text())
async def test_any_other_text_is_no_id(text: str) -> None:
    assert (await filled(3, 5)).find(text) is None


async def test_who_waits_is_woken_by_the_next_event_alone() -> None:
    bus = Bus()
    tape = Tape(bus, epoch="run", events_max=5)
    await bus.publish(event(1))
    await tape.wait(0)
    waiting = asyncio.get_running_loop().create_task(tape.wait(1))
    await asyncio.sleep(0)
    assert not waiting.done()
    await bus.publish(event(2))
    await waiting
