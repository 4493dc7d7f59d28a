"""Sources read at their own pace; one that fails or hangs spoils nothing else."""

import asyncio
from collections.abc import Sequence

import pytest

from core.errors import StorageError, StorageFull
from core.measures import AlertState, Measured, Reading, Sample, Severity, SourceState
from core.monitoring.alerts import AlertBook
from core.monitoring.rules import STALE_READINGS
from tests.fakes import FakeClock
from tests.unit.monitoring.watching import (
    BROKEN,
    RATE,
    SPEED,
    FakeSource,
    MemorySeries,
    Watched,
    collecting,
    make_watched,
)


def look(watched: Watched, key: str = RATE) -> Reading:
    return next(each for each in watched.book.readings() if each.spec.key == key)


async def test_each_source_is_read_at_its_own_pace_and_what_it_read_is_stored() -> None:
    watched = make_watched()
    quick, slow = FakeSource(every_s=10), FakeSource(every_s=100)
    watched.book.bind(RATE, quick)
    watched.book.bind(SPEED, slow)
    async with collecting(watched):
        await watched.for_a_while(1_000)
    assert quick.reads in range(99, 104)
    assert slow.reads in range(9, 13)
    kept = [each.key for each in watched.series.samples]
    assert (kept.count(RATE), kept.count(SPEED)) == (quick.reads, slow.reads)


async def test_a_new_source_is_read_within_two_seconds() -> None:
    watched = make_watched()
    async with collecting(watched):
        await watched.for_a_while(50)
        source = FakeSource(every_s=3_600)
        watched.book.bind(RATE, source)
        await watched.for_a_while(3)
        assert source.reads == 1
        assert look(watched).state is SourceState.FRESH


async def test_samples_of_a_second_go_to_the_store_in_one_batch() -> None:
    watched = make_watched()
    async with collecting(watched):
        for value in range(500):
            watched.book.observe(f"outside.metric_{value}", value)
        await watched.until(lambda: watched.series.samples)
    assert (watched.series.batches, len(watched.series.samples)) == (1, 500)


async def test_nothing_wakes_while_nothing_is_due() -> None:
    class Counting(FakeClock):
        sleeps = 0

        async def sleep(self, seconds: float) -> None:
            self.sleeps += 1
            await super().sleep(seconds)

    clock = Counting()
    watched = make_watched(clock=clock)
    async with collecting(watched):
        await watched.for_a_while(600)
    assert clock.sleeps == 0


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (BROKEN, str(BROKEN)),
        (ValueError("postgres://me:secret@db"), "the source failed with ValueError"),
        (None, "no answer within 0.01 s"),
    ],
    ids=["fails", "is broken", "hangs"],
)
async def test_a_source_in_trouble_makes_its_own_metric_stale_and_nothing_else(
    outcome: Exception | None, reason: str
) -> None:
    watched = make_watched()
    bad, good = FakeSource(outcome), FakeSource()
    watched.book.bind(RATE, bad, limit_s=0.01)
    watched.book.bind(SPEED, good)
    async with collecting(watched):
        while look(watched).state is not SourceState.STALE or good.reads < 3:
            await asyncio.sleep(0)
            watched.clock.advance(0.1)
        assert look(watched).reason == reason
        assert look(watched, SPEED).state is SourceState.FRESH


async def test_a_source_that_ignores_being_cancelled_holds_up_itself_alone() -> None:
    class Deaf(FakeSource):
        release = asyncio.Event()

        async def read(self) -> Measured:
            self.reads += 1
            while not self.release.is_set():
                try:
                    await self.release.wait()
                except asyncio.CancelledError:
                    continue
            return Measured(1.0)

    watched = make_watched()
    deaf, good = Deaf(), FakeSource()
    watched.book.bind(RATE, deaf, limit_s=0.01)
    watched.book.bind(SPEED, good)
    async with collecting(watched):
        while look(watched).state is not SourceState.STALE or good.reads < 5:
            await asyncio.sleep(0)
            watched.clock.advance(0.1)
        assert deaf.reads == 1
        deaf.release.set()
        await watched.until(lambda: look(watched).state is SourceState.FRESH)


