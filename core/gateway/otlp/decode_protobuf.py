"""OTLP in protobuf -> neutral rows, straight from the messages. Importing this takes 0.1 s."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from core.gateway.otlp.common import (
    ATTRIBUTES_MAX,
    BUCKETS_MAX,
    POINTS_MAX,
    SPAN_ID_BYTES,
    TRACE_ID_BYTES,
    keep_labels,
    look_up,
    short,
    uncollected,
)
from core.gateway.otlp.span_messages import SPANS, has_failed, read_value, reader_of
from core.telemetry.catalog import classify
from core.telemetry.model import (
    CONTENT,
    EVENT,
    FIELDS,
    Batch,
    Fields,
    LogRow,
    PointRow,
    SpanRow,
    Table,
    make_tuple,
)

__all__ = ["DecodeError", "decode_logs", "decode_metrics", "decode_traces", "encode_partial"]

_DELTA: Final = 1
_NO_VALUE: Final = 1  # flag


@uncollected
def decode_traces(body: bytes) -> list[Batch]:
    """Read an export of spans. Raises DecodeError."""
    found: list[Batch] = []
    for resource_spans in SPANS.FromString(body).resource_spans:
        service, version = _service(resource_spans.resource)
        for each in resource_spans.scope_spans:
            batch = _batch(service, version, each.scope.name)
            batch.spans_seen = len(each.spans)
            if batch.map.spans is not None:
                _read_spans(each.spans, batch.map.spans, batch)
            found.append(batch)
    return found


@uncollected
def decode_logs(body: bytes) -> list[Batch]:
    """Read an export of log records. Raises DecodeError."""
    found: list[Batch] = []
    for resource_logs in ExportLogsServiceRequest.FromString(body).resource_logs:
        service, version = _service(resource_logs.resource)
        for each in resource_logs.scope_logs:
            batch = _batch(service, version, each.scope.name)
            batch.logs_seen = len(each.log_records)
            table = batch.map.logs
            if table is not None:
                for record in each.log_records:
                    fields = _read(record.attributes, table, batch)
                    at_ns = record.time_unix_nano or record.observed_time_unix_nano
                    event = short(str(fields[EVENT] or record.event_name))
                    batch.logs.append(LogRow(event, at_ns, fields))
            found.append(batch)
    return found


@uncollected
def decode_metrics(body: bytes) -> list[Batch]:
    """Read an export of metrics. Raises DecodeError."""
    found: list[Batch] = []
    left = POINTS_MAX
    for resource_metrics in ExportMetricsServiceRequest.FromString(body).resource_metrics:
        service, version = _service(resource_metrics.resource)
        sender = resource_metrics.resource.SerializeToString(deterministic=True)
        for each in resource_metrics.scope_metrics:
            batch = _batch(service, version, each.scope.name)
            for metric in each.metrics:
                _read_points(metric, batch, (sender, batch.scope), left - len(batch.points))
            left -= len(batch.points)
            found.append(batch)
    return found


def encode_partial(signal: str, rejected: int, reason: str) -> bytes:
    """The answer to an export of "traces", "metrics" or "logs" that was taken in part."""
    if signal == "traces":
        spans = ExportTraceServiceResponse()
        spans.partial_success.rejected_spans = rejected
        spans.partial_success.error_message = reason
        return spans.SerializeToString()
    if signal == "metrics":
        points = ExportMetricsServiceResponse()
        points.partial_success.rejected_data_points = rejected
        points.partial_success.error_message = reason
        return points.SerializeToString()
    records = ExportLogsServiceResponse()
    records.partial_success.rejected_log_records = rejected
    records.partial_success.error_message = reason
    return records.SerializeToString()


def _batch(service: str, version: str, scope: str) -> Batch:
    return Batch(service=service, version=version, scope=scope, map=classify(service, scope))


def _service(resource: Resource) -> tuple[str, str]:
    said = {"service.name": "", "service.version": ""}
    for pair in resource.attributes[:ATTRIBUTES_MAX]:
        if pair.key in said:
            said[pair.key] = short(pair.value.string_value)
    return said["service.name"], said["service.version"]


def _read_spans(spans: Iterable[Any], table: Table, batch: Batch) -> None:
    rows = batch.spans
    read = reader_of(table).read
    for span in spans:
        trace_id, span_id, parent_id = span.trace_id, span.span_id, span.parent_span_id
        if len(trace_id) != TRACE_ID_BYTES or len(span_id) != SPAN_ID_BYTES:
            batch.rejected += 1
            continue
        rows.append(
            make_tuple(
                SpanRow,
                (
                    trace_id.hex(),
                    span_id.hex(),
                    parent_id.hex() if len(parent_id) == SPAN_ID_BYTES else "",
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    bool(status := span.status) and has_failed(status),
                    read(span.attributes, batch),
                ),
            )
        )


def _read(attributes: Sequence[KeyValue], table: Table, batch: Batch) -> Fields:
    fields: Fields = [None] * FIELDS
    get = table.known.get
    if len(attributes) > ATTRIBUTES_MAX:
        attributes = attributes[:ATTRIBUTES_MAX]
    for pair in attributes:
        key = pair.key
        slot = get(key)
        if slot is None:
            slot = look_up(key, table, batch)
        if slot >= 0:
            value = pair.value
            # Reading the wrong kind gives "" or 0: quicker than asking which it is.
            read = value.string_value or value.int_value or read_value(value)
            if read is not None:
                fields[slot] = read
        elif slot == CONTENT:
            batch.content_dropped += 1
    return fields


def _read_points(metric: Metric, batch: Batch, sender: tuple[bytes, str], points_max: int) -> None:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    data = getattr(metric, kind)
    points = data.data_points
    batch.points_seen += len(points)
    batch.rejected += max(0, len(points) - max(0, points_max))
    delta = getattr(data, "aggregation_temporality", 0) == _DELTA
    shape = kind if kind in ("gauge", "sum") else "histogram"
    if kind == "sum" and not data.is_monotonic:
        shape = "sum" if delta else "gauge"
    name = short(metric.name)
    for point in points[: max(0, points_max)]:
        if point.flags & _NO_VALUE:
            continue
        labels = [(pair.key, read_value(pair.value)) for pair in point.attributes[:ATTRIBUTES_MAX]]
        bounds, buckets = _buckets(point) if kind == "histogram" else ((), ())
        number = kind in ("gauge", "sum")
        value = _number(point) if number else float(point.sum)
        if not math.isfinite(value):
            batch.rejected += 1
            continue
        batch.points.append(
            PointRow(
                metric=name,
                kind=shape,
                delta=delta,
                start_ns=point.start_time_unix_nano,
                at_ns=point.time_unix_nano,
                value=value,
                samples=1 if number else point.count,
                bounds=bounds,
                buckets=buckets,
                labels=keep_labels(labels),
                stream=hash((sender, tuple(sorted(labels, key=str)))),
            )
        )


def _number(point: Any) -> float:
    return float(point.as_int if point.WhichOneof("value") == "as_int" else point.as_double)


def _buckets(point: Any) -> tuple[tuple[float, ...], tuple[int, ...]]:
    if len(point.bucket_counts) > BUCKETS_MAX:
        return (), ()
    return tuple(point.explicit_bounds), tuple(point.bucket_counts)
