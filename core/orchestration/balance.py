"""Spreads work over agents that share a capability. Pure."""

from bisect import bisect_left, insort
from collections.abc import Collection
from typing import Generic, Protocol, TypeVar

from core.ids import AgentId

CUT_OFF_PERCENT = 85
_Standing = tuple[float, int, str]


class Candidate(Protocol):
    """An agent as the balancer sees it."""

    name: AgentId
    accepting: bool
    capacity: int  # messages, at least 1
    held: int  # queued and in work
    queued: int
    settled: bool  # a pool has looked since it last changed


_C = TypeVar("_C", bound=Candidate)


def has_room(candidate: Candidate) -> bool:
    """False above the cut-off of 85 % of its capacity."""
    return candidate.held * 100 <= candidate.capacity * CUT_OFF_PERCENT


def standing(candidate: Candidate) -> _Standing:
    """What is least goes first: least load, then fewest queued, then name."""
    return candidate.held / candidate.capacity, candidate.queued, candidate.name


class Pool(Generic[_C]):
    """The agents of one capability, in order.

    Whoever changes a candidate that is `settled` takes that mark off it and tells each of its pools
    with `touch`. The order is mended when somebody asks, and only where something changed: asking
    costs the same among ten as among a thousand, and changing next to nothing when nobody asks.
    """

    def __init__(self) -> None:
        self._order: list[_Standing] = []
        self._known: dict[str, _Standing] = {}
        self._candidates: dict[str, _C] = {}
        self._touched: set[str] = set()

    def add(self, candidate: _C) -> None:
        """Take in, or replace the one of this name."""
        self._candidates[candidate.name] = candidate
        self._touched.add(candidate.name)

    def remove(self, name: str) -> None:
        """Forget; unknown names are ignored."""
        if self._candidates.pop(name, None) is not None:
            self._touched.add(name)

    def touch(self, name: str) -> None:
        """The candidate is not as it was."""
        self._touched.add(name)

    def pick(self, *, without: Collection[str] = ()) -> _C | None:
        """The first that accepts; when it is over the cut-off, so are all others."""
        if self._touched:
            self._mend()
        for _, _, name in self._order:
            if name not in without:
                return self._candidates[name]
        return None

    def __len__(self) -> int:
        return len(self._candidates)

    def _mend(self) -> None:
        order, known = self._order, self._known
        for name in self._touched:
            old, new = known.get(name), None
            candidate = self._candidates.get(name)
            if candidate is not None:
                candidate.settled = True
                if candidate.accepting:
                    new = standing(candidate)
            if old == new:
                continue
            if old is not None:
                del order[bisect_left(order, old)]
                del known[name]
            if new is not None:
                insort(order, new)
                known[name] = new
        self._touched.clear()
