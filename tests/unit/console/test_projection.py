"""What the console knows follows from events alone."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from console.folding import fold, fold_all
from console.projection import (
    FEED_MAX,
    Snapshot,
    last_minute,
    with_agents,
    with_approvals,
    with_audit_head,
    with_trouble,
    with_verification,
)
from core.actions import Decision, OutcomeStatus, RiskLevel
from core.events import (
    ActionHeld,
    ActionJudged,
    ActionSettled,
    ActionWithdrawn,
    AgentSeen,
    ApprovalChanged,
    AuditAdvanced,
    AuditBroken,
    CoreEvent,
    GrantChanged,
    OutcomeReported,
    ServiceFailed,
)
from core.ids import ActionId, AgentId, CorrelationId, GrantId, OperatorId
from core.ports import AgentView, VerifyReport
from core.records import PrincipalRecord, Role
from tests.factories import NOW, make_approval

ABOUT: dict[str, Any] = {
    "at": NOW,
    "action_id": ActionId("1"),
    "agent_id": AgentId("coder"),
    "correlation_id": CorrelationId("0" * 32),
}
ACT: dict[str, Any] = {
    "session_id": None,
    "kind": "shell.execute",
    "resource": "bash",
    "summary": "ls",
    "risk": RiskLevel.LOW,
    "reasons": (),
}


def judged(decision: Decision = Decision.ALLOW, *, seconds: float = 0) -> ActionJudged:
    at = NOW + timedelta(seconds=seconds)
    return ActionJudged(**{**ABOUT, "at": at}, **ACT, decision=decision, latency_us=9)


def settled(action_id: str = "1") -> ActionSettled:
    about: dict[str, Any] = {**ABOUT, "action_id": ActionId(action_id)}
    return ActionSettled(
        **about,
        decision=Decision.DENY,
        status="denied",
        by=OperatorId("paul"),
        reason="no",
        edited=False,
    )


EVENTS: tuple[CoreEvent, ...] = (
    judged(),
    judged(Decision.DENY),
    ActionHeld(**ABOUT, **ACT, expires_at=NOW),
    ApprovalChanged(**ABOUT, change="edited", by=OperatorId("paul")),
    settled(),
    OutcomeReported(**ABOUT, status=OutcomeStatus.FAILED, error="exit 1"),
    AgentSeen(at=NOW, agent_id=AgentId("coder"), trust=0.1, quarantined=True, new=False),
    AgentSeen(at=NOW, agent_id=AgentId("coder"), trust=0.5, quarantined=False, new=False),
    GrantChanged(at=NOW, grant_id=GrantId("g"), revoked=False, by=OperatorId("paul")),
    AuditAdvanced(at=NOW, length=7, head="ab"),
    AuditBroken(at=NOW, position=3, message="entry 3 was edited"),
    ServiceFailed(at=NOW, service="store", message="disk full", restarting=False),
    ActionWithdrawn(**ABOUT, reason="no longer allowed"),
)


@given(st.lists(st.sampled_from(EVENTS), max_size=20))
def test_folding_one_by_one_or_at_once_is_the_same(events: list[CoreEvent]) -> None:
    one_by_one = Snapshot()
    for event in events:
        one_by_one = fold(one_by_one, event)
    assert one_by_one == fold_all(Snapshot(), events)


@given(st.lists(st.sampled_from(list(Decision)), max_size=50))
def test_totals_count_every_decision(decisions: list[Decision]) -> None:
    snapshot = fold_all(Snapshot(), [judged(each) for each in decisions])
    assert dict(snapshot.totals) == {each: decisions.count(each) for each in Decision}


@given(st.lists(st.floats(0, 300), max_size=40))
def test_the_last_minute_is_a_minute(offsets: list[float]) -> None:
    snapshot = fold_all(Snapshot(), [judged(seconds=each) for each in sorted(offsets)])
    now = NOW + timedelta(seconds=300)
    expected = sum(int(each) > 240 for each in offsets)
    assert last_minute(snapshot, now)[Decision.ALLOW] == expected
    assert len(snapshot.seconds) <= 60


def test_the_feed_is_bounded_and_keeps_the_newest() -> None:
    snapshot = fold_all(Snapshot(), [judged(seconds=each) for each in range(FEED_MAX + 9)])
    assert len(snapshot.feed) == FEED_MAX
    assert snapshot.feed[-1] == judged(seconds=FEED_MAX + 8)


def test_a_settled_action_leaves_the_queue_at_once() -> None:
    queue = (make_approval(id=ActionId("1")), make_approval(id=ActionId("2")))
    snapshot = fold(with_approvals(Snapshot(), queue), settled("1"))
    assert snapshot.approvals is not None
    assert [each.id for each in snapshot.approvals] == ["2"]
    assert snapshot.approvals_stale


def test_before_the_queue_was_read_nothing_is_made_up() -> None:
    assert fold(Snapshot(), settled()).approvals is None


def test_held_edited_and_voted_make_the_queue_stale() -> None:
    for event in EVENTS[2:4]:
        assert fold(with_approvals(Snapshot(), ()), event).approvals_stale


def test_an_agent_in_quarantine_is_an_alert_until_it_is_released() -> None:
    alarmed = fold(Snapshot(), EVENTS[6])
    assert alarmed.alerts == {"agent coder": "agent coder is in quarantine (trust 0.10)"}
    assert fold(alarmed, EVENTS[7]).alerts == {}


def test_quarantine_from_before_the_start_is_an_alert_too() -> None:
    principal = PrincipalRecord(
        id=AgentId("old"),
        role=Role.AGENT,
        permissions=(),
        pack="p",
        first_seen=NOW,
        last_seen=NOW,
        quarantined=True,
    )
    agents = (AgentView(principal=principal, trust=None, actions=0, asked=0, denied=0),)
    snapshot = with_agents(Snapshot(), agents)
    assert snapshot.alerts == {"agent old": "agent old is in quarantine"}
    assert with_agents(snapshot, ()).alerts == {}


def test_a_broken_trail_is_an_alert_and_stays_broken_until_it_verifies() -> None:
    broken = fold(Snapshot(), EVENTS[10])
    assert broken.audit_broken == "entry 3 was edited"
    assert "entry 3" in broken.alerts["audit"]
    good = VerifyReport(ok=True, entries=9, head="cd", signed_length=9)
    assert with_verification(broken, good).audit_broken == ""


def test_a_failed_verification_says_what_is_wrong() -> None:
    bad = VerifyReport(
        ok=False, entries=9, head="", signed_length=0, problem="entry 4 was cut", first_bad=4
    )
    assert with_verification(Snapshot(), bad).audit_broken == "entry 4 was cut"


def test_a_stopped_service_says_whether_it_comes_back() -> None:
    snapshot = fold(Snapshot(), EVENTS[11])
    assert snapshot.alerts["store"] == "store: disk full; it is not restarted again"


def test_the_trail_never_gets_shorter_by_a_late_read() -> None:
    snapshot = fold(Snapshot(), EVENTS[9])
    assert with_audit_head(snapshot, 5, "old").audit_length == 7
    assert with_audit_head(snapshot, 8, "new").audit_head == "new"


def test_a_read_that_works_again_takes_its_alert_back() -> None:
    troubled = with_trouble(Snapshot(), "reading agents", "cannot read agents: locked")
    assert troubled.alerts
    assert with_trouble(troubled, "reading agents", "") == Snapshot()
    assert with_trouble(Snapshot(), "reading agents", "") == Snapshot()
