"""The rows of a list by one of its columns; in a long list those in sight come first."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

from textual.dom import DOMNode

from console.slices import run_rest, run_some
from console.view_models.columns import SortKey
from console.view_models.ordering import (
    KeyShelf,
    Ranked,
    Steps,
    all_of,
    near_steps,
    order_steps,
)
from console.work import start_work

R = TypeVar("R")
FIRST_S: Final = 0.04  # of the processor, at most: what is in sight of 100,000 rows takes half


class Sorter(Generic[R]):
    """Puts rows in order when rows, column or direction are others.

    While it `is_busy`, `shown` has the rows about the selected one at their new places, or all of
    them as they stood; `changed` is called when it has more. Other rows under the same order wait.
    """

    def __init__(
        self, owner: DOMNode, sorts: Mapping[str, SortKey[R]], changed: Callable[[], None]
    ) -> None:
        self.order: tuple[str, bool] = ("", False)  # title of a column, "" for none; does it fall?
        self.is_busy = False
        self.shown: Ranked[R] = all_of(())
        self._owner = owner
        self._sorts = sorts
        self._changed = changed
        self._shelf = KeyShelf()
        self._given: Sequence[R] = ()
        self._sorted_by: tuple[str, bool] = ("", False)
        self._run = object()  # the present one; others end without a word

    def can_sort_by(self, title: str) -> bool:
        """Whether rows have a key for this column."""
        return title in self._sorts

    def keep(self, rows: Sequence[R], selected: R | None) -> Ranked[R]:
        """These rows, in order as far as they are."""
        is_other = self.order != self._sorted_by
        is_new = rows is not self._given
        self._given, self._sorted_by = rows, self.order
        if not self.order[0]:
            self._run, self.is_busy, self.shown = object(), False, all_of(rows)
            if is_new:
                self._shelf.clear()
        elif is_other or (is_new and not self.is_busy):
            self._begin(selected if is_other else None)
        return self.shown

    def _begin(self, selected: R | None) -> None:
        self._run, self.is_busy = object(), True
        steps = self._steps(self._given, selected)
        if (found := run_some(steps, FIRST_S)) is not None:
            self.shown = found
            self.is_busy = not found.is_whole
            steps = self._steps(self._given, None)
        if self.is_busy:
            start_work(
                self._owner, partial(self._go_on, self._run, self._given, steps), group="sort"
            )

    def _steps(self, rows: Sequence[R], selected: R | None) -> Steps[Ranked[R]]:
        """All rows; of many, first those about the selected one."""
        title, falling = self.order
        by = self._sorts[title]
        keys = yield from self._shelf.steps(title, rows, by)
        if selected is not None:
            near = yield from near_steps(rows, keys, selected, by, falling=falling)
            if near is not None:
                return near
        return all_of((yield from order_steps(rows, keys, falling=falling)))

    async def _go_on(self, run: object, rows: Sequence[R], steps: Steps[Ranked[R]]) -> None:
        while self.is_busy:
            found = await run_rest(steps)
            if self._run is not run:
                return
            self.shown = found
            self.is_busy = not found.is_whole or rows is not self._given
            self._changed()
            if found.is_whole:
                rows = self._given
            steps = self._steps(rows, None)
