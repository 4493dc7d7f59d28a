"""What was typed: when it was read, and what work may still open for it."""

from contextlib import suppress
from typing import Any

from textual.dom import DOMNode
from textual.worker import (
    NoActiveWorker,
    Worker,
    get_current_worker,  # pyright: ignore[reportUnknownVariableType]
)

from console.work import Work, start_work
from core.clock import Clock


class Typed:
    """Shared by whoever deals with a key, a paste or a click."""

    def __init__(self) -> None:
        self.read_at_s: float | None = None  # what is dealt with now; None while nothing is
        self.turn = 0  # counts how often another whole screen came to the front
        self._asking: set[Worker[Any]] = set()

    def when_s(self, clock: Clock) -> float:
        """When what is dealt with now was read from the terminal; now, while nothing is."""
        return clock.monotonic_s() if self.read_at_s is None else self.read_at_s

    def start_asking(self, node: DOMNode, work: Work, *, group: str = "decide") -> None:
        """Run work that puts a question; no other of its group begins meanwhile."""
        self._asking.add(start_work(node, work, group=group))

    def ask_no_more(self) -> None:
        """The work that calls this will put no other question: keys need not wait for it."""
        with suppress(NoActiveWorker):
            worker: Worker[Any] = get_current_worker()  # pyright: ignore[reportUnknownVariableType]
            self._asking.discard(worker)

    def give_up(self) -> None:
        """Wait for no question any more."""
        self._asking.clear()

    @property
    def may_open(self) -> bool:
        """Whether some work may put a question still."""
        self._asking = {each for each in self._asking if not each.is_finished}
        return bool(self._asking)
