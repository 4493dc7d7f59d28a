"""Whether what is shown is fresh, and since when it is not."""

from collections.abc import Callable
from typing import Final

SILENCE_S: Final = 35.0  # the engine says at least something every fifteen seconds


class Link:
    """Fresh while the event stream runs and the last call was answered."""

    def __init__(self, monotonic_s: Callable[[], float]) -> None:
        self._monotonic_s = monotonic_s
        self._streaming = False
        self._answered = True
        self._heard_at_s = self._answered_at_s = monotonic_s()

    def heard(self) -> None:
        """The stream brought something."""
        self._streaming = True
        self._heard_at_s = self._monotonic_s()

    def broken(self) -> None:
        """The stream ended."""
        self._streaming = False

    def answered(self) -> None:
        """A call was answered, well or badly: the engine is there."""
        self._answered = True
        self._answered_at_s = self._monotonic_s()

    def unanswered(self) -> None:
        """A call was not."""
        self._answered = False

    def stale_s(self) -> float | None:
        """For how long what is shown can not be called fresh; None: it is."""
        now_s = self._monotonic_s()
        last_s: list[float] = []
        if not self._streaming or now_s - self._heard_at_s > SILENCE_S:
            last_s.append(self._heard_at_s)
        if not self._answered:
            last_s.append(self._answered_at_s)
        return now_s - min(last_s) if last_s else None
