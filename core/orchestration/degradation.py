"""When the coordination core itself fails: reads and audit go on, risky actions are blocked."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from core.clock import Clock
from core.events import CoreEvent, DegradationChanged, ServiceFailed, ServiceRecovered

CORE_SERVICES: Final = ("router", "agent-runtime", "health-monitor")
_TELL_EVERY_S: Final = 1.0

Publish = Callable[[DegradationChanged], Awaitable[None]]


class Degradation:
    """Knows whether the coordination core works; the gate asks it before each action that is
    not a mere reading.

    A part is at fault while its service is failing, or when it beat once and is silent for longer
    than `silent_s`. `problem` is worked out when it is asked, so that it is right although every
    loop stands still; `run` only tells of changes.
    """

    name = "degradation"

    def __init__(
        self,
        *,
        clock: Clock,
        publish: Publish,
        services: Sequence[str] = CORE_SERVICES,
        silent_s: float = 15.0,
    ) -> None:
        self._clock = clock
        self._publish = publish
        self._services = frozenset(services)
        self._silent_s = silent_s
        self._failing: dict[str, str] = {}
        self._beats: dict[str, float] = {}
        self._told = ""

    def hear(self, event: CoreEvent) -> None:
        """Listen to the bus with this."""
        match event:
            case ServiceFailed() if event.service in self._services:
                what = "failed and is being restarted" if event.restarting else "failed for good"
                self._failing[event.service] = f"{event.service} {what}: {event.message}"
            case ServiceRecovered():
                self._failing.pop(event.service, None)
            case _:
                pass

    def beat(self, part: str) -> None:
        """A part of the core tells that its loop goes round."""
        self._beats[part] = self._clock.monotonic_s()

    def problem(self) -> str:
        """Why risky actions are blocked, one sentence or more; "" while all works."""
        now_s = self._clock.monotonic_s()
        said = list(self._failing.values())
        said += [
            f"{part} gave no sign of life for {now_s - at_s:.0f} s"
            for part, at_s in self._beats.items()
            if now_s - at_s > self._silent_s and part not in self._failing
        ]
        return "; ".join(said)

    async def run(self) -> None:
        """Publish DegradationChanged once per change, until cancelled."""
        while True:
            problem = self.problem()
            if bool(problem) != bool(self._told):
                await self._publish(
                    DegradationChanged(at=self._clock.now(), degraded=bool(problem), reason=problem)
                )
            self._told = problem
            await self._clock.sleep(_TELL_EVERY_S)
