"""Keys typed before a person can have read what is on the screen do not count."""

from dataclasses import dataclass
from typing import Final

GUARD_S: Final = 0.4


@dataclass(slots=True)
class TypeAheadGuard:
    """Armed when something new was drawn; open to what is read `GUARD_S` later.

    Times are seconds of a monotonic clock.
    """

    armed_at_s: float | None = None

    def close(self) -> None:
        """Something else is to be drawn."""
        self.armed_at_s = None

    def arm(self, now_s: float) -> None:
        """Something else is on the screen now."""
        self.armed_at_s = now_s

    def is_open(self, read_at_s: float) -> bool:
        """True when a key that was read then counts; never before something was drawn."""
        return self.armed_at_s is not None and read_at_s - self.armed_at_s >= GUARD_S
