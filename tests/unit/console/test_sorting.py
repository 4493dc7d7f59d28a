"""Rows by a column: at once or in steps, the order is the same."""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.slices import run_rest, run_some
from console.view_models import ordering
from console.view_models.ordering import (
    Keys,
    KeyShelf,
    Ranked,
    Steps,
    near_steps,
    order_steps,
)

T = TypeVar("T")
KEYS = st.lists(st.none() | st.integers(-5, 5)) | st.lists(
    st.none() | st.integers(-5, 5) | st.sampled_from(["a", "B", "b", "c"])
)


def _done(steps: Steps[T]) -> T:
    found = run_some(steps, 60.0)
    assert found is not None
    return found


def _order(keys: Sequence[str | float | None], *, falling: bool) -> list[int]:
    numbers = range(len(keys))
    return _done(order_steps(numbers, _keys(keys), falling=falling))


def _keys(keys: Sequence[str | float | None]) -> Keys:
    return _done(KeyShelf().steps("KEY", range(len(keys)), keys.__getitem__))


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


@pytest.mark.parametrize(
    "keys",
    [
        ["b", "a", "é", "x", "c", "e"],
        ["b", "a", "e", "SS", "ß", "Ç"],
        ["b", "a", "long " * 100, "A", "c"],
        ["b", 2.0, "a", None, 1, "A"],
        ["b", "A"] * 8,
        ["b", "a"] * 8,
    ],
    ids=["as they compare", "other case", "long", "mixed", "often the same", "in lower case"],
)
@pytest.mark.parametrize("falling", [False, True])
def test_texts_compare_whatever_their_case_among_whatever(
    keys: list[str | float | None], *, falling: bool
) -> None:
    def rank(at: int) -> tuple[bool, float, str]:
        key = keys[at]
        return (True, 0.0, key.casefold()) if isinstance(key, str) else (False, key or 0.0, "")

    told = sorted((at for at, key in enumerate(keys) if key is not None), key=rank, reverse=falling)
    assert _order(keys, falling=falling)[: len(told)] == told


def test_texts_that_stand_as_they_compare_are_not_kept_twice() -> None:
    keys = ["b", "a", "é"]
    shelf = KeyShelf()
    ready = _done(shelf.steps("KEY", range(3), keys.__getitem__))
    assert all(value is key for value, key in zip(ready.values, keys, strict=True))


class Row(NamedTuple):
    """A row of a list."""

    name: str


async def test_a_row_is_taken_apart_once_however_often_the_list_changes() -> None:
    asked: list[str] = []

    def by(row: Row) -> str:
        asked.append(row.name)
        return row.name

    shelf, old = KeyShelf(), [Row("b"), Row("a")]
    await run_rest(shelf.steps("NAME", old, by))
    again = await run_rest(shelf.steps("NAME", old, by))
    assert again.values == ["b", "a"]
    found = await run_rest(shelf.steps("NAME", [Row("c"), *old], by))
    assert found.values == ["c", "b", "a"]
    assert asked == ["b", "a", "c"]


async def test_the_keys_of_one_column_stay_while_another_is_sorted_by() -> None:
    asked: list[str] = []

    def by(row: Row) -> str:
        asked.append(row.name)
        return row.name

    shelf, rows = KeyShelf(), [Row("b"), Row("a")]
    for title in ("NAME", "OTHER", "NAME"):
        await run_rest(shelf.steps(title, rows, by))
    assert asked == ["b", "a"] * 2


def _near(
    keys: Sequence[str | float | None], at: int, *, falling: bool, few: int
) -> tuple[Ranked[int] | None, list[int]]:
    """The rows about one, as found by a sample in small steps; and all of them in order.

    Samples of no more than `few` different keys have their rows put together by key.
    """
    numbers = [*range(len(keys))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "_RUN", 16)
        patch.setattr(ordering, "_SAMPLES", 24)
        patch.setattr(ordering, "_SIGHT", 3)
        patch.setattr(ordering, "_FEW", few)
        steps = near_steps(numbers, _keys(keys), numbers[at], keys.__getitem__, falling=falling)
        found = run_some(steps, 60.0)
    return found, _order(keys, falling=falling)


def _check_near(found: Ranked[int], ordered: list[int], at: int) -> None:
    end = found.start + len(found.rows)
    assert found.total == len(ordered)
    assert list(found.rows) == ordered[found.start : end]
    place = ordered.index(at)
    assert found.start <= max(0, place - 3)
    assert end >= min(len(ordered), place + 4)


LONG = st.lists(st.none() | st.integers(0, 500), min_size=40, max_size=300) | st.lists(
    st.none() | st.text("aBc", max_size=4), min_size=40, max_size=300
)


@given(LONG, st.data(), st.booleans(), st.sampled_from([0, 24]))
def test_the_rows_about_one_are_those_that_will_stand_there(
    keys: list[str | float | None],
    data: st.DataObject,
    falling: bool,  # noqa: FBT001 - hypothesis gives it by position
    few: int,
) -> None:
    if all(key is None for key in keys):
        keys = [*keys, 1]
    at = data.draw(st.integers(0, len(keys) - 1))
    found, ordered = _near(keys, at, falling=falling, few=few)
    if found is not None:
        _check_near(found, ordered, at)


@pytest.mark.parametrize("few", [0, 24], ids=["one by one", "by key"])
@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("at", [0, 1, 500, 998, 999])
@pytest.mark.parametrize("is_told", [True, False], ids=["told", "untold"])
def test_the_rows_about_one_are_found_wherever_it_stands(
    at: int, *, is_told: bool, falling: bool, few: int
) -> None:
    keys: list[str | float | None] = [number * 7919 % 1000 for number in range(1000)]
    if not is_told:
        keys[at] = keys[3] = None
    found, ordered = _near(keys, at, falling=falling, few=few)
    assert found is not None
    _check_near(found, ordered, at)
    assert len(found.rows) < 900


@pytest.mark.parametrize("name", ["7", "nobody"])
@pytest.mark.parametrize("few", [0, 512])
def test_a_row_that_is_not_in_the_list_has_nothing_about_it(name: str, few: int) -> None:
    rows = [Row(str(number)) for number in range(50)]
    keys = _done(KeyShelf().steps("NAME", rows, lambda row: row.name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "_RUN", 16)
        patch.setattr(ordering, "_FEW", few)
        steps = near_steps(rows, keys, Row(name), lambda row: row.name, falling=False)
        assert run_some(steps, 60.0) is None


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize(
    "keys",
    [[*range(40)], [*range(40, 0, -1)], [number // 4 for number in range(40)]],
    ids=["up", "down", "in steps"],
)
def test_rows_that_stand_in_order_already_come_in_order(keys: list[int], *, falling: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "_RUN", 5)
        ordered = _order(keys, falling=falling)
    assert ordered == sorted(range(len(keys)), key=keys.__getitem__, reverse=falling)
