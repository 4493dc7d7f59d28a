"""`maestro hook install` and `uninstall`, as they are typed."""

import io
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from tests.integration.engine.served import ROOT, run_cli

FOREIGN: dict[str, Any] = {
    "model": "opus",
    "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "x"}]}]},
}


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder with nothing in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MAESTRO_HOME", str(tmp_path / "state"))
    return tmp_path


def settings_of(folder: Path) -> Path:
    return folder / ".claude" / "settings.json"


def write_settings(folder: Path, text: str) -> Path:
    path = settings_of(folder)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_the_diff_is_shown_and_nothing_is_written_without_a_yes(
    user: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for said in ("n\n", ""):
        answer(monkeypatch, said)
        assert main(["hook", "install"]) == 1
        assert '+            "onFailure": "block"' in capsys.readouterr().out
        assert not settings_of(user).exists()


def test_a_yes_writes_the_users_settings(
    user: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(monkeypatch, "y\n")
    assert main(["hook", "install", "--user"]) == 0
    assert str(settings_of(user)) in capsys.readouterr().out
    (group,) = json.loads(settings_of(user).read_text())["hooks"]["PreToolUse"]
    assert group["hooks"][0]["onFailure"] == "block"
    assert stat.S_IMODE(settings_of(user).stat().st_mode) == 0o600


def test_installing_twice_writes_once_and_uninstalling_brings_all_back(
    user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_settings(user, json.dumps(FOREIGN, indent=2) + "\n")
    before = path.read_bytes()
    assert main(["hook", "install", "--yes"]) == 0
    installed = path.read_bytes()
    assert json.loads(installed)["hooks"]["PreToolUse"][0] == FOREIGN["hooks"]["PreToolUse"][0]
    assert path.with_name("settings.json.before-maestro").read_bytes() == before
    capsys.readouterr()
    assert main(["hook", "install", "--yes"]) == 0
    assert "needs no change" in capsys.readouterr().out
    assert path.read_bytes() == installed
    assert main(["hook", "uninstall", "--yes"]) == 0
    assert path.read_bytes() == before
    assert path.with_name("settings.json.before-maestro").read_bytes() == before
    assert main(["hook", "uninstall", "--yes"]) == 0


def test_a_project_has_settings_of_its_own(user: Path) -> None:
    project = user / "a project"
    assert main(["hook", "install", "--project", str(project), "--yes"]) == 2
    assert not project.exists()
    project.mkdir()
    assert main(["hook", "install", "--project", str(project), "--yes"]) == 0
    assert settings_of(project).exists()
    assert not settings_of(user).exists()
    assert main(["hook", "install", "--project", str(project), "--user", "--yes"]) == 2


@pytest.mark.parametrize("text", ["{", "[1]", '{"a": 1, "a": 2}', '{"hooks": 7}', "// x\n{}"])
@pytest.mark.parametrize("command", ["install", "uninstall"])
def test_settings_that_are_broken_are_left_as_they_are(
    user: Path, capsys: pytest.CaptureFixture[str], text: str, command: str
) -> None:
    path = write_settings(user, text)
    assert main(["hook", command, "--yes"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("maestro: the settings")
    assert told.count("\n") == 1
    assert path.read_text() == text
    assert [each.name for each in path.parent.iterdir()] == ["settings.json"]


def test_what_the_old_settings_hold_cannot_forge_the_diff(
    user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_settings(user, '{"x\x9b2J\u202e": "\\u001b[2J"}')
    assert main(["hook", "install", "--yes"]) == 0
    shown = capsys.readouterr().out
    assert "\x9b" not in shown
    assert "\u202e" not in shown
    assert "\\x9b2J\\u202e" in shown


def test_hooks_that_are_switched_off_are_told(
    user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_settings(user, '{"disableAllHooks": true}')
    assert main(["hook", "install", "--yes"]) == 0
    assert "note: disableAllHooks" in capsys.readouterr().out


def test_a_home_before_the_command_counts_for_the_hook_too(
    user: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    event = b'{"hook_event_name": "PreToolUse", "tool_name": "Bash"}'
    for options, home in (([], user / "one"), (["--home", str(user / "two")], user / "two")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(event)))
        assert main(["--home", str(user / "one"), "hook", "claude-code", *options]) == 0
        assert f"{home}/gateway.json" in capsys.readouterr().out


def test_the_command_that_is_written_runs_anywhere_and_knows_its_home(user: Path) -> None:
    home = user / "a home"
    installed = run_cli("hook", "install", "--project", str(user), "--yes", home=home)
    assert installed.returncode == 0, installed.stderr
    (group,) = json.loads(settings_of(user).read_text())["hooks"]["PreToolUse"]
    # A folder in the agent's project that has our package's name must not run in our place.
    (user / "console").mkdir()
    (user / "console" / "__main__.py").write_text("print('forged')")
    answered = subprocess.run(
        ["/bin/sh", "-c", group["hooks"][0]["command"]],
        cwd=user,
        env={"PYTHONPATH": str(ROOT)},
        input='{"hook_event_name": "PreToolUse", "tool_name": "Bash"}',
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    output = json.loads(answered.stdout)["hookSpecificOutput"]
    assert output["permissionDecision"] == "deny"
    assert "not running" in output["permissionDecisionReason"]
    assert str(home) in output["permissionDecisionReason"]
