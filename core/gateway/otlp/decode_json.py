"""OTLP in JSON -> neutral rows. Ids are hex here, 64-bit numbers may be texts."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeGuard, cast

import orjson

from core.gateway.otlp.common import (
    ATTRIBUTES_MAX,
    BUCKETS_MAX,
    ERRORS,
    POINTS_MAX,
    SPAN_ID_BYTES,
    TRACE_ID_BYTES,
    WRONG,
    keep_labels,
    look_up,
    short,
    to_int,
    uncollected,
)
from core.gateway.otlp.usual_json import parse_logs, parse_traces, read_logs, read_spans
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
    Value,
    make_tuple,
)

Json = Mapping[str, Any]
_DELTAS: Final = (1, "AGGREGATION_TEMPORALITY_DELTA")
_NO_VALUE: Final = 1  # flag
_DIGITS_MAX: Final = 20
_KINDS: Final = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")


class NotOtlp(ValueError):  # noqa: N818 - says what the body is not
    """A body that is no JSON, or no export."""


@uncollected
def decode_traces(body: bytes) -> list[Batch]:
    """Read an export of spans. Raises NotOtlp."""
    found: list[Batch] = []
    usual = parse_traces(body)
    read = _read_spans if usual is None else read_spans
    scopes = _rows(body, "resourceSpans", "scopeSpans", "spans") if usual is None else usual
    for resource, scope, spans in scopes:
        batch = _batch(resource, scope)
        batch.spans_seen = len(spans)
        if batch.map.spans is not None:
            read(spans, batch.map.spans, batch)
        found.append(batch)
    return found


@uncollected
def decode_logs(body: bytes) -> list[Batch]:
    """Read an export of log records. Raises NotOtlp."""
    found: list[Batch] = []
    usual = parse_logs(body)
    read = _read_logs if usual is None else read_logs
    scopes = _rows(body, "resourceLogs", "scopeLogs", "logRecords") if usual is None else usual
    for resource, scope, records in scopes:
        batch = _batch(resource, scope)
        batch.logs_seen = len(records)
        if batch.map.logs is not None:
            read(records, batch.map.logs, batch)
        found.append(batch)
    return found


@uncollected
def decode_metrics(body: bytes) -> list[Batch]:
    """Read an export of metrics. Raises NotOtlp."""
    found: list[Batch] = []
    left = POINTS_MAX
    for resource, scope, metrics in _rows(body, "resourceMetrics", "scopeMetrics", "metrics"):
        batch = _batch(resource, scope)
        sender = (orjson.dumps(resource, option=orjson.OPT_SORT_KEYS), batch.scope)
        for metric in metrics:
            try:
                _read_points(metric, batch, sender, left - len(batch.points))
            except WRONG:
                batch.rejected += 1
        left -= len(batch.points)
        found.append(batch)
    return found


def _rows(body: bytes, outer: str, inner: str, rows: str) -> Iterator[tuple[Any, Any, list[Any]]]:
    """Resource, scope and rows of each scope, whatever they are."""
    try:
        given: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotOtlp("the body is not JSON") from None
    if not isinstance(given, dict):
        raise NotOtlp(f"the body is no object with {outer}")
    for each in _list(cast("Json", given), outer):
        for scoped in _list(each, inner):
            yield _object(each, "resource"), _object(scoped, "scope"), _list(scoped, rows)


def _list(given: Any, name: str) -> list[Any]:
    found: Any = cast("Json", given).get(name) if isinstance(given, dict) else None
    if found is None:
        return []
    if not _is_list(found):
        raise NotOtlp(f"{name} is no array")
    return found


def _is_list(given: object) -> TypeGuard[list[Any]]:
    return isinstance(given, list)


def _object(given: Any, name: str) -> Json:
    found: Any = cast("Json", given).get(name) if isinstance(given, dict) else None
    return cast("Json", found) if isinstance(found, dict) else {}


def _batch(resource: Any, scope: Any) -> Batch:
    name = cast("Json", scope).get("name") if isinstance(scope, dict) else None
    scope_name = short(name) if isinstance(name, str) else ""
    said = {"service.name": "", "service.version": ""}
    for pair in _list(resource, "attributes")[:ATTRIBUTES_MAX]:
        value = _object(pair, "value").get("stringValue")
        if isinstance(value, str) and isinstance(key := pair.get("key"), str) and key in said:
            said[key] = short(value)
    service = said["service.name"]
    return Batch(
        service=service,
        version=said["service.version"],
        scope=scope_name,
        map=classify(service, scope_name),
    )


def _read_spans(spans: Sequence[Any], table: Table, batch: Batch) -> None:
    rows = batch.spans
    read_hex = bytes.fromhex
    for span in spans:
        try:
            trace_id, span_id = read_hex(span["traceId"]), read_hex(span["spanId"])
            parent_id = read_hex(span.get("parentSpanId") or "")
            if len(trace_id) != TRACE_ID_BYTES or len(span_id) != SPAN_ID_BYTES:
                batch.rejected += 1
                continue
            status = span.get("status")
            rows.append(
                make_tuple(
                    SpanRow,
                    (
                        trace_id.hex(),
                        span_id.hex(),
                        parent_id.hex() if len(parent_id) == SPAN_ID_BYTES else "",
                        to_int(span.get("startTimeUnixNano")),
                        to_int(span.get("endTimeUnixNano")),
                        bool(status) and status.get("code") in ERRORS,
                        _read(span.get("attributes") or (), table, batch),
                    ),
                )
            )
        except WRONG:
            batch.rejected += 1


def _read_logs(records: Sequence[Any], table: Table, batch: Batch) -> None:
    for record in records:
        try:
            fields = _read(record.get("attributes") or (), table, batch)
            at_ns = to_int(record.get("timeUnixNano")) or to_int(record.get("observedTimeUnixNano"))
            event = short(str(fields[EVENT] or record.get("eventName") or ""))
            batch.logs.append(LogRow(event, at_ns, fields))
        except WRONG:
            batch.rejected += 1


def _read(attributes: Any, table: Table, batch: Batch) -> Fields:
    fields: Fields = [None] * FIELDS
    get = table.known.get
    if len(attributes) > ATTRIBUTES_MAX:
        attributes = attributes[:ATTRIBUTES_MAX]
    for pair in attributes:
        slot = get(pair["key"])
        if slot is None:
            slot = look_up(pair["key"], table, batch)
        if slot >= 0:
            read = _value(pair["value"])
            if read is not None:
                fields[slot] = read
        elif slot == CONTENT:
            batch.content_dropped += 1
    return fields


def _value(value: Any) -> Value:
    given = value.get("stringValue")
    if type(given) is str:
        return given
    if (number := value.get("intValue")) is not None:
        return to_int(number)
    if (number := value.get("doubleValue")) is not None:
        return float(number)
    given = value.get("boolValue")
    return given if type(given) is bool else None


def _read_points(metric: Any, batch: Batch, sender: tuple[bytes, str], points_max: int) -> None:
    kind = next((each for each in _KINDS if each in metric), None)
    if kind is None:
        return
    data = metric[kind]
    points = _list(data, "dataPoints")
    batch.points_seen += len(points)
    batch.rejected += max(0, len(points) - max(0, points_max))
    delta = data.get("aggregationTemporality") in _DELTAS
    shape = kind if kind in ("gauge", "sum") else "histogram"
    if kind == "sum" and not data.get("isMonotonic"):
        shape = "sum" if delta else "gauge"
    name = short(str(metric.get("name")))
    for point in points[: max(0, points_max)]:
        try:
            row = _point(point, kind, sender)
        except WRONG:
            batch.rejected += 1
            continue
        if row is not None:
            batch.points.append(row._replace(metric=name, kind=shape, delta=delta))


def _point(point: Any, kind: str, sender: tuple[bytes, str]) -> PointRow | None:
    if to_int(point.get("flags")) & _NO_VALUE:
        return None
    attributes: list[Any] = _list(point, "attributes")[:ATTRIBUTES_MAX]
    labels = [(str(pair["key"]), _value(pair["value"])) for pair in attributes]
    number = kind in ("gauge", "sum")
    value = _number(point) if number else float(point.get("sum") or 0.0)
    if not math.isfinite(value):
        raise ValueError("no finite number")
    bounds: tuple[float, ...] = ()
    buckets: tuple[int, ...] = ()
    counts = point.get("bucketCounts") or ()
    if kind == "histogram" and len(counts) <= BUCKETS_MAX:
        bounds = tuple(float(each) for each in point.get("explicitBounds") or ())
        buckets = tuple(to_int(each) for each in counts)
    return PointRow(
        metric="",
        kind="",
        delta=False,
        start_ns=to_int(point.get("startTimeUnixNano")),
        at_ns=to_int(point.get("timeUnixNano")),
        value=value,
        samples=1 if number else to_int(point.get("count")),
        bounds=bounds,
        buckets=buckets,
        labels=keep_labels(labels),
        stream=hash((sender, tuple(sorted(labels, key=str)))),
    )


def _number(point: Any) -> float:
    return float(point["asDouble"] if "asDouble" in point else to_int(point["asInt"]))
