"""What passes on the screen although nothing happens: ages, countdowns, the clock."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

BEAT_S: Final = 1.0
_REST: Final = 5  # beats; so often what rests is drawn all the same


@runtime_checkable
class Resting(Protocol):
    """A screen that can tell when nothing on it changes with time alone."""

    def rests(self) -> bool:
        """Whether it may be drawn less often now."""
        ...


async def keep_time(draw: Callable[[], None], front: Callable[[], object]) -> None:
    """Draw each second, until cancelled; seldom while the screen in front rests."""
    beats = 0
    while True:
        await asyncio.sleep(BEAT_S)
        beats += 1
        screen = front()
        if beats % _REST == 0 or not (isinstance(screen, Resting) and screen.rests()):
            draw()
