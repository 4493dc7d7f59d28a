"""The newest reading of each metric, its trend, and what waits to be stored or alerted."""

import asyncio
import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from core.clock import Clock
from core.fleet_ports import MetricSource
from core.measures import Measured, MetricSpec, Reading, Sample, Severity, SourceState
from core.monitoring.catalog import CATALOG
from core.monitoring.model import BoundPolicy, Change, Watch
from core.monitoring.rules import IDLE, STALE_READINGS, is_long_stale, watch_value

TREND_MAX: Final = 60
_PENDING_MAX: Final = 100_000
_CHANGES_MAX: Final = 10_000
_PUSH_EVERY_S: Final = 60.0  # what is pushed to a metric without a source is expected so often
_PUSHED: Final = "sent from outside"


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A source bound to a metric: read every `every_s`, for at most `limit_s`."""

    key: str
    number: int  # counts bindings, for an even spread
    source: MetricSource
    label: str
    every_s: float
    limit_s: float


@dataclass(slots=True, eq=False)
class _Slot:
    """What is known of one metric. Times in `_s` are monotonic but for `at_s`."""

    spec: MetricSpec
    binding: Binding | None = None
    value: float | None = None
    at_s: float = 0.0
    seen_s: float | None = None  # of the newest value since the start
    note: str = ""
    problem: str = ""  # why the value is not fresh; "" while it is
    failing_since_s: float | None = None
    stale_told: bool = False
    watch: Watch = IDLE
    trend: deque[float] = field(default_factory=lambda: deque[float](maxlen=TREND_MAX))


@dataclass(frozen=True, slots=True)
class BookStatistics:
    """Counts since the start."""

    observed: int
    dropped: int  # samples that the store could not take for too long
    waiting: int  # samples that wait for the store


@dataclass(frozen=True, slots=True)
class MetricChange:
    """One change of a metric that asks something of the alerts."""

    reading: Reading
    change: Change
    severity: Severity


class MetricBook:
    """Takes readings in and shows them. Never waits; what it holds does not grow with time."""

    def __init__(
        self,
        clock: Clock,
        *,
        beside: Iterable[MetricSpec] = (),
        policy: BoundPolicy | None = None,
        pending_max: int = _PENDING_MAX,
    ) -> None:
        self._clock = clock
        self._policy = policy or BoundPolicy()
        self._slots = {spec.key: _Slot(spec) for spec in (*CATALOG, *beside)}
        self._pending_max = pending_max
        self._pending: list[Sample] = []
        self._changes: deque[MetricChange] = deque(maxlen=_CHANGES_MAX)
        self._bound = 0
        self._observed = 0
        self._dropped = 0
        self.waiting = asyncio.Event()  # set while something waits to be taken
        self.rebound = asyncio.Event()  # set when bindings have changed

    def bind(self, key: str, source: MetricSource, *, limit_s: float = 30.0) -> None:
        """Read `key` from `source` from now on.

        Raises KeyError for a metric that there is not, ValueError when one is bound already.
        """
        slot = self._slots[key]
        if slot.binding is not None:
            raise ValueError(f"{key} has a source already: {slot.binding.label}")
        slot.binding = Binding(key, self._bound, source, source.label, source.every_s, limit_s)
        slot.problem = ""
        self._bound += 1
        self.rebound.set()

    def unbind(self, key: str) -> None:
        """Forget the source, its value and its alerts. Unbound and unknown ones are ignored."""
        slot = self._slots.get(key)
        if slot is None or slot.binding is None:
            return
        for change in (Change.RESOLVE, Change.END_STALE):
            self._ask(slot, change)
        self._slots[key] = _Slot(slot.spec)
        self.rebound.set()

    def bindings(self) -> dict[str, Binding]:
        """What is bound now, by key."""
        return {key: slot.binding for key, slot in self._slots.items() if slot.binding is not None}

    def observe(self, key: str, value: float, at_s: float | None = None, note: str = "") -> None:
        """Take one value that was measured at `at_s` (seconds since the epoch; None: now).

        A key that is no metric here is kept as a series alone. Raises ValueError when `value` is
        not finite.
        """
        if not math.isfinite(value):
            raise ValueError(f"{key}: {value} is not a finite number")
        now_s = self._clock.now().timestamp()
        # A clock elsewhere may be ahead; nothing has been measured in the future.
        at_s = at_s if at_s is not None and 0 <= at_s <= now_s else now_s
        slot = self._slots.get(key)
        # What is sent may come late; what a source reads is what holds now.
        late = slot is not None and slot.binding is None and at_s < slot.at_s <= now_s
        if slot is None or late or self._take(slot, value, at_s, note):
            self._observed += 1
            self._pending.append(Sample(key, at_s, value))
            if len(self._pending) > 2 * self._pending_max:  # halving is cheap, seldom, and bounded
                self._shorten()
            self.waiting.set()

    def take_in(self, key: str, measured: Measured) -> None:
        """Take what a source read. No value, or one that is no number, is a reason, never 0."""
        if measured.value is None:
            self._miss(key, measured.note or "the source has no value now")
        elif math.isfinite(measured.value):
            self.observe(key, measured.value, measured.at_s, measured.note)
        else:
            self.fail(key, f"the source gave {measured.value}, which is no number to work with")

    def fail(self, key: str, reason: str) -> None:
        """The source could not be read; the last value stays, as STALE."""
        slot = self._slots.get(key)
        if slot is None or slot.binding is None:
            return
        now_s = self._clock.monotonic_s()
        slot.problem = reason
        if slot.failing_since_s is None:
            slot.failing_since_s = now_s
        stale_s = now_s - slot.failing_since_s
        if not slot.stale_told and is_long_stale(stale_s=stale_s, every_s=slot.binding.every_s):
            slot.stale_told = True
            self._ask(slot, Change.TELL_STALE)

    def restore(
        self, newest: Mapping[str, Sample], open_alerts: Mapping[str, Severity], stale: set[str]
    ) -> None:
        """Take up what the last process knew: values, and which metrics have open alerts."""
        for key, slot in self._slots.items():
            sample = newest.get(key)
            if sample is not None and slot.binding is not None and slot.value is None:
                slot.value, slot.at_s = sample.value, sample.at_s
            if key in open_alerts:
                slot.watch = Watch(severity=open_alerts[key])
            slot.stale_told = key in stale

    def readings(self, agent: str | None = None) -> tuple[Reading, ...]:
        """Every metric now, or those of `agent`, in the order of the catalogue."""
        return tuple(
            self._reading(slot)
            for slot in self._slots.values()
            if agent is None or slot.spec.agent == agent
        )

    def take_pending(self) -> tuple[list[Sample], list[MetricChange]]:
        """Hand over what waits for the store and for the alerts; it is the caller's from now."""
        if len(self._pending) > self._pending_max:
            self._shorten()
        samples, self._pending = self._pending, []
        changes = list(self._changes)
        self._changes.clear()
        self.waiting.clear()
        return samples, changes

    def put_back(self, samples: list[Sample]) -> None:
        """What the store could not take waits again, before what came meanwhile."""
        self._pending = samples + self._pending
        self.waiting.set()

    def statistics(self) -> BookStatistics:
        """Counts since the start."""
        return BookStatistics(self._observed, self._dropped, len(self._pending))

    def _shorten(self) -> None:
        spare = len(self._pending) - self._pending_max
        del self._pending[:spare]
        self._dropped += spare

    def _take(self, slot: _Slot, value: float, at_s: float, note: str) -> bool:
        """Make it the newest; False when it is the very sample that is known already."""
        now_s = self._clock.monotonic_s()
        known = value == slot.value and at_s == slot.at_s
        slot.value, slot.at_s, slot.seen_s, slot.note = value, at_s, now_s, note
        if not known:
            slot.trend.append(value)
        slot.problem = ""
        slot.failing_since_s = None
        if slot.stale_told:
            slot.stale_told = False
            self._ask(slot, Change.END_STALE)
        slot.watch, change = watch_value(
            slot.watch, slot.spec, value, now_s=now_s, policy=self._policy
        )
        if change is not None:
            self._ask(slot, change)
        return not known

    def _miss(self, key: str, reason: str) -> None:
        slot = self._slots.get(key)
        if slot is None:
            return
        slot.problem = reason
        slot.failing_since_s = None
        if slot.stale_told:  # it answers again, if without a value
            slot.stale_told = False
            self._ask(slot, Change.END_STALE)

    def _ask(self, slot: _Slot, change: Change) -> None:
        severity = slot.watch.severity or Severity.INFO
        self._changes.append(MetricChange(self._reading(slot), change, severity))
        self.waiting.set()

    def _reading(self, slot: _Slot) -> Reading:
        state, reason = self._state(slot)
        at = None if slot.value is None else datetime.fromtimestamp(slot.at_s, UTC)
        source = slot.binding.label if slot.binding else _PUSHED if slot.value is not None else ""
        return Reading(
            spec=slot.spec,
            state=state,
            value=slot.value,
            at=at,
            source=source,
            reason=reason,
            note=slot.note,
            trend=tuple(slot.trend),
        )

    def _state(self, slot: _Slot) -> tuple[SourceState, str]:
        if slot.binding is None:
            return self._pushed_state(slot)
        if slot.failing_since_s is not None or (slot.problem and slot.value is not None):
            return SourceState.STALE, slot.problem
        if slot.problem:
            return SourceState.WAITING, slot.problem
        if slot.seen_s is None:
            return SourceState.WAITING, "not read yet since the start; the first reading comes soon"
        return SourceState.FRESH, ""

    def _pushed_state(self, slot: _Slot) -> tuple[SourceState, str]:
        if slot.seen_s is None:
            return (
                SourceState.NO_SOURCE,
                f"nothing measures it; name a source under [metrics.{slot.spec.key}]",
            )
        silent_s = self._clock.monotonic_s() - slot.seen_s
        if silent_s > STALE_READINGS * _PUSH_EVERY_S:
            return SourceState.STALE, f"nothing was sent for {silent_s:.0f} s; look at the sender"
        return SourceState.FRESH, ""
