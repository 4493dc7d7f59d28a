"""Rows by a column, and rows by words."""

from hypothesis import given
from hypothesis import strategies as st

from console.view_models.columns import sort_rows


def _itself(row: float | None) -> float | None:
    return row


@given(st.lists(st.none() | st.integers(-5, 5)), st.booleans())
def test_what_nobody_measured_stands_last_in_either_direction(
    rows: list[int | None],
    falling: bool,  # noqa: FBT001 - hypothesis gives it by position
) -> None:
    ordered = sort_rows(rows, _itself, falling=falling)
    told = [each for each in ordered if each is not None]
    assert told == sorted(told, reverse=falling)
    assert ordered == [*told, *[None] * rows.count(None)]


def test_texts_are_ordered_whatever_their_case_and_equal_ones_stay() -> None:
    rows = [("b", 1), ("A", 2), ("a", 3)]
    assert sort_rows(rows, lambda row: row[0], falling=False) == [("A", 2), ("a", 3), ("b", 1)]
