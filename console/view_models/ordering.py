"""Rows in an order, in short steps: each but the last yields, so that others have their turn."""

from collections.abc import Callable, Generator, Sequence
from itertools import chain
from typing import Any, Final, TypeVar, cast

from console.view_models.columns import SortKey

R = TypeVar("R")
Steps = Generator[None, None, list[R]]
_KEYS: Final = 500  # rows; some of them are taken apart for their key
_RUN: Final = 16_000  # rows; sorting so many keeps nobody waiting


class Keys:
    """What rows are sorted by, kept for rows that were sorted before."""

    def __init__(self) -> None:
        self._title = ""
        self._rows: Sequence[Any] = ()
        self._keys: list[str | float | None] = []

    def steps(
        self, title: str, rows: Sequence[R], by: SortKey[R]
    ) -> Generator[None, None, list[str | float | None]]:
        """The key of each row. Rows never change: another state is another row."""
        if title == self._title and rows is self._rows:
            return self._keys
        known: dict[int, str | float | None] = {}
        if title == self._title:  # the old rows are still held: no new one has the id of one
            known = dict(zip(map(id, self._rows), self._keys, strict=True))
        keys: list[str | float | None] = []
        for start in range(0, len(rows), _KEYS):
            if start:
                yield
            part = rows[start : start + _KEYS]
            if known:
                keys += [known[id(row)] if id(row) in known else by(row) for row in part]
            else:
                keys += map(by, part)
        self._title, self._rows, self._keys = title, rows, keys
        return keys


def order_steps(
    rows: Sequence[R], keys: Sequence[str | float | None], *, falling: bool
) -> Steps[R]:
    """Rows in the order of their keys; those without one last, equal ones as they stood."""
    untold = [at for at, key in enumerate(keys) if key is None] if None in keys else []
    told: Sequence[int] = range(len(keys))
    if untold:
        told = [at for at, key in enumerate(keys) if key is not None]
    ready = yield from _ready_steps(keys)
    some = set(ready[:_RUN])
    sort = _group_steps if len(some) * 4 < min(len(ready), _RUN) else _merge_steps
    order = yield from sort(told, ready, falling=falling)
    ordered: list[R] = []
    for start in range(0, len(order), _RUN):
        if len(order) > _RUN:
            yield
        ordered += map(rows.__getitem__, order[start : start + _RUN])
    return [*ordered, *map(rows.__getitem__, untold)]


def _group_steps(told: Sequence[int], ready: Sequence[Any], *, falling: bool) -> Steps[int]:
    """Where many rows have the same key: one heap for each key, and only the keys are sorted."""
    heaps: dict[Any, list[int]] = {}
    for start in range(0, len(told), _RUN):
        if start:
            yield
        for at in told[start : start + _RUN]:
            key = ready[at]
            if key in heaps:
                heaps[key].append(at)
            else:
                heaps[key] = [at]
    return [*chain.from_iterable(map(heaps.__getitem__, sorted(heaps, reverse=falling)))]


def _merge_steps(told: Sequence[int], ready: Sequence[Any], *, falling: bool) -> Steps[int]:
    """Runs, then each two of them made one: what is sorted already is merged at little cost."""
    runs: list[list[int]] = []
    for start in range(0, len(told), _RUN):
        if start:
            yield
        runs.append(sorted(told[start : start + _RUN], key=ready.__getitem__, reverse=falling))
    while len(runs) > 1:
        merged: list[list[int]] = []
        for at in range(0, len(runs), 2):
            yield
            both = [*runs[at], *(runs[at + 1] if at + 1 < len(runs) else ())]
            both.sort(key=ready.__getitem__, reverse=falling)
            merged.append(both)
        runs = merged
    return runs[0] if runs else []


def _ready_steps(keys: Sequence[str | float | None]) -> Generator[None, None, Sequence[Any]]:
    """Keys that can be compared: texts whatever their case, numbers before texts."""
    kinds = {type(key) for key in keys}
    texts = [issubclass(kind, str) for kind in kinds]
    if not any(texts):
        return keys
    make = cast("Callable[[Any], Any]", str.casefold if all(texts) else _comparable)
    ready: list[Any] = []
    for start in range(0, len(keys), _RUN):
        if start:
            yield
        ready += map(make, keys[start : start + _RUN])
    return ready


def _comparable(key: str | float | None) -> tuple[bool, float, str]:
    if isinstance(key, str):
        return (True, 0.0, key.casefold())
    return (False, key or 0.0, "")
