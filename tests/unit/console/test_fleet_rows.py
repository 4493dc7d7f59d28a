"""Agents, metrics, messages and alerts as rows and lines."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest

from console.screens.alerts import AlertsScreen
from console.screens.messages import MessagesScreen
from console.view_models.agent_detail import (
    activity_lines,
    agent_title,
    fact_lines,
    load_lines,
    load_title,
)
from console.view_models.alerts import alert_cells, alert_lines, alerts_title, metric_of
from console.view_models.alerts import searched as searched_alert
from console.view_models.columns import fit_columns
from console.view_models.filters import parse_filter
from console.view_models.fleet import (
    COLUMNS,
    SORTS,
    AgentRow,
    agent_cells,
    alert_tally,
    flow,
    searched,
    sign_of,
    tally,
    worst,
    worst_alert,
)
from console.view_models.ink import Line, Spans, plain_text
from console.view_models.messages import message_cells, message_lines, query_of
from console.view_models.metrics import SORTS as METRIC_SORTS
from console.view_models.metrics import (
    SPANS,
    chart_of,
    downsample,
    metric_cells,
    metrics_title,
    reading_lines,
    series_title,
)
from core.fleet import AgentMode, AgentStatistics, AgentStatus, FleetHealth
from core.fleet_ports import AgentDetail
from core.ids import AgentId
from core.measures import AlertState, Bucket, SourceState
from tests.factories import NOW
from tests.fleet_day import make_agent, make_alert, make_alerts, make_fleet, make_message
from tests.fleet_figures import make_readings, make_sessions


def text_of(lines: tuple[Line, ...]) -> str:
    return "\n".join(plain_text((*line.lead, *line.body)) for line in lines)


def row_of(cells: tuple[Spans, ...]) -> str:
    return " | ".join(map(plain_text, cells))


def detail_of(**changes: Any) -> AgentDetail:
    given: dict[str, Any] = {
        "state": make_agent("ai"),
        "dependents": (),
        "mailbox": (),
        "recent": (),
        "trust": None,
        "readings": (),
    }
    return AgentDetail(**{**given, **changes})


def test_columns_go_in_the_order_that_matters_least() -> None:
    order: list[str] = []
    kept = {each.title for each in COLUMNS}
    for width in range(160, 20, -1):
        drawn = {COLUMNS[index].title for index, _ in fit_columns(COLUMNS, width)}
        order += sorted(kept - drawn)
        kept = drawn
    assert order[:5] == ["TREND", "TRUST", "COST/H", "P95", "QUEUE"]
    assert {"AGENT", "STATE"} <= kept


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "● online"),
        ({"status": AgentStatus.BUSY}, "◐ busy"),
        ({"mode": AgentMode.PAUSED}, "‖ paused"),
        ({"mode": AgentMode.DRAINING, "verdict": "degraded"}, "▽ draining"),
        ({"verdict": "degraded"}, "▲ degraded"),
        ({"degraded_by": (AgentId("ai"),)}, "▲ degraded"),
        ({"status": AgentStatus.ERROR, "mode": AgentMode.PAUSED}, "✗ ERROR"),
        ({"status": AgentStatus.OFFLINE}, "○ offline"),
    ],
)
def test_the_worst_of_an_agent_is_its_sign(changes: dict[str, Any], word: str) -> None:
    assert sign_of(make_agent("ai", **changes)).text == word


def test_what_nobody_measured_is_a_dash_and_never_zero() -> None:
    bare = make_agent("ai", statistics=AgentStatistics(), heartbeat_at=None)
    cells = row_of(agent_cells(AgentRow(bare, None), NOW))
    assert cells.split(" | ")[4:9] == ["-", "-", "-", "-", "never"]


def test_an_outside_agent_has_neither_load_nor_queue() -> None:
    outside = make_fleet()[10]
    cells = row_of(agent_cells(AgentRow(outside, 0.5), NOW)).split(" | ")
    assert (cells[2], cells[3], cells[7], cells[8]) == ("outside", "-", "0.50", "9s")
    row = AgentRow(outside, None)
    assert [SORTS[title](row) for title in ("LOAD", "QUEUE", "TRUST")] == [None] * 3


def test_a_filter_finds_agents_by_name_state_and_words() -> None:
    rows = [AgentRow(each, None) for each in make_fleet()]

    def found(words: str) -> list[str]:
        return [
            row.state.spec.name
            for row in rows
            if parse_filter(words, ("agent", "state")).fits(searched(row))
        ]

    assert found("agent:codex") == ["codex"]
    assert found("state:degraded") == ["backend", "ai"]
    assert found("outside offline") == ["gemini-cli"]
    assert found("encoder") == ["video"]


def test_the_fleet_in_one_line_begins_with_what_is_worst() -> None:
    assert plain_text(tally(make_fleet())).startswith("10 agents  ✗ 1 ERROR  ▲ 2 degraded")
    assert plain_text(worst(make_fleet())) == "10 ✗ 1 ERROR +4"
    assert plain_text(worst([make_agent("ai")])) == "1 ✓ all well"
    health = FleetHealth(degraded=True, reason="the router failed", dead=2, waiting=1, routed=9)
    assert plain_text(flow(health)) == (
        "✗ DEGRADED: the router failed; risky actions are blocked  ✗ 2 dead  ◌ 1 waiting  9 routed"
    )


def test_silenced_and_acknowledged_alerts_do_not_call_for_anybody() -> None:
    assert plain_text(alert_tally(make_alerts(), NOW)) == "✗ 1 critical  ▲ 1 warning"
    assert plain_text(worst_alert(make_alerts(), NOW)) == "✗ 1 critical +1"
    calm = make_alerts()[2:]
    assert plain_text(alert_tally(calm, NOW)) == "✓ no alert, 2 looked after or silenced"
    assert plain_text(worst_alert(calm, NOW)) == "✓ none"
    later = NOW + timedelta(hours=1)  # the silence has ended
    assert plain_text(alert_tally(calm, later)) == "i 1 info"


def test_an_agent_says_why_it_is_degraded_and_whom_it_needs() -> None:
    fleet = make_fleet()
    backend = detail_of(state=fleet[1], dependents=(AgentId("frontend"), AgentId("ghost")))
    text = text_of(fact_lines(backend, fleet, NOW))
    assert "fallen with video" in text
    assert "  ├ architect  ● online" in text
    assert "  └ video  ✗ ERROR" in text
    assert "    ├ ai  ▲ degraded" in text
    assert "  └ ghost  ? not in the fleet" in text
    assert "costs       no source" in text


def test_a_circle_of_dependencies_ends() -> None:
    spec = make_agent("a").spec
    one = make_agent("a", spec=replace(spec, depends_on=(AgentId("b"),)))
    two = make_agent("b", spec=replace(spec, name=AgentId("b"), depends_on=(AgentId("a"),)))
    text = text_of(fact_lines(detail_of(state=one), (one, two), NOW))
    assert "└ a  ● online  ⋯" in text


def test_an_agent_tells_its_sessions_and_what_is_unpriced() -> None:
    detail = detail_of(sessions=make_sessions(), mailbox=(make_message("m1"),))
    text = text_of(activity_lines(detail, UTC, NOW))
    assert "s-41c7  61 calls, 756.4k in 29.3k out  $1.83 + 2 calls unpriced" in text
    assert "s-40aa  9 calls, 111.6k in 4,320 out  unpriced" in text
    assert "s-77d0  30 calls, 372.0k in 14.4k out  $0.93  gpt-5-codex" in text
    assert "TRUST  no source" in text
    assert "RECENT ACTIONS  none yet" in text


def test_loads_are_a_table_too() -> None:
    assert text_of(load_lines((0.5, 0.71))).splitlines() == ["   now      71%", "    -1      50%"]
    assert "no load" in text_of(load_lines(()))
    assert plain_text(load_title((0.5, 0.71), as_table=True)).endswith("of 2 samples  w chart")
    assert "not measured" in plain_text(load_title((), as_table=False))
    assert "outside" in plain_text(agent_title(make_fleet()[10], NOW))


# -- metrics ------------------------------------------------------------------------------------


def test_a_metric_without_a_source_has_no_age_and_no_trend_either() -> None:
    reading = make_readings()[0]
    left = replace(reading, state=SourceState.NO_SOURCE, value=3.0, trend=(3.0,), at=NOW)
    cells = row_of(metric_cells(left, NOW)).split(" | ")
    assert (cells[6], cells[7]) == ("-", "")


def test_a_metric_without_a_source_has_no_value_even_if_one_is_left_over() -> None:
    reading = replace(make_readings()[1], value=0.0)
    assert reading.state is SourceState.NO_SOURCE
    cells = row_of(metric_cells(reading, NOW)).split(" | ")
    assert (cells[2], cells[5]) == ("-", "· no source")


def test_a_value_past_its_bound_has_a_sign_and_a_stale_one_says_why() -> None:
    by_key = {each.spec.key: each for each in make_readings()}
    slow = by_key["backend.api_response_time_p95"]
    assert row_of(metric_cells(slow, NOW)).split(" | ")[2:7] == [
        "! 612 ms",
        "200 ms",
        "> 500 ms",
        "● fresh",
        "7s",
    ]
    stale = text_of(reading_lines(by_key["backend.error_rate"], UTC, NOW))
    assert "▲ stale" in stale
    assert "the last value is 4 minutes old" in stale
    valued = {key: METRIC_SORTS["VALUE"](each) for key, each in by_key.items()}
    numbers = {key: value for key, value in valued.items() if isinstance(value, int | float)}
    worst_first = [by_key[key] for key in sorted(numbers, key=lambda key: -numbers[key])]
    assert [each.spec.name for each in worst_first][:2] == ["error_rate", "api_response_time_p95"]
    title = plain_text(metrics_title(make_readings(), 54, ""))
    assert title == (
        "METRICS  54  ! 3 past their bound  ● 7 fresh  ▲ 1 stale  ◌ 1 waiting  · 45 no source"
    )


def test_fewer_buckets_keep_extremes_and_the_weighed_mean() -> None:
    buckets = [Bucket(0, 1, 2, 3, 1), Bucket(1, 0, 5, 9, 3), Bucket(2, 4, 4, 4, 1)]
    assert downsample(buckets, 1) == (Bucket(0, 0, (2 + 15 + 4) / 5, 9, 5),)
    assert downsample(buckets, 3) == tuple(buckets)


def test_nothing_is_drawn_over_a_time_without_samples() -> None:
    spec = make_readings()[0].spec
    start = NOW.timestamp() - 3600
    at = [*range(0, 600, 10), *range(1800, 3600, 10)]
    buckets = [Bucket(start + each, 1, 2, 3, 1) for each in at]
    series = chart_of(buckets, spec, span=SPANS[0], now=NOW, zone=UTC, width=240, height=12)
    assert [len(run.times) for run in series.runs] == [60, 180]
    assert [text for _, text in series.time_ticks][::13] == ["08:00", "09:00"]
    assert series.low < 1
    assert series.high > 3
    assert "nothing was measured" in plain_text(series_title((), SPANS[1], ""))
    assert "cannot read" in plain_text(series_title(None, SPANS[1], "cannot read the series"))


# -- messages and alerts --------------------------------------------------------------------------


def test_a_payload_is_drawn_inert_and_without_secrets() -> None:
    secret = "sk-ant-api03-" + "B" * 40
    view = make_message(
        "m1",
        type="x\x1b]0;own\x07",
        sender=AgentId("a\u202eb"),
        payload={"k\x1b[2J": f"[red]{secret}\u202e", "[bold]": {"deep": [1, None]}},
    )
    text = row_of(message_cells(view, UTC, NOW)) + text_of(message_lines(view, UTC, NOW))
    assert secret not in text
    assert "[red][redacted" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "[bold].deep[1]" in text


def test_a_payload_too_deep_to_read_is_not_shown() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    assert "nested too deeply" in text_of(message_lines(make_message("m1", payload=deep), UTC, NOW))
    while deep:  # freed level by level: the interpreter would recurse
        deep = deep["a"]


def test_a_raised_message_says_from_where_and_whom_it_is_for() -> None:
    view = make_message("m1", priority=5, priority_now=9, to=AgentId(""), capability="forecast")
    assert "9↑" in row_of(message_cells(view, UTC, NOW))
    text = text_of(message_lines(view, UTC, NOW))
    assert "9 of 10, raised from 5" in text
    assert "any: forecast" in text


def test_a_filter_of_messages_asks_the_port() -> None:
    kept = parse_filter("agent:ai type:task two !not words", MessagesScreen.FIELDS)
    query = query_of(kept, dead_only=True)
    assert (query.agent, query.type, query.text, query.dead_only) == (
        "ai",
        "task",
        "words",
        True,
    )


def test_an_alert_tells_value_and_bound_in_its_metrics_unit() -> None:
    readings = make_readings()
    text = text_of(alert_lines(make_alerts()[2], readings, UTC, NOW))
    assert "value     97%" in text
    assert "bound     95%" in text
    assert "by maria" in text
    assert metric_of(make_alerts()[0]) == ""
    resolved = make_alert("a9", state=AlertState.RESOLVED, resolved_at=NOW)
    assert "✓ resolved" in row_of(alert_cells(resolved, NOW))
    assert "resolved" in text_of(alert_lines(resolved, (), UTC, NOW))
    silent = make_alerts()[3]
    assert "‖ silent 14m00s" in row_of(alert_cells(silent, NOW))
    assert "by paul, until" in text_of(alert_lines(silent, (), UTC, NOW))
    asked = parse_filter("state:silent risk:info emitter", AlertsScreen.FIELDS)
    assert asked.fits(searched_alert(silent, NOW))
    assert "not read yet" in plain_text(alerts_title(None, NOW, history=False, problem=""))
