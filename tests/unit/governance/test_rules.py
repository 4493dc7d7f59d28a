import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions import ActionStatus, JsonObject, JsonValue, RiskLevel
from core.errors import InvalidAction
from core.governance.rules import (
    RISE_MAX,
    decay_trust,
    digest_action,
    digest_others,
    find_grant,
    is_released,
    new_trust,
    order_queue,
    pattern_is_too_wide,
    update_trust,
    wilson_lower,
)
from core.ids import ActionId, AgentId, GrantId, OperatorId, SessionId
from core.records import ActionRecord, GrantRecord
from tests.factories import NOW, make_action, make_action_record, make_approval

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text("abcé\n"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=8,
)
arguments = st.dictionaries(st.text("abc"), json_values, max_size=4)


def make_grant(**changes: object) -> GrantRecord:
    given_: dict[str, object] = {
        "id": GrantId("g-1"),
        "agent_id": AgentId("coder"),
        "kind": "shell.execute",
        "resource_pattern": "git *",
        "created_by": OperatorId("ana"),
        "created_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
        "from_action": ActionId("a"),
        "risk_max": RiskLevel.MEDIUM,
    }
    return GrantRecord(**{**given_, **changes})  # type: ignore[arg-type]


@given(arguments, arguments)
def test_digests_are_equal_exactly_when_the_arguments_are(
    left: dict[str, object], right: dict[str, object]
) -> None:
    action = make_action()
    same = digest_action(action, left) == digest_action(action, right)  # type: ignore[arg-type]
    assert same == (_canonical(left) == _canonical(right))


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def test_the_order_of_keys_does_not_matter() -> None:
    action = make_action()
    assert digest_action(action, {"a": 1, "b": 2}) == digest_action(action, {"b": 2, "a": 1})


@pytest.mark.parametrize("field", ["agent_id", "session_id", "kind", "resource"])
def test_the_digest_binds_who_where_and_what(field: str) -> None:
    action = make_action()
    other = make_action(**{field: "another"})
    assert digest_action(action, {}) != digest_action(other, {})


@pytest.mark.parametrize("value", [2**53 + 1, "\ud800", float("nan")])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(InvalidAction, match="RFC 8785"):
        digest_action(make_action(), {"x": value})  # type: ignore[dict-item]


def test_wilson_prefers_much_evidence_to_little() -> None:
    assert wilson_lower(2, 2) < wilson_lower(980, 1000)
    assert wilson_lower(0, 0) == 0.0
    assert wilson_lower(8, 10) == pytest.approx(0.4902, abs=1e-4)  # reference value


