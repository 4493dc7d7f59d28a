"""Finished spans to an OpenTelemetry collector over OTLP/HTTP, through the SDK's own exporter."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

from core.errors import ConfigError
from core.records import SpanRecord

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)


class OtlpExport:
    """Hands spans to the SDK's batching processor, whose thread sends them. Never waits."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._batches = BatchSpanProcessor(exporter)
        self._resource = Resource.create({"service.name": "maestro"})

    @classmethod
    def to(cls, endpoint: str) -> "OtlpExport":
        """Export to `endpoint`, its full path. Raises ConfigError when the extra is missing."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
                OTLPSpanExporter,
            )
        except ImportError as error:
            raise ConfigError(
                "[monitoring] otlp_endpoint needs the extra: install maestro-console[otlp]"
            ) from error
        return cls(OTLPSpanExporter(endpoint=endpoint))

    def send(self, spans: Sequence[SpanRecord]) -> None:
        """Queue; the processor drops the oldest when the collector is away for long."""
        for span in spans:
            self._batches.on_end(self._readable(span))

    def close(self) -> None:
        """Send what waits."""
        self._batches.shutdown()  # type: ignore[no-untyped-call]

    def _readable(self, span: SpanRecord) -> ReadableSpan:
        started_ns = (span.started_at - _EPOCH) // timedelta(microseconds=1) * 1000
        attributes = {
            key: value if isinstance(value, str | bool | int | float) else str(value)
            for key, value in span.attributes.items()
        }
        return ReadableSpan(
            name=span.name,
            context=_context(span.trace_id, span.id),
            parent=_context(span.trace_id, span.parent_id) if span.parent_id else None,
            resource=self._resource,
            attributes={**attributes, "maestro.action_id": span.action_id or ""},
            status=Status(StatusCode.OK if span.ok else StatusCode.ERROR),
            start_time=started_ns,
            end_time=started_ns + span.duration_us * 1000,
        )


def _context(trace_id: str, span_id: str) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=False, trace_flags=_SAMPLED)
