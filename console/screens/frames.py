"""What a key leads to is drawn with it, in one frame."""

import asyncio
from contextlib import suppress
from typing import Final

from textual.screen import UPDATE_PERIOD, Screen
from textual.timer import Timer

from console.work import Work, start_work

_TOGETHER_S: Final = 0.01  # so long a frame waits; what takes longer is drawn in the next one
_TURNS: Final = 2  # of the loop: a widget tells its screen


class Framed(Screen[None]):
    """A screen whose frames wait a moment for what they are about."""

    _frames: Timer | None = None
    _led: asyncio.Event | None = None  # what was begun since the last frame has ended

    def lead_to(self, work: Work, *, group: str) -> None:
        """Begin work that changes what is drawn, in the place of what its group does now."""
        ended = self._led = asyncio.Event()

        async def run() -> None:
            try:
                await work()
            finally:
                ended.set()

        start_work(self, run, group=group)

    @property
    def _update_timer(self) -> Timer:
        """Textual's own timer of frames, but one that waits."""
        if self._frames is None:
            draw = self._draw_together
            self._frames = self.set_interval(UPDATE_PERIOD, draw, name="screen_update", pause=True)
        return self._frames

    async def _draw_together(self) -> None:
        """Draw what has changed: every frame costs, and half a change is not worth one."""
        await _let_tell()
        led, self._led = self._led, None
        if led is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_TOGETHER_S):
                    await led.wait()
            await _let_tell()
        self._on_timer_update()


async def _let_tell() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
