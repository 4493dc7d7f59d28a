"""Keys typed before a person can have read what is on the screen do not count."""

from dataclasses import dataclass
from typing import Final

GUARD_S: Final = 0.4


@dataclass(slots=True)
class TypeAheadGuard:
    """Armed when something new stands before the operator; open `GUARD_S` later.

    Times are seconds of a monotonic clock.
    """

    armed_at_s: float | None = None

    def arm(self, now_s: float) -> None:
        """Something else is on the screen now."""
        self.armed_at_s = now_s

    def is_open(self, now_s: float) -> bool:
        """True when keys count; never before it was armed once."""
        return self.armed_at_s is not None and now_s - self.armed_at_s >= GUARD_S
