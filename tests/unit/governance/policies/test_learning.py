"""Rules out of recorded decisions: exactly what was approved, and nothing that ever was not."""

from collections.abc import Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.actions import ActionStatus, Decision, RiskLevel
from core.governance.policies.learning import exact_pattern, propose_rules
from core.ids import ActionId, AgentId, GrantId, OperatorId
from core.policy_ports import RuleProposal
from core.records import ActionRecord, GrantRecord
from tests.factories import NOW, make_action_record, make_verdict

ANA = OperatorId("ana")


def record(number: int = 0, command: str = "npm test", **changes: Any) -> ActionRecord:
    """An asked action that Ana approved."""
    verdict = make_verdict(**changes.pop("verdict", {}))
    action = {
        "id": ActionId(f"{number:026}"),
        "arguments": {"command": command},
        "proposed_at": NOW - timedelta(minutes=number),
        **changes.pop("action", {}),
    }
    given_: dict[str, Any] = {
        "status": ActionStatus.ALLOWED,
        "decided_by": ANA,
        "decided_at": NOW - timedelta(minutes=number),
        "verdict": verdict,
    }
    return make_action_record(action=action, **{**given_, **changes})


def habit(count: int = 5, **changes: Any) -> list[ActionRecord]:
    return [record(number, **changes) for number in range(count)]


def propose(
    records: Sequence[ActionRecord], grants: Sequence[GrantRecord] = ()
) -> tuple[RuleProposal, ...]:
    return propose_rules(records, grants, now=NOW)


def test_what_was_always_approved_becomes_a_rule_that_fits_exactly_that() -> None:
    records = [*habit(6), record(9, status=ActionStatus.EXPIRED, decided_by=None)]
    (found,) = propose(records)
    assert (found.resource_pattern, found.approved, found.asks) == ("npm test", 6, 7)
    assert found.operators == (ANA,)
    assert found.from_action == records[0].id
    assert (found.first_at, found.last_at) == (NOW - timedelta(minutes=5), NOW)
    assert found.risk_max is RiskLevel.MEDIUM


def test_what_was_approved_with_variables_speaks_for_no_bare_command() -> None:
    with_env = {"arguments": {"command": "npm test", "env": {"CI": "1"}}}
    (found,) = propose([*habit(5), record(9, action=with_env)])
    assert (found.approved, found.asks, found.others_digest) == (5, 5, "")
    (other,) = propose([record(8), *habit(6, action=with_env)])
    assert (other.approved, other.others_digest[:7]) == (6, "sha256:")
    assert len({each.id for each in propose([*habit(5), *habit(5, action=with_env)])}) == 2
    denied = record(9, action=with_env, status=ActionStatus.DENIED)
    assert propose([*habit(5), denied]) == ()


def test_what_holds_a_secret_becomes_no_rule() -> None:
    assert propose(habit(command="deploy --token ghp_" + "a1B2" * 9)) == ()


def test_four_approvals_are_no_habit() -> None:
    assert propose(habit(4)) == ()


@pytest.mark.parametrize(
    "other",
    [
        record(9, status=ActionStatus.DENIED),
        record(9, status=ActionStatus.DENIED, decided_by=None),
        record(9, digest_released="sha256:another"),
        record(9, verdict={"risk": RiskLevel.CRITICAL}),
        record(9, verdict={"second_approver": True}),
    ],
    ids=["denied by a person", "denied by policy", "edited", "critical", "two people"],
)
def test_one_action_that_was_not_plainly_approved_speaks_against_the_rule(
    other: ActionRecord,
) -> None:
    assert propose([*habit(8), other]) == ()


def test_what_policy_allowed_by_itself_was_not_approved_by_anybody() -> None:
    assert propose(habit(6, verdict={"decision": Decision.ALLOW}, decided_by=None)) == ()


def test_kinds_whose_resource_does_not_say_all_are_never_proposed() -> None:
    mail = {"kind": "tool.call", "resource": "send_email", "arguments": {"to": "a@example.org"}}
    assert propose(habit(9, action=mail)) == ()
    file: dict[str, Any] = {"kind": "file.read", "resource": "notes/plan.md", "arguments": {}}
    assert [each.resource_pattern for each in propose(habit(9, action=file))] == ["notes/plan.md"]


def test_a_shells_command_in_a_list_is_proposed_as_the_line_it_makes() -> None:
    listed = {"arguments": {"command": ["npm", "test"]}}
    assert [each.resource_pattern for each in propose(habit(action=listed))] == ["npm test"]


def test_a_shell_action_without_a_readable_command_is_never_proposed() -> None:
    for command in (None, [], ["npm", 3]):
        assert propose(habit(9, action={"arguments": {"command": command}})) == ()


def test_a_rule_in_force_is_not_proposed_again() -> None:
    grant = GrantRecord(
        id=GrantId("g"),
        agent_id=AgentId("coder"),
        kind="shell.execute",
        resource_pattern="npm *",
        created_by=ANA,
        created_at=NOW - timedelta(hours=1),
        expires_at=NOW + timedelta(hours=1),
        from_action=ActionId("a"),
        risk_max=RiskLevel.MEDIUM,
    )
    assert propose(habit(), [grant]) == ()


def test_the_most_saving_rule_comes_first_and_keeps_its_id() -> None:
    records = [*habit(5), *(record(20 + at, command="make lint") for at in range(7))]
    found = propose(records)
    assert [each.resource_pattern for each in found] == ["make lint", "npm test"]
    assert propose(records) == found


def test_what_is_too_long_or_names_nothing_is_not_proposed() -> None:
    assert propose(habit(command="x" * 3_000)) == ()
    assert propose(habit(command="*")) == ()


@settings(max_examples=200)
@given(st.text(max_size=12), st.text(max_size=12))
def test_a_pattern_fits_its_own_target_and_no_other(target: str, other: str) -> None:
    assert fnmatchcase(target, exact_pattern(target))
    assert fnmatchcase(other, exact_pattern(target)) == (other == target)
