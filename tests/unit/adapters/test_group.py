"""The thread that writes in groups survives whatever its writer does."""

import asyncio
import sys
import threading
from collections.abc import Sequence
from types import SimpleNamespace

import pytest

from core.adapters.sqlite import group
from core.adapters.sqlite.group import Bell, GroupThread
from core.errors import MaestroError, StorageError, WriteConflict


class FakeWriter:
    """Keeps the groups it was given; `gate` holds it back; text items fail in their own way."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.gate = threading.Event()
        self.reached = threading.Event()
        self.closed = False
        self.gate.set()

    def write(self, items: Sequence[str]) -> Sequence[str | MaestroError]:
        self.reached.set()
        self.gate.wait()
        self.groups.append(list(items))
        if "defect" in items:
            raise KeyError("defect")
        return [WriteConflict(each) if each == "conflict" else each.upper() for each in items]

    def tidy(self) -> None:
        raise OSError("nothing can be tidied")

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True, params=[sys.platform, "other"])
def _each_way_to_wake_the_loop(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "sys", SimpleNamespace(platform=request.param))


async def test_items_that_wait_are_one_group_in_their_order() -> None:
    writer = FakeWriter()
    writer.gate.clear()
    thread = GroupThread(writer, name="test", waiting_max=1000)
    first = asyncio.ensure_future(thread.submit("a"))
    await asyncio.to_thread(writer.reached.wait)
    rest = [asyncio.ensure_future(thread.submit(each)) for each in ("b", "conflict", "c")]
    await asyncio.sleep(0)
    writer.gate.set()
    results = await asyncio.gather(first, *rest, return_exceptions=True)
    await thread.close()
    assert writer.groups == [["a"], ["b", "conflict", "c"]]
    assert [str(each) for each in results] == ["A", "B", "conflict", "C"]
    assert isinstance(results[2], WriteConflict)
    assert writer.closed


async def test_a_group_has_a_bound() -> None:
    writer = FakeWriter()
    writer.gate.clear()
    thread = GroupThread(writer, name="test", waiting_max=2000)
    waiting = [asyncio.ensure_future(thread.submit("a")) for _ in range(1500)]
    await asyncio.sleep(0)
    writer.gate.set()
    await asyncio.gather(*waiting)
    await thread.close()
    assert max(map(len, writer.groups)) <= 512
    assert sum(map(len, writer.groups)) == 1500


async def test_a_defect_fails_its_group_and_the_thread_goes_on() -> None:
    thread = GroupThread(FakeWriter(), name="ledger", waiting_max=10)
    with pytest.raises(StorageError, match=r"the ledger failed: KeyError\('defect'\)"):
        await thread.submit("defect")
    assert await thread.submit("a") == "A"
    await thread.close()


def test_a_loop_that_ended_without_closing_harms_nothing() -> None:
    writer = FakeWriter()
    writer.gate.clear()

    async def leave() -> GroupThread[str, str]:
        thread = GroupThread(writer, name="test", waiting_max=10)
        waiting = asyncio.ensure_future(thread.submit("a"))
        await asyncio.to_thread(writer.reached.wait)
        waiting.cancel()
        return thread

    thread = asyncio.run(leave())
    writer.gate.set()
    asyncio.run(thread.close())
    assert writer.groups == [["a"]]
    assert writer.closed


async def test_what_is_written_as_it_closes_is_answered() -> None:
    writer = FakeWriter()
    writer.gate.clear()
    thread = GroupThread(writer, name="test", waiting_max=10)
    waiting = [asyncio.ensure_future(thread.submit(each)) for each in "abc"]
    await asyncio.sleep(0)
    closing = [asyncio.ensure_future(thread.close()) for _ in range(2)]
    await asyncio.sleep(0)
    writer.gate.set()
    await asyncio.gather(*closing)
    assert await asyncio.gather(*waiting) == ["A", "B", "C"]
    assert thread.statistics().waiting == 0


async def test_a_bell_that_is_closed_at_once_is_answered() -> None:
    answered: list[str] = []
    bell = Bell(asyncio.get_running_loop(), lambda: answered.append("here"))
    bell.ring()
    bell.close()
    await asyncio.sleep(0)
    assert answered == ["here"]
