"""The keeper flushes once a second and tells of trouble once."""

import asyncio
import contextlib
import threading

import pytest

from core.audit.rules import GENESIS
from core.audit.service import JournalKeeper
from core.bus import Bus
from core.errors import Overloaded
from core.events import AuditAdvanced, CoreEvent, ServiceFailed, ServiceRecovered
from core.measures import Severity
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


class FakeAlerts:
    """Open ones by their cause; with `full` no more can be raised."""

    def __init__(self, *, full: bool = False) -> None:
        self._full = full
        self.open: dict[str, str] = {"service:audit-journal": "left by an earlier process"}
        self.told: list[str] = []

    async def raise_alert(
        self, cause: str, *, agent: str, severity: Severity, title: str, detail: str = ""
    ) -> None:
        assert (agent, severity) == ("system", Severity.CRITICAL)
        assert "every action is denied" in title
        if self._full:
            raise Overloaded("200 are open")
        self.open[cause] = detail
        self.told.append(detail)

    async def resolve(self, cause: str) -> None:
        self.open.pop(cause, None)


async def keep(
    journal: FakeJournal, *, flushes: int, alerts: FakeAlerts | None = None
) -> list[CoreEvent]:
    """Let a keeper flush so often; what it published."""
    bus, clock = Bus(), FakeClock()
    heard: list[CoreEvent] = []
    bus.listen(heard.append)
    keeper = asyncio.ensure_future(
        JournalKeeper(journal, clock, bus, alerts=alerts or FakeAlerts()).run()
    )
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


async def test_a_problem_is_an_alert_and_stands_in_the_log_until_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    alerts = FakeAlerts()
    await keep(FakeJournal("full", "full", "full"), flushes=3, alerts=alerts)
    assert (alerts.open, alerts.told) == ({"service:audit-journal": "full"}, ["full"])
    assert [record.getMessage() for record in caplog.records] == [
        "every action is denied: the trail cannot be kept"
    ]
    assert vars(caplog.records[0])["problem"] == "full"
    heard = await keep(FakeJournal("full", "", ""), flushes=3, alerts=alerts)
    assert alerts.open == {}
    assert [type(each) for each in heard] == [ServiceFailed, ServiceRecovered]
    assert "the trail is kept again" in caplog.text


async def test_an_alert_of_an_earlier_process_ends_where_nothing_is_wrong() -> None:
    alerts = FakeAlerts()
    await keep(FakeJournal(), flushes=2, alerts=alerts)
    assert alerts.open == {}


async def test_too_many_alerts_do_not_stop_the_flushing(caplog: pytest.LogCaptureFixture) -> None:
    await keep(FakeJournal("full", "", ""), flushes=3, alerts=FakeAlerts(full=True))
    assert "no alert of it: 200 are open" in caplog.text


async def test_that_the_trail_grew_is_told_and_that_it_did_not_is_not() -> None:
    heard = await keep(GrowingJournal(3, 3, 7, 7), flushes=5)
    assert [each.length for each in heard if isinstance(each, AuditAdvanced)] == [3, 7]
    assert len(heard) == 2
