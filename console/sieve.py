"""The rows of a list that fit its filter; a long list is gone through in slices."""

import asyncio
import time
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

from textual.dom import DOMNode

from console.slices import FIRST_S, SLICE_S, run_some
from console.work import start_work

R = TypeVar("R")
_STEP: Final = 250  # rows; some of them are taken apart to be searched
_SHOW_S: Final = 0.1  # between two looks at what was found so far


class Sieve(Generic[R]):
    """Finds anew only when rows or filter are others. What a first slice finds is there at once.

    While the rest is looked at, `looked_at` says how many were, and `changed` is called now and
    then. New rows under the same filter take the place of the old ones only when all were looked
    at: a list that stands does not shrink and grow again.
    """

    def __init__(self, owner: DOMNode, changed: Callable[[], None]) -> None:
        self.looked_at: int | None = None  # None: at all that is shown
        self._owner = owner
        self._changed = changed
        self._basis: tuple[object, ...] = ()
        self._shown: Sequence[R] = ()

    def keep(self, rows: Sequence[R], fits: Callable[[R], bool], *basis: object) -> Sequence[R]:
        """The rows that fit; `basis` is what `fits` goes by beside the row."""
        wanted = (rows, *basis)
        if _are_same(wanted, self._basis):
            return self._shown
        is_other = not _are_same(basis, self._basis[1:])
        self._basis = wanted
        found: list[R] = []
        steps = self._steps(rows, fits, found)
        ended = run_some(steps, FIRST_S)
        if ended is not None:
            self._shown, self.looked_at = ended, None
        else:
            if is_other:
                self._shown, self.looked_at = tuple(found), 0
            start_work(self._owner, partial(self._go_on, steps, found, wanted), group="sift")
        return self._shown

    def _steps(
        self, rows: Sequence[R], fits: Callable[[R], bool], into: list[R]
    ) -> Generator[None, None, list[R]]:
        for start in range(0, len(rows), _STEP):
            if start:
                if self.looked_at is not None:
                    self.looked_at = start
                yield
            into += filter(fits, rows[start : start + _STEP])
        return into

    async def _go_on(
        self, steps: Generator[None, None, list[R]], found: list[R], wanted: tuple[object, ...]
    ) -> None:
        shown_s = time.monotonic()
        while (ended := run_some(steps, SLICE_S)) is None:
            if self.looked_at is not None and time.monotonic() - shown_s > _SHOW_S:
                self._shown, shown_s = tuple(found), time.monotonic()
                self._changed()
            await asyncio.sleep(0)
            if self._basis is not wanted:
                return
        self._shown, self.looked_at = ended, None
        self._changed()


def _are_same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
