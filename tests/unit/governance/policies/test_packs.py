"""The shipped packs answer as their own cases say, and the vocabulary agrees with the schema."""

from dataclasses import fields
from pathlib import Path

import pytest
from cedarpy import is_authorized  # pyright: ignore[reportUnknownVariableType]
from hypothesis import given

from core.actions import Decision
from core.governance.model import Facts
from core.governance.policies.catalog import (
    KINDS,
    PERMISSIONS,
    find_permission_problems,
    known_kind,
    required_permission,
)
from core.governance.policies.facts import (
    ATTRIBUTES,
    facts_from_json,
    facts_to_json,
    write_context,
)
from core.governance.policies.loading import load_packs
from core.governance.policies.model import CaseResult
from core.governance.policies.parsing import load_schema
from core.governance.policies.testing import run_cases
from core.governance.policy_judge import CedarJudge
from core.records import Role
from core.settings import GovernanceSettings
from tests.unit.governance.policies.samples import (
    PERMIT_ALL,
    any_facts,
    make_request,
    write_pack,
)

LIBRARY = load_packs(None)
RESULTS = run_cases(LIBRARY)
DEFAULT = GovernanceSettings().default_pack


@pytest.mark.parametrize("result", RESULTS, ids=lambda each: f"{each.pack}: {each.case.name}")
def test_a_shipped_pack_answers_as_its_case_says(result: CaseResult) -> None:
    assert result.passed, str(result)


def test_every_policy_of_a_shipped_pack_decides_some_case() -> None:
    decided = {policy for result in RESULTS for policy in result.answer.policies}
    written = {policy.id for pack in LIBRARY.packs.values() for policy in pack.policies}
    assert written <= decided


def test_every_shipped_policy_gives_its_reason() -> None:
    for pack in LIBRARY.packs.values():
        assert [each.id for each in pack.policies if "reason" not in each.node.annotations] == []


def test_an_agent_of_the_default_pack_starts_with_neither_money_nor_secrets() -> None:
    given_at_first = set(LIBRARY.permissions_of(DEFAULT))
    assert given_at_first == {
        "read_files",
        "write_files",
        "execute_commands",
        "network_access",
        "call_tools",
    }


def test_a_failed_case_says_what_was_expected_and_what_came(tmp_path: Path) -> None:
    case = '[[case]]\nname = "odd"\nkind = "other"\nresource = ""\nexpect = "ask"\npolicy = "x"\n'
    case += 'facts = { permissions = ["call_tools"] }\n'
    library = load_packs(write_pack(tmp_path, rules=PERMIT_ALL, cases=case))
    result = next(each for each in run_cases(library) if each.pack == "mine")
    assert not result.passed
    assert str(result) == "mine: odd: expected ask by x, got allow by permit:all"
    assert str(RESULTS[0]).startswith(f"{RESULTS[0].pack}: {RESULTS[0].case.name}: ")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_schema_and_catalogue_agree_on_every_attribute_and_kind(kind: str) -> None:
    request = make_request(kind, finding_codes=frozenset({"a", "b"}))
    question = {
        "principal": {"type": "Agent", "id": "a"},
        "action": {"type": "Action", "id": kind},
        "resource": {"type": "Resource", "id": "r"},
        "context": write_context(request, ATTRIBUTES.values()),
    }
    answer = is_authorized(question, PERMIT_ALL, "[]", load_schema())
    assert answer.allowed, answer.diagnostics.errors
    groups = sorted({group for each in KINDS.values() for group in each.groups})
    for group in groups:
        text = f'permit (principal, action in Action::"{group}", resource);'
        allowed = is_authorized(question, text, "[]", load_schema()).allowed
        assert allowed == (group in KINDS[kind].groups)


def test_the_context_holds_every_fact() -> None:
    assert ATTRIBUTES.keys() == {each.name for each in fields(Facts)} | {"role", "kind", "resource"}


@given(any_facts())
def test_facts_survive_being_recorded(facts: Facts) -> None:
    assert facts_from_json(facts_to_json(facts)) == facts


def test_facts_recorded_before_one_was_known_have_its_default() -> None:
    assert facts_from_json({"tainted": True, "long_gone": 1}) == Facts(tainted=True)


@pytest.mark.parametrize("written", [{"tainted": "yes"}, {"risk_rank": 1.5}, {"permissions": "x"}])
def test_facts_of_the_wrong_type_are_refused(written: dict[str, str | float]) -> None:
    with pytest.raises(ValueError, match=next(iter(written))):
        facts_from_json(written)


def test_every_kind_needs_a_known_permission_and_an_unknown_kind_that_of_other() -> None:
    assert {required_permission(kind) for kind in KINDS} <= PERMISSIONS
    assert (known_kind("deploy.start"), required_permission("deploy.start")) == (
        "other",
        "call_tools",
    )


def test_reserved_permissions_are_for_their_role_alone() -> None:
    assert list(find_permission_problems(Role.JUDGE, ["evaluate_governance"])) == []
    assert list(find_permission_problems(Role.AGENT, ["provide_counsel", "read_files"])) == [
        "permission 'provide_counsel' is for the role counsellor alone"
    ]


@pytest.mark.parametrize(
    ("level", "decision"), [(0, Decision.ALLOW), (1, Decision.ASK), (2, Decision.DENY)]
)
def test_the_default_pack_follows_the_shell_classifier(level: int, decision: Decision) -> None:
    permissions = frozenset(LIBRARY.permissions_of(DEFAULT))
    request = make_request(
        "shell.execute", pack=DEFAULT, shell_level=level, permissions=permissions
    )
    assert CedarJudge(LIBRARY).judge(request).decision is decision
