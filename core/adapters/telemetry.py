"""OpenTelemetry spans, kept in the local bounded store and exported over OTLP when configured."""

import contextlib
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags

from core.actions import Action, JsonValue
from core.clock import Clock
from core.errors import ConfigError, StorageError
from core.ids import ActionId, CorrelationId
from core.ports import Store
from core.records import Durability, SpanRecord, WriteUnit

_WAITING_MAX: Final = 20_000
_FLUSH_EVERY_S: Final = 0.5
_BATCH_MAX: Final = 1_000
_ACTION_KEY: Final = "maestro.action_id"
_ROOT_PARENT: Final = 1  # a trace id alone is no context: spans without a parent hang below this


class OpenTelemetrySpan:
    """An open span."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def set(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001 - the port's form
        """Set one attribute."""
        self._span.set_attribute(name, value)


class SpanKeeper(SpanProcessor):
    """Takes finished spans in; `run` writes them to the store. Oldest are dropped when it lags."""

    name = "traces"

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: deque[SpanRecord] = deque(maxlen=_WAITING_MAX)
        self.lost = 0

    def on_end(self, span: ReadableSpan) -> None:
        """Keep one finished span."""
        self.lost += len(self._waiting) == _WAITING_MAX
        self._waiting.append(_to_record(span))

    async def run(self) -> None:
        """Write what waits twice a second, until cancelled; then once more."""
        try:
            while True:
                await self.flush()
                await self._clock.sleep(_FLUSH_EVERY_S)
        finally:
            with contextlib.suppress(StorageError):
                await self.flush()

    async def flush(self) -> None:
        """Write everything that waits; a store that fails costs spans, never an action."""
        while self._waiting:
            count = min(_BATCH_MAX, len(self._waiting))
            batch = tuple(self._waiting.popleft() for _ in range(count))
            try:
                await self._store.commit(WriteUnit(durability=Durability.NORMAL, puts=batch))
            except StorageError:
                self.lost += len(batch)


class OpenTelemetryTracer:
    """Implements `core.ports.Tracer` with the OpenTelemetry SDK."""

    def __init__(self, keeper: SpanKeeper, *, otlp_endpoint: str | None = None) -> None:
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": "maestro"}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(keeper)
        if otlp_endpoint:
            self._provider.add_span_processor(_otlp(otlp_endpoint))
        self._tracer = self._provider.get_tracer("maestro")

    @contextlib.contextmanager
    def span(
        self, name: str, *, action: Action, parent_id: str | None = None
    ) -> Iterator[OpenTelemetrySpan]:
        """A span around the block; an exception marks it failed and goes on."""
        current = trace.get_current_span().get_span_context()
        inside = current.is_valid and f"{current.trace_id:032x}" == action.correlation_id
        context = None if inside and parent_id is None else _context(action, parent_id)
        with self._tracer.start_as_current_span(
            name, context=context, attributes=_attributes(action), record_exception=False
        ) as span:
            yield OpenTelemetrySpan(span)

    def record(
        self, name: str, *, action: Action, started_at: datetime, ended_at: datetime, ok: bool
    ) -> None:
        """Keep a span that lasted from one event to another."""
        span = self._tracer.start_span(
            name,
            context=_context(action, None),
            attributes=_attributes(action),
            start_time=_nanoseconds(started_at),
        )
        if not ok:
            span.set_status(StatusCode.ERROR)
        span.end(_nanoseconds(ended_at))

    def shutdown(self) -> None:
        """Send what an exporter still holds."""
        self._provider.shutdown()


class NoTracer:
    """Keeps no spans: for tools that need no traces."""

    @contextlib.contextmanager
    def span(
        self,
        name: str,  # noqa: ARG002 - the port's form
        *,
        action: Action,  # noqa: ARG002 - the port's form
        parent_id: str | None = None,  # noqa: ARG002 - the port's form
    ) -> Iterator[OpenTelemetrySpan]:
        """A span that nobody keeps."""
        yield OpenTelemetrySpan(trace.INVALID_SPAN)

    def record(
        self, name: str, *, action: Action, started_at: datetime, ended_at: datetime, ok: bool
    ) -> None:
        """Nothing is kept."""


def _attributes(action: Action) -> dict[str, str]:
    return {
        _ACTION_KEY: action.id,
        "gen_ai.agent.name": action.agent_id,
        "maestro.kind": action.kind,
    }


def _context(action: Action, parent_id: str | None) -> Context:
    """Continue the caller's trace: `traceparent`'s span, or the correlation id alone."""
    parent = SpanContext(
        trace_id=int(action.correlation_id, 16),
        span_id=int(parent_id or action.parent_span_id or "0", 16) or _ROOT_PARENT,
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(NonRecordingSpan(parent), Context())


def _otlp(endpoint: str) -> SpanProcessor:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
    except ImportError as error:
        raise ConfigError(
            "[monitoring] otlp_endpoint needs the extra: install maestro-console[otlp]"
        ) from error
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint))


def _nanoseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def _to_record(span: ReadableSpan) -> SpanRecord:
    context = span.get_span_context()
    assert context is not None  # noqa: S101 - a finished span of ours has one
    started_ns, ended_ns = span.start_time or 0, span.end_time or 0
    attributes: dict[str, JsonValue] = {
        key: value if isinstance(value, str | bool | int | float) else str(value)
        for key, value in (span.attributes or {}).items()
    }
    parent = span.parent
    has_parent = parent is not None and parent.span_id != _ROOT_PARENT
    action_id = attributes.get(_ACTION_KEY)
    return SpanRecord(
        id=f"{context.span_id:016x}",
        trace_id=CorrelationId(f"{context.trace_id:032x}"),
        parent_id=f"{parent.span_id:016x}" if parent is not None and has_parent else None,
        action_id=ActionId(action_id) if isinstance(action_id, str) else None,
        name=span.name,
        started_at=datetime.fromtimestamp(started_ns / 1e9, UTC),
        duration_us=(ended_ns - started_ns) // 1000,
        ok=span.status.status_code is not StatusCode.ERROR,
        attributes=attributes,
    )
