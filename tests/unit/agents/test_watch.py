from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import ActionStatus
from core.agents.watch import (
    COOL_DOWN,
    Asked,
    Streak,
    Watch,
    Wish,
    find_reading,
    follow_streak,
    is_due,
    may_propose,
    past_bound,
)
from core.ids import ActionId
from core.measures import Reading, SourceState
from tests.factories import NOW
from tests.unit.agents.crew import make_reading

WISH = Wish(kind="service.restart", resource="web", arguments={}, purpose="it is down")


def error_rate(value: float | None, second: int, **changes: object) -> Reading:
    return make_reading("backend.error_rate", value, at=NOW + timedelta(seconds=second), **changes)


def follow(*readings: Reading) -> Streak | None:
    streak = None
    for each in readings:
        streak = follow_streak(streak, each)
    return streak


def test_one_reading_past_its_bound_may_be_chance_and_two_are_evidence() -> None:
    one, two = follow(error_rate(0.02, 0)), follow(error_rate(0.02, 0), error_rate(0.03, 30))
    assert one is not None
    assert two is not None
    assert (one.is_evidence, two.is_evidence) == (False, True)


def test_looking_twice_at_one_reading_is_not_two_readings() -> None:
    streak = follow(error_rate(0.02, 0), error_rate(0.02, 0), error_rate(0.02, 0))
    assert streak is not None
    assert streak.count == 1


def test_a_value_within_its_bound_ends_the_streak() -> None:
    assert follow(error_rate(0.02, 0), error_rate(0.005, 30)) is None


def test_a_stale_reading_proves_nothing_either_way() -> None:
    streak = follow(error_rate(0.02, 0), error_rate(0.02, 30, state=SourceState.STALE))
    assert streak is not None
    assert streak.count == 1


def test_without_a_source_there_is_no_streak() -> None:
    assert follow(error_rate(0.02, 0), error_rate(None, 30, state=SourceState.NO_SOURCE)) is None


def test_the_other_bound_is_another_streak() -> None:
    gpu = [
        make_reading("video.gpu_utilization", value, at=NOW + timedelta(seconds=index))
        for index, value in enumerate((0.99, 0.98, 0.1))
    ]
    streak = follow(*gpu)
    assert streak is not None
    assert (streak.side, streak.count, streak.bound) == ("below", 1, 0.6)


@pytest.mark.parametrize(
    ("value", "side"), [(0.95, None), (0.951, "above"), (0.6, None), (0.599, "below")]
)
def test_the_bound_itself_is_not_past_it(value: float, side: str | None) -> None:
    past = past_bound(make_reading("video.gpu_utilization", value))
    assert (past and past[0]) == side


def test_the_evidence_names_metric_value_bound_and_since_when() -> None:
    streak = follow(error_rate(0.02, 0), error_rate(0.031, 30))
    assert streak is not None
    assert streak.describe() == (
        "backend.error_rate is 0.031 ratio, above its bound of 0.005, since 2026-11-21 09:00:00"
        " UTC (2 readings, read from prometheus http://127.0.0.1:9090/metrics)"
    )
    assert streak.to_payload() == {
        "metric": "backend.error_rate",
        "value": 0.031,
        "unit": "ratio",
        "side": "above",
        "bound": 0.005,
        "since": "2026-11-21T09:00:00+00:00",
        "readings": 2,
    }


@given(st.lists(st.one_of(st.none(), st.floats(0, 0.1)), max_size=12))
def test_a_streak_counts_exactly_the_newest_values_past_the_bound(
    values: list[float | None],
) -> None:
    streak = follow(*(error_rate(value, index) for index, value in enumerate(values)))
    expected = 0
    for value in values:
        if value is not None:
            expected = expected + 1 if value > 0.005 else 0
    assert (streak.count if streak else 0) == expected


def test_worries_come_oldest_first_and_metrics_that_are_gone_are_forgotten() -> None:
    watch = Watch()
    for second, slow in ((0, 100), (30, 900), (60, 900)):
        at = NOW + timedelta(seconds=second)
        late = make_reading("backend.api_response_time_p95", slow, at=at)
        watch.see([late, error_rate(0.02, second)])
    assert [each.name for each in watch.worries()] == ["error_rate", "api_response_time_p95"]
    assert watch.worry("code_coverage") is None
    watch.see([])
    assert watch.worries() == ()


def asked(*, status: ActionStatus, done: bool) -> dict[str, Asked]:
    return {WISH.key: Asked(wish=WISH, action_id=ActionId("a"), at=NOW, status=status, done=done)}


@pytest.mark.parametrize(
    ("status", "done", "minutes", "may"),
    [
        (ActionStatus.PENDING, False, 600, False),
        (ActionStatus.ALLOWED, False, 600, False),  # under way
        (ActionStatus.ALLOWED, True, 29, False),
        (ActionStatus.ALLOWED, True, 30, True),
        (ActionStatus.DENIED, True, 29, False),
        (ActionStatus.EXPIRED, True, 30, True),
    ],
)
def test_a_wish_is_not_repeated_while_it_is_open_or_within_the_cool_down(
    status: ActionStatus,
    done: bool,  # noqa: FBT001
    minutes: int,
    may: bool,  # noqa: FBT001
) -> None:
    now = NOW + timedelta(minutes=minutes)
    assert may_propose(asked(status=status, done=done), WISH, now=now) is may


def test_another_wish_is_not_held_up() -> None:
    other = Wish(kind="service.restart", resource="api", arguments={}, purpose="")
    assert may_propose(asked(status=ActionStatus.PENDING, done=False), other, now=NOW)


def test_the_same_is_said_again_only_after_the_cool_down() -> None:
    assert is_due(None, NOW)
    assert not is_due(NOW, NOW + COOL_DOWN - timedelta(seconds=1))
    assert is_due(NOW, NOW + COOL_DOWN)


def test_a_reading_is_found_by_the_metrics_name() -> None:
    reading = error_rate(0.1, 0)
    assert find_reading([reading], "error_rate") is reading
    assert find_reading([reading], "other") is None
