"""Reads every bound source at its own pace; stores what was read; raises what it means."""

import asyncio
import contextlib
import logging
from typing import Final

from core.clock import Clock
from core.errors import Overloaded, SourceFailed, StorageError
from core.fleet_ports import MetricSource, SeriesStore
from core.measures import Measured, Reading, Sample, Severity
from core.monitoring.alerts import AlertBook
from core.monitoring.model import Change
from core.monitoring.readings import Binding, MetricBook, MetricChange
from core.monitoring.rules import find_breach, first_due_s, next_due_s, phase_of

_LOG: Final = logging.getLogger("maestro.metrics")
_GATHER_S: Final = 1.0  # samples go to the store in batches
_AT_ONCE: Final = 1_000  # of them in one hop: more would keep keys waiting for the interpreter
_BOUND: Final = "metric:"
_STALE: Final = "metric-stale:"
_STORE_CAUSE: Final = "service:metrics-store"


class Collector:
    """`run` lasts until it is cancelled. It sleeps until the next source is due.

    Each source is read by a task of its own, so one that hangs or fails makes its own metric stale
    and nothing else.
    """

    name = "metrics"

    def __init__(
        self, book: MetricBook, *, store: SeriesStore, alerts: AlertBook, clock: Clock
    ) -> None:
        self._book = book
        self._store = store
        self._alerts = alerts
        self._clock = clock
        self._store_failed = False
        self._restored = False

    async def run(self) -> None:
        """Live. What was gathered is stored before it ends."""
        await self._restore()
        running: dict[str, tuple[Binding, asyncio.Task[None]]] = {}
        async with asyncio.TaskGroup() as group:
            group.create_task(self._flush_forever())
            while True:
                self._book.rebound.clear()
                await self._match(group, running)
                await self._book.rebound.wait()

    async def close(self) -> None:
        """Let go of every source; after `run` has ended."""
        for binding in self._book.bindings().values():
            await self._close(binding)

    async def _restore(self) -> None:
        """Values and open alerts of the last process; alerts of what is no longer bound end."""
        if self._restored:
            return
        bound = self._book.bindings()
        causes = {each.cause: each for each in self._alerts.open()}
        for cause in causes:
            if cause.startswith((_BOUND, _STALE)) and cause.partition(":")[2] not in bound:
                await self._alerts.resolve(cause)
        try:
            newest = await self._store.newest(bound)
        except StorageError as error:
            _LOG.warning("metrics start without their last values: %s", error)
            newest = {}
        self._book.restore(
            newest,
            {key: causes[_BOUND + key].severity for key in bound if _BOUND + key in causes},
            {key for key in bound if _STALE + key in causes},
        )
        self._restored = True

    async def _match(
        self, group: asyncio.TaskGroup, running: dict[str, tuple[Binding, asyncio.Task[None]]]
    ) -> None:
        """End the readers of what is no longer bound, start those of what is new."""
        bound = self._book.bindings()
        for key, (binding, task) in list(running.items()):
            if bound.get(key) is not binding:
                task.cancel()
                del running[key]
                await self._close(binding)
        for key, binding in bound.items():
            if key not in running:
                running[key] = (binding, group.create_task(self._read_forever(group, binding)))

    async def _close(self, binding: Binding) -> None:
        try:
            async with asyncio.timeout(binding.limit_s):
                await binding.source.close()
        except Exception as error:  # noqa: BLE001 - a source's own fault stays its own
            _LOG.warning("closing %s failed: %s", binding.label, type(error).__name__)

    async def _read_forever(self, group: asyncio.TaskGroup, binding: Binding) -> None:
        start_s, phase, failures = self._clock.monotonic_s(), phase_of(binding.number), 0
        due_s = first_due_s(start_s=start_s, phase=phase, every_s=binding.every_s)
        reading: asyncio.Task[Measured | str] | None = None
        while True:
            await self._clock.sleep(max(0.0, due_s - self._clock.monotonic_s()))
            if reading is None or reading.done():
                reading = group.create_task(_read(binding.source))
            try:
                await asyncio.wait({reading}, timeout=binding.limit_s)
            finally:
                reading.cancel()  # nothing to a task that is done
            failures = 0 if self._take(binding, reading) else failures + 1
            due_s = next_due_s(
                start_s=start_s,
                phase=phase,
                every_s=binding.every_s,
                failures=failures,
                now_s=self._clock.monotonic_s(),
            )

    def _take(self, binding: Binding, reading: asyncio.Task[Measured | str]) -> bool:
        """Hand the outcome to the book; False when it is a failure."""
        if not reading.done() or reading.cancelled():
            self._book.fail(binding.key, f"no answer within {binding.limit_s:g} s")
            return False
        outcome = reading.result()
        if isinstance(outcome, str):
            self._book.fail(binding.key, outcome)
            return False
        self._book.take_in(binding.key, outcome)
        return True

    async def _flush_forever(self) -> None:
        try:
            while True:
                await self._book.waiting.wait()
                await self._clock.sleep(_GATHER_S)
                await self._flush()
        finally:
            await self._flush()

    async def _flush(self) -> None:
        samples, changes = self._book.take_pending()
        try:
            await self._keep(samples)
        except StorageError as error:
            await self._tell_store(error)
        else:
            if samples and self._store_failed:
                self._store_failed = False
                await self._alerts.resolve(_STORE_CAUSE)
        for change in changes:
            with contextlib.suppress(Overloaded):  # the agent's open alerts say enough
                await self._tell(change)

    async def _keep(self, samples: list[Sample]) -> None:
        """Raises StorageError; what is not kept waits again, also when this is cancelled."""
        kept = 0
        try:
            while kept < len(samples):
                await self._store.add(samples[kept : kept + _AT_ONCE])
                kept += _AT_ONCE
        finally:
            if kept < len(samples):
                self._book.put_back(samples[kept:])

    async def _tell_store(self, error: StorageError) -> None:
        if not self._store_failed:
            self._store_failed = True
            with contextlib.suppress(Overloaded):
                await self._alerts.raise_alert(
                    _STORE_CAUSE,
                    agent="system",
                    severity=Severity.WARNING,
                    title="metrics cannot be stored",
                    detail=f"{error}. The newest samples wait; what goes beyond is dropped.",
                )

    async def _tell(self, asked: MetricChange) -> None:
        key = asked.reading.spec.key
        match asked.change:
            case Change.RAISE:
                await self._raise(asked.reading, asked.severity)
            case Change.RESOLVE:
                await self._alerts.resolve(_BOUND + key)
            case Change.TELL_STALE:
                await self._alerts.raise_alert(
                    _STALE + key,
                    agent=asked.reading.spec.agent,
                    severity=Severity.INFO,
                    title=f"{key} has no fresh value",
                    detail=f"{asked.reading.source}: {asked.reading.reason}",
                )
            case Change.END_STALE:
                await self._alerts.resolve(_STALE + key)

    async def _raise(self, reading: Reading, severity: Severity) -> None:
        spec, value = reading.spec, reading.value
        breach = None if value is None else find_breach(spec, value)
        if breach is None:
            return
        note = f" ({reading.note})" if reading.note else ""
        await self._alerts.raise_alert(
            _BOUND + spec.key,
            agent=spec.agent,
            severity=severity,
            title=(
                f"{spec.key} is {value:g} {spec.unit}, {breach.side.value} its bound of"
                f" {breach.bound:g}"
            ),
            detail=f"The aim is {spec.target:g} {spec.unit}. Read from {reading.source}{note}.",
            value=value,
            bound=breach.bound,
        )


async def _read(source: MetricSource) -> Measured | str:
    """What the source measured, or why it could not, in one sentence."""
    try:
        return await source.read()
    except SourceFailed as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - a source's own fault stays its own
        # What it says may hold an address with a password; its kind holds nothing.
        return f"the source failed with {type(error).__name__}"
