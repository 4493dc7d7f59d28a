"""Records survive the way to JSON text and back."""

import json
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.codec import decode_record, encode_record
from core.records import ActionRecord, Record, TokenRecord
from tests.factories import make_action_record, make_token
from tests.unit.adapters.strategies import RECORDS


@given(st.one_of(*RECORDS.values()))
def test_every_record_comes_back_equal(record: Record) -> None:
    assert decode_record(type(record), encode_record(record)) == record


@given(st.one_of(*RECORDS.values()))
def test_the_text_is_one_line_of_ascii(record: Record) -> None:
    text = encode_record(record)
    assert text.isascii()
    assert "\n" not in text


def test_frozen_mappings_and_tuples_are_kept_as_json() -> None:
    record = make_action_record(action={"arguments": MappingProxyType({"to": ("a", "b")})})
    kept = decode_record(ActionRecord, encode_record(record))
    assert kept.action.arguments == {"to": ["a", "b"]}


def test_a_row_from_before_a_field_existed_takes_its_default() -> None:
    row = json.loads(encode_record(make_token()))
    del row["bound_to"]
    assert decode_record(TokenRecord, json.dumps(row)) == make_token()


def test_a_row_with_a_field_of_another_version_is_still_read() -> None:
    row = json.loads(encode_record(make_token())) | {"unheard_of": 1}
    assert decode_record(TokenRecord, json.dumps(row)) == make_token()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", object()])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_record(make_action_record(action={"arguments": {"x": value}}))


def test_nesting_without_end_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="no JSON form"):
        encode_record(make_action_record(action={"arguments": {"x": endless}}))


@pytest.mark.parametrize("text", ["", "{", "[]", "1", '{"id": "t-1"}', '{"created_at": 1}'])
def test_text_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a TokenRecord|Expecting"):
        decode_record(TokenRecord, text)
