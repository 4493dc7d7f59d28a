"""What counts as JSON at the edge."""

import json
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.gateway.http.problem import Refused
from core.gateway.http.strict_json import DEPTH_MAX, INTEGER_MAX, parse_json

bindable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-INTEGER_MAX, INTEGER_MAX)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(bindable, st.booleans())
def test_what_can_be_bound_is_read_exactly(value: Any, ascii_only: bool) -> None:  # noqa: FBT001
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with suppress(Refused):
        parse_json(body)


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "line 1 column 1"),
        (b'{"a":', 400, "column 6"),
        (b'{"a":1}x', 400, "Extra data"),
        (b"{'a':1}", 400, "column 2"),
        (b'\xef\xbb\xbf{"a":1}', 400, "BOM"),
        (b'{"a":"\xff"}', 400, "byte 6 is not valid UTF-8"),
        (b'{"a":"\xed\xa0\x80"}', 400, "not valid UTF-8"),
        (b'{"a":1,"b":2,"a":3}', 400, 'the key "a" stands twice'),
        (b'{"a":{"b":1,"b":1}}', 400, 'the key "b" stands twice'),
        (b'{"a":NaN}', 400, "NaN is not JSON"),
        (b'{"a":-Infinity}', 400, "-Infinity is not JSON"),
        (b'{"a":"\x1b[31m"}', 400, "control character"),
        (b"[" * 100_000, 400, "deeper than 64"),
        (b'{"a":' * 65 + b"[]" + b"}" * 65, 400, "deeper than 64"),
        (b'{"a":[1,9007199254740992]}', 422, "a[1]"),
        (b'{"a":-9007199254740992}', 422, "a: this number"),
        (b'{"a":' + b"9" * 5000 + b"}", 422, "a: this number"),
        (b'{"a":1e999}', 422, "a: this number"),
        (b'{"a":{"' + b"n" * 1001 + b'":1}}', 422, "a name of 1001 characters"),
        (b'"\\ud800"', 422, "the body: a lone surrogate"),
        (b'{"a":{"b":["\\udfff"]}}', 422, "a.b[0]: a lone surrogate"),
        (b'{"\\udc00":1}', 422, "a lone surrogate"),
    ],
)
def test_what_cannot_be_bound_is_refused_with_its_place(
    body: bytes, status: int, told: str
) -> None:
    with pytest.raises(Refused, match=re.escape(told)) as refused:
        parse_json(body)
    assert refused.value.status == status


def test_a_surrogate_pair_is_one_character() -> None:
    assert parse_json(b'"\\ud83d\\ude00"') == "\U0001f600"


def test_the_deepest_document_that_is_taken() -> None:
    depth = DEPTH_MAX
    assert parse_json(b"[" * depth + b"]" * depth) is not None
    with pytest.raises(Refused):
        parse_json(b"[" * (depth + 1) + b"]" * (depth + 1))
