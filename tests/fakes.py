"""Fakes that honour the ports."""

import asyncio
from datetime import UTC, datetime, timedelta

from core.ids import CorrelationId


class FakeClock:
    """A clock that moves only when told; sleepers wake in order."""

    def __init__(self, start: datetime = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._elapsed_s = 0.0
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic_s(self) -> float:
        return self._elapsed_s

    def step_back(self, step: timedelta) -> None:
        """Move the wall clock alone, as an administrator does."""
        self._start -= step

    async def sleep(self, seconds: float) -> None:
        until = self._elapsed_s + seconds
        while self._elapsed_s < until:
            await self._moved.wait()

    def advance(self, seconds: float) -> None:
        """Move time; every sleeper looks again."""
        self._elapsed_s += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


class FakeIds:
    """Ids that count up: sortable, unique, the same in every run."""

    def __init__(self) -> None:
        self._count = 0

    def _next(self) -> int:
        self._count += 1
        return self._count

    def next_id(self) -> str:
        return f"{self._next():026d}"

    def next_trace_id(self) -> CorrelationId:
        return CorrelationId(f"{self._next():032x}")

    def next_span_id(self) -> str:
        return f"{self._next():016x}"
