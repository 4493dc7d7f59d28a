"""Recorded actions held against other policies."""

from typing import Any

from core.actions import Decision
from core.governance.model import Facts
from core.governance.policies.facts import facts_to_json
from core.governance.policies.loading import load_packs
from core.governance.policies.model import ReplayReport
from core.governance.policies.testing import replay
from core.governance.policy_judge import CedarJudge
from core.ids import ActionId, AgentId, OperatorId
from core.records import ActionRecord, PrincipalRecord
from tests.factories import make_action_record, make_verdict
from tests.unit.governance.policies.samples import make_request

JUDGE = CedarJudge(load_packs(None))
CODER = make_request(pack="coding-agent").principal


def record(
    was: Decision, *, policies: tuple[str, ...] = ("p",), facts: dict[str, Any], **changes: Any
) -> ActionRecord:
    known: dict[str, Any] = {"permissions": frozenset({"execute_commands"}), **facts}
    verdict = make_verdict(decision=was, policies=policies, facts=facts_to_json(Facts(**known)))
    return make_action_record(verdict=verdict, **changes)


def run(*records: ActionRecord, pack: str | None = None) -> ReplayReport:
    known: dict[AgentId, PrincipalRecord] = {CODER.id: CODER}
    return replay(records, JUDGE, find_principal=known.get, pack=pack)


def test_what_other_policies_would_have_changed_is_told() -> None:
    report = run(
        record(Decision.ASK, facts={}),
        record(Decision.ALLOW, facts={"shell_level": 1}),
        record(Decision.ALLOW, facts={"shell_level": 2}),
        record(Decision.ALLOW, facts={}),
    )
    assert [each.now.policies for each in report.changed_to(Decision.ALLOW)] == [("permit:shell",)]
    assert [each.was for each in report.changed_to(Decision.ASK)] == [Decision.ALLOW]
    assert len(report.changed_to(Decision.DENY)) == 1
    assert str(report) == ("newly allowed 1, newly asked 1, newly denied 1, unchanged 1, skipped 0")
    assert "coder shell.execute 'bash': ask -> allow (permit:shell)" in str(report.changes[0])


def test_an_action_that_somebody_allowed_counts_as_asked() -> None:
    asked = {"shell_level": 1}
    report = run(
        record(Decision.ALLOW, facts=asked, decided_by=OperatorId("ana")),
        record(Decision.ALLOW, facts=asked, policies=("permit:shell", "grant:7")),
        record(Decision.ASK, facts={**asked, "approved": True}),
    )
    assert (report.unchanged, report.changes) == (3, ())


def test_one_pack_can_stand_in_for_each_agents_own() -> None:
    report = run(record(Decision.ALLOW, facts={}), pack="lockdown")
    assert report.changes[0].now.policies == ("quarantine:lockdown",)


def test_what_cannot_be_replayed_is_counted() -> None:
    first, second = ActionId("1" * 26), ActionId("2" * 26)
    report = run(
        make_action_record(id=first),
        make_action_record(verdict=make_verdict(facts={"tainted": "yes"})),
        record(Decision.ALLOW, facts={}, id=second, action={"agent_id": AgentId("stranger")}),
    )
    assert (first, second) == (report.skipped[0], report.skipped[2])
    assert (len(report.skipped), report.unchanged) == (3, 0)
