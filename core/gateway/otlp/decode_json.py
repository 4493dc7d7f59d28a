"""OTLP in JSON -> neutral rows. Ids are hex here, 64-bit numbers may be texts."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard, cast

import orjson

from core.gateway.otlp.common import (
    ATTRIBUTES_MAX,
    BUCKETS_MAX,
    POINTS_MAX,
    keep_labels,
    look_up,
    short,
    uncollected,
)
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
_ERRORS: Final = (2, "STATUS_CODE_ERROR")
_DELTAS: Final = (1, "AGGREGATION_TEMPORALITY_DELTA")
_TRACE_ID_BYTES: Final = 16
_SPAN_ID_BYTES: Final = 8
_NO_VALUE: Final = 1  # flag
_INT_MAX: Final = 2**64
_DIGITS_MAX: Final = 20
_KINDS: Final = ("gauge", "sum", "histogram", "exponentialHistogram", "summary")
# What a row of the wrong shape raises when it is read; it is rejected, the others are not.
_WRONG: Final = (AttributeError, KeyError, TypeError, ValueError, OverflowError)


class NotOtlp(ValueError):  # noqa: N818 - says what the body is not
    """A body that is no JSON, or no export."""


@uncollected
def decode_traces(body: bytes) -> list[Batch]:
    """Read an export of spans. Raises NotOtlp."""
    found: list[Batch] = []
    for resource, scope, each in _scopes(body, "resourceSpans", "scopeSpans"):
        batch = _batch(resource, scope)
        spans = _list(each, "spans")
        batch.spans_seen = len(spans)
        if batch.map.spans is not None:
            _read_spans(spans, batch.map.spans, batch)
        found.append(batch)
    return found


@uncollected
def decode_logs(body: bytes) -> list[Batch]:
    """Read an export of log records. Raises NotOtlp."""
    found: list[Batch] = []
    for resource, scope, each in _scopes(body, "resourceLogs", "scopeLogs"):
        batch = _batch(resource, scope)
        records = _list(each, "logRecords")
        batch.logs_seen = len(records)
        if batch.map.logs is not None:
            _read_logs(records, batch.map.logs, batch)
        found.append(batch)
    return found


@uncollected
def decode_metrics(body: bytes) -> list[Batch]:
    """Read an export of metrics. Raises NotOtlp."""
    found: list[Batch] = []
    left = POINTS_MAX
    for resource, scope, each in _scopes(body, "resourceMetrics", "scopeMetrics"):
        batch = _batch(resource, scope)
        sender = (orjson.dumps(resource, option=orjson.OPT_SORT_KEYS), batch.scope)
        for metric in _list(each, "metrics"):
            try:
                _read_points(metric, batch, sender, left - len(batch.points))
            except _WRONG:
                batch.rejected += 1
        left -= len(batch.points)
        found.append(batch)
    return found


def _scopes(body: bytes, outer: str, inner: str) -> Iterator[tuple[Json, str, Json]]:
    try:
        given: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise NotOtlp("the body is not JSON") from None
    if not isinstance(given, dict):
        raise NotOtlp(f"the body is no object with {outer}")
    for each in _list(cast("Json", given), outer):
        resource = _object(each, "resource")
        for scoped in _list(each, inner):
            name = _object(scoped, "scope").get("name")
            yield resource, short(name) if isinstance(name, str) else "", scoped


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


def _batch(resource: Json, scope: str) -> Batch:
    said = {"service.name": "", "service.version": ""}
    for pair in _list(resource, "attributes")[:ATTRIBUTES_MAX]:
        value = _object(pair, "value").get("stringValue")
        if isinstance(value, str) and pair.get("key") in said:
            said[pair["key"]] = short(value)
    service = said["service.name"]
    return Batch(
        service=service, version=said["service.version"], scope=scope, map=classify(service, scope)
    )


def _read_spans(spans: list[Any], table: Table, batch: Batch) -> None:
    rows = batch.spans
    read_hex = bytes.fromhex
    for span in spans:
        try:
            trace_id, span_id = read_hex(span["traceId"]), read_hex(span["spanId"])
            parent_id = read_hex(span.get("parentSpanId") or "")
            if len(trace_id) != _TRACE_ID_BYTES or len(span_id) != _SPAN_ID_BYTES:
                batch.rejected += 1
                continue
            status = span.get("status")
            rows.append(
                make_tuple(
                    SpanRow,
                    (
                        trace_id.hex(),
                        span_id.hex(),
                        parent_id.hex() if len(parent_id) == _SPAN_ID_BYTES else "",
                        _int(span.get("startTimeUnixNano")),
                        _int(span.get("endTimeUnixNano")),
                        bool(status) and status.get("code") in _ERRORS,
                        _read(span.get("attributes") or (), table, batch),
                    ),
                )
            )
        except _WRONG:
            batch.rejected += 1


def _read_logs(records: list[Any], table: Table, batch: Batch) -> None:
    for record in records:
        try:
            fields = _read(record.get("attributes") or (), table, batch)
            at_ns = _int(record.get("timeUnixNano")) or _int(record.get("observedTimeUnixNano"))
            event = short(str(fields[EVENT] or record.get("eventName") or ""))
            batch.logs.append(LogRow(event, at_ns, fields))
        except _WRONG:
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
            value = pair["value"]
            given = value.get("stringValue")
            if type(given) is str:
                fields[slot] = given
                continue
            given = value.get("intValue")
            if type(given) is str and len(given) < _DIGITS_MAX:
                fields[slot] = int(given)
            elif (read := _value(value)) is not None:
                fields[slot] = read
        elif slot == CONTENT:
            batch.content_dropped += 1
    return fields


def _value(value: Any) -> Value:
    for kind, given in value.items():
        if kind == "intValue":
            return _int(given)
        if kind == "stringValue":
            return given if type(given) is str else None
        if kind == "doubleValue":
            return float(given)
        if kind == "boolValue":
            return given if type(given) is bool else None
    return None


def _int(given: Any) -> int:
    """A 64-bit number, also as text. Raises ValueError, TypeError."""
    if type(given) is str and len(given) < _DIGITS_MAX:
        return int(given)
    if given is None:
        return 0
    if isinstance(given, str) and len(given) > _DIGITS_MAX:
        raise ValueError("a number too long")
    number = int(given)
    if not -_INT_MAX < number < _INT_MAX:
        raise ValueError("no 64-bit number")
    return number


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
        except _WRONG:
            batch.rejected += 1
            continue
        if row is not None:
            batch.points.append(row._replace(metric=name, kind=shape, delta=delta))


def _point(point: Any, kind: str, sender: tuple[bytes, str]) -> PointRow | None:
    if _int(point.get("flags")) & _NO_VALUE:
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
        buckets = tuple(_int(each) for each in counts)
    return PointRow(
        metric="",
        kind="",
        delta=False,
        start_ns=_int(point.get("startTimeUnixNano")),
        at_ns=_int(point.get("timeUnixNano")),
        value=value,
        samples=1 if number else _int(point.get("count")),
        bounds=bounds,
        buckets=buckets,
        labels=keep_labels(labels),
        stream=hash((sender, tuple(sorted(labels, key=str)))),
    )


def _number(point: Any) -> float:
    return float(point["asDouble"] if "asDouble" in point else _int(point["asInt"]))
