"""When readings are evidence, and when a proposal may be made. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.actions import ActionStatus, JsonObject
from core.ids import ActionId
from core.measures import Reading, SourceState

EVIDENCE_MIN: Final = 2  # readings past their bound before anything is said or proposed
COOL_DOWN: Final = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """A metric that has been past its bound for some readings on end."""

    key: str  # "backend.error_rate"
    name: str
    unit: str
    side: str  # "above", "below"
    bound: float
    value: float  # the newest
    count: int  # readings past the bound
    since: datetime  # of the first of them
    at: datetime  # of the newest
    source: str

    @property
    def is_evidence(self) -> bool:
        """One reading may be chance."""
        return self.count >= EVIDENCE_MIN

    def describe(self) -> str:
        """Metric, value, bound, since when: what a proposal rests on."""
        source = f", read from {self.source}" if self.source else ""
        return (
            f"{self.key} is {self.value:g} {self.unit}, {self.side} its bound of {self.bound:g},"
            f" since {self.since:%Y-%m-%d %H:%M:%S} UTC ({self.count} readings{source})"
        )

    def to_payload(self) -> JsonObject:
        """The same for a message."""
        return {
            "metric": self.key,
            "value": self.value,
            "unit": self.unit,
            "side": self.side,
            "bound": self.bound,
            "since": self.since.isoformat(),
            "readings": self.count,
        }


def past_bound(reading: Reading) -> tuple[str, float] | None:
    """Which bound a fresh value lies beyond: ("above" or "below", the bound)."""
    if reading.state is not SourceState.FRESH or reading.value is None:
        return None
    spec = reading.spec
    if spec.alert_above is not None and reading.value > spec.alert_above:
        return "above", spec.alert_above
    if spec.alert_below is not None and reading.value < spec.alert_below:
        return "below", spec.alert_below
    return None


def follow_streak(streak: Streak | None, reading: Reading) -> Streak | None:
    """The streak after this reading.

    Looking twice at one reading is not two readings, and a stale one proves nothing either way.
    """
    if reading.state is SourceState.NO_SOURCE:
        return None
    if reading.state is not SourceState.FRESH or reading.value is None or reading.at is None:
        return streak
    if streak is not None and reading.at <= streak.at:
        return streak
    past = past_bound(reading)
    if past is None:
        return None
    goes_on = streak is not None and streak.side == past[0]
    return Streak(
        key=reading.spec.key,
        name=reading.spec.name,
        unit=reading.spec.unit,
        side=past[0],
        bound=past[1],
        value=reading.value,
        count=streak.count + 1 if streak is not None and goes_on else 1,
        since=streak.since if streak is not None and goes_on else reading.at,
        at=reading.at,
        source=reading.source,
    )


class Watch:
    """The streaks of an agent's metrics."""

    def __init__(self) -> None:
        self._streaks: dict[str, Streak] = {}

    def see(self, readings: Iterable[Reading]) -> None:
        """Take the readings of now; metrics that are gone from them are forgotten."""
        kept: dict[str, Streak] = {}
        for reading in readings:
            streak = follow_streak(self._streaks.get(reading.spec.key), reading)
            if streak is not None:
                kept[streak.key] = streak
        self._streaks = kept

    def worry(self, name: str) -> Streak | None:
        """The streak of this metric, once it is evidence."""
        return next((each for each in self.worries() if each.name == name), None)

    def worries(self) -> tuple[Streak, ...]:
        """All streaks that are evidence, oldest first."""
        found = (each for each in self._streaks.values() if each.is_evidence)
        return tuple(sorted(found, key=lambda each: (each.since, each.key)))


def find_reading(readings: Iterable[Reading], name: str) -> Reading | None:
    """The reading of this metric."""
    return next((each for each in readings if each.spec.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An action that an agent would like to see done. The purpose names the evidence."""

    kind: str
    resource: str
    arguments: JsonObject
    purpose: str

    @property
    def key(self) -> str:
        """What it is about: two wishes of one key are the same wish."""
        return f"{self.kind} {self.resource}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A wish that was put before the gate, and where it stands."""

    wish: Wish
    action_id: ActionId | None  # None: the gate did not take it
    at: datetime
    status: ActionStatus
    done: bool = False  # its outcome is known, or there will be none
    said: str = ""  # what came of it


def may_propose(
    asked: Mapping[str, Asked], wish: Wish, *, now: datetime, cool_down: timedelta = COOL_DOWN
) -> bool:
    """Not while the same is pending or under way, and not again within the cool-down."""
    before = asked.get(wish.key)
    if before is None:
        return True
    return before.done and now - before.at >= cool_down


def is_due(told_at: datetime | None, now: datetime, *, every: timedelta = COOL_DOWN) -> bool:
    """Whether to say the same again."""
    return told_at is None or now - told_at >= every
