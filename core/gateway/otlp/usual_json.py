"""Spans and log records in JSON as senders write them: parsed into the objects below.

A body in which anything has another type is not read here: `decode_json` takes such a one apart
piece by piece, which costs twice as much, and says of each row whether it will do. Both come to
the same. What no object has a field for is passed over without a look at what it says.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.json import Decoder

from core.gateway.otlp.common import (
    ATTRIBUTES_MAX,
    ERRORS,
    SPAN_ID_BYTES,
    TRACE_ID_BYTES,
    WRONG,
    look_up,
    short,
)
from core.telemetry.model import (
    CONTENT,
    EVENT,
    FIELDS,
    Batch,
    Fields,
    LogRow,
    SpanRow,
    Table,
    Value,
    make_tuple,
)

__all__ = ["parse_logs", "parse_traces", "read_logs", "read_spans"]

Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]  # also as text: the decoders are not strict


class _Object(Struct, gc=False, rename="camel"):  # they hold no circles
    pass


class _Value(_Object):
    string_value: str | None = None
    int_value: Int64 | UnsetType = UNSET
    double_value: Any = None
    bool_value: Any = None


class _Pair(_Object):
    key: str
    value: _Value


class _Status(_Object):
    code: Int64 | str = 0


class _Span(_Object):
    trace_id: str
    span_id: str
    parent_span_id: str = ""
    start_time_unix_nano: Int64 = 0
    end_time_unix_nano: Int64 = 0
    attributes: Sequence[_Pair] = ()
    status: _Status | UnsetType = UNSET


class _ScopeSpans(_Object):
    scope: Any = None
    spans: Sequence[_Span] = ()


class _ResourceSpans(_Object):
    resource: Any = None
    scope_spans: Sequence[_ScopeSpans] = ()


class _Traces(_Object):
    resource_spans: Sequence[_ResourceSpans] = ()


class _Record(_Object):
    time_unix_nano: Int64 = 0
    observed_time_unix_nano: Int64 = 0
    attributes: Sequence[_Pair] = ()
    event_name: str = ""


class _ScopeLogs(_Object):
    scope: Any = None
    log_records: Sequence[_Record] = ()


class _ResourceLogs(_Object):
    resource: Any = None
    scope_logs: Sequence[_ScopeLogs] = ()


class _Logs(_Object):
    resource_logs: Sequence[_ResourceLogs] = ()


_TRACES: Final = Decoder(_Traces, strict=False)
_LOGS: Final = Decoder(_Logs, strict=False)
# Not JSON, or not of these types; UnicodeDecodeError is a ValueError too.
_UNUSUAL: Final = (ValueError, RecursionError)

Scoped = list[tuple[Any, Any, Sequence[Any]]]


def parse_traces(body: bytes) -> Scoped | None:
    """Resource, scope and spans of each scope; None for a body that is not written as usual."""
    try:
        export = _TRACES.decode(body)
    except _UNUSUAL:
        return None
    return [
        (each.resource, scoped.scope, scoped.spans)
        for each in export.resource_spans
        for scoped in each.scope_spans
    ]


def parse_logs(body: bytes) -> Scoped | None:
    """Resource, scope and log records of each scope; None for a body not written as usual."""
    try:
        export = _LOGS.decode(body)
    except _UNUSUAL:
        return None
    return [
        (each.resource, scoped.scope, scoped.log_records)
        for each in export.resource_logs
        for scoped in each.scope_logs
    ]


def read_spans(spans: Iterable[_Span], table: Table, batch: Batch) -> None:
    """Append a row for each span; one that will not do is counted as rejected."""
    rows = batch.spans
    read_hex = bytes.fromhex
    for span in spans:
        try:
            trace_id, span_id = read_hex(span.trace_id), read_hex(span.span_id)
            parent_id = read_hex(span.parent_span_id)
            if len(trace_id) != TRACE_ID_BYTES or len(span_id) != SPAN_ID_BYTES:
                batch.rejected += 1
                continue
            status = span.status
            rows.append(
                make_tuple(
                    SpanRow,
                    (
                        trace_id.hex(),
                        span_id.hex(),
                        parent_id.hex() if len(parent_id) == SPAN_ID_BYTES else "",
                        span.start_time_unix_nano,
                        span.end_time_unix_nano,
                        status is not UNSET and status.code in ERRORS,
                        _read(span.attributes, table, batch),
                    ),
                )
            )
        except WRONG:
            batch.rejected += 1


def read_logs(records: Iterable[_Record], table: Table, batch: Batch) -> None:
    """Append a row for each log record; one that will not do is counted as rejected."""
    for record in records:
        try:
            fields = _read(record.attributes, table, batch)
            at_ns = record.time_unix_nano or record.observed_time_unix_nano
            event = short(str(fields[EVENT] or record.event_name))
            batch.logs.append(LogRow(event, at_ns, fields))
        except WRONG:
            batch.rejected += 1


def _read(attributes: Sequence[_Pair], table: Table, batch: Batch) -> Fields:
    fields: Fields = [None] * FIELDS
    get = table.known.get
    if len(attributes) > ATTRIBUTES_MAX:
        attributes = attributes[:ATTRIBUTES_MAX]
    for pair in attributes:
        slot = get(pair.key)
        if slot is None:
            slot = look_up(pair.key, table, batch)
        if slot >= 0:
            value = pair.value
            given: Value = value.string_value
            if given is None:
                given = _other(value) if value.int_value is UNSET else value.int_value
                if given is None:
                    continue
            fields[slot] = given
        elif slot == CONTENT:
            batch.content_dropped += 1
    return fields


def _other(value: _Value) -> float | bool | None:
    """What is neither text nor a whole number. Raises TypeError, ValueError, OverflowError."""
    if value.double_value is not None:
        return float(value.double_value)
    return value.bool_value if type(value.bool_value) is bool else None
