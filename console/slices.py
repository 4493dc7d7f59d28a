"""Long work of the screen itself, in slices: keys are answered and lines drawn in between."""

import asyncio
import time
from collections.abc import Generator
from typing import Final, TypeVar

T = TypeVar("T")
FIRST_S: Final = 0.015  # of the processor, at once: most lists are done by then
SLICE_S: Final = 0.005


def run_some(steps: Generator[None, None, T], seconds: float) -> T | None:
    """Go on for so long, of this thread's time; None when there is more to do."""
    until_s = time.thread_time() + seconds
    try:
        next(steps)
        while time.thread_time() < until_s:
            next(steps)
    except StopIteration as end:
        value: T = end.value
        return value
    return None


async def run_rest(steps: Generator[None, None, T]) -> T:
    """Go on to the end, and let others have their turn after each slice."""
    while (found := run_some(steps, SLICE_S)) is None:  # noqa: ASYNC110 - the work itself
        await asyncio.sleep(0)
    return found
