"""Bounds with hysteresis, the pace of reading, staleness and shares."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.measures import MetricSpec, Reading, Severity, SourceState
from core.monitoring.model import BoundPolicy, Breach, Change, Side, Watch
from core.monitoring.rules import (
    IDLE,
    find_breach,
    first_due_s,
    is_back,
    is_long_stale,
    mean_minutes,
    next_due_s,
    overall_performance,
    phase_of,
    share_of,
    watch_value,
)

POLICY = BoundPolicy()


def make_spec(**changes: Any) -> MetricSpec:
    given_: dict[str, Any] = {
        "agent": "backend",
        "name": "response",
        "unit": "ms",
        "target": 200.0,
        "alert_above": 500.0,
    }
    return MetricSpec(**{**given_, **changes})


GPU = make_spec(unit="ratio", target=0.8, alert_below=0.6, alert_above=0.95)


def follow(
    values: list[float], spec: MetricSpec, *, every_s: float = 30.0, policy: BoundPolicy = POLICY
) -> tuple[Watch, list[Change]]:
    watch, changes = IDLE, list[Change]()
    for number, value in enumerate(values):
        watch, change = watch_value(watch, spec, value, now_s=number * every_s, policy=policy)
        changes += [change] if change else []
    return watch, changes


@pytest.mark.parametrize(
    ("spec", "value", "breach"),
    [
        (make_spec(), 500.0, None),
        (make_spec(), 500.1, Breach(Side.ABOVE, 500.0, critical=False)),
        (make_spec(), 800.0, Breach(Side.ABOVE, 500.0, critical=False)),
        (make_spec(), 800.1, Breach(Side.ABOVE, 500.0, critical=True)),
        (GPU, 0.6, None),
        (GPU, 0.59, Breach(Side.BELOW, 0.6, critical=False)),
        (GPU, 0.39, Breach(Side.BELOW, 0.6, critical=True)),
        (GPU, 0.96, Breach(Side.ABOVE, 0.95, critical=False)),
        (GPU, 1.11, Breach(Side.ABOVE, 0.95, critical=True)),
        (make_spec(alert_above=None), 1e9, None),
    ],
)
def test_a_value_past_its_bound_by_more_than_the_way_to_the_target_is_critical(
    spec: MetricSpec, value: float, breach: Breach | None
) -> None:
    assert find_breach(spec, value) == breach


def test_back_inside_means_by_a_margin_on_both_sides() -> None:
    assert is_back(make_spec(), 485.0, 0.05)
    assert not is_back(make_spec(), 485.1, 0.05)
    assert is_back(GPU, 0.611, 0.05)
    assert not is_back(GPU, 0.609, 0.05)
    assert not is_back(GPU, 0.945, 0.05)


def test_one_reading_past_the_bound_raises_nothing() -> None:
    assert follow([600, 300, 600, 300], make_spec())[1] == []


def test_two_readings_on_end_for_half_a_minute_raise_once() -> None:
    watch, changes = follow([600, 600, 600, 600], make_spec())
    assert changes == [Change.RAISE]
    assert watch.severity is Severity.WARNING


def test_many_readings_in_less_than_the_duration_raise_nothing() -> None:
    assert follow([600] * 30, make_spec(), every_s=1.0)[1] == []
    assert follow([600] * 31, make_spec(), every_s=1.0)[1] == [Change.RAISE]


def test_a_critical_value_opens_a_critical_alert() -> None:
    watch, changes = follow([900, 900], make_spec())
    assert (watch.severity, changes) == (Severity.CRITICAL, [Change.RAISE])


def test_an_open_alert_gets_worse_once_and_never_better() -> None:
    watch, changes = follow([600, 600, 900, 600, 900, 900, 600, 600, 900, 900], make_spec())
    assert (watch.severity, changes) == (Severity.CRITICAL, [Change.RAISE, Change.RAISE])


def test_an_alert_ends_after_two_readings_that_are_clearly_inside() -> None:
    assert follow([600, 600, 480, 499, 480, 480], make_spec())[1] == [Change.RAISE, Change.RESOLVE]
    assert follow([600, 600, 480], make_spec())[1] == [Change.RAISE]


@given(st.lists(st.floats(485.1, 500), max_size=50))
def test_inside_the_band_nothing_ever_changes(values: list[float]) -> None:
    assert follow([600, 600, *values], make_spec())[1] == [Change.RAISE]
    assert follow(values, make_spec())[1] == []


@given(
    st.lists(st.floats(0, 2_000), max_size=80),
    st.sampled_from([make_spec(), GPU, make_spec(target=500.0)]),
    st.builds(
        BoundPolicy,
        readings_min=st.integers(1, 4),
        duration_s=st.sampled_from([0.0, 30.0, 90.0]),
        margin=st.floats(0, 0.5),
    ),
)
def test_changes_alternate_and_each_rests_on_enough_readings(
    values: list[float], spec: MetricSpec, policy: BoundPolicy
) -> None:
    watch, is_open = IDLE, False
    severity: Severity | None = None
    for number, value in enumerate(values):
        watch, change = watch_value(watch, spec, value, now_s=number * 30.0, policy=policy)
        newest = values[max(0, number + 1 - policy.readings_min) : number + 1]
        if change is Change.RAISE:
            worse = severity is Severity.WARNING and watch.severity is Severity.CRITICAL
            assert worse or not is_open
            assert len(newest) == policy.readings_min
            assert all(find_breach(spec, each) for each in newest)
            is_open = True
        elif change is Change.RESOLVE:
            assert is_open
            assert all(is_back(spec, each, policy.margin) for each in newest)
            is_open = False
        severity = watch.severity
        assert is_open == (severity is not None)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2)), max_size=60))
def test_raising_never_comes_before_the_duration(steps: list[tuple[bool, int]]) -> None:
    watch, now_s, since = IDLE, 0.0, None
    for past, pause_s in steps:
        now_s += 10 * pause_s
        since = (now_s if since is None else since) if past else None
        value = 600.0 if past else 499.0
        watch, change = watch_value(watch, make_spec(), value, now_s=now_s, policy=POLICY)
        if change is Change.RAISE:
            assert since is not None
            assert now_s - since >= POLICY.duration_s


def test_staleness_is_told_after_three_missing_readings() -> None:
    assert not is_long_stale(stale_s=29.9, every_s=10.0)
    assert is_long_stale(stale_s=30.0, every_s=10.0)


@given(
    start_s=st.floats(0, 1e6),
    number=st.integers(0, 10_000),
    every_s=st.floats(0.5, 86_400),
    elapsed_s=st.floats(0, 1e6),
)
def test_the_next_reading_is_on_the_grid_and_neither_at_once_nor_late(
    start_s: float, number: int, every_s: float, elapsed_s: float
) -> None:
    phase = phase_of(number)
    assert 0 <= phase < 1
    first = first_due_s(start_s=start_s, phase=phase, every_s=every_s)
    assert start_s <= first <= start_s + min(every_s, 2.0)
    now_s = start_s + elapsed_s
    due_s = next_due_s(start_s=start_s, phase=phase, every_s=every_s, failures=0, now_s=now_s)
    assert now_s + every_s * 0.499 < due_s < now_s + every_s * 1.501
    steps = (due_s - start_s - phase * every_s) / every_s
    assert math.isclose(steps, round(steps), abs_tol=1e-3)


@given(every_s=st.floats(0.5, 86_400), failures=st.integers(1, 1_000))
def test_failures_slow_the_reading_down_but_never_beyond_five_minutes(
    every_s: float, failures: int
) -> None:
    due_s = next_due_s(start_s=0, phase=0, every_s=every_s, failures=failures, now_s=1e5)
    later_s = next_due_s(start_s=0, phase=0, every_s=every_s, failures=failures + 1, now_s=1e5)
    assert min(1.99 * every_s, max(300, every_s)) <= due_s - 1e5 + 1e-6
    assert due_s <= later_s <= 1e5 + max(300.0, every_s)


def test_sources_of_one_pace_are_spread_evenly() -> None:
    places = sorted(phase_of(number) for number in range(54))
    gaps = [b - a for a, b in zip(places, [*places[1:], places[0] + 1], strict=True)]
    assert max(gaps) < 3 / 54


def test_a_share_of_nothing_is_no_value() -> None:
    assert share_of(0, 0, "runs").value is None
    assert (share_of(3, 4, "runs").value, share_of(3, 4, "runs").note) == (0.75, "3 of 4 runs")


def test_a_mean_of_nothing_is_no_value() -> None:
    assert mean_minutes([], "alerts").value is None
    assert (mean_minutes([1, 2], "alerts").value, mean_minutes([1, 2], "alerts").note) == (
        1.5,
        "2 alerts",
    )


def make_reading(value: float | None, **changes: Any) -> Reading:
    state = changes.pop("state", SourceState.FRESH)
    return Reading(spec=make_spec(**changes), state=state, value=value)


def test_overall_performance_counts_fresh_values_with_bounds_but_not_itself() -> None:
    readings = [
        make_reading(100.0, name="good"),
        make_reading(501.0, name="bad"),
        make_reading(501.0, name="old", state=SourceState.STALE),
        make_reading(501.0, name="free", alert_above=None),
        make_reading(None, name="none"),
        make_reading(501.0, name="itself"),
    ]
    measured = overall_performance(readings, own_key="backend.itself")
    assert measured.value == 0.5
    assert measured.note.startswith("1 of 2 metrics")
    assert overall_performance([], own_key="backend.itself").value is None
