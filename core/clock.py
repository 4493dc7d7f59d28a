"""The only way to ask for the time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time (aware, UTC), monotonic time, and sleeping."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds on a clock that never goes back; only differences mean something."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        ...
