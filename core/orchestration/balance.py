"""Spreads work over agents that share a capability. Pure."""

from bisect import bisect_left, insort
from collections.abc import Collection
from typing import Generic, Protocol, TypeVar

from core.ids import AgentId

CUT_OFF_PERCENT = 85
_Place = tuple[float, int]  # load, and how many are queued


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


def standing(candidate: Candidate) -> tuple[float, int, str]:
    """What is least goes first: least load, then fewest queued, then name."""
    return candidate.held / candidate.capacity, candidate.queued, candidate.name


class Pool(Generic[_C]):
    """The agents of one capability, in the order of their standing.

    Those with the same load and as many queued are one number, a bit for each by the order of their
    names: to find the first, and to move one, costs the same among ten as among a thousand.

    Whoever changes a candidate that is `settled` takes that mark off it and tells each of its pools
    with `touch`. The order is mended when somebody asks, and only where something changed, so that
    changing costs next to nothing when nobody asks.
    """

    def __init__(self) -> None:
        self._candidates: dict[str, _C] = {}
        self._names: list[str] = []  # in order; none: who is here has changed
        self._bit: dict[str, int] = {}
        self._place: dict[str, _Place] = {}  # of those that accept
        self._places: list[_Place] = []  # where anybody stands, in order
        self._bits: dict[_Place, int] = {}  # of all that stand there
        self._touched: set[str] = set()

    def add(self, candidate: _C) -> None:
        """Take in, or replace the one of this name."""
        self._candidates[candidate.name] = candidate
        self._names.clear()

    def remove(self, name: str) -> None:
        """Forget; unknown names are ignored."""
        if self._candidates.pop(name, None) is not None:
            self._names.clear()

    def touch(self, name: str) -> None:
        """The candidate is not as it was."""
        self._touched.add(name)

    def pick(self, *, without: Collection[str] = ()) -> _C | None:
        """The first that accepts; when it is over the cut-off, so are all others."""
        if not self._names:
            self._begin()
        if self._touched:
            self._mend()
        for place in self._places:
            bits = self._bits[place]
            while bits:
                lowest = bits & -bits
                name = self._names[lowest.bit_length() - 1]
                if name not in without:
                    return self._candidates[name]
                bits ^= lowest
        return None

    def __len__(self) -> int:
        return len(self._candidates)

    def _begin(self) -> None:
        self._names.extend(sorted(self._candidates))
        self._bit = {name: 1 << number for number, name in enumerate(self._names)}
        self._place.clear()
        self._places.clear()
        self._bits.clear()
        self._touched = set(self._names)

    def _mend(self) -> None:
        for name in self._touched:
            candidate = self._candidates.get(name)
            if candidate is None:
                continue
            candidate.settled = True
            new: _Place | None = None
            if candidate.accepting:
                new = candidate.held / candidate.capacity, candidate.queued
            old = self._place.get(name)
            if new == old:
                continue
            if old is not None:
                self._leave(old, self._bit[name])
                del self._place[name]
            if new is not None:
                self._enter(new, self._bit[name])
                self._place[name] = new
        self._touched.clear()

    def _leave(self, place: _Place, bit: int) -> None:
        rest = self._bits[place] ^ bit
        if rest:
            self._bits[place] = rest
        else:
            del self._bits[place]
            del self._places[bisect_left(self._places, place)]

    def _enter(self, place: _Place, bit: int) -> None:
        there = self._bits.get(place, 0)
        if not there:
            insort(self._places, place)
        self._bits[place] = there | bit
