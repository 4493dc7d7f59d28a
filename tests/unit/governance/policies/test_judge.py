"""The three verdicts, and that every doubt denies."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import Decision
from core.governance.model import Facts
from core.governance.policies.loading import load_packs
from core.governance.policy_judge import CedarJudge
from core.records import Role
from tests.unit.governance.policies.samples import (
    KIND_NAMES,
    PERMIT_ALL,
    any_facts,
    make_library,
    make_request,
)

LIBRARY = load_packs(None)
SHIPPED = CedarJudge(LIBRARY)
FRESH = CedarJudge(LIBRARY, remembered=0)
PACKS = sorted(LIBRARY.packs)

FLAGS = [each.name for each in fields(Facts) if each.type is bool]

ASK_TAINTED = """
@id("ask:tainted") @reason("a tool said so")
forbid (principal, action, resource) when { context.tainted } unless { context.approved };
"""
ASK_MONEY = """
@id("ask:money") @second_approver("true") @reason("it is money")
forbid (principal, action, resource) when { context.amount_micros > 0 } unless { context.approved };
"""
FORBID_SECRETS = """
@id("forbid:secrets") @reason("secrets stay here")
forbid (principal, action, resource) when { context.secrets };
"""


def judge(text: str) -> CedarJudge:
    return CedarJudge(make_library(mine=text))


def test_a_permit_allows_and_is_named() -> None:
    answer = judge(PERMIT_ALL).judge(make_request())
    assert (answer.decision, answer.policies) == (Decision.ALLOW, ("permit:all",))
    assert answer.reasons == ("policy permit:all decides so",)


def test_what_nothing_permits_is_denied_and_says_so() -> None:
    answer = judge(FORBID_SECRETS).judge(make_request())
    assert (answer.decision, answer.policies) == (Decision.DENY, ("default-deny",))
    assert "'mine' permits this 'tool.call'" in answer.reasons[0]


def test_an_ask_policy_asks_with_its_reason() -> None:
    answer = judge(PERMIT_ALL + ASK_TAINTED).judge(make_request(tainted=True))
    assert (answer.decision, answer.policies) == (Decision.ASK, ("ask:tainted",))
    assert (answer.reasons, answer.second_approver) == (("a tool said so",), False)


def test_consent_turns_an_ask_into_allow() -> None:
    answer = judge(PERMIT_ALL + ASK_TAINTED).judge(make_request(tainted=True, approved=True))
    assert (answer.decision, answer.policies) == (Decision.ALLOW, ("permit:all",))


def test_every_ask_is_named_and_one_second_approver_is_enough_to_need_two() -> None:
    answer = judge(PERMIT_ALL + ASK_TAINTED + ASK_MONEY).judge(
        make_request(tainted=True, amount_micros=1)
    )
    assert answer.policies == ("ask:money", "ask:tainted")
    assert answer.second_approver


def test_a_plain_forbid_outranks_asks_and_is_named_alone() -> None:
    answer = judge(PERMIT_ALL + ASK_MONEY + FORBID_SECRETS).judge(
        make_request(secrets=True, amount_micros=1)
    )
    assert (answer.decision, answer.policies) == (Decision.DENY, ("forbid:secrets",))
    assert not answer.second_approver


def test_a_forbid_is_a_violation_unless_it_says_otherwise() -> None:
    guess = '@id("forbid:guess") @violation("false") forbid (principal, action, resource);'
    assert judge(PERMIT_ALL + guess).judge(make_request()).violation is False
    assert judge(PERMIT_ALL + guess + FORBID_SECRETS).judge(make_request(secrets=True)).violation
    assert judge(PERMIT_ALL + ASK_MONEY).judge(make_request(amount_micros=1)).violation is False
    assert judge(ASK_MONEY).judge(make_request()).violation is False


def test_nobody_is_asked_for_what_no_policy_permits() -> None:
    answer = judge(ASK_TAINTED).judge(make_request(tainted=True))
    assert (answer.decision, answer.policies) == (Decision.DENY, ("default-deny",))


def test_an_ask_that_ignores_consent_denies_after_it() -> None:
    text = PERMIT_ALL + '@id("ask:always") forbid (principal, action, resource);'
    answer = judge(text).judge(make_request())
    assert (answer.decision, answer.policies) == (Decision.DENY, ("ask:always",))


@pytest.mark.parametrize("effect", ["permit", "forbid"])
@pytest.mark.parametrize("condition", ["context.nope", "context.amount_micros + 1 > 0"])
def test_a_policy_that_fails_in_evaluation_denies(effect: str, condition: str) -> None:
    failing = f'@id("odd") {effect} (principal, action, resource) when {{ {condition} }};'
    answer = judge(PERMIT_ALL + failing).judge(make_request(amount_micros=2**63 - 1))
    assert (answer.decision, answer.policies) == (Decision.DENY, ("fail-safe:policy-error",))
    assert answer.reasons == ("blocked: cannot evaluate policy odd",)


def test_a_failing_ask_policy_does_not_become_an_ask() -> None:
    text = ASK_TAINTED.replace("context.tainted", "context.nope")
    assert judge(PERMIT_ALL + text).judge(make_request()).decision is Decision.DENY


def test_a_policy_that_fails_only_after_consent_denies() -> None:
    late = (
        '@id("late") permit (principal, action, resource) when { context.approved && context.n };'
    )
    answer = judge(PERMIT_ALL + ASK_TAINTED + late).judge(make_request(tainted=True))
    assert answer.policies == ("fail-safe:policy-error",)


def test_a_fact_too_large_for_cedar_denies() -> None:
    answer = judge(PERMIT_ALL + ASK_MONEY).judge(make_request(amount_micros=2**63))
    assert answer.policies == ("fail-safe:policy-error",)
    assert answer.reasons == ("blocked: cannot evaluate the facts as Cedar values",)


def test_a_resource_that_is_not_unicode_denies() -> None:
    answer = judge(PERMIT_ALL).judge(make_request(resource="\ud800"))
    assert answer.policies == ("fail-safe:policy-error",)


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_may_be_a_resource_and_is_told_apart(resource: str) -> None:
    mine = 'permit (principal, action, resource) when { context.resource == "safe" };'
    answer = judge('@id("p") ' + mine).judge(make_request(resource=resource))
    assert (answer.decision is Decision.ALLOW) == (resource == "safe")


def test_an_unknown_pack_is_denied_by_name() -> None:
    answer = judge(PERMIT_ALL).judge(make_request(pack="gone"))
    assert answer.policies == ("fail-safe:unknown-pack",)
    assert "'gone' is not loaded; loaded are mine" in answer.reasons[0]


def test_with_no_pack_at_all_everything_is_denied() -> None:
    answer = CedarJudge(make_library()).judge(make_request())
    assert "loaded are none" in answer.reasons[0]


def test_a_missing_permission_names_agent_role_and_permission() -> None:
    answer = judge(PERMIT_ALL).judge(make_request("file.write", permissions=frozenset()))
    assert answer.policies == ("missing-permission:write_files",)
    assert "agent 'coder' (role 'agent') lacks the permission 'write_files'" in answer.reasons[0]


def test_consent_does_not_replace_a_permission() -> None:
    asked = make_request("file.write", permissions=frozenset({"read_files"}), approved=True)
    assert judge(PERMIT_ALL).judge(asked).decision is Decision.DENY


def test_an_unknown_kind_is_judged_as_other_and_can_be_told_by_name() -> None:
    text = '@id("p") permit (principal, action == Action::"other", resource) '
    text += 'when { context.kind == "deploy.start" };'
    assert judge(text).judge(make_request("deploy.start")).decision is Decision.ALLOW
    assert judge(text).judge(make_request("deploy.stop")).decision is Decision.DENY


def test_policies_for_one_resource_count_beside_the_general_ones() -> None:
    text = PERMIT_ALL + '@id("no-wire") forbid (principal, action, resource == Resource::"wire");'
    assert judge(text).judge(make_request(resource="wire")).policies == ("no-wire",)
    assert judge(text).judge(make_request(resource="mail")).decision is Decision.ALLOW


def test_a_resource_compared_in_other_ways_still_counts() -> None:
    text = PERMIT_ALL + '@id("no-wire") forbid (principal, action, resource in Resource::"wire");'
    assert judge(text).judge(make_request(resource="wire")).policies == ("no-wire",)


GUARDED = """
@id("forbid:a") forbid (principal, action, resource) when {{ {guard}.contains("a") }};
@id("forbid:b") forbid (principal, action, resource == Resource::"named")
when {{ {guard}.contains("b") && context.risk_rank > 1 }};
@id("permit:c") permit (principal, action, resource) when {{ {guard}.contains("c") }};
@id("forbid:not-d") forbid (principal, action, resource)
when {{ context.secrets }} when {{ {guard}.contains("d") }};
@id("forbid:fails") forbid (principal, action, resource)
when {{ {guard}.contains("e") && context.amount_micros * 4 > 1 }};
@id("forbid:unless") forbid (principal, action, resource) unless {{ {guard}.contains("f") }};
"""
INDEXED = judge(GUARDED.format(guard="context.finding_codes"))
READ_IN_FULL = judge(GUARDED.format(guard="true && context.finding_codes"))


@given(
    codes=st.frozensets(st.sampled_from("abcdefg")),
    resource=st.sampled_from(["named", "other"]),
    secrets=st.booleans(),
    rank=st.integers(0, 3),
    amount=st.sampled_from([0, 1, 2**62]),
)
def test_leaving_out_policies_that_wait_for_a_finding_changes_no_answer(
    codes: frozenset[str], resource: str, *, secrets: bool, rank: int, amount: int
) -> None:
    request = make_request(
        resource=resource,
        finding_codes=codes,
        secrets=secrets,
        risk_rank=rank,
        amount_micros=amount,
    )
    assert INDEXED.judge(request) == READ_IN_FULL.judge(request)


@pytest.mark.parametrize(
    ("scope", "kinds"),
    [
        ("action", set(KIND_NAMES)),
        ('action == Action::"file.read"', {"file.read"}),
        ('action in Action::"read"', {"file.read", "data.query", "secret.read"}),
        ('action in [Action::"tool", Action::"other"]', {"tool.call", "mcp.call", "other"}),
        ('action in Action::"network"', {"network.request", "message.send", "data.export"}),
    ],
)
def test_a_policy_applies_to_the_kinds_of_its_scope_and_to_no_others(
    scope: str, kinds: set[str]
) -> None:
    one = judge(f'@id("p") permit (principal, {scope}, resource);')
    allowed = {kind for kind in KIND_NAMES if one.judge(make_request(kind)).policies == ("p",)}
    assert allowed == kinds


def test_agents_and_roles_can_be_told_apart() -> None:
    text = '@id("p") permit (principal == Agent::"coder", action, resource) '
    text += 'when { context.role == Role::"orchestrator" };'
    one = judge(text)
    assert one.judge(make_request(role=Role.ORCHESTRATOR)).decision is Decision.ALLOW
    assert one.judge(make_request()).decision is Decision.DENY
    assert one.judge(make_request(agent="x", role=Role.ORCHESTRATOR)).decision is Decision.DENY


@given(any_facts(), st.sampled_from(KIND_NAMES), st.sampled_from(PACKS))
def test_an_approval_never_outranks_a_deny_or_a_missing_permit(
    facts: Facts, kind: str, pack: str
) -> None:
    asked = make_request(kind, pack=pack)
    before = SHIPPED.judge(replace(asked, facts=replace(facts, approved=False))).decision
    after = SHIPPED.judge(replace(asked, facts=replace(facts, approved=True))).decision
    assert after is (Decision.DENY if before is Decision.DENY else Decision.ALLOW)


@given(
    any_facts(quarantined=True, read_only=False),
    st.sampled_from(KIND_NAMES),
    st.sampled_from(PACKS),
)
def test_a_quarantined_agent_never_does_more_than_read(facts: Facts, kind: str, pack: str) -> None:
    asked = replace(make_request(kind, pack=pack), facts=facts)
    assert SHIPPED.judge(asked).decision is Decision.DENY


@given(any_facts(), st.sampled_from(KIND_NAMES), st.sampled_from(PACKS))
def test_no_shipped_policy_ever_fails_in_evaluation(facts: Facts, kind: str, pack: str) -> None:
    answer = SHIPPED.judge(replace(make_request(kind, pack=pack), facts=facts))
    assert answer.policies != ("fail-safe:policy-error",)


@given(any_facts(risk_rank=3, approved=False), st.sampled_from(KIND_NAMES))
def test_critical_risk_is_never_allowed_by_itself_and_asks_two_people(
    facts: Facts, kind: str
) -> None:
    answer = SHIPPED.judge(replace(make_request(kind, pack="coding-agent"), facts=facts))
    assert answer.decision is not Decision.ALLOW
    assert answer.second_approver or answer.decision is Decision.DENY


@given(any_facts(), st.sampled_from(KIND_NAMES), st.sampled_from(KIND_NAMES), st.data())
def test_what_is_remembered_changes_no_answer(
    facts: Facts, kind: str, other: str, data: st.DataObject
) -> None:
    names = st.sampled_from(PACKS)
    asked = replace(make_request(kind, pack=data.draw(names)), facts=facts)
    name = data.draw(st.sampled_from([name for name in FLAGS if name != "approved"]))
    turned: dict[str, Any] = {name: not getattr(facts, name)}
    nearby = (
        asked,
        replace(asked, kind=other),
        replace(asked, resource="delete_file"),
        replace(asked, principal=replace(asked.principal, pack=data.draw(names))),
        replace(asked, principal=replace(asked.principal, role=Role.ORCHESTRATOR)),
        replace(asked, facts=replace(facts, approved=not facts.approved)),
        replace(asked, facts=replace(facts, **turned)),
        replace(asked, facts=replace(facts, permissions=frozenset())),
    )
    for each in nearby * 2:
        assert SHIPPED.judge(each) == FRESH.judge(each)


def test_what_is_remembered_of_one_resource_or_agent_says_nothing_of_another() -> None:
    closed = """@id("forbid:closed") forbid (principal, action, resource == Resource::"closed");
    @id("forbid:eve") forbid (principal == Agent::"eve", action, resource);"""
    one = judge(PERMIT_ALL + closed)
    for _ in range(2):
        assert one.judge(make_request(resource="open")).decision is Decision.ALLOW
        assert one.judge(make_request(resource="closed")).decision is Decision.DENY
        assert one.judge(make_request(resource="open", agent="eve")).decision is Decision.DENY


def test_a_reload_puts_the_new_library_in_force() -> None:
    one = judge(PERMIT_ALL)
    before = one.version
    one.reload(make_library(mine=FORBID_SECRETS, more=PERMIT_ALL))
    assert one.judge(make_request()).policies == ("default-deny",)
    assert one.version != before
