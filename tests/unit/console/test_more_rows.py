"""Rows of the log, of settings, of traces, of telemetry."""

import json
from datetime import UTC, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.view_models import logs, telemetry
from console.view_models.ink import plain_text
from console.view_models.setting_rows import setting_rows
from console.view_models.traces import newest_of_each, trace_cells, trace_row
from core.actions import ActionStatus
from core.fleet import CoordinatorState
from core.ids import ActionId, AgentId, CorrelationId
from core.records import SpanRecord
from core.usage import SessionUsage, UsageTotals
from tests.factories import NOW, make_action_record

HARMLESS = set(range(32)) | set(range(0x7F, 0xA0)) | {0x202E, 0x2066, 0x200B}


def make_span(**changes: Any) -> SpanRecord:
    given_: dict[str, Any] = {
        "id": "1" * 16,
        "trace_id": CorrelationId("0" * 32),
        "parent_id": None,
        "action_id": None,
        "name": "judge",
        "started_at": NOW,
        "duration_us": 100,
        "ok": True,
        "attributes": {},
    }
    return SpanRecord(**{**given_, **changes})


# -- log ----------------------------------------------------------------------------------


@settings(max_examples=150)
@given(st.lists(st.text(max_size=40) | st.just('{"at": 3}') | st.just("null"), max_size=6))
def test_whatever_stands_in_the_log_is_a_row_of_its_own_drawn_inert(lines: list[str]) -> None:
    rows = logs.read_lines(lines)
    assert len(rows) == len({row.key for row in rows}) == len(lines)
    for row in rows:
        cells = logs.log_cells(row, UTC, NOW)
        body = "".join(plain_text(line.body) for line in logs.log_lines(row, UTC))
        drawn = "".join(map(plain_text, cells)) + body
        assert not HARMLESS & set(map(ord, drawn))


def test_the_newest_line_comes_first_and_lines_that_are_equal_keep_apart() -> None:
    same = json.dumps({"at": NOW.isoformat(), "level": "info", "logger": "m", "event": "again"})
    last = json.dumps({"at": NOW.isoformat(), "level": "error", "logger": "m", "event": "last"})
    rows = logs.read_lines([same, same, last])
    assert [row.event for row in rows] == ["last", "again", "again"]
    assert [logs.grave_enough(row, "warning") for row in rows] == [True, False, False]


def test_what_a_line_brings_along_is_kept_and_times_without_a_zone_are_not_guessed() -> None:
    line = json.dumps({"at": "2026-11-21T09:00:00", "level": "info", "event": "x", "n": [1, 2]})
    (row,) = logs.read_lines([line])
    assert (row.at, row.more) == (None, (("n", "[1, 2]"),))


# -- settings -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mcp.x.env.LANG", "C"),
        ("some.password", "hunter2"),
        ("some.api_key", "k"),
        ("mcp.x.url", "https://h/sse?key=abc"),
        ("metrics.a.b.address", "postgresql://me:pw@h/db"),
        ("mcp.x.args", "--header AKIA" + "IOSFODNN7EXAMPLE"),
    ],
)
def test_what_may_be_a_secret_is_not_in_the_row(key: str, value: str) -> None:
    values: Any = value
    for part in reversed(key.split(".")):
        values = {part: values}
    (row,) = setting_rows(values, {}, lambda _: "")
    assert (row.key, row.hidden, row.value) == (key, True, "")


def test_names_of_files_and_variables_that_hold_secrets_are_shown() -> None:
    values = {"audit": {"key_file": "/k"}, "m": {"dsn_env": "DSN", "url": "http://h:1/metrics"}}
    rows = setting_rows(values, {"audit": {"key_file": None}}, lambda _: "maestro.toml:4")
    assert [(row.value, row.hidden, row.default) for row in rows] == [
        ("/k", False, ""),
        ("DSN", False, ""),
        ("http://h:1/metrics", False, ""),
    ]


# -- traces -------------------------------------------------------------------------------


def test_actions_of_one_trace_are_one_row() -> None:
    one, other = CorrelationId("1" * 32), CorrelationId("2" * 32)
    records = [
        make_action_record(action={"id": ActionId(f"{n:026}"), "correlation_id": trace})
        for n, trace in enumerate((one, other, one))
    ]
    found = newest_of_each(records)
    assert [(each.id, number) for each, number in found] == [
        (records[0].id, 2),
        (records[1].id, 1),
    ]


def test_a_trace_lasts_from_its_first_begin_to_its_last_end() -> None:
    spans = [
        make_span(duration_us=500),
        make_span(started_at=NOW + timedelta(microseconds=400), duration_us=300, ok=False),
    ]
    row = trace_row(make_action_record(status=ActionStatus.ALLOWED), 1, spans)
    assert (row.took_us, row.spans, row.failed, row.ok) == (700, 2, 1, False)
    bare = trace_row(make_action_record(), 1, ())
    assert (bare.took_us, bare.ok) == (None, None)


@pytest.mark.parametrize(
    ("status", "ok", "word"),
    [
        (ActionStatus.PENDING, True, "? waits"),
        (ActionStatus.PENDING, False, "\u2717 failed"),
        (ActionStatus.ALLOWED, True, "\u2713 ok"),
    ],
)
def test_a_trace_of_what_still_waits_is_not_ok_yet(
    status: ActionStatus, word: str, *, ok: bool
) -> None:
    row = trace_row(make_action_record(status=status), 1, [make_span(ok=ok)])
    assert plain_text(trace_cells(row, UTC, NOW)[1]) == word


# -- telemetry ----------------------------------------------------------------------------


def cost_of(**totals: int) -> str:
    usage = SessionUsage(
        session=None,
        agent=AgentId("x"),
        emitter="e",
        first_at=NOW,
        last_at=NOW,
        models=(),
        totals=UsageTotals(**totals),
    )
    titles = [each.title for each in telemetry.SESSION_COLUMNS]
    return plain_text(telemetry.session_cells(usage, NOW)[titles.index("COST")])


def test_a_cost_that_is_not_known_is_never_a_number() -> None:
    assert cost_of() == "-"
    assert cost_of(calls=2, unpriced=2) == "unpriced"
    assert cost_of(calls=3, unpriced=1, cost_usd_micros=1_000_000) == "$1.00+"
    assert cost_of(calls=3, cost_usd_micros=1_000_000) == "$1.00"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"runs": 0}, "◌ not yet"),
        ({"runs": 3}, "✓ ran"),
        ({"runs": 3, "failures": 2}, "▲ 2 failed"),
        ({"runs": 3, "findings": ("a field is missing",)}, "▲ 1 found"),
    ],
)
def test_a_pair_says_how_it_is(changes: dict[str, Any], state: str) -> None:
    given_: dict[str, Any] = {
        "name": "data-security",
        "every_s": 60,
        "runs": 0,
        "failures": 0,
        "last_at": None,
        "next_at": None,
        "note": "",
    }
    pair = CoordinatorState(**{**given_, **changes})
    cells = [plain_text(cell) for cell in telemetry.coordinator_cells(pair, NOW)]
    assert cells[1] == state
    titles = [plain_text(line.lead).strip() for line in telemetry.coordinator_lines(pair, UTC)]
    assert titles[:4] == ["every", "last", "next", "runs"]
