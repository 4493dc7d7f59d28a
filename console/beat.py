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


class Selective(Protocol):
    """A screen that can tell whether there is anything else to draw on it."""

    def has_news(self) -> bool:
        """Whether there is, since this was asked last."""
        ...


def draw_news(
    draw: Callable[[], None], front: Callable[[], Selective | None]
) -> Callable[[], None]:
    """What to call when something was heard: a flood mostly tells what is not in sight."""

    def hear() -> None:
        screen = front()
        if screen is None or screen.has_news():
            draw()

    return hear


async def keep_time(draw: Callable[[], None], front: Callable[[], object]) -> None:
    """Draw each second, until cancelled; seldom while the screen in front rests."""
    beats = 0
    while True:
        await asyncio.sleep(BEAT_S)
        beats += 1
        screen = front()
        if beats % _REST == 0 or not (isinstance(screen, Resting) and screen.rests()):
            draw()
