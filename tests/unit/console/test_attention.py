"""Rings once for what newly needs a person."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.calling import Caller, notification
from console.view_models.attention import GAP_S, Attention, Quiet, parse_quiet
from core.actions import RiskLevel
from core.ids import ActionId
from core.measures import Alert, Severity
from core.records import ApprovalRecord
from tests.factories import NOW, make_approval
from tests.fleet_day import make_alerts

NIGHT = Quiet(time(22), time(7))


def approval(number: int, risk: RiskLevel = RiskLevel.LOW) -> ApprovalRecord:
    return make_approval(id=ActionId(f"{number:026}"), risk=risk)


def critical() -> Alert:
    return replace(make_alerts()[0], severity=Severity.CRITICAL)


def ring(
    attention: Attention, *waiting: ApprovalRecord, alerts: tuple[Alert, ...] = (), s: float = 0
) -> str:
    call = attention.notice(waiting, alerts, now=NOW, now_s=s)
    return "" if call is None else call.words


def test_each_approval_rings_once_and_a_flood_once_in_a_while() -> None:
    attention = Attention()
    assert ring(attention) == ""
    assert ring(attention, approval(1)) == "1 new approval"
    assert ring(attention, approval(1), s=60) == ""
    assert ring(attention, approval(1), approval(2), s=61) == "1 new approval"
    assert ring(attention, *map(approval, range(1, 9)), s=62) == ""
    assert ring(attention, *map(approval, range(1, 9)), s=62 + GAP_S) == "6 new approvals"


def test_what_was_settled_before_it_rang_does_not_ring() -> None:
    attention = Attention()
    assert ring(attention, approval(1))
    assert ring(attention, approval(1), approval(2), s=1) == ""
    assert ring(attention, approval(1), s=2 + GAP_S) == ""


def test_a_critical_alert_rings_and_one_that_is_silenced_does_not() -> None:
    silenced = replace(critical(), silenced_until=NOW + timedelta(hours=1))
    assert ring(Attention(), alerts=(silenced,)) == ""
    assert ring(Attention(), alerts=(critical(),)) == "1 critical alert"
    assert (
        ring(Attention(), approval(1), alerts=(critical(),)) == "1 new approval, 1 critical alert"
    )


@pytest.mark.parametrize(
    ("risk", "hour", "rings"),
    [
        (RiskLevel.HIGH, 23, False),
        (RiskLevel.HIGH, 3, False),
        (RiskLevel.CRITICAL, 3, True),
        (RiskLevel.LOW, 7, True),
        (RiskLevel.LOW, 21, True),
    ],
)
def test_at_night_only_what_is_critical_rings(risk: RiskLevel, hour: int, *, rings: bool) -> None:
    at = NOW.replace(hour=hour, minute=0)
    call = Attention(NIGHT).notice([approval(1, risk)], (), now=at, now_s=0)
    assert (call is not None) is rings


@given(st.times(), st.times(), st.times())
def test_quiet_hours_and_the_other_hours_are_the_whole_day(
    start: time, end: time, at: time
) -> None:
    if start != end:
        assert Quiet(start, end).holds(at) is not Quiet(end, start).holds(at)


def test_quiet_hours_are_read_or_refused() -> None:
    assert parse_quiet("22:00-07:00") == NIGHT
    assert [parse_quiet(each) for each in ("", "25:00-07:00", "22-7", "x")] == [None] * 4


def test_a_notification_holds_no_sequence_of_its_own() -> None:
    assert notification("osc9", "1 new\x1b]0;x\x07", environ={}) == (
        "\x1b]9;maestro: 1 new ]0 x \x07"
    )
    assert notification("osc777", "x", environ={}) == "\x1b]777;notify;maestro;x\x07"
    assert notification("osc9", "x", environ={"TMUX": "1"}).startswith("\x1bPtmux;\x1b\x1b]9;")
    assert notification("off", "x", environ={}) == ""


def test_a_call_is_made_as_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    made: list[str] = []
    Caller(bell=True, notify="osc9").call("x", lambda: made.append("bell"), made.append)
    Caller(bell=False, notify="off").call("x", lambda: made.append("bell"), made.append)
    assert made == ["bell", "\x1b]9;maestro: x\x07"]
