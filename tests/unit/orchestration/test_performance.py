import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.actions import RiskLevel
from core.ids import AgentId
from core.orchestration.performance import (
    INSUFFICIENT,
    SAMPLES_KEPT,
    Judgement,
    PerformanceTracker,
    PerformanceVerdict,
    Suggestion,
    Summary,
    Tuning,
    WorkSample,
    judge_performance,
    put_back,
    suggest,
)

AGENT = AgentId("backend")
DEGRADED, STEADY = PerformanceVerdict.DEGRADED, PerformanceVerdict.STEADY
FEW = PerformanceVerdict.INSUFFICIENT


def series(*parts: tuple[int, float, float]) -> list[WorkSample]:
    """So many samples of this response time and error rate, one part after the other."""
    return [WorkSample(ms, errors) for count, ms, errors in parts for _ in range(count)]


@pytest.mark.parametrize(
    ("parts", "verdict", "slower", "failing"),
    [
        # How many samples there are
        ([], FEW, False, False),
        ([(9, 100, 0)], FEW, False, False),
        ([(10, 100, 0)], FEW, False, False),
        ([(4, 100, 0), (10, 900, 1)], FEW, False, False),
        ([(5, 100, 0), (10, 100, 0)], STEADY, False, False),
        ([(5, 100, 0), (10, 900, 0)], DEGRADED, True, False),
        # The response time: more than 1.2 x history
        ([(40, 100, 0), (10, 120, 0)], STEADY, False, False),
        ([(40, 100, 0), (10, 120.5, 0)], DEGRADED, True, False),
        ([(40, 100, 0), (10, 20, 0)], STEADY, False, False),
        ([(40, 100, 0), (9, 100, 0), (1, 301, 0)], DEGRADED, True, False),
        ([(40, 100, 0), (9, 100, 0), (1, 300, 0)], STEADY, False, False),
        # The error rate: more than 1.5 x history
        ([(40, 100, 0.2), (10, 100, 0.3)], STEADY, False, False),
        ([(40, 100, 0.2), (10, 100, 0.31)], DEGRADED, False, True),
        ([(40, 100, 0.5), (10, 100, 0.1)], STEADY, False, False),
        ([(40, 100, 0.2), (10, 150, 0.4)], DEGRADED, True, True),
        # A history of zero: an absolute floor instead of a factor
        ([(40, 0, 0), (10, 1.0, 0)], STEADY, False, False),
        ([(40, 0, 0), (10, 1.1, 0)], DEGRADED, True, False),
        ([(40, 100, 0), (9, 100, 0), (1, 100, 1)], STEADY, False, False),
        ([(40, 100, 0), (8, 100, 0), (2, 100, 1)], DEGRADED, False, True),
        ([(40, 0, 0), (10, 0, 0)], STEADY, False, False),
        # History is the 40 before the recent ones, or all when there are fewer
        ([(100, 900, 1), (40, 100, 0), (10, 121, 0)], DEGRADED, True, False),
        ([(1, 100_000, 0), (39, 100, 0), (10, 300, 0)], STEADY, False, False),
        ([(1, 100_000, 0), (40, 100, 0), (10, 300, 0)], DEGRADED, True, False),
        ([(39, 100, 0), (10, 121, 0)], DEGRADED, True, False),
    ],
)
def test_the_verdict_follows_the_table_of_cases(
    parts: list[tuple[int, float, float]],
    verdict: PerformanceVerdict,
    slower: bool,  # noqa: FBT001
    failing: bool,  # noqa: FBT001
) -> None:
    judgement = judge_performance(series(*parts))
    assert (judgement.verdict, judgement.slower, judgement.failing) == (verdict, slower, failing)
    tracker = PerformanceTracker()
    for sample in series(*parts):
        tracker.add(sample)
    assert tracker.judge() == judgement


samples = st.lists(
    st.builds(WorkSample, st.floats(0, 1e6), st.floats(0, 1)), min_size=0, max_size=80
)


