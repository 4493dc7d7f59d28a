"""Rules go from narrow to wide, and say what they let through."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.view_models.ink import plain_text
from console.view_models.remember import (
    DURATIONS,
    Fit,
    fit_spans,
    fits_for,
    rule_words,
    too_wide_words,
)
from console.view_models.rules import fits_words
from core.actions import JsonObject, RiskLevel
from core.governance.rules import find_grant, pattern_is_too_wide
from core.ids import GrantId
from core.records import GrantRecord
from tests.console.fakes import MARIA
from tests.factories import NOW, make_action


def make_grant(**changes: Any) -> GrantRecord:
    action = make_action()
    given_: dict[str, Any] = {
        "id": GrantId("g"),
        "agent_id": action.agent_id,
        "kind": action.kind,
        "created_by": MARIA,
        "created_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
        "from_action": action.id,
        "risk_max": RiskLevel.MEDIUM,
    }
    return GrantRecord(**{**given_, **changes})


@given(st.text(min_size=1, max_size=40), st.text(max_size=10))
def test_the_first_pattern_fits_this_action_and_no_longer_one(command: str, more: str) -> None:
    action = make_action(arguments={"command": command})
    patterns = [fit.pattern for fit in fits_for(action, action.arguments)]
    assert not any(map(pattern_is_too_wide, patterns))
    if patterns and not pattern_is_too_wide(command):
        grant = make_grant(resource_pattern=patterns[0])
        assert find_grant([grant], action, risk=RiskLevel.LOW, now=NOW) is grant
        other = make_action(arguments={"command": command + "; " + more})
        assert find_grant([grant], other, risk=RiskLevel.LOW, now=NOW) is None


@pytest.mark.parametrize("token", ["ghp_" + "a1B2" * 9, "[redacted:github-token]"])
def test_no_rule_is_offered_that_holds_a_secret(token: str) -> None:
    shell = make_action(arguments={"command": f"deploy --token {token}"})
    assert fits_for(shell, shell.arguments) == (Fit("deploy --token *"), Fit("deploy *"))
    page = make_action(kind="network.request", resource=f"https://x.example/{token}/pull")
    assert fits_for(page, {}) == ()


def test_patterns_go_from_narrow_to_wide() -> None:
    shell = make_action(arguments={"command": "git push origin main"})
    assert fits_for(shell, shell.arguments) == (
        Fit("git push origin main"),
        Fit("git push *"),
        Fit("git *"),
    )
    file = make_action(kind="file.write", resource="/srv/shop/a[1].toml")
    name = "/srv/shop/a[[]1].toml"
    assert fits_for(file, {}) == (Fit(name, exact=True), Fit(name), Fit("/srv/shop/*"))
    assert fits_for(make_action(kind="tool.call", resource="refunds.create"), {}) == (
        Fit("refunds.create", exact=True),
        Fit("refunds.create"),
    )


def test_a_shells_command_is_offered_only_where_it_can_be_read() -> None:
    words = make_action(arguments={"command": ["git", "push", "a b"]})
    assert [each.pattern for each in fits_for(words, words.arguments)] == [
        "git push 'a b'",
        "git push *",
        "git *",
    ]
    for command in (None, [], ["ls", 3]):
        unread = make_action(arguments={"command": command})
        assert fits_for(unread, unread.arguments) == ()


def test_a_pattern_that_does_not_fit_the_action_is_not_offered() -> None:
    spaced = make_action(arguments={"command": "git  push origin"})
    assert [each.pattern for each in fits_for(spaced, spaced.arguments)] == [
        "git  push origin",
        "git *",
    ]


def test_what_is_easily_overlooked_is_said() -> None:
    shell = make_action(arguments={"command": "git push origin main"})
    assert too_wide_words(shell, {}, Fit("git push origin main")) == ""
    assert "no second command" in too_wide_words(shell, {}, Fit("git push *"))
    tool = make_action(kind="tool.call", resource="refunds.create")
    assert "another amount" in too_wide_words(tool, {"to": "a"}, Fit("refunds.create"))
    assert too_wide_words(tool, {}, Fit("refunds.create", exact=True)) == ""
    read = make_action(kind="file.read", resource="/srv/a/b")
    assert "any depth" in too_wide_words(read, {"limit": 3}, Fit("/srv/a/*"))


def test_arguments_that_have_to_be_the_same_are_named() -> None:
    arguments: JsonObject = {
        "command": "git push origin",
        "env": {"CI": "1"},
        "cwd": "/s",
        "note": "x",
    }
    shell = make_action(arguments=arguments)
    exactly = too_wide_words(shell, arguments, Fit("git push origin"))
    assert exactly == "Only with the same env, cwd."
    starred = too_wide_words(shell, arguments, Fit("git push *"))
    assert "no second command" in starred
    assert starred.endswith("Only with the same env, cwd.")


def test_a_rule_in_force_says_that_other_arguments_count() -> None:
    rule = make_grant(resource_pattern="git push *", others_digest="sha256:0")
    assert fits_words(rule) == "git push * · with the same other arguments"


def test_a_choice_says_first_how_wide_it_is() -> None:
    shell = make_action(arguments={"command": "git push origin main"})
    file = make_action(kind="file.write", resource="/srv/shop/a.toml")
    read = make_action(kind="file.read", resource="/srv/shop/a*")
    said = [
        plain_text(fit_spans(action, fit))
        for action in (shell, file, read)
        for fit in fits_for(action, action.arguments)
    ]
    assert said == [
        "this alone · git push origin main",
        "whatever follows · git push *",
        "whatever follows · git *",
        "these arguments alone · /srv/shop/a.toml",
        "any arguments · /srv/shop/a.toml",
        "all below, any arguments · /srv/shop/*",
        "this alone · /srv/shop/a[*]",
        "all below · /srv/shop/*",
    ]


def test_a_rule_is_a_sentence() -> None:
    words = rule_words(make_action(), Fit("git *"), DURATIONS[1], RiskLevel.MEDIUM)
    assert words.startswith("For 1 hour, coder may do shell.execute on git * without asking")
