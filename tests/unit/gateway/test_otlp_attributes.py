"""Attributes read by their bytes come to what their messages say, also where bytes are wrong."""

from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from core.gateway.otlp.span_messages import AttributeReader, has_failed, read_value
from core.telemetry.maps.genai import MAP, SPANS
from core.telemetry.model import CONTENT, FIELDS, Batch, Fields, Table, Value

EDGES = [0, 1, 127, 128, 16_383, 16_384, 2**21 - 1, 2**21, 2**28, 2**63 - 1, -1, -(2**63)]
KEYS = st.sampled_from(
    ["gen_ai.usage.input_tokens", "gen_ai.request.model", "gen_ai.response.id", "server.port",
     "gen_ai.input.messages", "gen_ai.prompt.0", "odd", "", "x" * 200]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(EDGES),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text("ab", min_size=100, max_size=200),
)


def make_pair(key: str, value: Any) -> bytes:
    pair = KeyValue(key=key)
    match value:
        case bool():
            pair.value.bool_value = value
        case int():
            pair.value.int_value = value
        case float():
            pair.value.double_value = value
        case _:
            pair.value.string_value = value
    return pair.SerializeToString()


def read_plainly(pairs: list[bytes], table: Table) -> tuple[Fields, int]:
    """By the messages alone: fields, and how many had content."""
    fields: list[Value] = [None] * FIELDS
    dropped = 0
    for each in pairs:
        pair = KeyValue.FromString(each)
        slot = table.fields.get(pair.key)
        if slot == CONTENT or (slot is None and pair.key.startswith(table.content)):
            dropped += 1
        elif slot is not None and slot >= 0:
            value = read_value(pair.value)
            fields[slot] = fields[slot] if value is None else value
    return fields, dropped


def make_batch() -> Batch:
    return Batch(service="", version="", scope="", map=MAP)


@given(st.lists(st.tuples(KEYS, VALUES), max_size=6))
def test_attributes_read_the_same_at_first_and_when_they_come_again(
    given_as: list[tuple[str, Any]],
) -> None:
    pairs = [make_pair(key, value) for key, value in given_as]
    reader = AttributeReader(SPANS)
    for _ in range(3):
        batch = make_batch()
        assert (reader.read(pairs, batch), batch.content_dropped) == read_plainly(pairs, SPANS)


@given(KEYS, VALUES, st.data())
def test_bytes_that_are_wrong_read_as_their_message_does(
    key: str, value: Any, data: st.DataObject
) -> None:
    raw = bytearray(make_pair(key, value))
    if raw:
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    given_as = bytes(
        raw[: data.draw(st.integers(0, len(raw)))] if data.draw(st.booleans()) else raw
    )
    reader = AttributeReader(SPANS)
    try:
        expected, _ = read_plainly([given_as], SPANS)
    except DecodeError:
        try:
            reader.read([given_as], make_batch())
        except DecodeError:
            return
        raise AssertionError("wrong bytes were read") from None
    assert reader.read([given_as], make_batch()) == expected


def test_what_is_remembered_is_bounded_and_holds_no_content() -> None:
    reader = AttributeReader(SPANS)
    batch = make_batch()
    for number in range(10_000):
        pairs = [
            make_pair("gen_ai.request.model", f"model-{number}"),
            make_pair("gen_ai.input.messages", f"secret {number}"),
        ]
        assert f"model-{number}" in reader.read(pairs, batch)
    assert batch.content_dropped == 10_000
    remembered = list(reader.remembered())
    assert 0 < len(remembered) <= 4_096
    assert not [each for each in remembered if b"secret" in each]


@pytest.mark.parametrize("code", [0, 1, 2, 5])
def test_a_status_says_whether_a_span_failed(code: Any) -> None:
    assert has_failed(Status(message="why", code=code).SerializeToString()) == (code == 2)
