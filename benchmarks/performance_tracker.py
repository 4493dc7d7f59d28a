"""How soon the performance tracker sees a shift, and how often it cries wolf.

Synthetic series: response times are log-normal about 100 ms with a coefficient of variation, errors
are independent with a rate. For each noise level: false alarms on steady series, then the delay, in
samples, from a shift to the first "degraded" that is owed to it. Beside it, in the same run, what
a naive rule does with the same series: the newest sample against the mean of the 40 before.
"""

import argparse
import json
import math
import random
from collections.abc import Callable, Sequence
from statistics import fmean

from benchmarks._load import percentile
from core.orchestration.performance import (
    ERROR_FACTOR,
    ERROR_FLOOR,
    HISTORY,
    RESPONSE_FACTOR,
    PerformanceVerdict,
    WorkSample,
    judge_performance,
)

STEADY_LENGTH = 200  # samples before the shift; the first 50 are not judged
WARM_UP = 50
AFTER = 50  # samples after the shift; by then it is history itself
BASE_MS = 100.0
VARIATIONS = (0.05, 0.1, 0.2, 0.4)
SHIFTS = (1.1, 1.3, 1.5, 2.0, 3.0)
ERROR_RATES = (0.0, 0.01, 0.05)
ERROR_SHIFTS = (0.1, 0.25, 0.5, 1.0)

Rule = Callable[[Sequence[WorkSample]], bool]


def spec_rule(samples: Sequence[WorkSample]) -> bool:
    """The tracker's verdict."""
    return judge_performance(samples).verdict is PerformanceVerdict.DEGRADED


def naive_rule(samples: Sequence[WorkSample]) -> bool:
    """The newest sample alone against the mean of the 40 before it."""
    newest, before = samples[-1], samples[-1 - HISTORY : -1]
    slow = newest.response_ms > RESPONSE_FACTOR * fmean(each.response_ms for each in before)
    errors = fmean(each.error_rate for each in before)
    return slow or newest.error_rate > (ERROR_FACTOR * errors if errors else ERROR_FLOOR)


def draw(
    dice: random.Random, count: int, *, mean_ms: float, variation: float, error_rate: float
) -> list[WorkSample]:
    """Log-normal response times with this mean and coefficient of variation."""
    sigma = math.sqrt(math.log(1 + variation**2))
    mu = math.log(mean_ms) - sigma**2 / 2
    return [
        WorkSample(dice.lognormvariate(mu, sigma), float(dice.random() < error_rate))
        for _ in range(count)
    ]


def alarms(rule: Rule, samples: Sequence[WorkSample], start: int, end: int) -> list[int]:
    """At which samples of [start, end) the rule says degraded."""
    return [
        place for place in range(start, end) if rule(samples[max(0, place - WARM_UP) : place + 1])
    ]


def try_out(
    rule: Rule,
    series: int,
    seed: int,
    *,
    variation: float,
    shift: float = 1.0,
    error_rate: float = 0.0,
    error_shift: float | None = None,
) -> dict[str, float | None]:
    """False alarms before the shift, delay and misses after it."""
    false_steps, false_series, delays, missed = 0, 0, list[float](), 0
    after_rate = error_rate if error_shift is None else error_shift
    for number in range(series):
        dice = random.Random(f"{seed}-{number}-{variation}-{shift}-{error_rate}-{error_shift}")  # noqa: S311
        before = draw(
            dice, STEADY_LENGTH, mean_ms=BASE_MS, variation=variation, error_rate=error_rate
        )
        after = draw(
            dice, AFTER, mean_ms=BASE_MS * shift, variation=variation, error_rate=after_rate
        )
        samples = before + after
        false = alarms(rule, samples, WARM_UP, STEADY_LENGTH)
        false_steps += len(false)
        false_series += bool(false)
        found = alarms(rule, samples, STEADY_LENGTH, STEADY_LENGTH + AFTER)
        if found:
            delays.append(found[0] - STEADY_LENGTH + 1)
        else:
            missed += 1
    return {
        "false_alarm_share_of_samples": round(
            false_steps / (series * (STEADY_LENGTH - WARM_UP)), 4
        ),
        "series_with_false_alarm_share": round(false_series / series, 3),
        "delay_samples_median": percentile(delays, 0.5) if delays else None,
        "delay_samples_p95": percentile(delays, 0.95) if delays else None,
        "missed_share": round(missed / series, 3),
    }


def measure(series: int, seed: int) -> dict[str, object]:
    """Every noise level with every shift, by both rules."""
    responses: list[dict[str, object]] = []
    errors: list[dict[str, object]] = []
    false_spec: list[float] = []
    false_naive: list[float] = []
    for variation in VARIATIONS:
        ours = [
            {"shift": shift, **try_out(spec_rule, series, seed, variation=variation, shift=shift)}
            for shift in SHIFTS
        ]
        responses += [{"variation": variation, **each} for each in ours]
        naive = try_out(naive_rule, series, seed, variation=variation, shift=SHIFTS[-1])
        false_spec.append(ours[-1]["false_alarm_share_of_samples"] or 0.0)
        false_naive.append(naive["false_alarm_share_of_samples"] or 0.0)
    for rate in ERROR_RATES:
        for shift in ERROR_SHIFTS:
            found = try_out(
                spec_rule, series, seed, variation=0.1, error_rate=rate, error_shift=shift
            )
            errors.append({"error_rate": rate, "shifted_to": shift, **found})
    return {
        "benchmark": "performance_tracker",
        "series_each": series,
        "response_times": responses,
        "errors": errors,
        "false_alarm_share_by_variation": dict(zip(VARIATIONS, false_spec, strict=True)),
        "baseline_newest_sample_rule": dict(zip(VARIATIONS, false_naive, strict=True)),
        "ratio_false_alarms_to_baseline": round(fmean(false_spec) / fmean(false_naive), 3),
        "seed": seed,
    }


def main() -> None:
    """Read the arguments and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(json.dumps(measure(given.series, given.seed)))


if __name__ == "__main__":
    main()
