"""The quick writer writes what the others write, or leaves it to them."""

import json
from types import MappingProxyType

import pytest
import rfc8785
from hypothesis import given

from core.json_text import write_sorted
from tests.unit.adapters.strategies import JSON


@given(JSON)
def test_what_is_written_is_what_the_standard_library_writes(value: object) -> None:
    written = write_sorted(value)
    assert written is None or written.decode() == json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


@given(JSON)
def test_without_floats_and_in_ascii_it_is_the_canonical_form_too(value: object) -> None:
    written = write_sorted(value, floats=False)
    if written is not None and written.isascii():
        assert written == rfc8785.dumps(value)  # type: ignore[arg-type]


ORDINARY: list[object] = [{"b": 1, "a": [True, None, "é", ("x",), {}]}, 0.5, -0.0, 1e14]
ODD: list[object] = [
    *(2**53, float("nan"), float("inf"), 1e15, 1e-5, b"x", object(), {1: 2}, {"x": {None: 1}}),
    *("\ud800", {"\ud800": 1}, MappingProxyType({"x": 1}), [[{"x": float("nan")}]]),
]


@pytest.mark.parametrize("value", ORDINARY)
def test_ordinary_values_are_written(value: object) -> None:
    assert write_sorted(value) is not None


@pytest.mark.parametrize("value", ODD)
def test_what_writers_disagree_on_is_left_to_them(value: object) -> None:
    assert write_sorted({"x": value}) is None


def test_floats_are_left_out_where_they_are_not_wanted() -> None:
    assert write_sorted({"x": [1.5]}, floats=False) is None
