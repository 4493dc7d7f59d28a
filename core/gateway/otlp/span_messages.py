"""An export of spans, read no deeper than is needed: attributes and status stay bytes.

The messages are those of OTLP with fewer fields, and with bytes where OTLP nests a message, which
is the same on the wire. So an attribute that came before is known by its bytes, without a look
inside; making the objects of each took two thirds of what reading a span takes.
"""

from collections.abc import Iterable
from typing import Any, Final

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from core.gateway.otlp.common import ATTRIBUTES_MAX, look_up
from core.telemetry.model import (
    CALL_ID,
    CONTENT,
    FIELDS,
    NOT_NEEDED,
    RESPONSE_ID,
    Batch,
    Fields,
    Table,
    Value,
)

__all__ = ["SPANS", "AttributeReader", "has_failed", "read_value", "reader_of"]

_PACKAGE: Final = "maestro.otlp"
_RESOURCE: Final = resource_pb2.Resource.DESCRIPTOR.full_name
_SCOPE: Final = common_pb2.InstrumentationScope.DESCRIPTOR.full_name
_BYTES: Final = FieldDescriptorProto.TYPE_BYTES
_FIXED64: Final = FieldDescriptorProto.TYPE_FIXED64
_MESSAGE: Final = FieldDescriptorProto.TYPE_MESSAGE
# Message -> (field, number, type, many, the type's name).
_MESSAGES: Final[dict[str, tuple[tuple[str, int, Any, bool, str], ...]]] = {
    "Export": (("resource_spans", 1, _MESSAGE, True, f"{_PACKAGE}.ResourceSpans"),),
    "ResourceSpans": (
        ("resource", 1, _MESSAGE, False, _RESOURCE),
        ("scope_spans", 2, _MESSAGE, True, f"{_PACKAGE}.ScopeSpans"),
    ),
    "ScopeSpans": (
        ("scope", 1, _MESSAGE, False, _SCOPE),
        ("spans", 2, _MESSAGE, True, f"{_PACKAGE}.Span"),
    ),
    "Span": (
        ("trace_id", 1, _BYTES, False, ""),
        ("span_id", 2, _BYTES, False, ""),
        ("parent_span_id", 4, _BYTES, False, ""),
        ("start_time_unix_nano", 7, _FIXED64, False, ""),
        ("end_time_unix_nano", 8, _FIXED64, False, ""),
        ("attributes", 9, _BYTES, True, ""),
        ("status", 15, _BYTES, False, ""),
    ),
}
_ERROR: Final = 2  # status code
_VALUE_TAG: Final = 0x12  # of KeyValue: an AnyValue
_TEXT_TAG: Final = 0x0A  # of AnyValue
_INT_TAG: Final = 0x18
_ONE_BYTE_MAX: Final = 127  # the largest number that is written in one byte
_MEMO_MAX: Final = 4_096
_MEMO_BYTES_MAX: Final = 100
_UNIQUE: Final = (RESPONSE_ID, CALL_ID)  # never come again: not worth remembering


def _make_export() -> Any:
    file = FileDescriptorProto(
        name="maestro/otlp_spans.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[resource_pb2.DESCRIPTOR.name, common_pb2.DESCRIPTOR.name],
    )
    for message, fields in _MESSAGES.items():
        added = file.message_type.add(name=message)
        for name, number, kind, many, of in fields:
            label = FieldDescriptorProto.LABEL_REPEATED if many else None
            field = added.field.add(name=name, number=number, type=kind, label=label)
            if of:
                field.type_name = f".{of}"
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Export"))


SPANS: Final = _make_export()


def has_failed(status: bytes) -> bool:
    """Whether a span's status says so. Raises DecodeError."""
    return Status.FromString(status).code == _ERROR


class AttributeReader:
    """Reads attributes into the fields that one table names, and remembers those that recur."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._memo: dict[bytes, tuple[int, Value]] = {}
        keys = {key: key.encode() for key in table.fields}
        self._slots = {
            bytes((_TEXT_TAG, len(raw))) + raw: table.fields[key]
            for key, raw in keys.items()
            if len(raw) <= _ONE_BYTE_MAX
        }

    def read(self, attributes: Any, batch: Batch) -> Fields:
        """The fields of a span. Raises DecodeError."""
        fields: Fields = [None] * FIELDS
        remembered = self._memo.get
        if len(attributes) > ATTRIBUTES_MAX:
            attributes = attributes[:ATTRIBUTES_MAX]
        for raw in attributes:
            slot, value = remembered(raw) or self._read_one(raw, batch)
            if slot >= 0:
                fields[slot] = value
        return fields

    def remembered(self) -> Iterable[bytes]:
        """The attributes that would not be read again."""
        return self._memo

    def _read_one(self, raw: bytes, batch: Batch) -> tuple[int, Value]:
        """Field and value; a field below 0 where there is nothing to keep.

        A number or text that is written in the usual way is read here, all else by its message.
        """
        end = raw[1] + 2 if len(raw) > 1 else 0
        slot = self._slots.get(raw[:end], NOT_NEEDED)
        at, size = end + 4, len(raw)
        if (
            slot >= 0
            and size >= at
            and raw[end] == _VALUE_TAG
            and raw[end + 1] == size - end - 2 <= _ONE_BYTE_MAX
        ):
            kind, last = raw[end + 2], raw[-1]
            if kind == _INT_TAG and last <= _ONE_BYTE_MAX:
                if size == at:
                    return slot, last
                if size == at + 1 and raw[at - 1] > _ONE_BYTE_MAX:
                    return slot, last << 7 | raw[at - 1] & 127
                if size == at + 2 and min(raw[at - 1], raw[at]) > _ONE_BYTE_MAX:
                    return slot, last << 14 | (raw[at] & 127) << 7 | raw[at - 1] & 127
            elif kind == _TEXT_TAG and raw[at - 1] == size - at:
                try:
                    return self._remember(raw, slot, raw[at:].decode())
                except UnicodeDecodeError:
                    raise DecodeError("a text is not UTF-8") from None
        return self._read_message(raw, batch)

    def _read_message(self, raw: bytes, batch: Batch) -> tuple[int, Value]:
        pair = KeyValue.FromString(raw)
        slot = self._table.known.get(pair.key)
        if slot is None:
            slot = look_up(pair.key, self._table, batch)
        elif slot == CONTENT:
            batch.content_dropped += 1
        elif slot == NOT_NEEDED:
            return self._remember(raw, slot, None)
        value = read_value(pair.value) if slot >= 0 else None
        return (NOT_NEEDED, None) if value is None else (slot, value)

    def _remember(self, raw: bytes, slot: int, value: Value) -> tuple[int, Value]:
        found = slot, value
        if slot not in _UNIQUE and len(raw) <= _MEMO_BYTES_MAX:
            if len(self._memo) >= _MEMO_MAX:
                self._memo.clear()
            self._memo[raw] = found
        return found


_READERS: Final[dict[int, AttributeReader]] = {}  # by table, of which there are a few


def reader_of(table: Table) -> AttributeReader:
    """The reader for a map's table, which lasts as long as the program."""
    found = _READERS.get(id(table))
    if found is None:
        found = _READERS[id(table)] = AttributeReader(table)
    return found


def read_value(value: AnyValue) -> Value:
    """A text, number or truth; None for what is none of them."""
    kind = value.WhichOneof("value")
    if kind in ("string_value", "int_value", "double_value", "bool_value"):
        found: Value = getattr(value, kind)
        return found
    return None
