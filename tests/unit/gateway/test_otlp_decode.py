"""Decoders: protobuf and JSON say the same, and nothing that arrives breaks them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.gateway.otlp import decode_json, decode_protobuf
from core.gateway.otlp.common import ATTRIBUTES_MAX, LABELS_MAX, POINTS_MAX
from core.telemetry.model import EVENT, FIELDS, INPUT, MODEL, TOOL, Batch
from tests.otlp import export, make_log, make_span, make_sum, to_protobuf

DECODERS = {
    "traces": (decode_json.decode_traces, decode_protobuf.decode_traces),
    "logs": (decode_json.decode_logs, decode_protobuf.decode_logs),
    "metrics": (decode_json.decode_metrics, decode_protobuf.decode_metrics),
}
HISTOGRAM = {
    "name": "h",
    "histogram": {
        "aggregationTemporality": 2,
        "dataPoints": [
            {"timeUnixNano": "9", "count": "3", "sum": 4.5, "bucketCounts": ["1", "2"],
             "explicitBounds": [2.0], "attributes": []},
            {"timeUnixNano": "9", "flags": 1},
        ],
    },
}  # fmt: skip
KEYS = st.sampled_from(
    ["gen_ai.operation.name", "gen_ai.usage.input_tokens", "gen_ai.request.model", "odd",
     "gen_ai.input.messages", "server.port", "gen_ai.prompt.1.content"]
)  # fmt: skip
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
)


def both(signal: str, body: bytes) -> tuple[list[Batch], list[Batch]]:
    from_json, from_protobuf = DECODERS[signal]
    return from_json(body), from_protobuf(to_protobuf(signal, body))


def plain(batches: list[Batch]) -> Any:
    """Without what only tells streams of one decoder apart."""
    for batch in batches:
        batch.points = [each._replace(stream=0) for each in batch.points]
    return batches


@given(st.dictionaries(KEYS, VALUES, max_size=6), st.booleans())
def test_a_span_reads_the_same_in_both_forms(attributes: dict[str, Any], failed: bool) -> None:  # noqa: FBT001
    span = make_span(7, parent=3, failed=failed, attributes=attributes)
    text, message = both("traces", export("traces", [span]))
    assert text == message
    assert len(text[0].spans) == 1


@given(st.dictionaries(st.sampled_from(["event.name", "model", "tool_name", "error"]), VALUES))
def test_a_log_record_reads_the_same_in_both_forms(attributes: dict[str, Any]) -> None:
    log = {**make_log("x", attributes), "eventName": "named"}
    text, message = both("logs", export("logs", [log], service="claude-code"))
    assert text == message


@pytest.mark.parametrize(
    "metric",
    [
        make_sum("s", 4.5, labels={"type": "input", "session.id": "x", "n": 3}),
        make_sum("s", 4.5, delta=True),
        {"name": "g", "gauge": {"dataPoints": [{"timeUnixNano": "5", "asInt": "7"}]}},
        {"name": "u", "sum": {"aggregationTemporality": 2, "dataPoints": [{"asInt": "7"}]}},
        {"name": "d", "sum": {"aggregationTemporality": 1, "dataPoints": [{"asInt": "7"}]}},
        HISTOGRAM,
        {"name": "e", "exponentialHistogram": {"dataPoints": [{"count": "2", "sum": 3.0}]}},
        {"name": "y", "summary": {"dataPoints": [{"count": "2", "sum": 3.0}]}},
        {"name": "nothing"},
    ],
    ids=lambda each: str(each["name"]),
)
def test_a_metric_reads_the_same_in_both_forms(metric: dict[str, Any]) -> None:
    text, message = both("metrics", export("metrics", [metric]))
    assert plain(text) == plain(message)


def test_points_carry_what_a_counter_needs() -> None:
    (batch,) = decode_json.decode_metrics(
        export("metrics", [make_sum("m", 3, delta=True, labels={"b": 1, "a": "x", "user.id": "u"})])
    )
    (point,) = batch.points
    assert (point.kind, point.delta, point.value) == ("sum", True, 3.0)
    assert point.labels == (("a", "x"), ("b", "1"))
    (changing,) = decode_json.decode_metrics(
        export("metrics", [{"name": "u", "sum": {"dataPoints": [{"asInt": 1}]}}])
    )
    assert changing.points[0].kind == "gauge"  # it may fall: only its value means something


def test_streams_are_told_apart_by_labels_that_are_not_kept() -> None:
    rows = [make_sum("m", 1, labels={"session.id": each}) for each in ("a", "b")]
    (batch,) = decode_json.decode_metrics(export("metrics", rows))
    assert len({point.stream for point in batch.points}) == 2
    assert len({point.labels for point in batch.points}) == 1


def test_attributes_labels_and_points_are_bounded() -> None:
    many = {f"key-{number}": number for number in range(ATTRIBUTES_MAX + 50)}
    for form in both("traces", export("traces", [make_span(attributes=many)])):
        assert sum(form[0].unmapped.values()) <= ATTRIBUTES_MAX
    for form in both("metrics", export("metrics", [make_sum("m", 1, labels=many)])):
        assert len(form[0].points[0].labels) == LABELS_MAX
    point = {"timeUnixNano": "1", "asInt": "1"}
    crowd = {"name": "g", "gauge": {"dataPoints": [point] * (POINTS_MAX + 5)}}
    for form in both("metrics", export("metrics", [crowd, crowd])):
        assert (len(form[0].points), form[0].rejected) == (POINTS_MAX, POINTS_MAX + 10)


def test_unmapped_keys_of_one_batch_are_bounded() -> None:
    spans = [
        make_span(each + 1, attributes={f"key-{each}-{n}": n for n in range(50)})
        for each in range(20)
    ]
    (batch,) = decode_json.decode_traces(export("traces", spans))
    assert len(batch.unmapped) == 257
    assert sum(batch.unmapped.values()) == 1000


@pytest.mark.parametrize(
    "broken",
    [
        {"traceId": "ab", "spanId": "00000000000000aa"},
        {"traceId": "0" * 32},
        {"traceId": "z" * 32, "spanId": "z" * 16},
        {"traceId": 5, "spanId": {}},
        {**make_span(), "startTimeUnixNano": "9" * 400},
        {**make_span(), "startTimeUnixNano": "soon"},
        {**make_span(), "attributes": [5]},
        {**make_span(), "attributes": [{"key": "gen_ai.agent.name"}]},
        {**make_span(), "attributes": [{"key": "gen_ai.agent.name", "value": 5}]},
        {**make_span(), "attributes": 5},
        {**make_span(), "status": 5},
        None,
        [],
        "text",
    ],
)
def test_a_broken_span_is_rejected_and_the_next_one_is_not(broken: Any) -> None:
    (batch,) = decode_json.decode_traces(export("traces", [broken, make_span()]))
    assert (len(batch.spans), batch.rejected, batch.spans_seen) == (1, 1, 2)


def test_ids_of_the_wrong_length_are_rejected_in_protobuf_too() -> None:
    span = make_span(spanId="aa")
    (batch,) = decode_protobuf.decode_traces(to_protobuf("traces", export("traces", [span])))
    assert (len(batch.spans), batch.rejected) == (0, 1)


@pytest.mark.parametrize(
    "point",
    [5, {"asInt": "x"}, {"asDouble": "NaN"}, {"asDouble": "Infinity"}, {}, {"attributes": [1]}],
)
def test_a_broken_point_is_rejected(point: Any) -> None:
    rows: list[Any] = [{"name": "g", "gauge": {"dataPoints": [point, {"asInt": "1"}]}}, 5]
    (batch,) = decode_json.decode_metrics(export("metrics", rows))
    assert (len(batch.points), batch.rejected) == (1, 2)


def test_a_number_that_is_none_is_rejected_in_protobuf_too() -> None:
    row = {"name": "g", "gauge": {"dataPoints": [{"asDouble": "nan"}]}}
    (batch,) = decode_protobuf.decode_metrics(to_protobuf("metrics", export("metrics", [row])))
    assert (len(batch.points), batch.rejected) == (0, 1)


@pytest.mark.parametrize("signal", sorted(DECODERS))
@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"5", b'{"resourceSpans":5,"resourceLogs":5,"resourceMetrics":5}']
)
def test_what_is_no_export_is_refused_as_a_whole(signal: str, body: bytes) -> None:
    with pytest.raises(decode_json.NotOtlp):
        DECODERS[signal][0](body)
    with pytest.raises(decode_protobuf.DecodeError):
        DECODERS[signal][1](b"\xff" + body)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["resourceSpans", "scopeSpans", "spans", "resource", "attributes",
                             "key", "value", "stringValue", "scope", "name", "traceId", "metrics",
                             "resourceMetrics", "scopeMetrics", "resourceLogs", "scopeLogs",
                             "logRecords", "sum", "dataPoints"]),
            inner, max_size=4,
        ),
    ),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_no_json_breaks_a_decoder(given_as: Any) -> None:
    body = json.dumps(given_as).encode()
    for from_json, _ in DECODERS.values():
        try:
            batches = from_json(body)
        except decode_json.NotOtlp:
            continue
        assert isinstance(batches, list)


def test_strings_and_types_are_what_a_map_expects() -> None:
    odd: list[Any] = [
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": 5}},
        {"key": "gen_ai.request.model", "value": {"stringValue": {"a": 1}}},
        {"key": "gen_ai.response.model", "value": {"boolValue": "no"}},
        {"key": "gen_ai.tool.name", "value": {"arrayValue": {"values": []}}},
    ]
    (batch,) = decode_json.decode_traces(
        export("traces", [make_span(attributes={}) | {"attributes": odd}])
    )
    fields = batch.spans[0].fields
    assert len(fields) == FIELDS
    assert (fields[INPUT], fields[MODEL], fields[TOOL], fields[EVENT]) == (5, None, None, None)
