"""The engine's events, published on a bus of our own; comes back by itself after a break."""

from collections.abc import Callable
from typing import Final

from console.remote.client import RemoteClient
from console.remote.frames import Frames, Lost
from core.bus import Bus
from core.clock import Clock
from core.errors import MaestroError

BACK_OFF_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0)


class EventStream:
    """Reads until it is cancelled."""

    def __init__(
        self,
        client: RemoteClient,
        bus: Bus,
        clock: Clock,
        *,
        missed: Callable[[], None],
        tell: Callable[[str], None],
    ) -> None:
        """`missed` is called when everything must be read again; `tell` is given each new reason
        why the stream does not run, and "" once it runs again.
        """
        self._client = client
        self._bus = bus
        self._clock = clock
        self._missed = missed
        self._tell = tell
        self._frames = Frames()
        self._failures = 0
        self._problem = ""  # told last

    async def run(self) -> None:
        """Live."""
        while True:
            try:
                await self._read()
            except MaestroError as error:
                self._say(str(error))
            self._client.link.broken()
            wait_s = BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
            self._failures += 1
            await self._clock.sleep(wait_s)

    async def _read(self) -> None:
        self._frames.restart()
        async with self._client.stream(self._frames.last_id) as response:
            self._failures = 0
            self._say("")
            # Whatever happened before this moment was told to nobody here.
            self._missed()
            self._client.link.heard()
            async for line in response.aiter_lines():
                self._client.link.heard()
                for event in self._frames.feed(line):
                    if isinstance(event, Lost):
                        self._missed()
                    else:
                        await self._bus.publish(event)

    def _say(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self._tell(problem)
