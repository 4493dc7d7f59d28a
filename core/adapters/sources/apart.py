"""Blocking reads, each in a thread of its own: one that hangs holds up nothing else."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from core.errors import SourceFailed

T = TypeVar("T")


class Apart:
    """Runs one blocking call at a time, each with a limit.

    The loop's own pool is small and shared: a few reads of a dead network disk would fill it.
    A thread that hangs for good here is one per target, and does not keep the process alive.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._running: Future[object] | None = None

    async def run(self, work: Callable[[], T], timeout_s: float) -> T:
        """What `work` gives or raises. Raises TimeoutError.

        Raises SourceFailed while the call before still hangs.
        """
        async with self._turn:
            if self._running is not None and not self._running.done():
                raise SourceFailed("the read before this one has not come back; see what keeps it")
            future: Future[T] = Future()
            future.set_running_or_notify_cancel()  # who gives up leaves the thread alone

            def body() -> None:
                try:
                    future.set_result(work())
                except BaseException as error:  # noqa: BLE001 - handed to the caller
                    future.set_exception(error)

            self._running = future  # type: ignore[assignment]  # only asked whether it is done
            threading.Thread(target=body, name="maestro-source", daemon=True).start()
            async with asyncio.timeout(timeout_s):
                return await asyncio.wrap_future(future)
