"""Records survive the way to JSON text and back."""

import json
from dataclasses import replace
from datetime import date, time
from types import MappingProxyType
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.codec import decode_record, encode_record
from core.records import ActionRecord, ApprovalRecord, Record, TokenRecord
from tests.factories import NOW, make_action_record, make_approval, make_token
from tests.unit.adapters.strategies import RECORDS


@given(st.one_of(*RECORDS.values()))
def test_every_record_comes_back_equal(record: Record) -> None:
    assert decode_record(type(record), encode_record(record)) == record


@given(st.one_of(*RECORDS.values()))
def test_the_text_is_one_line_that_utf8_can_hold(record: Record) -> None:
    text = encode_record(record)
    assert text.encode().decode() == text
    assert "\n" not in text
    assert "\0" not in text


@pytest.mark.parametrize("value", [2**53, -(2**64), 1e300, 5e-324, 0.1, 1.0, -0.0, "\ud800", "ç"])
def test_values_that_writers_disagree_on_come_back_as_they_were(value: object) -> None:
    record = make_action_record(action={"arguments": {"x": [value]}})
    kept = decode_record(ActionRecord, encode_record(record)).action.arguments["x"]
    assert repr(kept) == repr([value])


def test_frozen_mappings_and_tuples_are_kept_as_json() -> None:
    record = make_action_record(action={"arguments": MappingProxyType({"to": ("a", "b")})})
    kept = decode_record(ActionRecord, encode_record(record))
    assert kept.action.arguments == {"to": ["a", "b"]}


def test_a_row_from_before_a_field_existed_takes_its_default() -> None:
    row = json.loads(encode_record(make_token()))
    del row["bound_to"]
    assert decode_record(TokenRecord, json.dumps(row)) == make_token()


def test_an_edit_that_was_held_before_edits_had_a_verdict_is_still_read() -> None:
    held = make_approval(arguments_edited={"command": "ls"})
    row = json.loads(encode_record(held))
    del row["verdict_edited"]
    assert decode_record(ApprovalRecord, json.dumps(row)) == held


def test_a_row_with_a_field_of_another_version_is_still_read() -> None:
    row = json.loads(encode_record(make_token())) | {"unheard_of": 1}
    assert decode_record(TokenRecord, json.dumps(row)) == make_token()


@pytest.mark.parametrize(
    "value",
    [
        *(float("nan"), float("inf"), b"bytes", object()),
        *(NOW, make_token(), UUID(int=1), date(2026, 1, 1), time(1)),
    ],
)
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_record(make_action_record(action={"arguments": {"x": value}}))


@pytest.mark.parametrize("share", [float("nan"), float("inf")])
def test_a_share_that_is_no_number_is_refused(share: float) -> None:
    record = make_action_record()
    with pytest.raises(ValueError, match="JSON"):
        encode_record(replace(record, verdict=replace(record.verdict, trust=share)))


def test_nesting_without_end_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="no JSON form"):
        encode_record(make_action_record(action={"arguments": {"x": endless}}))


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"id": "t-1"}', '{"created_at": 1}'])
def test_text_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a TokenRecord|Expecting"):
        decode_record(TokenRecord, text)