@settings(max_examples=150)
@given(samples)
def test_the_verdict_is_the_specification_said_another_way(given_samples: list[WorkSample]) -> None:
    newest_first = given_samples[::-1]
    recent, before = newest_first[:10], newest_first[10:50]
    judgement = judge_performance(given_samples)
    if len(given_samples) < 10 or len(before) < 5:
        assert judgement is INSUFFICIENT
        return

    def mean(values: list[float]) -> float:
        return math.fsum(values) / len(values)

    now, then = mean([s.response_ms for s in recent]), mean([s.response_ms for s in before])
    bad, bad_then = mean([s.error_rate for s in recent]), mean([s.error_rate for s in before])
    assert judgement.slower == (now > then * 1.2 if then else now > 1.0)
    assert judgement.failing == (bad > bad_then * 1.5 if bad_then else bad > 0.1)
    assert (judgement.verdict is DEGRADED) == (judgement.slower or judgement.failing)


def test_only_the_newest_thousand_are_kept() -> None:
    tracker = PerformanceTracker()
    for number in range(SAMPLES_KEPT + 500):
        tracker.add(WorkSample(float(number), 0.0))
    assert tracker.added == 1_500
    summary = tracker.summarise()
    assert summary.response_ms_mean == sum(range(500, 1_500)) / 1_000
    assert summary.response_ms_p95 == 500 + 949


def test_without_samples_nothing_is_made_up() -> None:
    assert PerformanceTracker().summarise() == Summary(None, None, None)
    assert PerformanceTracker().judge() is INSUFFICIENT


@pytest.mark.parametrize(
    "bad",
    [WorkSample(math.nan, 0), WorkSample(-1, 0), WorkSample(1, 1.1), WorkSample(1, math.nan)],
)
def test_what_is_no_measurement_is_refused(bad: WorkSample) -> None:
    with pytest.raises(ValueError, match=r"measured|share"):
        PerformanceTracker().add(bad)


def test_the_reason_gives_both_means() -> None:
    judgement = judge_performance(series((40, 100, 0.1), (10, 250, 0.5)))
    assert judgement.reason == (
        "mean response 250 ms against 100 ms before; 50% of its work fails against 10% before"
    )
    assert judge_performance(series((50, 100, 0))).reason == ""


SLOWER = judge_performance(series((40, 100, 0), (10, 200, 0)))
FAILING = judge_performance(series((40, 100, 0), (10, 100, 1)))


def advise(judgement: Judgement, tuning: Tuning) -> tuple[Suggestion, ...]:
    return suggest(AGENT, judgement, tuning, configured=Tuning(4, 60.0))


def test_a_slower_agent_is_to_do_less_at_a_time_and_the_undo_is_in_the_action() -> None:
    first = advise(SLOWER, Tuning(4, 60.0))[0]
    assert (first.risk, first.kind, first.resource) == (
        RiskLevel.LOW,
        "config.change",
        "tuning/backend",
    )
    assert first.arguments == {
        "parallel": 2,
        "every_s": 60.0,
        "undo": {"parallel": 4, "every_s": 60.0},
    }


def test_one_that_does_one_thing_at_a_time_is_to_do_its_own_work_less_often_within_bounds() -> None:
    assert advise(SLOWER, Tuning(1, 60.0))[0].arguments["every_s"] == 120.0
    assert advise(SLOWER, Tuning(1, 120.0))[0].arguments["every_s"] == 240.0
    assert advise(SLOWER, Tuning(1, 240.0))[0].risk is RiskLevel.MEDIUM
    assert suggest(AGENT, SLOWER, Tuning(1, None), configured=Tuning(1, None))[0].risk is (
        RiskLevel.MEDIUM
    )


def test_one_that_fails_more_is_only_to_be_restarted_or_paused_which_asks() -> None:
    found = advise(FAILING, Tuning(4, 60.0))
    assert [each.risk for each in found] == [RiskLevel.MEDIUM, RiskLevel.HIGH]
    assert [each.arguments["change"] for each in found] == ["restart", "pause"]


def test_a_steady_agent_gets_no_suggestion() -> None:
    assert advise(judge_performance(series((50, 1, 0))), Tuning(4, 60.0)) == ()
    assert advise(INSUFFICIENT, Tuning(4, 60.0)) == ()


def test_putting_back_is_the_change_the_other_way_round() -> None:
    back = put_back(AGENT, Tuning(2, 60.0), configured=Tuning(4, 60.0))
    assert back.risk is RiskLevel.LOW
    assert (back.arguments["parallel"], back.arguments["undo"]) == (
        4,
        {"parallel": 2, "every_s": 60.0},
    )
