"""Claude Code's settings, with the hook and without it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError
from core.gateway.hook.install import (
    EVENTS,
    plan_install,
    plan_uninstall,
    read_settings,
    settings_path,
    write_settings,
)

COMMAND = "/opt/maestro hook claude-code"
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    SCALARS.filter(lambda value: value not in (float("inf"), float("-inf"))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FOREIGN_GROUPS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "matcher": st.sampled_from(["Bash", "*", "Edit|Write"]),
            "hooks": st.lists(
                st.fixed_dictionaries(
                    {"type": st.just("command"), "command": st.sampled_from(["lint", "./guard.sh"])}
                ),
                max_size=2,
            ),
        },
    ),
    max_size=2,
)


def _settings(rest: dict[str, Any], hooks: dict[str, Any] | None) -> dict[str, Any]:
    return rest if hooks is None else {**rest, "hooks": hooks}


SETTINGS = st.builds(
    _settings,
    st.dictionaries(st.text().filter(lambda key: key != "hooks"), JSON, max_size=4),
    st.none() | st.dictionaries(st.sampled_from([*EVENTS, "Stop"]), FOREIGN_GROUPS, min_size=1),
)


def install(settings: Any, **options: Any) -> dict[str, Any]:
    text = None if settings is None else json.dumps(settings)
    installed: dict[str, Any] = json.loads(plan_install(text, command=COMMAND, **options).new_text)
    return installed


def ours(settings: dict[str, Any], event: str) -> list[dict[str, Any]]:
    return [
        hook
        for group in settings["hooks"][event]
        for hook in group.get("hooks", [])
        if "hook claude-code" in hook["command"]
    ]


def test_a_tool_call_is_blocked_when_the_hook_fails() -> None:
    (hook,) = ours(install(None), "PreToolUse")
    assert hook == {
        "type": "command",
        "command": f"{COMMAND} --wait 540",
        "timeout": 600,
        "onFailure": "block",
    }


def test_the_hook_answers_before_the_client_stops_waiting() -> None:
    (hook,) = ours(install(None, timeout_s=120), "PreToolUse")
    assert (hook["timeout"], hook["command"]) == (120, f"{COMMAND} --wait 60")
    with pytest.raises(ConfigError, match="over 60 s"):
        plan_install(None, command=COMMAND, timeout_s=60)


@given(SETTINGS)
def test_every_event_is_served_once_and_nothing_else_is_lost(settings: dict[str, Any]) -> None:
    installed = install(settings)
    assert all(len(ours(installed, event)) == 1 for event in EVENTS)
    for event, groups in settings.get("hooks", {}).items():
        assert installed["hooks"][event][: len(groups)] == groups
    assert [key for key in installed if key != "hooks"] == [
        key for key in settings if key != "hooks"
    ]
    assert all(installed[key] == settings[key] for key in settings if key != "hooks")


@given(SETTINGS)
def test_installing_again_changes_nothing(settings: dict[str, Any]) -> None:
    first = plan_install(json.dumps(settings), command=COMMAND)
    again = plan_install(first.new_text, command=COMMAND)
    assert (again.new_text, again.diff) == (first.new_text, "")


@given(SETTINGS)
def test_uninstalling_undoes_installing(settings: dict[str, Any]) -> None:
    installed = plan_install(json.dumps(settings), command=COMMAND).new_text
    left = json.loads(plan_uninstall(installed).new_text)
    expected = {**settings}
    found: dict[str, Any] = expected.pop("hooks", {})
    hooks = {event: groups for event, groups in found.items() if groups or event not in EVENTS}
    assert left == ({**expected, "hooks": hooks} if hooks else expected)


def test_an_older_entry_is_replaced_where_it_stands() -> None:
    old = {"type": "command", "command": "maestro hook claude-code"}
    other = {"type": "command", "command": "lint"}
    groups = [{"matcher": "Bash", "hooks": [other, old]}, {"matcher": "*", "hooks": [old]}]
    installed = install({"hooks": {"PreToolUse": groups}})["hooks"]["PreToolUse"]
    assert len(installed) == 1
    assert installed[0]["hooks"][0] == other
    assert installed[0]["hooks"][1]["onFailure"] == "block"


def test_the_diff_shows_what_comes() -> None:
    plan = plan_install('{\n    "model": "opus"\n}\n', command=COMMAND)
    assert '+                        "onFailure": "block"\n' in plan.diff
    assert [line for line in plan.diff.splitlines() if line.startswith("-")] == [
        "--- before",
        '-    "model": "opus"',
    ]
    assert plan.new_text.startswith('{\n    "model": "opus",\n')


def test_a_hook_that_hears_of_some_tools_only_is_told() -> None:
    ours = {"type": "command", "command": "/old/maestro hook claude-code"}
    narrow = {"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [ours]}]}}
    plan = plan_install(json.dumps(narrow), command=COMMAND)
    assert plan.warnings == (
        "PreToolUse has the hook for 'Bash' only: other tools are not governed",
    )
    for wide in ({}, {"matcher": "*"}, {"matcher": ""}):
        groups = {"hooks": {"PreToolUse": [{**wide, "hooks": [ours]}]}}
        assert plan_install(json.dumps(groups), command=COMMAND).warnings == ()


def test_hooks_that_are_switched_off_are_told() -> None:
    assert plan_install('{"disableAllHooks": true}', command=COMMAND).warnings
    assert plan_install("{}", command=COMMAND).warnings == ()


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"hooks": []}',
        '{"hooks": {"PreToolUse": {}}}',
        '{"hooks": {"PreToolUse": [7]}}',
        '{"hooks": {"PreToolUse": [{"hooks": "x"}]}}',
        "// a comment\n{}",
    ],
)
def test_settings_that_cannot_be_merged_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        plan_install(text, command=COMMAND)


def test_a_command_that_would_not_be_found_again_is_refused() -> None:
    with pytest.raises(ConfigError, match="hook claude-code"):
        plan_install(None, command="maestro")


def test_text_of_any_language_stays_as_it_is() -> None:
    assert '"é"' in plan_install('{"a": "é"}', command=COMMAND).new_text
    assert '"\\ud800"' in plan_install('{"a": "\\ud800"}', command=COMMAND).new_text


@pytest.mark.parametrize("text", [None, "", '{"model": "opus"}'])
def test_nothing_of_ours_means_nothing_to_uninstall(text: str | None) -> None:
    plan = plan_uninstall(text)
    assert (plan.new_text, plan.diff) == (text or "", "")


def test_the_file_is_replaced_and_the_old_one_kept(tmp_path: Path) -> None:
    path = settings_path(project=tmp_path)
    path.parent.mkdir()
    real = tmp_path / "real.json"
    real.write_text('{"model": "opus"}')
    real.chmod(0o640)
    path.symlink_to(real)
    plan = plan_install(read_settings(path), command=COMMAND)
    backup = write_settings(path, plan)
    assert path.is_symlink()
    assert real.read_text() == plan.new_text
    assert real.stat().st_mode & 0o777 == 0o640
    assert backup is not None
    assert backup.read_text() == '{"model": "opus"}'


def test_a_new_file_is_the_users_own(tmp_path: Path) -> None:
    path = settings_path(project=tmp_path)
    plan = plan_install(read_settings(path), command=COMMAND)
    assert write_settings(path, plan) is None
    assert path.read_text() == plan.new_text
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["settings.json"]


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    plan = plan_install(read_settings(path), command=COMMAND)
    path.write_text("{}")
    with pytest.raises(ConfigError, match="changed meanwhile"):
        write_settings(path, plan)
    assert path.read_text() == "{}"


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="cannot read"):
        read_settings(tmp_path / "folder")
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "settings.json"
    plan = plan_install(None, command=COMMAND)
    with pytest.raises(ConfigError, match="cannot"):
        write_settings(path, plan)


def test_the_user_has_settings_of_their_own() -> None:
    assert settings_path() == Path.home() / ".claude" / "settings.json"
