"""Whether an agent has become slower or worse than it was, and what could be tried. Pure."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.actions import JsonObject, RiskLevel
from core.ids import AgentId

SAMPLES_KEPT: Final = 1_000
RECENT: Final = 10
HISTORY: Final = 40  # before the recent ones, when there are so many
HISTORY_MIN: Final = 5
RESPONSE_FACTOR: Final = 1.2
ERROR_FACTOR: Final = 1.5
# Where history is zero there is nothing to multiply: what is above these is worse than nothing.
RESPONSE_FLOOR_MS: Final = 1.0
ERROR_FLOOR: Final = 0.1  # one failure among the ten recent ones is not yet a trend
STRETCH_MAX: Final = 4.0  # how much less often than configured its own work may become


class PerformanceVerdict(StrEnum):
    """What the samples say."""

    INSUFFICIENT = "insufficient data"
    STEADY = "steady"
    DEGRADED = "degraded"


@dataclass(frozen=True, slots=True)
class WorkSample:
    """One piece of work, or the mean of several. `error_rate` of one is 0.0 or 1.0."""

    response_ms: float
    error_rate: float  # 0..1


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict with the means that it rests on; None where there are too few samples."""

    verdict: PerformanceVerdict
    slower: bool = False
    failing: bool = False
    response_ms_recent: float | None = None
    response_ms_history: float | None = None
    error_rate_recent: float | None = None
    error_rate_history: float | None = None

    @property
    def reason(self) -> str:
        """Why it is degraded, for people; "" when it is not."""
        said: list[str] = []
        if self.slower:
            said.append(
                f"mean response {_ms(self.response_ms_recent)} ms"
                f" against {_ms(self.response_ms_history)} ms before"
            )
        if self.failing:
            said.append(
                f"{self.error_rate_recent:.0%} of its work fails"
                f" against {self.error_rate_history:.0%} before"
            )
        return "; ".join(said)


def _ms(mean: float | None) -> str:
    return "?" if mean is None else f"{mean:.0f}" if mean >= 10 else f"{mean:.2g}"  # noqa: PLR2004


INSUFFICIENT: Final = Judgement(verdict=PerformanceVerdict.INSUFFICIENT)


def judge_performance(samples: Sequence[WorkSample]) -> Judgement:
    """Compare the newest 10 samples with the 40 before them; oldest first.

    With fewer than 50 the history is all that is before the recent ones; with fewer than 5 of
    those, or fewer than 10 samples at all, the data are insufficient.
    """
    recent = samples[-RECENT:]
    history = samples[max(0, len(samples) - RECENT - HISTORY) : -RECENT]
    if len(recent) < RECENT or len(history) < HISTORY_MIN:
        return INSUFFICIENT
    response_now, response_then = _mean_response(recent), _mean_response(history)
    errors_now, errors_then = _mean_errors(recent), _mean_errors(history)
    slower = _exceeds(response_now, response_then, RESPONSE_FACTOR, RESPONSE_FLOOR_MS)
    failing = _exceeds(errors_now, errors_then, ERROR_FACTOR, ERROR_FLOOR)
    degraded = slower or failing
    return Judgement(
        verdict=PerformanceVerdict.DEGRADED if degraded else PerformanceVerdict.STEADY,
        slower=slower,
        failing=failing,
        response_ms_recent=response_now,
        response_ms_history=response_then,
        error_rate_recent=errors_now,
        error_rate_history=errors_then,
    )


def _exceeds(recent: float, history: float, factor: float, floor: float) -> bool:
    return recent > (history * factor if history > 0 else floor)


def _mean_response(samples: Sequence[WorkSample]) -> float:
    return math.fsum(each.response_ms for each in samples) / len(samples)


def _mean_errors(samples: Sequence[WorkSample]) -> float:
    return math.fsum(each.error_rate for each in samples) / len(samples)


