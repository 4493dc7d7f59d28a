"""Spans in OpenTelemetry's model: kept in the local bounded store, exported when configured.

Every action has half a dozen spans on the way to its answer, and the SDK's own span costs more
than the step it measures (`docs/adr/0005`). So a span here is a small object until it ends; the
SDK's exporter, when there is one, gets it as a `ReadableSpan` in batches.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, Self

from core.actions import Action, JsonValue
from core.clock import Clock
from core.errors import StorageError
from core.ids import AgentId, CorrelationId, IdSource
from core.ports import Span, Store
from core.records import Durability, SpanRecord, WriteUnit

_WAITING_MAX: Final = 20_000
_GATHER_S: Final = 1.0  # many at once cost each less; who looks at a trace has them written first
_BATCH_MAX: Final = 256  # spans in one write: making them holds the loop for some 2 ms


_current: ContextVar["_SpanBlock | None"] = ContextVar("maestro_span", default=None)


def current_trace_id() -> CorrelationId | None:
    """The correlation id of the action that is being worked on; logs carry it."""
    span = _current.get()
    return span.trace_id if span else None


class SpanExport(Protocol):
    """Sends finished spans elsewhere. Blocks; called in a thread."""

    def send(self, spans: Sequence[SpanRecord]) -> None:
        """Send, or drop what cannot be sent."""
        ...


class SpanKeeper:
    """Takes finished spans in; `run` writes them to the store. Oldest are dropped when it lags."""

    name = "traces"

    def __init__(self, *, store: Store, clock: Clock, export: SpanExport | None = None) -> None:
        self._store = store
        self._clock = clock
        self._export = export
        self._waiting: deque[SpanRecord | _SpanBlock] = deque(maxlen=_WAITING_MAX)
        self._some = asyncio.Event()
        self._writing = asyncio.Lock()
        self.lost = 0

    def keep(self, span: "SpanRecord | _SpanBlock") -> None:
        """Keep one finished span; never waits. A block becomes a record when it is written."""
        self.lost += len(self._waiting) == _WAITING_MAX
        self._waiting.append(span)
        self._some.set()

    async def run(self) -> None:
        """Write what waits, soon after it came, until cancelled; then once more.

        Bounded groups: writing many at once would hold the loop up, and with it an answer.
        """
        try:
            while True:
                await self._some.wait()
                await self._clock.sleep(_GATHER_S)
                await self.flush()
        finally:
            while self._waiting:
                await self.flush()

    async def flush(self) -> None:
        """Write what waits now, after what is being written; a store that fails costs spans, never
        an action.
        """
        async with self._writing:
            await self._write_waiting()

    async def _write_waiting(self) -> None:
        self._some.clear()
        left = len(self._waiting)  # what comes meanwhile waits: else each span costs a commit
        while count := min(_BATCH_MAX, left, len(self._waiting)):
            left -= count
            ended = [self._waiting.popleft() for _ in range(count)]
            batch = tuple([_to_record(each) for each in ended])
            try:
                await self._store.commit(WriteUnit(durability=Durability.NORMAL, puts=batch))
            except StorageError:
                self.lost += len(batch)
            if self._export is not None:
                self._export.send(batch)


class SpanTracer:
    """Implements `core.ports.Tracer`."""

    def __init__(self, keeper: SpanKeeper, ids: IdSource) -> None:
        self._keeper = keeper
        self._ids = ids

    async def flush(self) -> None:
        """Have every span that has ended in the store."""
        await self._keeper.flush()

    def span(self, name: str, *, action: Action) -> AbstractContextManager[Span]:
        """A span around the block; an exception marks it failed and goes on."""
        return _SpanBlock(self._keeper, self._ids, name, action)

    def record(
        self, name: str, *, action: Action, started_at: datetime, ended_at: datetime, ok: bool
    ) -> None:
        """Keep a span that lasted from one event to another."""
        self._keeper.keep(
            SpanRecord(
                id=self._ids.next_span_id(),
                trace_id=action.correlation_id,
                parent_id=action.parent_span_id,
                action_id=action.id,
                name=name,
                started_at=started_at,
                duration_us=(ended_at - started_at) // timedelta(microseconds=1),
                ok=ok,
                attributes=_attributes(action.agent_id, action.kind),
            )
        )


def _to_record(span: "SpanRecord | _SpanBlock") -> SpanRecord:
    return span if isinstance(span, SpanRecord) else span.record()


def _attributes(agent: AgentId, kind: str) -> dict[str, JsonValue]:
    return {"gen_ai.agent.name": agent, "maestro.kind": kind}


class _SpanBlock:
    """One span as a context manager; a class, since a generator costs as much as the span.

    On the way to an answer it only takes notes: id, parent and attributes are worked out in
    batches, by `record`.
    """

    __slots__ = (
        "_above",
        "_action_id",
        "_agent_id",
        "_began_ns",
        "_ended_ns",
        "_id",
        "_ids",
        "_keeper",
        "_kind",
        "_name",
        "_noted",
        "_ok",
        "_parent_id",
        "_token",
        "_took_ns",
        "trace_id",
    )

    def __init__(self, keeper: SpanKeeper, ids: IdSource, name: str, action: Action) -> None:
        # Not the action itself: spans wait, and its arguments may be long.
        self.trace_id = action.correlation_id
        self._action_id = action.id
        self._agent_id = action.agent_id
        self._kind = action.kind
        self._parent_id = action.parent_span_id
        self._keeper = keeper
        self._ids = ids
        self._id = ""
        self._name = name
        self._noted: dict[str, JsonValue] | None = None

    def set(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001 - the port's form
        """Set one attribute, until the span ends."""
        if self._noted is None:
            self._noted = {}
        self._noted[name] = value

    def __enter__(self) -> Self:
        self._above = _current.get()
        self._token = _current.set(self)
        self._began_ns = time.perf_counter_ns()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._took_ns = time.perf_counter_ns() - self._began_ns
        self._ended_ns = time.time_ns()
        self._ok = kind is None
        _current.reset(self._token)
        self._keeper.keep(self)

    @property
    def id(self) -> str:
        """16 hex digits, drawn when somebody asks first."""
        if not self._id:
            self._id = self._ids.next_span_id()
        return self._id

    def record(self) -> SpanRecord:
        """The finished span as it is kept. Once: it lets go of the span around it."""
        above, self._above = self._above, None
        inside = above is not None and above.trace_id == self.trace_id
        return SpanRecord(
            id=self.id,
            trace_id=self.trace_id,
            parent_id=above.id if above and inside else self._parent_id,
            action_id=self._action_id,
            name=self._name,
            started_at=datetime.fromtimestamp((self._ended_ns - self._took_ns) / 1e9, UTC),
            duration_us=self._took_ns // 1000,
            ok=self._ok,
            attributes={**_attributes(self._agent_id, self._kind), **(self._noted or {})},
        )


class _Nothing:
    def set(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001 - the port's form
        pass


class NoTracer:
    """Keeps no spans: for tools that need no traces."""

    async def flush(self) -> None:
        """There is nothing to write."""

    @contextlib.contextmanager
    def span(self, name: str, *, action: Action) -> Generator[Span]:  # noqa: ARG002 - the port's form
        """A span that nobody keeps."""
        yield _Nothing()

    def record(
        self, name: str, *, action: Action, started_at: datetime, ended_at: datetime, ok: bool
    ) -> None:
        """Nothing is kept."""
