"""The telemetry book: what outside agents said, counted at once and kept within a second."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.clock import Clock
from core.errors import Overloaded, StorageError
from core.fleet_ports import UsageStore
from core.ids import AgentId
from core.measures import Measured
from core.telemetry.emitter import Emitters
from core.telemetry.mapper import Mapper
from core.telemetry.model import Batch
from core.telemetry.points import Measure, PointBook
from core.telemetry.pricing import PriceList
from core.telemetry.reader import BookReader, Names
from core.usage import EmitterView, SessionUsage

_CHUNK: Final = 512  # rows mapped before others have their turn
_WRITE_MAX: Final = 4_000  # rows in one write
_PAUSE_S: Final = 1.0
_SESSIONS_S: Final = 5.0  # adding them up reads all that is kept
_log = logging.getLogger("maestro.telemetry")


@dataclass(frozen=True, slots=True)
class TelemetryStatistics:
    """Counts since the start."""

    spans: int
    logs: int
    points: int
    points_refused: int
    calls: int
    tool_uses: int
    duplicates: int
    rejected: int
    waiting: int  # mapped and not kept yet


class TelemetryBook:
    """Takes what decoders read, maps it, counts it, and writes it to the store each second.

    Statistics are of this run; sessions, calls and tool uses are the store's. What the store
    cannot take waits, and when `waiting_max` wait, senders are told to come back.
    """

    name = "telemetry"

    def __init__(
        self,
        *,
        store: UsageStore,
        clock: Clock,
        prices: PriceList | None = None,
        is_secret: Callable[[str], bool] = lambda _text: False,
        waiting_max: int = 50_000,
    ) -> None:
        """`is_secret`: names in which it finds one are not kept."""
        self._store = store
        self._clock = clock
        self._prices = prices or PriceList()
        self._names = Names(is_secret)
        self._emitters = Emitters(self._names)
        self._mapper = Mapper()
        self._points = PointBook()
        self._waiting_max = waiting_max
        self._sessions: dict[int, tuple[float, tuple[SessionUsage, ...]]] = {}
        self.problem = ""  # why nothing is kept at the moment

    def check_room(self) -> None:
        """Ask before a body is read. Raises Overloaded."""
        if len(self._mapper.calls) + len(self._mapper.tools) >= self._waiting_max:
            raise Overloaded("telemetry waits to be written: send this again in a moment")

    async def take(self, batches: Sequence[Batch], *, bound_to: str | None) -> None:
        """Map and count. `bound_to`: the agent that the sender's token vouches for."""
        now = self._clock.now()
        for batch in batches:
            emitter = self._emitters.note(batch, now)
            self._points.take(emitter.name, batch.points, now_s=now.timestamp())
            reader = BookReader(
                emitter.name,
                bound_to=bound_to,
                names=self._names,
                memory=self._mapper.memory,
                prices=self._prices,
                now=now,
            )
            for start in range(0, len(batch.spans), _CHUNK):
                rows = batch.spans[start : start + _CHUNK]
                self._mapper.take_spans(emitter, reader, batch, rows)
                await asyncio.sleep(0)
            for start in range(0, len(batch.logs), _CHUNK):
                records = batch.logs[start : start + _CHUNK]
                self._mapper.take_logs(emitter, reader, batch, records)
                await asyncio.sleep(0)

    async def run(self) -> None:
        """Write each second until cancelled, then once more."""
        try:
            while True:
                await self._clock.sleep(_PAUSE_S)
                with contextlib.suppress(StorageError):  # it waits; `problem` says why
                    await self.flush()
        finally:
            with contextlib.suppress(StorageError):
                await self.flush()

    async def flush(self) -> None:
        """Write what waits. Raises StorageError; then it waits on, and `problem` says why."""
        waiting_calls, waiting_tools = self._mapper.calls, self._mapper.tools
        while waiting_calls or waiting_tools:
            calls, tools = waiting_calls[:_WRITE_MAX], waiting_tools[:_WRITE_MAX]
            try:
                await self._store.add(calls, tools)
            except StorageError as error:
                if not self.problem:
                    _log.warning("telemetry cannot be kept: %s", error)
                self.problem = str(error)
                raise
            del waiting_calls[: len(calls)], waiting_tools[: len(tools)]
        self.problem = ""

    def emitters(self) -> tuple[EmitterView, ...]:
        """What sent anything since the start, last heard first."""
        views = (each.view() for each in self._emitters.all())
        return tuple(sorted(views, key=lambda each: each.last_at, reverse=True))

    def agents(self) -> Mapping[AgentId, datetime]:
        """Outside agents by the name to show, and when they were last heard of."""
        return dict(self._mapper.agents)

    async def sessions(self, *, limit: int = 200) -> tuple[SessionUsage, ...]:
        """Newest first, as far as they are kept, at most 5 s old. Raises StorageError."""
        now_s = self._clock.monotonic_s()
        known = self._sessions.get(limit)
        if known is None or now_s - known[0] >= _SESSIONS_S:
            known = self._sessions[limit] = now_s, await self._store.sessions(limit=limit)
        return known[1]

    def lookup(
        self,
        metric: str,
        *,
        agent: str = "",
        attributes: Mapping[str, str] | None = None,
        measure: Measure = "last",
        window_s: float = 300.0,
    ) -> Measured | None:
        """What an outside agent's metric says now; None when it never came. See PointBook."""
        return self._points.lookup(
            metric,
            agent=agent,
            attributes=attributes,
            measure=measure,
            window_s=window_s,
            now_s=self._clock.now().timestamp(),
        )

    def metric_total(self, emitter: str, metric: str, labels: Mapping[str, str]) -> float:
        """What an emitter's own counter adds up to: to hold its calls against it."""
        return self._points.total(emitter, metric, labels)

    def statistics(self) -> TelemetryStatistics:
        """Counts since the start."""
        known = self._emitters.all()
        totals = [each.tally.totals() for each in known]
        return TelemetryStatistics(
            spans=sum(each.spans for each in known),
            logs=sum(each.logs for each in known),
            points=sum(each.points for each in known),
            points_refused=self._points.refused,
            calls=sum(each.calls for each in totals),
            tool_uses=sum(each.tool_uses for each in totals),
            duplicates=self._mapper.duplicates,
            rejected=sum(each.rejected for each in known),
            waiting=len(self._mapper.calls) + len(self._mapper.tools),
        )
