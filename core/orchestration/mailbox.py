"""Mailboxes: who holds which message, in which order it is taken."""

import asyncio
import contextlib
from collections import deque
from heapq import heapify, heappop, heappush
from typing import Final

from core.errors import AgentNotFound
from core.fleet import AgentSpec, Message, MessageState
from core.ids import AgentId
from core.orchestration.balance import CUT_OFF_PERCENT, Pool
from core.orchestration.order import WINDOW_MIN, aged_priority

_SPARE: Final = 64  # stale items that a heap may carry
_WAITING: Final = MessageState.WAITING  # looking up an enumeration's member takes its time
_QUEUED: Final = MessageState.QUEUED
_IN_WORK: Final = MessageState.IN_WORK


class Entry:
    """One message on its way. Mutable: the router changes it on every hop."""

    __slots__ = (
        "box",
        "changed_s",
        "deadline_s",
        "message",
        "place",
        "priority",
        "raised",
        "reason",
        "size",
        "state",
    )

    def __init__(self, message: Message, size: int, now_s: float, deadline_s: float) -> None:
        self.message = message
        self.size = size
        self.priority = message.priority  # as it came to its present place
        self.raised = False
        self.state = _WAITING
        self.box: Mailbox | None = None
        self.place: Item | None = None  # its item in a heap; an item that is not it, is stale
        self.reason = ""
        self.changed_s = now_s  # monotonic
        self.deadline_s = deadline_s  # monotonic


Item = tuple[float, float, Entry]
"""Rank, tick, entry. Ticks of one heap differ, so entries are never compared."""


class Ticks:
    """Gives entries their place in one heap, as `order` says."""

    __slots__ = ("last", "per_s", "window")

    def __init__(self, window: int, age_s: float) -> None:
        self.window = window
        self.per_s = window / age_s
        self.last = 0.0

    def stamp(self, entry: Entry, now_s: float) -> Item:
        """The entry's item: its one place from now on."""
        tick = self.last + 1.0
        by_time = now_s * self.per_s
        if by_time > tick:  # noqa: PLR1730 - on the way of every message, max() takes too long
            tick = by_time
        self.last = tick
        entry.place = item = (tick - entry.priority * self.window, tick, entry)
        return item

    def priority_now(self, entry: Entry, now_s: float) -> int:
        """What the entry's priority has risen to."""
        if entry.place is None:
            return entry.priority
        ticks = max(self.last, now_s * self.per_s) - entry.place[1]
        return aged_priority(entry.priority, ticks=ticks, window=self.window)


def drop_stale(heap: list[Item]) -> Item | None:
    """The first item that still counts, left where it is."""
    while heap:
        item = heap[0]
        if item[2].place is item:
            return item
        heappop(heap)
    return None


def compact(heap: list[Item], live: int) -> None:
    """Throw stale items out once they are the larger part."""
    if len(heap) > 2 * live + _SPARE:
        heap[:] = [item for item in heap if item[2].place is item]
        heapify(heap)


class Mailbox(Ticks):
    """One agent's messages: a heap of queued ones, and the count of those in work."""

    __slots__ = (
        "_waiters",
        "accepting",
        "capabilities",
        "capacity",
        "cut",
        "gone",
        "heap",
        "held",
        "name",
        "pools",
        "queued",
        "settled",
        "why",
    )

    def __init__(self, spec: AgentSpec, *, age_s: float, accepting: bool) -> None:
        super().__init__(max(WINDOW_MIN, spec.capacity), age_s)
        self.name: AgentId = spec.name
        self.capabilities = tuple(dict.fromkeys(spec.capabilities))
        self.capacity = spec.capacity
        self.cut = spec.capacity * CUT_OFF_PERCENT // 100  # held by one that has room, at most
        self.accepting = accepting
        self.why = ""  # it does not accept
        self.gone = False
        self.heap: list[Item] = []
        self.queued = 0
        self.held = 0  # queued and in work
        self.pools: tuple[Pool[Mailbox], ...] = ()
        self.settled = True  # the pools look at it
        self._waiters: deque[asyncio.Future[None]] = deque()

    @property
    def in_work(self) -> int:
        """Taken, and neither handled nor failed."""
        return self.held - self.queued

    def push(self, entry: Entry, now_s: float) -> None:
        """Queue, behind all that go before it, and wake a taker."""
        tick = self.last + 1.0  # as `stamp` does: a call would cost more than all this
        by_time = now_s * self.per_s
        if by_time > tick:  # noqa: PLR1730
            tick = by_time
        self.last = tick
        entry.place = item = (tick - entry.priority * self.window, tick, entry)
        heappush(self.heap, item)
        entry.box = self
        entry.state = _QUEUED
        entry.changed_s = now_s
        self.queued += 1
        self.held += 1
        if self.settled:
            self.touch()
        if self._waiters:
            self._wake()

    def pop(self, now_s: float, *, durable: bool = True) -> Item | None:
        """Take the first one into work; with durable=False only if it is not durable."""
        heap = self.heap
        while heap:
            item = heappop(heap)
            entry = item[2]
            if entry.place is not item:
                continue
            if not durable and entry.message.durable:
                heappush(heap, item)
                return None
            entry.place = None
            entry.state = _IN_WORK
            entry.changed_s = now_s
            self.queued -= 1
            if self.settled:
                self.touch()
            return item
        return None

    def put_back(self, item: Item) -> None:
        """Undo a `pop`."""
        entry = item[2]
        entry.place = item
        entry.state = _QUEUED
        heappush(self.heap, item)
        self.queued += 1
        self.touch()
        self._wake()

    def leave(self, entry: Entry, now_s: float) -> None:
        """Let go of an entry, queued or in work; it keeps the priority that it has risen to."""
        self.held -= 1
        if entry.place is not None:
            entry.priority = self.priority_now(entry, now_s)
            entry.place = None
            self.queued -= 1
            compact(self.heap, self.queued)
        if self.settled:
            self.touch()

    def empty(self, now_s: float) -> list[Entry]:
        """Let go of all that is queued, in the order in which it would have been taken."""
        entries: list[Entry] = []
        for _, _, entry in self.in_order():
            entry.priority = self.priority_now(entry, now_s)
            entry.place = None
            entries.append(entry)
        self.heap.clear()
        self.held -= self.queued
        self.queued = 0
        self.touch()
        return entries

    def in_order(self) -> list[Item]:
        """What is queued, in the order in which it would be taken."""
        return sorted(item for item in self.heap if item[2].place is item)

    def touch(self) -> None:
        """Tell the pools that this candidate changed."""
        self.settled = False
        for pool in self.pools:
            pool.touch(self.name)

    async def wait(self) -> None:
        """Until something may be there. Raises AgentNotFound when the agent is unregistered."""
        if self.gone:
            raise AgentNotFound(f"the agent {self.name} was taken out of the router")
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and self.queued:
                self._wake()  # it was woken for nothing: another one shall look
            raise
        finally:
            with contextlib.suppress(ValueError):  # woken: it is out already
                self._waiters.remove(waiter)

    def close(self) -> None:
        """No more messages: every taker finds out."""
        self.gone = True
        while self._waiters:
            self._wake()

    def _wake(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
