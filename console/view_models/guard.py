"""Keys typed before a person can have read what is on the screen do not count."""

from dataclasses import dataclass
from typing import Final

GUARD_S: Final = 0.4
UNASKED_S: Final = 1.0  # for what came by itself: a second press was meant for what it replaced


@dataclass(slots=True)
class TypeAheadGuard:
    """Armed when something new was drawn; open to what is read a while later.

    Times are seconds of a monotonic clock.
    """

    armed_at_s: float | None = None
    wait_s: float = GUARD_S

    def close(self) -> None:
        """Something else is to be drawn."""
        self.armed_at_s = None

    def arm(self, now_s: float, wait_s: float = GUARD_S) -> None:
        """Something else is on the screen now."""
        self.armed_at_s, self.wait_s = now_s, wait_s

    def refuse(self, read_at_s: float) -> None:
        """A key came too early: what is held down, or pressed on and on, reads nothing."""
        if self.armed_at_s is not None and not self.is_open(read_at_s):
            self.armed_at_s = max(self.armed_at_s, read_at_s)

    def is_open(self, read_at_s: float) -> bool:
        """True when a key that was read then counts; never before something was drawn."""
        return self.armed_at_s is not None and read_at_s - self.armed_at_s >= self.wait_s