async def test_a_failing_source_is_asked_less_and_less_until_it_works_again() -> None:
    watched = make_watched()
    source = FakeSource(BROKEN, every_s=10)
    watched.book.bind(RATE, source)
    async with collecting(watched):
        await watched.for_a_while(3_000)
        assert source.reads < 20
        source.next = Measured(0.002)
        await watched.until(lambda: look(watched).state is SourceState.FRESH)
        reads = source.reads
        await watched.for_a_while(100)
        assert source.reads - reads >= 9


async def test_a_value_past_its_bound_raises_one_alert_that_ends_by_itself() -> None:
    watched = make_watched()
    source = FakeSource(Measured(0.007, note="7 of 1000 requests"))
    watched.book.bind(RATE, source)
    async with collecting(watched):
        await watched.until(watched.causes)
        await watched.for_a_while(300)
        (alert,) = watched.alerts.open()
        assert (alert.cause, alert.agent, alert.severity, alert.count) == (
            f"metric:{RATE}",
            "backend",
            Severity.WARNING,
            1,
        )
        assert alert.title == "backend.error_rate is 0.007 ratio, above its bound of 0.005"
        assert "7 of 1000 requests" in alert.detail
        assert (alert.value, alert.bound) == (0.007, 0.005)
        source.next = Measured(0.02)
        await watched.until(lambda: watched.alerts.open()[0].severity is Severity.CRITICAL)
        assert watched.alerts.open()[0].id == alert.id
        source.next = Measured(0.001)
        await watched.until(lambda: not watched.causes())


async def test_staleness_is_an_alert_after_three_missing_readings_and_ends_when_fresh() -> None:
    watched = make_watched()
    source = FakeSource(BROKEN, every_s=10)
    watched.book.bind(RATE, source)
    async with collecting(watched):
        await watched.for_a_while(STALE_READINGS * 10 - 1)
        assert watched.causes() == []
        await watched.until(watched.causes)
        (alert,) = watched.alerts.open()
        assert (alert.cause, alert.severity) == (f"metric-stale:{RATE}", Severity.INFO)
        assert str(BROKEN) in alert.detail
        source.next = Measured(None, note="no requests")
        await watched.until(lambda: not watched.causes())
        source.next = BROKEN
        await watched.until(watched.causes)
        source.next = Measured(0.002)
        await watched.until(lambda: not watched.causes())


async def test_a_metric_without_a_source_never_raises_anything() -> None:
    watched = make_watched()
    async with collecting(watched):
        await watched.for_a_while(1_000)
    assert watched.alerts.open(resolved=True) == ()


async def test_unbinding_ends_the_reading_closes_the_source_and_resolves_its_alerts() -> None:
    watched = make_watched()
    source = FakeSource(Measured(0.9))
    watched.book.bind(RATE, source)
    async with collecting(watched):
        await watched.until(watched.causes)
        watched.book.unbind(RATE)
        reads = source.reads
        await watched.until(lambda: not watched.causes())
        await watched.for_a_while(100)
        assert (source.reads, source.closed) == (reads, 1)


async def test_closing_lets_go_of_every_source_even_after_one_fails_to() -> None:
    class Stuck(FakeSource):
        async def close(self) -> None:
            raise RuntimeError("stuck")

    watched = make_watched()
    source = FakeSource()
    watched.book.bind(RATE, Stuck())
    watched.book.bind(SPEED, source)
    await watched.collector.close()
    assert source.closed == 1


async def test_a_store_that_fails_is_told_once_and_gets_what_waited_later() -> None:
    watched = make_watched()
    watched.book.bind(RATE, FakeSource(every_s=1))
    async with collecting(watched):
        await watched.for_a_while(5)
        before = len(watched.series.samples)
        watched.series.problem = StorageFull("the disk is full")
        await watched.until(watched.causes)
        (alert,) = watched.alerts.open()
        assert (alert.cause, "the disk is full" in alert.detail) == ("service:metrics-store", True)
        await watched.for_a_while(20)
        assert watched.alerts.open()[0].count == 1
        watched.series.problem = None
        await watched.until(lambda: not watched.causes())
    times = [each.at_s for each in watched.series.samples]
    assert times == sorted(set(times))
    assert len(times) >= before + 20


