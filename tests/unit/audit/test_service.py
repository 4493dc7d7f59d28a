"""The keeper flushes once a second and tells of trouble once."""

import asyncio
import contextlib
import threading

from core.audit.rules import GENESIS
from core.audit.service import JournalKeeper
from core.bus import Bus
from core.events import AuditAdvanced, CoreEvent, ServiceFailed
from core.records import AuditHead
from tests.fakes import FakeClock


class FakeJournal:
    """Each flush leaves the next of `problems`; when none is left, the last one stays."""

    def __init__(self, *problems: str) -> None:
        self._problems = list(problems)
        self.flushes = 0
        self.problem = ""
        self.reached = GENESIS
        self.threads: set[int] = set()

    def sync(self) -> None:
        self.threads.add(threading.get_ident())
        self.flushes += 1
        if self._problems:
            self.problem = self._problems.pop(0)


class GrowingJournal(FakeJournal):
    """Each flush finds the next of these lengths."""

    def __init__(self, *lengths: int) -> None:
        super().__init__()
        self._lengths = list(lengths)

    def sync(self) -> None:
        super().sync()
        if self._lengths:
            length = self._lengths.pop(0)
            self.reached = AuditHead(length=length, hash=f"{length:064}")


async def keep(journal: FakeJournal, *, flushes: int) -> list[CoreEvent]:
    """Let a keeper flush so often; what it published."""
    bus, clock = Bus(), FakeClock()
    heard: list[CoreEvent] = []
    bus.listen(heard.append)
    keeper = asyncio.ensure_future(JournalKeeper(journal, clock, bus).run())
    try:
        async with asyncio.timeout(10):
            while journal.flushes < flushes:
                clock.advance(0.5)
                await asyncio.sleep(0)
    finally:
        keeper.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeper
    return heard


async def problems(journal: FakeJournal, *, flushes: int) -> list[str]:
    heard = await keep(journal, flushes=flushes)
    return [event.message for event in heard if isinstance(event, ServiceFailed)]


async def test_it_flushes_again_and_again_off_the_event_loop() -> None:
    journal = FakeJournal()
    assert await keep(journal, flushes=4) == []
    assert threading.get_ident() not in journal.threads


async def test_a_problem_is_told_once_and_again_when_it_changes_or_returns() -> None:
    journal = FakeJournal("full", "full", "read-only", "", "full", "full", "", "")
    assert await problems(journal, flushes=8) == ["full", "read-only", "full"]


async def test_that_the_trail_grew_is_told_and_that_it_did_not_is_not() -> None:
    heard = await keep(GrowingJournal(3, 3, 7, 7), flushes=5)
    assert [each.length for each in heard if isinstance(each, AuditAdvanced)] == [3, 7]
    assert len(heard) == 2
