"""A body read in one go comes to what it comes to piece by piece, whatever is wrong with it."""

import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.gateway.otlp import decode_json, usual_json
from core.telemetry.model import INPUT, MODEL, RESPONSE_ID, Batch
from tests.otlp import AT_NS, export, make_log, make_span

DECODERS = {
    "traces": (decode_json.decode_traces, "parse_traces"),
    "logs": (decode_json.decode_logs, "parse_logs"),
}
REFUSED = "refused"


def read(signal: str, body: bytes) -> list[Batch] | str:
    try:
        return DECODERS[signal][0](body)
    except decode_json.NotOtlp:
        return REFUSED


def read_by_pieces(signal: str, body: bytes) -> list[Batch] | str:
    with mock.patch.object(decode_json, DECODERS[signal][1], return_value=None):
        return read(signal, body)


NOTHING: list[Any] = []
ODD: st.SearchStrategy[Any] = st.sampled_from([
    None, True, False, 0, 1, 2, -1, 5.0, 5.5, 1e300, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63),
    "", "x", "5", "-5", "+5", " 5", "007", "5.0", "5.5", "1e3", "1E2", "nan", "inf", "null", "true",
    "9" * 19, "9" * 20, "9" * 400, "é", "\ud83d\ude00", "\x00", "STATUS_CODE_ERROR", "2",
    "ab" * 16, "AB" * 8, "zz" * 8, NOTHING, [1], {}, {"values": NOTHING}, {"code": 2},
    {"code": "2"}, {"code": 2.0}, {"code": None}, {"code": "STATUS_CODE_ERROR"},
])  # fmt: skip
KINDS = st.sampled_from(
    ["stringValue", "intValue", "doubleValue", "boolValue", "arrayValue", "kvlistValue",
     "bytesValue", "odd"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["gen_ai.usage.input_tokens", "gen_ai.request.model", "gen_ai.response.id", "server.port",
     "gen_ai.input.messages", "gen_ai.prompt.0", "event.name", "odd", ""]
)  # fmt: skip
VALUE: st.SearchStrategy[dict[str, Any]] = st.dictionaries(KINDS, ODD, max_size=2)
PAIR: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries({"key": KEYS, "value": VALUE}),
    st.fixed_dictionaries({}, optional={"key": st.one_of(KEYS, ODD), "value": ODD}),
)
CHANGES: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "attributes": st.one_of(st.lists(PAIR, max_size=4), ODD),
        **dict.fromkeys(
            ["traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano", "status",
             "timeUnixNano", "observedTimeUnixNano", "eventName", "name", "events"], ODD
        ),
    },
)  # fmt: skip


def make_row(signal: str, changes: dict[str, Any]) -> dict[str, Any]:
    return {**(make_span() if signal == "traces" else make_log("e", {})), **changes}


def make_body(signal: str, rows: list[dict[str, Any]]) -> bytes:
    """Of a sender whose rows of that kind are read."""
    return export(signal, rows, service="claude-code" if signal == "logs" else "office")


def test_a_broken_log_record_is_rejected_and_the_next_one_is_not() -> None:
    wrong = {"key": "model", "value": {"doubleValue": "soon"}}
    for attributes in ([wrong], [{"key": "model"}], 5):
        rows = [make_row("logs", {"attributes": attributes}), make_row("logs", {})]
        (batch,) = decode_json.decode_logs(make_body("logs", rows))
        assert (len(batch.logs), batch.rejected, batch.logs_seen) == (1, 1, 2)


@pytest.mark.parametrize("signal", sorted(DECODERS))
@given(changes=st.lists(CHANGES, min_size=1, max_size=2))
def test_a_row_reads_the_same_in_one_go_and_piece_by_piece(
    signal: str, changes: list[dict[str, Any]]
) -> None:
    body = make_body(signal, [make_row(signal, each) for each in changes])
    assert repr(read(signal, body)) == repr(read_by_pieces(signal, body))  # nan is not itself


