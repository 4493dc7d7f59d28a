from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.sources.parse_access_log import (
    OTHER,
    Entry,
    Span,
    add_up,
    duration_quantile_s,
    parse_line,
)

AT_S = datetime(2026, 11, 21, 7, 5, 9, tzinfo=UTC).timestamp()
HEAD = '203.0.113.9 - ana [21/Nov/2026:09:05:09 +0200] "GET /v1/a?b=c HTTP/1.1" 200 12'


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        (HEAD, Entry(AT_S, "/v1/a", 200)),
        (HEAD + ' "-" "curl/8.1"', Entry(AT_S, "/v1/a", 200)),
        (HEAD + ' "-" "curl/8.1" 0.204', Entry(AT_S, "/v1/a", 200, 0.204)),
        (HEAD + ' "-" "curl/8.1" rt=0.204 uct="0.001"', Entry(AT_S, "/v1/a", 200, 0.204)),
        (HEAD + ' "-" "curl/8.1" request_time=1.000', Entry(AT_S, "/v1/a", 200, 1.0)),
        (
            HEAD + r' "http://a/\" 9.999" "9.999" "9.999" rt="0.005"',
            Entry(AT_S, "/v1/a", 200, 0.005),
        ),
        (HEAD + ' "-" "9.999" "1.234"', Entry(AT_S, "/v1/a", 200)),
        (HEAD.replace(" ana ", " two words "), Entry(AT_S, "/v1/a", 200)),
        (HEAD.replace("GET /v1/a?b=c HTTP/1.1", r"\x16\x03\x01"), Entry(AT_S, "", 200)),
        (HEAD.replace("200 12", "499 -"), Entry(AT_S, "/v1/a", 499)),
        (HEAD.replace("09:05:09 +0200", "02:35:09 -0430"), Entry(AT_S, "/v1/a", 200)),
        (
            '{"ts": "2026-11-21T09:05:09+02:00", "request": "GET /v1/a?b H", "status": "200"}',
            Entry(AT_S, "/v1/a", 200),
        ),
        (
            f'{{"msec": {AT_S}, "uri": "/v1/a", "status": 200, "request_time": "0.5"}}',
            Entry(AT_S, "/v1/a", 200, 0.5),
        ),
        (
            f'{{"msec": "{AT_S}", "uri": "/v2", "status": 503}}',
            Entry(AT_S, "/v2", 503),
        ),
        (
            '{"time": "2026-11-21T07:05:09", "path": "/x?y", "status": 200, "duration": 2}',
            Entry(AT_S, "/x", 200, 2.0),
        ),
        (
            '{"time_local": "21/Nov/2026:07:05:09 +0000", "status": 200, "uri": "/"}',
            Entry(AT_S, "/", 200),
        ),
    ],
)
def test_a_line_is_read_in_each_format(line: str, entry: Entry) -> None:
    assert parse_line(line) == entry


@pytest.mark.parametrize(
    "line",
    [
        "",
        "INFO started",
        "{",
        "[1]",
        '{"status": 200}',
        '{"time": "soon", "status": 200}',
        '{"time": [], "status": 200}',
        '{"time": 1, "status": "fine"}',
        '{"time": 1e999, "status": 200}',
        HEAD.replace("Nov", "Növ"),
        HEAD.replace("21/", "31/"),
        HEAD.replace("+0200", "+9900"),
        HEAD.replace("[21/Nov/2026:09:05:09 +0200]", "[2026-11-21T09:05:09+02:00]"),
    ],
)
def test_what_is_no_such_line_is_none(line: str) -> None:
    assert parse_line(line) is None


@given(st.text(alphabet=HEAD + '{}"\\', max_size=120))
@settings(max_examples=200)
def test_any_line_is_read_or_not(line: str) -> None:
    parse_line(line)
    parse_line(HEAD + line)
    parse_line("{" + line)


@given(st.lists(st.floats(0, 1_000), min_size=1, max_size=60), st.floats(0.01, 1))
@settings(max_examples=100)
def test_a_quantile_is_true_to_one_percent(durations_s: list[float], quantile: float) -> None:
    halves = Span(), Span()
    for at, duration_s in enumerate(durations_s):
        halves[at % 2].add(Entry(0, "/", 200, duration_s), None)
    total = add_up(halves)
    ranked = sorted(durations_s)
    true_s = min(each for at, each in enumerate(ranked, 1) if at >= quantile * len(ranked))
    found_s = duration_quantile_s(total, quantile)
    assert found_s == pytest.approx(true_s, rel=0.0101, abs=0.000_51)
    assert total.requests == len(durations_s)


def test_errors_are_what_the_server_failed_at() -> None:
    span = Span()
    for status in (200, 404, 499, 500, 503):
        span.add(Entry(0, "/", status), None)
    assert (span.requests, span.errors) == (5, 2)
    assert duration_quantile_s(span, 0.95) is None


def test_versions_are_bounded_however_many_are_asked_for() -> None:
    span = Span()
    for at in range(1_000):
        span.add(Entry(0, "/", 200), f"v{at}")
    assert len(span.versions) == 33
    assert span.versions[OTHER] == 968
