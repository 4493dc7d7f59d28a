"""One thread that takes everything waiting and writes it in one go."""

import asyncio
import contextlib
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final, Generic, Protocol, TypeVar

from core.errors import MaestroError, Overloaded, StorageError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Item_contra = TypeVar("_Item_contra", contravariant=True)
_Result_co = TypeVar("_Result_co", covariant=True)
_Waiting = tuple[_Item, asyncio.Future[_Result]]
_Outcomes = Sequence[_Result | MaestroError]

_GROUP_MAX: Final = 512  # so that no unit waits behind a group without end


class GroupWriter(Protocol[_Item_contra, _Result_co]):
    """What the thread drives; called in that thread only."""

    def write(self, items: Sequence[_Item_contra]) -> Sequence[_Result_co | MaestroError]:
        """Make all items durable together; one result or refusal for each, in order.

        Raises StorageError when none of them was written.
        """
        ...

    def tidy(self) -> None:
        """Called after each group was acknowledged."""
        ...

    def close(self) -> None:
        """Called once, at the end."""
        ...


class Bell:
    """Has `answer` called in the loop when another thread rings.

    As `call_soon_threadsafe` does; where the system has counters that can be waited for, at a
    fraction of what waking costs through a socket.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, answer: Callable[[], None]) -> None:
        self._loop = loop
        self._answer = answer
        self._counter = -1
        if sys.platform == "linux":
            self._counter = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            loop.add_reader(self._counter, self._read)

    def ring(self) -> None:
        """From any thread, until `close`."""
        if sys.platform == "linux":
            os.eventfd_write(self._counter, 1)
        else:
            # The loop may be gone when the program ends without closing: nobody waits then.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._answer)

    def close(self) -> None:
        """In the loop, when nobody rings any more; what was rung for is answered."""
        if sys.platform == "linux":
            if not self._loop.is_closed():
                self._loop.remove_reader(self._counter)
                self._answer()
            os.close(self._counter)

    def _read(self) -> None:
        if sys.platform == "linux":
            os.eventfd_read(self._counter)
        self._answer()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCounts:
    """What went through one group thread since it started."""

    waiting: int
    groups: int
    units: int


class GroupThread(Generic[_Item, _Result]):
    """Queues items from the event loop to one writing thread.

    No item waits for company: the thread takes what is there, and what comes while it writes is
    the next group.
    """

    def __init__(self, writer: GroupWriter[_Item, _Result], *, name: str, waiting_max: int) -> None:
        self._writer: Final = writer
        self._name = name
        self._waiting_max = waiting_max
        self._queue: SimpleQueue[_Waiting[_Item, _Result] | None] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._written: deque[tuple[list[asyncio.Future[_Result]], _Outcomes[_Result]]] = deque()
        self._bell = Bell(self._loop, self._acknowledge)
        self._waiting = 0
        self._groups = 0
        self._units = 0
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    async def submit(self, item: _Item) -> _Result:
        """Write `item` and wait until it is written; it is, even when the caller is cancelled.

        Raises Overloaded when too many wait, StorageError when it was not written.
        """
        if self._closed:
            raise StorageError(f"the {self._name} is closed")
        if self._waiting >= self._waiting_max:
            raise Overloaded(f"{self._waiting} writes wait for the {self._name}; try again soon")
        self._waiting += 1
        future: asyncio.Future[_Result] = self._loop.create_future()
        self._queue.put((item, future))
        return await future

    async def close(self) -> None:
        """Write what waits, then end the thread."""
        first, self._closed = not self._closed, True
        if first:
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        if first:
            self._bell.close()

    def statistics(self) -> GroupCounts:
        """Counts since the start."""
        return GroupCounts(waiting=self._waiting, groups=self._groups, units=self._units)

    def _serve(self) -> None:
        while group := self._take():
            outcomes = self._write([item for item, _ in group])
            self._written.append(([future for _, future in group], outcomes))
            self._bell.ring()
            with contextlib.suppress(Exception):  # what was not tidied now is tidied next time
                self._writer.tidy()
        self._writer.close()

    def _take(self) -> list[_Waiting[_Item, _Result]]:
        """Everything that waits, at least one; empty when closed."""
        group: list[_Waiting[_Item, _Result]] = []
        waiting = self._queue.get()
        while waiting is not None:
            group.append(waiting)
            if len(group) >= _GROUP_MAX or self._queue.empty():
                return group
            waiting = self._queue.get_nowait()  # there is one: nobody else takes any
        if group:
            self._queue.put(None)  # closed while this last group formed: end after it
        return group

    def _write(self, items: list[_Item]) -> _Outcomes[_Result]:
        try:
            return self._writer.write(items)
        except StorageError as error:
            return [error] * len(items)
        except Exception as error:  # noqa: BLE001 - a defect fails this group, never the thread
            return [StorageError(f"the {self._name} failed: {error!r}")] * len(items)

    def _acknowledge(self) -> None:
        while self._written:
            futures, outcomes = self._written.popleft()
            self._waiting -= len(futures)
            self._groups += 1
            self._units += len(futures)
            for future, outcome in zip(futures, outcomes, strict=True):
                if future.done():
                    continue
                if isinstance(outcome, MaestroError):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
