"""What tests of monitoring share: sources, stores in memory, and a book with its collector."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from core.bus import Bus, Latest
from core.errors import SourceFailed, StorageError
from core.measures import Alert, AlertState, Bucket, Measured, MetricSpec, Sample
from core.monitoring.alerts import AlertBook, Audit
from core.monitoring.collector import Collector
from core.monitoring.readings import MetricBook
from core.records import AuditDraft
from tests.fakes import FakeClock, FakeIds

RATE = "backend.error_rate"  # target 0.001, alert above 0.005
SPEED = "backend.api_response_time_p95"  # target 200 ms, alert above 500 ms


@dataclass
class FakeSource:
    """Gives what the test has put into `next`; an exception is raised, None hangs."""

    next: Measured | Exception | None = field(default_factory=lambda: Measured(0.0))
    every_s: float = 10.0
    label: str = "fake source"
    reads: int = 0
    closed: int = 0

    async def read(self) -> Measured:
        self.reads += 1
        if self.next is None:
            await asyncio.Event().wait()
        if isinstance(self.next, Exception):
            raise self.next
        assert self.next is not None
        return self.next

    async def close(self) -> None:
        self.closed += 1


class MemorySeries:
    """`SeriesStore` in memory."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self.samples = list(samples)
        self.problem: StorageError | None = None
        self.batches = 0

    async def add(self, samples: Sequence[Sample]) -> None:
        if self.problem:
            raise self.problem
        self.batches += 1
        self.samples += samples

    async def read(
        self, key: str, *, since_s: float, until_s: float, points_max: int = 400
    ) -> tuple[Bucket, ...]:
        inside = [each for each in self.samples if since_s <= each.at_s <= until_s]
        return tuple(
            Bucket(each.at_s, each.value, each.value, each.value, 1)
            for each in inside[-points_max:]
            if each.key == key
        )

    async def newest(self, keys: Iterable[str]) -> dict[str, Sample]:
        if self.problem:
            raise self.problem
        wanted = set(keys)
        return {each.key: each for each in self.samples if each.key in wanted}


class MemoryAlerts:
    """`AlertStore` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Alert] = {}
        self.problem: StorageError | None = None
        self.writes = 0

    async def keep(self, alerts: Sequence[Alert]) -> None:
        if self.problem:
            raise self.problem
        self.writes += 1
        self.kept |= {each.id: each for each in alerts}

    async def load(self, *, since: datetime) -> tuple[Alert, ...]:
        return tuple(
            each
            for each in self.kept.values()
            if each.state is not AlertState.RESOLVED or each.changed_at >= since
        )


@dataclass
class Watched:
    """A book, its collector and its alerts, over fakes."""

    clock: FakeClock
    series: MemorySeries
    kept: MemoryAlerts
    bus: Bus
    screen: Latest
    audited: list[AuditDraft]
    book: MetricBook
    alerts: AlertBook
    collector: Collector

    async def until(self, condition: Callable[[], object], *, step_s: float = 0.5) -> None:
        """Let time pass, a little at a time, until it is so."""
        for _ in range(10_000):
            if condition():
                return
            for _ in range(10):
                await asyncio.sleep(0)
            self.clock.advance(step_s)
        raise AssertionError("it never came to be so")

    async def for_a_while(self, seconds: float) -> None:
        """Let that much time pass."""
        end_s = self.clock.monotonic_s() + seconds
        await self.until(lambda: self.clock.monotonic_s() >= end_s)

    def causes(self) -> list[str]:
        return [each.cause for each in self.alerts.open()]


def make_watched(
    *,
    clock: FakeClock | None = None,
    series: MemorySeries | None = None,
    kept: MemoryAlerts | None = None,
    ids: FakeIds | None = None,
    audit: Audit | None = None,
    beside: Iterable[MetricSpec] = (),
    pending_max: int = 100_000,
) -> Watched:
    clock = clock or FakeClock()
    series, kept, bus = series or MemorySeries(), kept or MemoryAlerts(), Bus()
    audited: list[AuditDraft] = []

    async def note(draft: AuditDraft) -> None:
        audited.append(draft)

    book = MetricBook(clock, beside=beside, pending_max=pending_max)
    alerts = AlertBook(store=kept, clock=clock, ids=ids or FakeIds(), bus=bus, audit=audit or note)
    return Watched(
        clock=clock,
        series=series,
        kept=kept,
        bus=bus,
        screen=bus.subscribe_latest(),
        audited=audited,
        book=book,
        alerts=alerts,
        collector=Collector(book, store=series, alerts=alerts, clock=clock),
    )


@contextlib.asynccontextmanager
async def collecting(watched: Watched) -> AsyncGenerator[None]:
    """The collector runs for the time of the block."""
    task = asyncio.create_task(watched.collector.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


BROKEN = SourceFailed("no route to 192.0.2.1; check the address")
