"""Series drawn as text."""

import math

from hypothesis import example, given
from hypothesis import strategies as st

from console.view_models.trend import area_rows, nice_bounds, resample, spark, ticks

VALUES = st.lists(st.floats(-1e6, 1e6), max_size=200)


def test_a_sparkline_goes_from_the_least_to_the_largest() -> None:
    assert spark([1, 2, 3], 8) == "▁▅█"
    assert spark([1, 2, 3, 4], 2) == "▁█"
    assert spark([5, 5, 5], 8) == "▁▁▁"
    assert spark([0.4, 0.5], 8, low=0.0) == "▇█"
    assert spark([], 8) == ""
    assert spark([math.nan, 1, 2], 8) == "▁█"


def test_an_area_stands_on_the_floor_and_ends_at_the_right() -> None:
    rows = area_rows([0.5] * 4, width=4, height=2, low=0, high=1)
    assert rows == ["    ", "  ⣿⣿"]
    assert area_rows([1.0, 0.0], width=1, height=1, low=0, high=1) == ["⣇"]
    assert area_rows([], width=2, height=1, low=0, high=1) == ["  "]


@given(VALUES, st.integers(1, 40), st.integers(1, 12))
def test_an_area_has_the_size_asked_for(values: list[float], width: int, height: int) -> None:
    rows = area_rows(values, width=width, height=height, low=-10, high=10)
    assert [len(row) for row in rows] == [width] * height


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.integers(1, 50))
def test_fewer_points_stay_within_the_values(values: list[float], points: int) -> None:
    fewer = resample(values, points)
    assert len(fewer) == min(points, len(values))
    assert min(values) - 1e-6 <= min(fewer)
    assert max(fewer) <= max(values) + 1e-6


@given(st.lists(st.floats(-1e9, 1e9), max_size=50))
@example([5e-324])
def test_a_scale_holds_all_values(values: list[float]) -> None:
    low, high = nice_bounds(values)
    assert low < high
    assert all(low <= each <= high for each in values)


def test_a_scale_takes_a_near_bound_in_and_leaves_a_far_one_out() -> None:
    assert nice_bounds([10, 20], also=[25])[1] >= 25
    assert nice_bounds([10, 20], also=[2_000])[1] < 100


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e6), st.integers(1, 12))
def test_ticks_are_round_and_within(low: float, span: float, number: int) -> None:
    found = ticks(low, low + span, number)
    assert len(found) <= number + 1
    slack = 1e-6 * max(1.0, abs(low) + span)
    assert all(low - slack <= each <= low + span + slack for each in found)


def test_a_scale_without_room_has_no_ticks() -> None:
    assert ticks(1, 1, 4) == []
    assert ticks(0, 10, 5) == [0, 2, 4, 6, 8, 10]
