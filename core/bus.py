"""Publish and subscribe, bounded: lossless with backpressure, or latest-wins per key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # not loaded for the first picture
    from core.events import CoreEvent

_LOG: Final = logging.getLogger("maestro.bus")


@dataclass(frozen=True, slots=True)
class BusStatistics:
    """Counts since the start."""

    published: int
    replaced: int  # latest-wins deliveries that a newer event of the same key took over
    dropped: int  # latest-wins deliveries pushed out because too many keys were waiting


class Lossless:
    """A subscription that gets every event; a full queue makes publishers wait."""

    def __init__(self, size_max: int) -> None:
        self._queue: asyncio.Queue[CoreEvent] = asyncio.Queue(size_max)

    async def put(self, event: CoreEvent) -> None:
        """Deliver, waiting for room."""
        await self._queue.put(event)

    async def __aiter__(self) -> AsyncIterator[CoreEvent]:
        while True:
            yield await self._queue.get()


class Latest:
    """A subscription for a screen: per key only the newest event waits, oldest key first."""

    def __init__(self, keys_max: int) -> None:
        self._waiting: dict[str, CoreEvent] = {}
        self._keys_max = keys_max
        self._ready = asyncio.Event()
        self.replaced = 0
        self.dropped = 0

    def put(self, event: CoreEvent) -> None:
        """Deliver at once; never waits."""
        if self._waiting.pop(event.key, None) is not None:
            self.replaced += 1
        elif len(self._waiting) >= self._keys_max:
            del self._waiting[next(iter(self._waiting))]
            self.dropped += 1
        self._waiting[event.key] = event
        self._ready.set()

    def drain(self) -> tuple[CoreEvent, ...]:
        """Take all that waits, oldest first; empty when nothing does."""
        taken = tuple(self._waiting.values())
        self._waiting.clear()
        self._ready.clear()
        return taken

    async def wait(self) -> tuple[CoreEvent, ...]:
        """Wait until something is there, then take all of it."""
        await self._ready.wait()
        return self.drain()


class Bus:
    """Fans events out. Publishing never fails; it waits only for a lossless subscriber."""

    def __init__(self) -> None:
        self._lossless: set[Lossless] = set()
        self._latest: set[Latest] = set()
        self._listeners: list[Callable[[CoreEvent], None]] = []
        self._published = 0

    def subscribe_lossless(self, *, size_max: int = 1024) -> Lossless:
        """Every event, in order. Close it when done, or publishers will wait for ever."""
        subscription = Lossless(size_max)
        self._lossless.add(subscription)
        return subscription

    def subscribe_latest(self, *, keys_max: int = 4096) -> Latest:
        """The newest event of each key; never slows a publisher."""
        subscription = Latest(keys_max)
        self._latest.add(subscription)
        return subscription

    def listen(self, hear: Callable[[CoreEvent], None]) -> None:
        """Call `hear` with every event, in order, for ever: it must be quick.

        What it raises is logged: whoever publishes has done its work, and is not to fail for it.
        """
        self._listeners.append(hear)

    def close(self, subscription: Lossless | Latest) -> None:
        """End a subscription; unknown ones are ignored."""
        if isinstance(subscription, Lossless):
            self._lossless.discard(subscription)
        else:
            self._latest.discard(subscription)

    async def publish(self, event: CoreEvent) -> None:
        """Deliver to all. Latest-wins first: a slow reader never delays the screen."""
        self._published += 1
        for hear in self._listeners:
            try:
                hear(event)
            except Exception:  # noqa: BLE001 - a reader must not fail whoever publishes
                _LOG.exception("a listener failed at an event: %s", type(event).__name__)
        for screen in self._latest:
            screen.put(event)
        for reader in tuple(self._lossless):
            await reader.put(event)

    def statistics(self) -> BusStatistics:
        """Counts since the start."""
        return BusStatistics(
            published=self._published,
            replaced=sum(each.replaced for each in self._latest),
            dropped=sum(each.dropped for each in self._latest),
        )
