"""Coercion and names: what arrives is untrusted and often of the wrong type."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from core.gateway.schemas import Name
from core.ids import AgentId
from core.telemetry.rules import (
    Tally,
    add_up,
    as_bool,
    as_float,
    as_int,
    as_micros,
    as_text,
    http_error,
    instant,
    micros_of,
    show_agent,
    span_ms,
    start_of,
)
from core.usage import ModelCall, ToolUse, UsageTotals

ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())
AT = datetime(2026, 11, 21, tzinfo=UTC)


@given(ANY)
def test_no_value_breaks_the_coercions(value: Any) -> None:
    text, number, whole = as_text(value), as_float(value), as_int(value)
    assert text is None or (0 < len(text) <= 200 and text.isprintable())
    assert number is None or 0 <= number < math.inf
    assert whole is None or (0 <= whole < 2**53 and isinstance(whole, int))
    assert as_bool(value) in (None, True, False)
    micros = as_micros(value)
    assert micros is None or micros >= 0


@pytest.mark.parametrize(
    ("given_as", "number"),
    [
        ("4982", 4982),
        (4982, 4982),
        (4982.0, 4982),
        ("", None),
        ("x", None),
        (-1, None),
        ("9" * 41, None),
        (None, None),
        (2**53, None),
        (True, 1),
        ("1e30", None),
        (math.nan, None),
    ],
)
def test_numbers_may_come_as_texts(given_as: Any, number: int | None) -> None:
    assert as_int(given_as) == number


@pytest.mark.parametrize(
    ("given_as", "truth"),
    [
        ("false", False),
        ("True", True),
        (False, False),
        (1, True),
        ("no", None),
        (None, None),
        (0.5, None),
    ],
)
def test_truths_may_come_as_texts(given_as: Any, truth: object) -> None:
    assert as_bool(given_as) is truth


def test_texts_lose_what_could_steer_a_terminal() -> None:
    assert as_text("a\x1b[2Jb\u202ec\n") == "a?[2Jb?c?"
    assert as_text("   ") is None
    assert as_text(12) == "12"


def test_unknown_parts_of_a_sum_do_not_count() -> None:
    assert add_up(1, None, 2) == 3
    assert add_up(None, None) is None


def test_times_that_make_no_sense_give_no_duration() -> None:
    assert span_ms(1_000_000, 3_500_000) == 2.5
    assert span_ms(5, 4) is None
    assert span_ms(0, 4) is None
    assert start_of(5_000_000, 2.0) == 3_000_000
    assert start_of(5, None) == 5
    assert start_of(1, 1e9) == 0


@given(st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 2**32 * 10**9)))
@example(at_ns=1_763_000_000_123_456_789)
@example(at_ns=2**64 - 1)
def test_any_64_bit_time_is_an_instant_to_the_microsecond(at_ns: int) -> None:
    found = instant(at_ns)
    assert found == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_ns // 1_000)
    assert found.tzinfo is UTC
    assert micros_of(found) == at_ns // 1_000


def test_an_error_is_its_kind_else_its_status_never_its_message() -> None:
    assert http_error(429, None) == "HTTP 429"
    assert http_error("503") == "HTTP 503"
    assert http_error(200) is None
    assert http_error(500, "rate_limited") == "rate_limited"
    assert http_error(None) is None


@given(st.text(max_size=40), st.text(max_size=20))
def test_no_telemetry_passes_for_a_governed_agent(name: str, emitter: str) -> None:
    shown = show_agent(name or None, emitter=emitter, bound_to=None)
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(shown)


def test_a_bound_token_vouches_for_its_agent_alone() -> None:
    shown = [
        show_agent(name, emitter="claude-code", bound_to="coder")
        for name in (None, "claude-code", "coder", "other")
    ]
    assert shown == ["coder", "coder", "coder", "~coder/other"]


def _call(**changes: Any) -> ModelCall:
    given_as: dict[str, Any] = {
        "id": "1",
        "emitter": "e",
        "agent": AgentId("a"),
        "session": None,
        "model": None,
        "provider": None,
        "started_at": AT,
        "duration_ms": None,
    }
    return ModelCall(**{**given_as, **changes})


def test_totals_add_what_is_known() -> None:
    tally = Tally()
    tally.add_call(_call(input_tokens=10, output_tokens=2, cost_usd_micros=7))
    tally.add_call(_call(input_tokens=5, cache_read_tokens=3, cache_write_tokens=1))
    tally.add_call(_call(error="HTTP 429"))  # it told no tokens: nothing is left to price
    use = ToolUse(
        id="t", emitter="e", agent=AgentId("a"), session=None, tool="x", mcp_server=None,
        started_at=AT, duration_ms=None, ok=False,
    )  # fmt: skip
    tally.add_tool(use)
    tally.add_tool(use, known=True)
    assert tally.totals() == UsageTotals(
        calls=3,
        failed=1,
        tool_uses=1,
        tool_failures=2,
        input_tokens=15,
        output_tokens=2,
        cache_read_tokens=3,
        cache_write_tokens=1,
        cost_usd_micros=7,
        unpriced=1,
    )