@given(key=KEYS, value=VALUE)
def test_a_value_reads_the_same_in_one_go_and_piece_by_piece(
    key: str, value: dict[str, Any]
) -> None:
    body = export("traces", [make_row("traces", {"attributes": [{"key": key, "value": value}]})])
    assert repr(read("traces", body)) == repr(read_by_pieces("traces", body))


@pytest.mark.parametrize("signal", sorted(DECODERS))
@given(data=st.data())
def test_bytes_that_are_wrong_read_the_same_in_one_go_and_piece_by_piece(
    signal: str, data: st.DataObject
) -> None:
    body = bytearray(make_body(signal, [make_row(signal, {})]))
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    given_as = bytes(body).decode("ascii", "replace").replace("�", "~").encode()
    assert read(signal, given_as) == read_by_pieces(signal, given_as)


@pytest.mark.parametrize("signal", sorted(DECODERS))
@pytest.mark.parametrize("around", [(",", ":"), (" , ", " : "), ("\n,\t", "\r:\n")])
def test_what_senders_write_is_read_in_one_go(signal: str, around: tuple[str, str]) -> None:
    body = json.dumps(json.loads(make_body(signal, [make_row(signal, {})])), separators=around)
    parse = getattr(usual_json, DECODERS[signal][1])
    assert parse(body.encode()) is not None
    assert read(signal, body.encode()) == read_by_pieces(signal, body.encode())


def test_the_last_of_two_equal_keys_counts() -> None:
    body = export("traces", [make_span()]).replace(b'"traceId":', b'"traceId":"aa","traceId":')
    assert read("traces", body) == read_by_pieces("traces", body)
    (batch,) = decode_json.decode_traces(body)
    assert (len(batch.spans), batch.rejected) == (1, 0)


@pytest.mark.parametrize("depth", [50, 1_000, 100_000])
def test_a_body_nested_deep_is_read_or_refused(depth: int) -> None:
    nested = '{"arrayValue":{"values":' + "[" * depth + "]" * depth + "}}"
    odd: list[Any] = [{"key": "gen_ai.request.model", "value": "HERE"}]
    body = export("traces", [make_span(attributes={}) | {"attributes": odd}])
    deep = body.replace(b'"HERE"', nested.encode())
    assert deep != body
    assert read("traces", deep) == read_by_pieces("traces", deep)


def test_numbers_read_the_same_as_text_and_as_numbers() -> None:
    def tokens(value: object, start: object) -> tuple[object, int]:
        pair = {"key": "gen_ai.usage.input_tokens", "value": {"intValue": value}}
        row = make_row("traces", {"attributes": [pair], "startTimeUnixNano": start})
        (batch,) = decode_json.decode_traces(export("traces", [row]))
        (span,) = batch.spans
        return span.fields[INPUT], span.start_ns

    assert tokens(1000, AT_NS) == tokens("1000", str(AT_NS)) == tokens("1e3", AT_NS)
    assert tokens(2**63, 0) == (2**63, 0)


def test_a_value_that_is_null_is_none() -> None:
    odd: list[Any] = [
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": None}},
        {"key": "gen_ai.request.model", "value": {"stringValue": None}},
        {"key": "gen_ai.response.id", "value": {"doubleValue": None, "boolValue": None}},
    ]
    body = export("traces", [make_span(attributes={}) | {"attributes": odd}])
    (batch,) = decode_json.decode_traces(body)
    assert [batch.spans[0].fields[slot] for slot in (INPUT, MODEL, RESPONSE_ID)] == [None] * 3


def test_a_name_of_the_sender_that_is_no_text_is_none() -> None:
    body = json.loads(export("traces", [make_span()]))
    body["resourceSpans"][0]["resource"]["attributes"] = [
        {"key": [], "value": {"stringValue": "x"}},
        {"key": {}, "value": {"stringValue": "x"}},
        {"key": "service.name", "value": {"intValue": 5}},
    ]
    (batch,) = decode_json.decode_traces(json.dumps(body).encode())
    assert (batch.service, len(batch.spans)) == ("", 1)
