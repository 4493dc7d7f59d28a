"""Rows in an order, in short steps: each but the last yields, so that others have their turn."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Sequence
from datetime import datetime
from itertools import chain, pairwise, repeat
from operator import gt, lt
from types import NoneType
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

from console.view_models.columns import Key, SortKey

R = TypeVar("R")
T = TypeVar("T")
RawKeys = list[Key]
Steps = Generator[None, None, T]
_KEYS: Final = 500  # rows; some of them are taken apart for their key
_RUN: Final = 16_000  # rows; sorting so many keeps nobody waiting
_SAMPLES: Final = 512
_AROUND: Final = 6  # samples on either side of a row: in a long list some hundreds of rows
_SIGHT: Final = 80  # rows; so many on either side are in sight at most


class Keys(NamedTuple):
    """What rows are sorted by."""

    told: Sequence[int]  # numbers of the rows that have a key
    values: Sequence[Any]  # their keys, made so that they compare
    make: Callable[[Any], Any]  # makes them so
    untold: Sequence[int]  # numbers of the rows without: they stand last in either direction


class Ranked(NamedTuple, Generic[R]):
    """Rows in their order, from rank `start` on, of `total` in all."""

    rows: Sequence[R]
    start: int
    total: int

    @property
    def is_whole(self) -> bool:
        """Whether none is missing."""
        return len(self.rows) == self.total


def all_of(rows: Sequence[R]) -> Ranked[R]:
    """Every row."""
    return Ranked(rows, 0, len(rows))


class KeyShelf:
    """The keys of rows by each column they were sorted by; of rows that stay, after others came."""

    def __init__(self) -> None:
        self._rows: Sequence[Any] = ()
        self._raw: dict[str, RawKeys] = {}
        self._ready: dict[str, Keys] = {}

    def steps(self, title: str, rows: Sequence[R], by: SortKey[R]) -> Steps[Keys]:
        """The keys of these rows. Rows never change: another state is another row."""
        if rows is self._rows and title in self._ready:
            return self._ready[title]
        known: dict[int, Key] = {}
        if rows is not self._rows and title in self._raw:
            # The old rows are still held: no new one has the id of one.
            known = dict(zip(map(id, self._rows), self._raw[title], strict=True))
        raw: RawKeys = []
        for start in range(0, len(rows), _KEYS):
            if start:
                yield
            part = rows[start : start + _KEYS]
            if known:
                raw += [known[id(row)] if id(row) in known else by(row) for row in part]
            else:
                raw += map(by, part)
        ready = yield from _ready_steps(raw)
        if rows is not self._rows:
            self._rows, self._raw, self._ready = rows, {}, {}
        self._raw[title], self._ready[title] = raw, ready
        return ready

    def clear(self) -> None:
        """Hold no rows."""
        self._rows, self._raw, self._ready = (), {}, {}


def _ready_steps(raw: RawKeys) -> Steps[Keys]:
    """Keys that can be compared: texts whatever their case, numbers before texts."""
    kinds = set(map(type, raw))
    told: Sequence[int] = range(len(raw))
    untold: Sequence[int] = ()
    given: Sequence[Any] = raw
    if NoneType in kinds:
        kinds.discard(NoneType)
        untold = [at for at, key in enumerate(raw) if key is None]
        told = [at for at, key in enumerate(raw) if key is not None]
        given = [raw[at] for at in told]
    texts = [issubclass(kind, str) for kind in kinds]
    if not any(texts):
        return Keys(told, given, _as_it_is, untold)
    make = cast("Callable[[Any], Any]", str.casefold if all(texts) else _comparable)
    each = make
    if _share_keys(given):
        each = {key: make(key) for key in set(given)}.__getitem__
    values: list[Any] = []
    for start in range(0, len(given), _RUN):
        if start:
            yield
        values += map(each, given[start : start + _RUN])
    return Keys(told, values, make, untold)


def _as_it_is(key: float | datetime) -> float | datetime:
    return key


def _comparable(key: str | float) -> tuple[bool, float, str]:
    return (True, 0.0, key.casefold()) if isinstance(key, str) else (False, key, "")


def near_steps(
    rows: Sequence[R], keys: Keys, row: R, by: SortKey[R], *, falling: bool
) -> Steps[Ranked[R] | None]:
    """The rows about `row`, at their ranks, before all are in order; None when all are as quick.

    A sample tells between which keys they are. What lies between those is sorted, and what stands
    before them is counted.
    """
    if len(keys.values) <= _RUN:
        return None
    low, high = _bounds(keys, by(row), falling=falling)
    first, stands_before, last = (high, gt, low) if falling else (low, lt, high)
    near, start = list[int](), 0
    for at in range(0, len(keys.values), _RUN):
        yield
        part = keys.values[at : at + _RUN]
        near += _between(part, at, low, high)
        if first is not None:
            start += [*map(stands_before, part, repeat(first))].count(True)
    yield
    near.sort(key=keys.values.__getitem__, reverse=falling)
    found = [rows[keys.told[at]] for at in near]
    if last is None:
        found += map(rows.__getitem__, keys.untold)
    here = next((at for at, each in enumerate(found) if each is row), None)
    if here is None:
        return None
    above, below = here >= _SIGHT, len(found) - here > _SIGHT
    is_enough = (above or start == 0) and (below or start + len(found) == len(rows))
    return Ranked(found, start, len(rows)) if is_enough else None


def _bounds(keys: Keys, key: Key, *, falling: bool) -> tuple[Any, Any]:
    """The least and the greatest key about `key`; None where there is no end."""
    values = keys.values
    some = sorted(_sample(values))
    if key is None:
        return (None, some[_AROUND]) if falling else (some[-_AROUND], None)
    made = keys.make(key)
    low, high = bisect_left(some, made) - _AROUND, bisect_right(some, made) + _AROUND
    return some[low] if low >= 0 else None, some[high] if high < len(some) else None


def _sample(values: Sequence[Any]) -> list[Any]:
    """Some from all over, by numbers that keep step with no pattern."""
    some: list[Any] = []
    number = 0
    for _ in range(_SAMPLES):
        number = (number * 1_664_525 + 1_013_904_223) % 2**32
        some.append(values[number * len(values) >> 32])
    return some


def _between(part: Sequence[Any], start: int, low: Any, high: Any) -> Sequence[int]:
    """The numbers of those from `low` to `high`; the first of `part` is number `start`."""
    if low is None and high is None:
        return range(start, start + len(part))
    if low is None:
        return [at for at, value in enumerate(part, start) if value <= high]
    if high is None:
        return [at for at, value in enumerate(part, start) if low <= value]
    return [at for at, value in enumerate(part, start) if low <= value <= high]


def order_steps(rows: Sequence[R], keys: Keys, *, falling: bool) -> Steps[list[R]]:
    """Rows in the order of their keys; those without one last, equal ones as they stood."""
    sort = _group_steps if _share_keys(keys.values) else _merge_steps
    order = yield from sort(keys.values, falling=falling)
    ordered: list[R] = []
    for start in range(0, len(order), _RUN):
        if len(order) > _RUN:
            yield
        part = order[start : start + _RUN]
        ordered += map(rows.__getitem__, map(keys.told.__getitem__, part) if keys.untold else part)
    return [*ordered, *map(rows.__getitem__, keys.untold)]


def _share_keys(values: Sequence[Any]) -> bool:
    some = values[:: 1 + len(values) // _RUN]
    return len(set(some)) * 4 < len(some)


def _group_steps(values: Sequence[Any], *, falling: bool) -> Steps[list[int]]:
    """Where many rows have the same key: one heap for each key, and only the keys are sorted."""
    heaps: dict[Any, list[int]] = {}
    for start in range(0, len(values), _RUN):
        if start:
            yield
        for at, key in enumerate(values[start : start + _RUN], start):
            if key in heaps:
                heaps[key].append(at)
            else:
                heaps[key] = [at]
    return [*chain.from_iterable(map(heaps.__getitem__, sorted(heaps, reverse=falling)))]


def _merge_steps(values: Sequence[Any], *, falling: bool) -> Steps[list[int]]:
    """Runs, then each two of them made one, unless they follow upon each other as they are."""
    runs: list[list[int]] = []
    for start in range(0, len(values), _RUN):
        if start:
            yield
        part = range(start, min(start + _RUN, len(values)))
        runs.append(sorted(part, key=values.__getitem__, reverse=falling))
    stands_before = gt if falling else lt
    ends = [(values[one[0]], values[one[-1]]) for one in runs]
    if not any(stands_before(after[0], one[1]) for one, after in pairwise(ends)):
        return [*chain.from_iterable(runs)]
    if all(stands_before(after[1], one[0]) for one, after in pairwise(ends)):
        return [*chain.from_iterable(reversed(runs))]
    while len(runs) > 1:
        merged: list[list[int]] = []
        for at in range(0, len(runs), 2):
            yield
            both = [*runs[at], *(runs[at + 1] if at + 1 < len(runs) else ())]
            both.sort(key=values.__getitem__, reverse=falling)
            merged.append(both)
        runs = merged
    return runs[0]