@pytest.mark.parametrize(("successes", "trials"), [(-1, 3), (4, 3)])
def test_wilson_refuses_impossible_counts(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        wilson_lower(successes, trials)


@given(st.lists(st.booleans(), max_size=60))
def test_trust_stays_a_share_rises_slowly_and_falls_at_once(conduct: list[bool]) -> None:
    trust = new_trust(AgentId("coder"), start=0.5, at=NOW)
    for clean in conduct:
        before = trust.score
        trust = update_trust(trust, clean=clean, why="x", at=NOW, half_life_days=30)
        assert 0.0 <= trust.score <= 1.0
        if clean:
            assert before <= trust.score <= before + RISE_MAX + 1e-12
        else:
            assert trust.score <= before * 0.6 + 1e-12
    assert len(trust.history) == len(conduct)


def test_trust_decays_to_its_start() -> None:
    trust = new_trust(AgentId("coder"), start=0.5, at=NOW)
    low = update_trust(trust, clean=False, why="x", at=NOW, half_life_days=30)
    half = decay_trust(low, NOW + timedelta(days=30), half_life_days=30)
    assert half == pytest.approx((low.score + 0.5) / 2)
    assert decay_trust(low, NOW + timedelta(days=3000), half_life_days=30) == pytest.approx(0.5)


def test_an_agent_can_earn_high_trust() -> None:
    trust = new_trust(AgentId("coder"), start=0.5, at=NOW)
    for _ in range(500):
        trust = update_trust(trust, clean=True, why="x", at=NOW, half_life_days=30)
    assert trust.score > 0.95


def test_the_queue_goes_by_risk_then_age() -> None:
    low_old = make_approval(id=ActionId("1"), risk=RiskLevel.LOW, session_id=None, agent_id="a")
    high = make_approval(id=ActionId("2"), risk=RiskLevel.HIGH, session_id=None, agent_id="b")
    low_new = make_approval(
        id=ActionId("3"),
        risk=RiskLevel.LOW,
        session_id=None,
        agent_id="c",
        created_at=NOW + timedelta(minutes=5),
    )
    listed = order_queue((low_new, low_old, high), now=NOW + timedelta(minutes=6))
    assert [each.id for each in listed] == ["2", "1", "3"]


def test_what_blocks_more_comes_first() -> None:
    alone = make_approval(id=ActionId("1"), session_id=SessionId("a"))
    stuck = [make_approval(id=ActionId(str(n)), session_id=SessionId("b")) for n in (2, 3)]
    assert [each.id for each in order_queue((alone, *stuck), now=NOW)] == ["2", "3", "1"]


def test_a_flood_of_one_agent_stands_behind_what_is_critical_or_much_older() -> None:
    flood = [
        make_approval(id=ActionId(f"f{n}"), session_id=None, agent_id="bot", risk=RiskLevel.MEDIUM)
        for n in range(300)
    ]
    critical = make_approval(id=ActionId("c"), risk=RiskLevel.CRITICAL, created_at=NOW)
    high = make_approval(
        id=ActionId("h"), risk=RiskLevel.HIGH, created_at=NOW - timedelta(minutes=10)
    )
    listed = order_queue((*flood, high, critical), now=NOW)
    assert [each.id for each in listed[:2]] == ["c", "h"]


def test_a_deferred_one_waits_at_the_end_until_its_time() -> None:
    later = NOW + timedelta(minutes=5)
    deferred = make_approval(id=ActionId("1"), risk=RiskLevel.CRITICAL, deferred_until=later)
    plain = make_approval(id=ActionId("2"), risk=RiskLevel.LOW)
    assert [each.id for each in order_queue((deferred, plain), now=NOW)] == ["2", "1"]
    assert [each.id for each in order_queue((deferred, plain), now=later)] == ["1", "2"]


def test_a_grant_covers_its_own_case() -> None:
    action = make_action(arguments={"command": "git push origin main"})
    grant = make_grant()
    assert find_grant((grant,), action, risk=RiskLevel.MEDIUM, now=NOW) == grant


@pytest.mark.parametrize(
    "changes",
    [
        {"agent_id": AgentId("other")},
        {"kind": "file.write"},
        {"resource_pattern": "npm *"},
        {"expires_at": NOW},
        {"created_at": NOW + timedelta(seconds=1)},
        {"revoked_at": NOW},
        {"risk_max": RiskLevel.LOW},
    ],
)
def test_a_grant_covers_nothing_else(changes: dict[str, object]) -> None:
    action = make_action(arguments={"command": "git push origin main"})
    assert find_grant((make_grant(**changes),), action, risk=RiskLevel.MEDIUM, now=NOW) is None


@pytest.mark.parametrize(
    "command",
    [
        "git push; npm publish",
        "git push && npm publish",
        "git push | tee log",
        "git push $(npm publish)",
        "git push =(npm publish)",
        "git push `npm publish`",
        "git push\nnpm publish",
        "git push > .envrc",
        "git push &",
    ],
)
def test_a_wildcard_of_a_grant_stands_for_no_second_command(command: str) -> None:
    grant = make_grant(resource_pattern="git *")
    action = make_action(arguments={"command": command})
    assert find_grant((grant,), action, risk=RiskLevel.LOW, now=NOW) is None
    exact = make_grant(resource_pattern=command)
    assert find_grant((exact,), action, risk=RiskLevel.LOW, now=NOW) == exact


@pytest.mark.parametrize(
    "command", ["git push (Remove-Item x)", "git push @(Set-Content a b)", "git push {ri x}"]
)
def test_a_wildcard_stands_for_no_second_command_of_powershell(command: str) -> None:
    grant = make_grant(resource_pattern="git *")
    action = make_action(resource="PowerShell", arguments={"command": command})
    assert find_grant((grant,), action, risk=RiskLevel.LOW, now=NOW) is None
    exact = make_grant(resource_pattern=command)
    assert find_grant((exact,), action, risk=RiskLevel.LOW, now=NOW) == exact
    quoted = make_action(arguments={"command": "git commit -m 'feat(web): (x)'"})
    assert find_grant((grant,), quoted, risk=RiskLevel.LOW, now=NOW) == grant


def test_a_wildcard_beside_an_operator_stands_for_arguments_alone() -> None:
    grant = make_grant(resource_pattern="cd web && npm run *")
    fits = make_action(arguments={"command": "cd web && npm run build"})
    more = make_action(arguments={"command": "cd web && npm run build && npm publish"})
    assert find_grant((grant,), fits, risk=RiskLevel.LOW, now=NOW) == grant
    assert find_grant((grant,), more, risk=RiskLevel.LOW, now=NOW) is None


@pytest.mark.parametrize(
    "resource", ["/srv/shop/../x", "/srv/shop/a/..", "/srv/shop/..\\x", "/srv/shop/a/../../x"]
)
def test_a_wildcard_of_a_grant_leads_out_of_no_folder(resource: str) -> None:
    grant = make_grant(kind="file.write", resource_pattern="/srv/shop/*")
    action = make_action(kind="file.write", resource=resource, arguments={})
    assert find_grant((grant,), action, risk=RiskLevel.LOW, now=NOW) is None
    exact = make_grant(kind="file.write", resource_pattern=resource)
    assert find_grant((exact,), action, risk=RiskLevel.LOW, now=NOW) == exact
    dotted = make_action(kind="file.write", resource="/srv/shop/a..b", arguments={})
    assert find_grant((grant,), dotted, risk=RiskLevel.LOW, now=NOW) == grant


@pytest.mark.parametrize(
    "more",
    [
        {"env": {"GIT_SSH_COMMAND": "curl x | sh"}},
        {"cwd": "/srv"},
        {"shell": "/srv/sh"},
        {"timeout": "1; id"},
        {"note": ["x"]},
        {"run_in_background": True},
    ],
)
def test_a_grant_made_without_other_arguments_fits_no_action_that_has_some(
    more: JsonObject,
) -> None:
    action = make_action(arguments={"command": "git push origin", **more})
    assert find_grant((make_grant(),), action, risk=RiskLevel.LOW, now=NOW) is None
    same = make_grant(others_digest=digest_others(action, action.arguments))
    assert find_grant((same,), action, risk=RiskLevel.LOW, now=NOW) == same
    plain = make_action(arguments={"command": "git push origin"})
    assert find_grant((same,), plain, risk=RiskLevel.LOW, now=NOW) is None


def test_words_for_people_and_measures_may_differ() -> None:
    more = {"description": "Push", "timeout": 5_000}
    action = make_action(arguments={"command": "git push origin", **more})
    assert find_grant((make_grant(),), action, risk=RiskLevel.LOW, now=NOW) == make_grant()


def test_a_grant_for_a_file_fits_no_other_place_in_its_arguments() -> None:
    grant = make_grant(kind="file.delete", resource_pattern="/srv/shop/*")
    own = make_action(kind="file.delete", resource="/srv/shop/a", arguments={"path": "/srv/shop/a"})
    assert find_grant((grant,), own, risk=RiskLevel.LOW, now=NOW) == grant
    for more in ({"path": "/srv"}, {"recursive": True}):
        other = make_action(kind="file.delete", resource="/srv/shop/a", arguments=more)
        assert find_grant((grant,), other, risk=RiskLevel.LOW, now=NOW) is None


def test_a_grant_for_a_tool_goes_by_its_resource() -> None:
    action = make_action(kind="tool.call", resource="send_email", arguments={"command": 3})
    grant = make_grant(kind="tool.call", resource_pattern="send_*")
    assert find_grant((grant,), action, risk=RiskLevel.LOW, now=NOW) == grant


@pytest.mark.parametrize("command", [["npm", "run", "a b"], "npm run 'a b'"])
def test_a_grant_fits_a_command_in_a_list_as_in_a_line(command: JsonValue) -> None:
    action = make_action(arguments={"command": command})
    fits = make_grant(resource_pattern="npm run 'a *'")
    assert find_grant((fits,), action, risk=RiskLevel.LOW, now=NOW) == fits
    shell = make_grant(resource_pattern=action.resource)
    assert find_grant((shell,), action, risk=RiskLevel.LOW, now=NOW) is None


@pytest.mark.parametrize(
    ("pattern", "wide"),
    [
        ("*", True),
        ("g?*", True),
        ("git *", False),
        ("[a-z]*", True),
        ("[!xy]*", True),
        ("*[!zz]*?[ab]", True),
        ("[]ab]*", True),
        ("[!]ab]*", True),
        ("l[s]*", True),
        ("ls[a]", False),
        ("[*]ls", False),
        ("[ab", False),  # no end: these letters stand for themselves
        ("[]ab", False),
        ("[[" * 50_000 + "]", True),
    ],
)
def test_a_pattern_must_name_something(pattern: str, wide: bool) -> None:  # noqa: FBT001
    assert pattern_is_too_wide(pattern) is wide


def _released(**changes: Any) -> ActionRecord:
    record = make_action_record()
    arguments = changes.pop("arguments", record.action.arguments)
    digest = digest_action(record.action, arguments)
    given = {"arguments_released": arguments, "digest_released": digest, **changes}
    return replace(record, status=ActionStatus.ALLOWED, **given)


def _told(event: str, digest: str | None, **body: Any) -> dict[str, Any]:
    return {"event": event, "body": {"digest": digest, **body}}


@pytest.mark.parametrize("edited", [False, True])
def test_what_an_entry_allowed_is_released(*, edited: bool) -> None:
    record = _released(arguments={"command": "ls"}) if edited else _released()
    digest = record.digest_released
    held = _told("action.judged", "sha256:other", decision="ask")
    assert is_released(record, [_told("approval.approved", digest), held])
    assert is_released(record, [_told("action.judged", digest, decision="allow")])


@pytest.mark.parametrize(
    ("event", "decision"),
    [
        ("action.judged", "ask"),
        ("action.judged", "deny"),
        ("approval.denied", None),
        ("approval.voted", None),
        ("action.outcome", None),
    ],
)
def test_what_no_entry_allowed_is_not_released(event: str, decision: str | None) -> None:
    record = _released()
    assert not is_released(record, [_told(event, record.digest_released, decision=decision)])


def test_other_arguments_than_an_entry_allowed_are_not_released() -> None:
    record = _released()
    allowed = _told("approval.approved", record.digest_released)
    assert not is_released(replace(record, arguments_released={"command": "other"}), [allowed])
    assert not is_released(replace(record, arguments_released=None), [allowed])
    assert not is_released(_released(arguments={"command": "other"}), [allowed])
    assert not is_released(record, [])
