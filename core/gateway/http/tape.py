"""The last events, numbered, so that a reader who comes back misses none."""

import asyncio
from collections import deque
from itertools import islice

from core.bus import Bus
from core.events import CoreEvent


class Tape:
    """Every event of the bus in order; the oldest make room. Numbers start at 1.

    An event's id is `EPOCH-NUMBER`. The epoch tells one run of the engine from the next, whose
    numbers mean other events.
    """

    def __init__(self, bus: Bus, *, epoch: str, events_max: int) -> None:
        self._epoch = epoch
        self._events: deque[CoreEvent] = deque(maxlen=events_max)
        self._grown = asyncio.Event()
        self.length = 0  # the number of the newest event
        bus.listen(self._append)

    @property
    def first(self) -> int:
        """The number of the oldest event that is kept; one past `length` when none is."""
        return self.length - len(self._events) + 1

    def id_of(self, number: int) -> str:
        """The id of an event."""
        return f"{self._epoch}-{number}"

    def find(self, event_id: str) -> int | None:
        """The number of an event by its id; None for one of another run."""
        epoch, _, digits = event_id.rpartition("-")
        if epoch != self._epoch or not (digits.isascii() and digits.isdecimal()):
            return None
        number = int(digits[:20])
        return number if number <= self.length else None

    async def wait(self, after: int) -> None:
        """Wait for an event with a greater number than `after`."""
        while self.length <= after:
            await self._grown.wait()

    def read(self, after: int, *, limit: int) -> tuple[tuple[int, CoreEvent], ...]:
        """Numbered events after `after`, oldest first; from the first one kept if it is later."""
        first = max(after + 1, self.first)
        start = first - self.first
        events = islice(self._events, start, start + limit)
        return tuple(enumerate(events, start=first))

    def _append(self, event: CoreEvent) -> None:
        self._events.append(event)
        self.length += 1
        self._grown.set()  # wakes all who wait now
        self._grown.clear()