class PerformanceTracker:
    """The newest 1,000 samples of one kind of work of one agent."""

    def __init__(self) -> None:
        self._samples: deque[WorkSample] = deque(maxlen=SAMPLES_KEPT)
        self._added = 0
        self._judged: tuple[int, Judgement] = (0, INSUFFICIENT)
        self._summed: tuple[int, Summary] = (0, Summary())

    @property
    def added(self) -> int:
        """How many samples there ever were."""
        return self._added

    def add(self, sample: WorkSample) -> None:
        """Keep one. Raises ValueError when it is no measurement."""
        if not (math.isfinite(sample.response_ms) and sample.response_ms >= 0):
            raise ValueError(f"a response time of {sample.response_ms} ms was not measured")
        if not 0 <= sample.error_rate <= 1:
            raise ValueError(f"an error rate of {sample.error_rate} is no share")
        self._samples.append(sample)
        self._added += 1

    def judge(self) -> Judgement:
        """The verdict on what is kept."""
        if self._judged[0] != self._added:
            self._judged = (self._added, judge_performance(tuple(self._samples)))
        return self._judged[1]

    def summarise(self) -> "Summary":
        """Mean, p95 and error rate of what is kept."""
        if self._summed[0] != self._added:
            self._summed = (self._added, _summarise(tuple(self._samples)))
        return self._summed[1]


@dataclass(frozen=True, slots=True)
class Summary:
    """Of the samples kept; None while there are none."""

    response_ms_mean: float | None = None
    response_ms_p95: float | None = None
    error_rate: float | None = None


def _summarise(samples: Sequence[WorkSample]) -> Summary:
    ordered = sorted(each.response_ms for each in samples)
    nearest = math.ceil(0.95 * len(ordered)) - 1
    return Summary(_mean_response(samples), ordered[nearest], _mean_errors(samples))


@dataclass(frozen=True, slots=True)
class Tuning:
    """What can be changed of a hosted agent while it runs, and put back at once."""

    parallel: int  # messages that it works on at the same time
    every_s: float | None  # how often its own work is due

    def __str__(self) -> str:
        often = "" if self.every_s is None else f" and own work each {self.every_s:g} s"
        return f"{self.parallel} at a time{often}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Something to try, as the Action that would do it. `undo` is what takes it back."""

    text: str
    risk: RiskLevel  # LOW is applied by itself, through the gate; everything else asks
    kind: str
    resource: str
    arguments: JsonObject


def suggest(
    agent: AgentId, judgement: Judgement, tuning: Tuning, *, configured: Tuning
) -> tuple[Suggestion, ...]:
    """What to try for a degraded agent, least risk first; nothing for any other."""
    if judgement.verdict is not PerformanceVerdict.DEGRADED:
        return ()
    found: list[Suggestion] = []
    lighter = _lighten(tuning, configured)
    if judgement.slower and lighter is not None:
        found.append(_retune(agent, tuning, lighter))
    found.append(
        Suggestion(
            text="restart it; what it works on goes to the dead letters",
            risk=RiskLevel.MEDIUM,
            kind="agent.control",
            resource=agent,
            arguments={"change": "restart"},
        )
    )
    if judgement.failing:
        found.append(
            Suggestion(
                text="pause it, so that able alternatives get its messages",
                risk=RiskLevel.HIGH,
                kind="agent.control",
                resource=agent,
                arguments={"change": "pause", "undo": {"change": "resume"}},
            )
        )
    return tuple(found)


def put_back(agent: AgentId, tuning: Tuning, *, configured: Tuning) -> Suggestion:
    """Take the tuning of an agent back that is steady again."""
    return _retune(agent, tuning, configured)


def _lighten(tuning: Tuning, configured: Tuning) -> Tuning | None:
    if tuning.parallel > 1:
        return Tuning(tuning.parallel // 2, tuning.every_s)
    if tuning.every_s is not None and configured.every_s is not None:
        every_s = tuning.every_s * 2
        if every_s <= configured.every_s * STRETCH_MAX:
            return Tuning(tuning.parallel, every_s)
    return None


def _retune(agent: AgentId, before: Tuning, after: Tuning) -> Suggestion:
    return Suggestion(
        text=f"{after} instead of {before}",
        risk=RiskLevel.LOW,
        kind="config.change",
        resource=f"tuning/{agent}",
        arguments={**_change(after), "undo": _change(before)},
    )


def _change(tuning: Tuning) -> JsonObject:
    every: JsonObject = {} if tuning.every_s is None else {"every_s": tuning.every_s}
    return {"parallel": tuning.parallel, **every}
