"""What expires when. Costs next to nothing for messages that are taken before."""

from collections import deque
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final

from core.orchestration.mailbox import Entry

_SPARE: Final = 1_024  # entries to carry that were taken already


class Due:
    """Entries by their deadline; those that have no place in any heap were taken.

    Most messages have the same time to live: their deadlines come in order.
    """

    def __init__(self) -> None:
        self._in_order: deque[Entry] = deque()
        self._in_order_max = _SPARE
        self._newest_s = 0.0  # the last deadline in order
        self._others: list[tuple[float, int, Entry]] = []
        self._others_max = _SPARE
        self._serial = count()

    def __len__(self) -> int:
        """With those that were taken already and are carried on."""
        return len(self._in_order) + len(self._others)

    def watch_usual(self, entry: Entry) -> None:
        """Watch an entry whose deadline is not before that of any other usual one."""
        in_order = self._in_order
        in_order.append(entry)
        self._newest_s = entry.deadline_s
        if len(in_order) > self._in_order_max:
            self._in_order = deque(each for each in in_order if each.place is not None)
            self._in_order_max = 2 * len(self._in_order) + _SPARE

    def watch(self, entry: Entry) -> None:
        """Watch any entry until it is taken. Again, when it was put back."""
        if entry.message.expires_at is None and entry.deadline_s >= self._newest_s:
            self.watch_usual(entry)
            return
        others = self._others
        heappush(others, (entry.deadline_s, next(self._serial), entry))
        if len(others) > self._others_max:
            others[:] = [each for each in others if each[2].place is not None]
            heapify(others)
            self._others_max = 2 * len(others) + _SPARE

    def first(self) -> Entry | None:
        """The one that is due first; it stays."""
        in_order, others = self._in_order, self._others
        while in_order and in_order[0].place is None:
            in_order.popleft()
        while others and others[0][2].place is None:
            heappop(others)
        if others and not (in_order and in_order[0].deadline_s <= others[0][0]):
            return others[0][2]
        return in_order[0] if in_order else None
