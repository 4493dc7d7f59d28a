"""Header and overview say what must never be out of sight."""

from dataclasses import replace
from datetime import UTC, timedelta

from hypothesis import given
from hypothesis import strategies as st

from console.folding import fold_all
from console.projection import Snapshot, with_approvals
from console.view_models import header, overview, signs
from console.view_models.ink import Span, Spans, Tone, plain_text
from core.events import ActionSettled, ActionWithdrawn
from core.measures import Severity
from core.ports import VerifyReport
from tests.console.day import busy_operator, past_events
from tests.console.fakes import FakeOperator
from tests.factories import NOW, make_approval


def said(cells: tuple[Spans, ...]) -> list[str]:
    return [plain_text(cell) for cell in cells]


def parts(snapshot: Snapshot, mode: str = "LIVE") -> list[str]:
    return [
        plain_text(part)
        for part in header.status_parts(snapshot, NOW, mode=mode, gateway="http://127.0.0.1:7717")
    ]


def test_the_header_says_what_must_never_be_out_of_sight() -> None:
    queue = (make_approval(created_at=NOW - timedelta(seconds=100)),)
    assert parts(with_approvals(Snapshot(), queue), "DEMO") == [
        "! 1 approval 1m40s",
        "[DEMO]",
        "? chain unverified",
        "no alerts",
        "127.0.0.1:7717",
    ]


def test_alerts_are_counted_under_the_sign_of_the_worst() -> None:
    severities = [Severity.WARNING, Severity.CRITICAL, Severity.WARNING]
    said_of = header.status_parts(Snapshot(), NOW, mode="LIVE", gateway="", fleet_alerts=severities)
    assert plain_text(said_of[1]) == "✗ 3 alerts"
    told = header.status_parts(
        Snapshot(), NOW, mode="LIVE", gateway="", fleet_alerts=severities[:1]
    )
    assert told[1] == (Span("▲ 1 alert", Tone.WARN),)


def test_an_empty_queue_differs_from_one_that_was_never_read() -> None:
    assert parts(Snapshot())[0] == "approvals not read"
    assert parts(with_approvals(Snapshot(), ()))[0] == "✓ nothing waits"


def test_the_chain_is_ok_broken_or_unverified() -> None:
    report = VerifyReport(ok=True, entries=9, head="", signed_length=9)
    assert parts(replace(Snapshot(), verified=report))[2] == "✓ chain ok"
    longer = replace(Snapshot(), verified=report, audit_length=11)
    assert parts(longer)[2] == "✓ chain ok to 9"  # what came since was not looked at
    assert parts(replace(Snapshot(), verified=report, audit_broken="x"))[2] == "✗ chain broken"


def test_the_pulse_counts_and_names_what_has_no_source() -> None:
    operator = busy_operator()
    snapshot = fold_all(Snapshot(), past_events(operator))
    lines = [plain_text(line.body) for line in overview.pulse_lines(snapshot, NOW)]
    assert lines[0].startswith("DECISIONS   1 min  since open ")  # not the engine: it may be older
    assert lines[1].split()[:4] == ["✓", "allow", "9", "9"]
    assert "60 entries" in lines[1]
    assert "no source" in plain_text(overview.pulse_lines(Snapshot(), NOW)[1].body)
    report = VerifyReport(ok=True, entries=60, head="", signed_length=56)
    verified = replace(snapshot, verified=report, dropped=3)
    text = "\n".join(plain_text(line.body) for line in overview.pulse_lines(verified, NOW))
    assert "56 of 60 signed" in text
    assert "left out 3 events" in text
    broken = replace(snapshot, audit_broken="entry 4 was cut")
    assert "entry 4 was cut" in plain_text(overview.pulse_lines(broken, NOW)[2].body)


def test_an_agent_row_names_its_state() -> None:
    agents = busy_operator().agents
    assert said(overview.agent_cells(agents[0]))[:3] == ["claude-code", "✓ active", "0.74"]
    assert said(overview.agent_cells(agents[3]))[1] == "✗ quarantine"
    assert said(overview.agent_cells(replace(agents[0], trust=None)))[2] == "new"


def test_the_feed_tells_judged_settled_and_reported() -> None:
    rows = [said(overview.feed_cells(each, UTC)) for each in past_events(FakeOperator())[-3:]]  # type: ignore[arg-type]
    assert rows[0][1:] == [
        "? ask  ",
        "f00017",
        "claude-code",
        "tool.call \u203a refunds.create  account=DE89 3704 0044",
        "8.8 ms",
    ]
    assert rows[1][1] == "✗ denied"
    assert rows[1][4] == "by paul  leave the upload out"
    assert rows[2][1] == "✗ failed"


def test_the_feed_tells_that_an_approval_came_to_nothing() -> None:
    settled = past_events(FakeOperator())[-2]
    assert isinstance(settled, ActionSettled)
    withdrawn = ActionWithdrawn(
        at=NOW,
        action_id=settled.action_id,
        agent_id=settled.agent_id,
        correlation_id=settled.correlation_id,
        reason="no longer allowed",
    )
    row = said(overview.feed_cells(withdrawn, UTC))
    assert (row[1], row[4]) == ("✗ denied", "approval withdrawn  no longer allowed")


def test_a_paused_feed_says_what_it_holds_back() -> None:
    assert "paused, 7 newer" in plain_text(overview.feed_title(9, paused=True, missed=7))


@given(st.lists(st.floats(-2, 3), max_size=40).map(tuple))
def test_a_sparkline_has_a_bar_for_each_share(shares: tuple[float, ...]) -> None:
    assert len(signs.sparkline(shares)) == min(24, len(shares))
