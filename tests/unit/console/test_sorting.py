"""Rows by a column: at once or in steps, the order is the same."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.slices import run_rest, run_some
from console.view_models import ordering
from console.view_models.ordering import Keys, order_steps

KEYS = st.lists(st.none() | st.integers(-5, 5)) | st.lists(
    st.none() | st.integers(-5, 5) | st.sampled_from(["a", "B", "b", "c"])
)


def _order(keys: Sequence[str | float | None], *, falling: bool) -> list[int]:
    ordered = run_some(order_steps(range(len(keys)), keys, falling=falling), 60.0)
    assert ordered is not None
    return ordered


@given(KEYS, st.booleans())
def test_what_nobody_measured_stands_last_in_either_direction(
    keys: list[str | float | None],
    falling: bool,  # noqa: FBT001 - hypothesis gives it by position
) -> None:
    ordered = [keys[at] for at in _order(keys, falling=falling)]
    told = [each for each in ordered if each is not None]
    assert ordered == [*told, *[None] * keys.count(None)]


@given(st.lists(st.integers(-5, 5), max_size=40), st.booleans())
def test_many_runs_come_together_in_order_and_equal_ones_stay(
    keys: list[int],
    falling: bool,  # noqa: FBT001 - hypothesis gives it by position
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "_RUN", 3)
        ordered = _order(keys, falling=falling)
    assert ordered == sorted(range(len(keys)), key=keys.__getitem__, reverse=falling)


def test_texts_are_ordered_whatever_their_case_and_equal_ones_stay() -> None:
    assert _order(["b", "A", "a"], falling=False) == [1, 2, 0]


class Row(NamedTuple):
    """A row of a list."""

    name: str


async def test_a_row_is_taken_apart_once_however_often_the_list_changes() -> None:
    asked: list[str] = []

    def by(row: Row) -> str:
        asked.append(row.name)
        return row.name

    keys, old = Keys(), [Row("b"), Row("a")]
    await run_rest(keys.steps("NAME", old, by))
    found = await run_rest(keys.steps("NAME", [Row("c"), *old], by))
    assert found == ["c", "b", "a"]
    assert asked == ["b", "a", "c"]