async def test_many_samples_are_stored_little_by_little_and_a_fault_halfway_loses_none() -> None:
    class FullAfterOne(MemorySeries):
        async def add(self, samples: Sequence[Sample]) -> None:
            await super().add(samples)
            if self.batches == 1:
                self.problem = StorageFull("the disk is full")

    watched = make_watched(series=FullAfterOne())
    async with collecting(watched):
        for value in range(2_500):
            watched.book.observe(f"outside.metric_{value}", value)
        await watched.until(watched.causes)
        assert (len(watched.series.samples), watched.book.statistics().waiting) == (1_000, 1_500)
        watched.series.problem = None
        await watched.until(lambda: not watched.causes())
    assert [each.value for each in watched.series.samples] == list(range(2_500))


async def test_what_was_gathered_is_stored_when_the_collector_ends() -> None:
    watched = make_watched()
    async with collecting(watched):
        await asyncio.sleep(0)
        watched.book.observe("outside.metric", 1.0)
        await asyncio.sleep(0)
    assert len(watched.series.samples) == 1


async def test_a_restart_takes_up_values_and_open_alerts() -> None:
    first = make_watched()
    first.book.bind(RATE, FakeSource(Measured(0.9)))
    first.book.bind(SPEED, FakeSource(BROKEN))
    async with collecting(first):
        await first.until(lambda: len(first.causes()) == 2)

    async def start(*keys: str) -> Watched:
        again = make_watched(clock=first.clock, series=first.series, kept=first.kept)
        await again.alerts.load()
        for key in keys:
            again.book.bind(key, FakeSource(Measured(0.001), every_s=60))
        return again

    bound = await start(RATE, SPEED)
    async with collecting(bound):
        await asyncio.sleep(0)
        assert (look(bound).state, look(bound).value) == (SourceState.WAITING, 0.9)
        assert len(bound.causes()) == 2
        await bound.until(lambda: not bound.causes())

    unbound = await start()
    for cause in (f"metric:{RATE}", f"metric-stale:{SPEED}"):
        await unbound.alerts.raise_alert(
            cause, agent="backend", severity=Severity.INFO, title="left over"
        )
    async with collecting(unbound):
        await unbound.until(lambda: not unbound.causes())
    assert {each.state for each in unbound.alerts.open(resolved=True)} == {AlertState.RESOLVED}


async def test_it_starts_although_the_last_values_cannot_be_read() -> None:
    series = MemorySeries([Sample(RATE, 1.0, 0.9)])
    series.problem = StorageError("the file is damaged")
    watched = make_watched(series=series)
    source = FakeSource()
    watched.book.bind(RATE, source)
    async with collecting(watched):
        await watched.until(lambda: source.reads)


@pytest.mark.parametrize("jump_s", [-86_400.0, 86_400.0])
async def test_a_clock_that_jumps_leaves_the_pace_and_the_alerts_alone(
    monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    watched = make_watched()
    source = FakeSource(Measured(0.001), every_s=10)
    watched.book.bind(RATE, source)
    async with collecting(watched):
        await watched.for_a_while(30)
        reads = source.reads
        moved = FakeClock()
        moved.advance(jump_s)
        monkeypatch.setattr(watched.clock, "now", moved.now)
        await watched.for_a_while(100)
        assert source.reads - reads in range(9, 12)
        assert look(watched).state is SourceState.FRESH
        assert watched.causes() == []


def test_the_services_have_their_names() -> None:
    watched = make_watched()
    assert (watched.collector.name, AlertBook.name) == ("metrics", "alerts")


async def test_a_collector_that_is_started_again_goes_on_where_it_was() -> None:
    watched = make_watched()
    source = FakeSource(Measured(0.9))
    watched.book.bind(RATE, source)
    for _ in range(2):
        async with collecting(watched):
            await watched.until(watched.causes)
            await watched.for_a_while(60)
    (alert,) = watched.alerts.open()
    assert alert.count == 1
    assert look(watched).state is SourceState.FRESH
