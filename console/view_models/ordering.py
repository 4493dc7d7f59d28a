"""Rows in an order, in short steps: each but the last yields, so that others have their turn."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from datetime import datetime
from itertools import chain, compress, islice, pairwise, repeat
from operator import ge, gt, le, lt
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
_FEW: Final = 32  # keys in a sample: the rows of each are put together as quickly as found
_SIGHT: Final = 80  # rows; so many on either side are in sight at most
_TEXT: Final = 64  # characters of a key on the average: more are not put together for a look


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
        is_folded = True
        for start in range(0, len(rows), _KEYS):
            if start:
                yield
            part = rows[start : start + _KEYS]
            if known:
                keys = [known[id(row)] if id(row) in known else by(row) for row in part]
            else:
                keys = [*map(by, part)]
            raw += keys
            # Here, while the processor has them at hand.
            is_folded = is_folded and _are_folded(keys)
        if is_folded:
            ready = Keys(range(len(raw)), raw, str.casefold, ())
        else:
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


def _are_folded(keys: RawKeys) -> bool:
    """Whether all are texts that stand as they compare: most do, and need no second list."""
    texts = cast("list[str]", keys)
    try:
        if sum(map(len, texts)) > len(texts) * _TEXT:
            return False
        text = "".join(texts)
    except TypeError:  # some are no texts
        return False
    return text == text.casefold()


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
    some = sorted(_sample(keys.values))
    key = by(row)
    if len(set(some)) <= _FEW and key is not None:
        return (yield from _near_in_heaps(rows, keys, row, keys.make(key), falling=falling))
    low, high = _bounds(some, keys, key, falling=falling)
    is_late = low is not None and low > some[len(some) // 2]
    near, below, above = yield from _near_numbers(keys.values, low, high, is_late=is_late)
    yield
    near.sort(key=keys.values.__getitem__, reverse=falling)
    found = [rows[keys.told[at]] for at in near]
    start, last = (above, low) if falling else (below, high)
    if last is None:
        found += map(rows.__getitem__, keys.untold)
    here = next((at for at, each in enumerate(found) if each is row), None)
    if here is None:
        return None
    is_begun = start == 0 or here >= _SIGHT
    is_ended = start + len(found) == len(rows) or len(found) - here > _SIGHT
    return Ranked(found, start, len(rows)) if is_begun and is_ended else None


def _near_in_heaps(
    rows: Sequence[R], keys: Keys, row: R, key: Any, *, falling: bool
) -> Steps[Ranked[R] | None]:
    """The rows about `row`, where so many have the same key that none needs to be sorted."""
    heaps = yield from _heap_steps(keys.values)
    yield
    own = heaps.get(key, ())
    here = next((at for at, number in enumerate(own) if rows[keys.told[number]] is row), None)
    if here is None:
        return None
    order = sorted(heaps, reverse=falling)
    here += sum(len(heaps[each]) for each in order[: order.index(key)])
    start, end = max(0, here - 2 * _SIGHT), here + 2 * _SIGHT
    near = islice(chain.from_iterable(map(heaps.__getitem__, order)), start, end)
    numbers = [*map(keys.told.__getitem__, near)]
    numbers += keys.untold[: max(0, end - len(keys.values))]
    return Ranked([rows[number] for number in numbers], start, len(rows))


def _bounds(some: Sequence[Any], keys: Keys, key: Key, *, falling: bool) -> tuple[Any, Any]:
    """The least and the greatest key about `key`, out of `some`; None where there is no end."""
    if key is None:
        return (None, some[_AROUND]) if falling else (some[-_AROUND], None)
    made = keys.make(key)
    low, high = bisect_left(some, made) - _AROUND, bisect_right(some, made) + _AROUND
    return some[low] if low >= 0 else None, some[high] if high < len(some) else None


def _near_numbers(
    values: Sequence[Any], low: Any, high: Any, *, is_late: bool
) -> Steps[tuple[list[int], int, int]]:
    """The numbers of the keys from `low` to `high`; how many keys are below; how many above.

    `is_late`: more are below, so that those are left out first.
    """
    near, below, above = list[int](), 0, 0
    each = iter(values)
    for at in range(0, len(values), _RUN):
        yield
        numbers = range(at, min(at + _RUN, len(values)))
        part = islice(each, len(numbers))
        if is_late:
            kept = _those(numbers, part, le, low)
            found = _those(kept, map(values.__getitem__, kept), ge, high)
            below += len(numbers) - len(kept)
            above += len(kept) - len(found)
        else:
            kept = _those(numbers, part, ge, high)
            found = _those(kept, map(values.__getitem__, kept), le, low)
            above += len(numbers) - len(kept)
            below += len(kept) - len(found)
        near += found
    return near, below, above


def _those(
    numbers: Sequence[int], keys: Iterable[Any], fits: Callable[[Any, Any], bool], end: Any
) -> Sequence[int]:
    """Those whose keys fit an end, if there is one."""
    return numbers if end is None else [*compress(numbers, map(fits, repeat(end), keys))]


def _sample(values: Sequence[Any]) -> list[Any]:
    """Some from all over, by numbers that keep step with no pattern."""
    some: list[Any] = []
    number = 0
    for _ in range(_SAMPLES):
        number = (number * 1_664_525 + 1_013_904_223) % 2**32
        some.append(values[number * len(values) >> 32])
    return some


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
    ordered += map(rows.__getitem__, keys.untold)
    return ordered


def _share_keys(values: Sequence[Any]) -> bool:
    some = values[:: 1 + len(values) // _RUN]
    return len(set(some)) * 4 < len(some)


def _group_steps(values: Sequence[Any], *, falling: bool) -> Steps[list[int]]:
    """Where many rows have the same key: only the keys are sorted."""
    heaps = yield from _heap_steps(values)
    return [*chain.from_iterable(map(heaps.__getitem__, sorted(heaps, reverse=falling)))]


def _heap_steps(values: Sequence[Any]) -> Steps[dict[Any, list[int]]]:
    """The numbers of each key."""
    heaps = defaultdict[Any, list[int]](list)
    for start in range(0, len(values), _RUN):
        if start:
            yield
        for at, key in enumerate(values[start : start + _RUN], start):
            heaps[key].append(at)
    return heaps


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
