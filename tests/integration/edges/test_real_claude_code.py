"""The real Claude Code client, with our hook installed and a scripted model in place of the API."""

import asyncio
import shlex
import sys
from pathlib import Path

import pytest

from core.actions import ActionStatus, OutcomeStatus
from core.gateway.hook.install import plan_install
from core.gateway.hook.routes import hook_routes
from tests.integration.edges.claude_code import CLIENT, REPO, ScriptedModel, claude_code
from tests.integration.edges.fakes import TOKEN, FakeGate, serving
from tests.integration.edges.operator import Operator
from tests.integration.engine import served

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CLIENT.exists(), reason="the SDK brings no Claude Code client here"),
]


@pytest.fixture
def model(tmp_path: Path) -> ScriptedModel:
    return ScriptedModel(f"touch {tmp_path / 'proposed'}")


def settings_with(folder: Path, command: str | None = None) -> tuple[str, str]:
    """The client's options for settings with the hook command in them."""
    script = folder / "maestro"
    run = [sys.executable, "-m", "core.gateway.hook.command", "--home", str(folder)]
    script.write_text(f'#!/bin/sh\nshift 2\nexec {shlex.join(run)} "$@"\n')
    script.chmod(0o755)
    settings = folder / "settings.json"
    plan = plan_install(None, command=command or f"{shlex.quote(str(script))} hook claude-code")
    settings.write_text(plan.new_text)
    return "--settings", str(settings)


def settings_with_url(folder: Path, url: str) -> tuple[str, str]:
    """The client's options for settings with the HTTP form of the hook, as it is documented."""
    page = (REPO / "docs" / "connect-claude-code.md").read_text(encoding="utf-8")
    block = page.partition("```json\n")[2].partition("```")[0]
    settings = folder / "settings.json"
    settings.write_text(block.replace("http://127.0.0.1:7717", url))
    return "--settings", str(settings)


async def test_the_operators_edit_is_what_claude_code_runs(
    model: ScriptedModel, tmp_path: Path
) -> None:
    gate = FakeGate()
    async with (
        serving(gate, tmp_path, hook_routes()),
        claude_code(model, tmp_path, *settings_with(tmp_path)) as session,
    ):
        edited = {"command": f"touch {tmp_path / 'edited'}; echo made", "description": "x"}
        action_id = await gate.wait_held()
        await gate.decide(action_id, ActionStatus.ALLOWED, arguments=edited)
        await session
    assert (tmp_path / "edited").exists()
    assert not (tmp_path / "proposed").exists()
    assert [each[0] for each in gate.sessions] == ["open", "purpose", "close"]
    assert gate.sessions[1][3] == "Make the file"
    outcome, result = gate.outcomes[action_id]
    assert (outcome.status, result) == (OutcomeStatus.SUCCEEDED, "made")


async def test_a_denial_is_told_to_the_model(model: ScriptedModel, tmp_path: Path) -> None:
    gate = FakeGate()
    async with (
        serving(gate, tmp_path, hook_routes()),
        claude_code(model, tmp_path, *settings_with(tmp_path)) as session,
    ):
        await gate.decide(await gate.wait_held(), ActionStatus.DENIED, reason="not on a Friday")
        await session
    assert not (tmp_path / "proposed").exists()
    assert "not on a Friday" in model.results[0]


async def test_nothing_runs_without_the_console(model: ScriptedModel, tmp_path: Path) -> None:
    async with claude_code(model, tmp_path, *settings_with(tmp_path)) as session:
        await session
    assert not (tmp_path / "proposed").exists()
    assert "Maestro Console is not running" in model.results[0]


async def test_nothing_runs_when_the_hook_itself_cannot_start(
    model: ScriptedModel, tmp_path: Path
) -> None:
    settings = settings_with(tmp_path, "no-such-command hook claude-code")
    async with claude_code(model, tmp_path, *settings) as session:
        await session
    assert not (tmp_path / "proposed").exists()
    assert "blocking because onFailure" in model.results[0]


async def test_the_http_form_governs_as_the_command_does(
    model: ScriptedModel, tmp_path: Path
) -> None:
    gate = FakeGate()
    async with serving(gate, tmp_path, hook_routes()) as url:
        settings = settings_with_url(tmp_path, url)
        async with claude_code(model, tmp_path, *settings, AGENT_TOKEN=TOKEN) as session:
            await gate.decide(await gate.wait_held(), ActionStatus.ALLOWED)
            await session
    assert (tmp_path / "proposed").exists()
    assert [each[0] for each in gate.sessions] == ["open", "purpose", "close"]
    assert len(gate.outcomes) == 1


async def test_the_http_form_blocks_without_a_good_token(
    model: ScriptedModel, tmp_path: Path
) -> None:
    gate = FakeGate()
    async with serving(gate, tmp_path, hook_routes()) as url:
        settings = settings_with_url(tmp_path, url)
        async with claude_code(model, tmp_path, *settings, AGENT_TOKEN="wrong") as session:
            await session
    assert len(model.results) == 1
    assert not (tmp_path / "proposed").exists()


async def test_the_http_form_blocks_without_the_console(
    model: ScriptedModel, tmp_path: Path
) -> None:
    async with serving(FakeGate(), tmp_path, hook_routes()) as url:
        settings = settings_with_url(tmp_path, url)
    async with claude_code(model, tmp_path, *settings, AGENT_TOKEN=TOKEN) as session:
        await session
    assert len(model.results) == 1
    assert not (tmp_path / "proposed").exists()


async def test_the_engine_governs_a_client_that_the_installer_set_up(tmp_path: Path) -> None:
    made = tmp_path / "made"
    model = ScriptedModel("ls -la", "cat ~/.ssh/id_ed25519", "git push --force origin main")
    home = tmp_path / "home"
    with served.serving(home) as engine:
        (tmp_path / "project").mkdir()
        options = ("--project", str(tmp_path / "project"), "--yes")
        installed = served.run_cli("hook", "install", *options, home=home)
        assert installed.returncode == 0, installed.stderr
        async with claude_code(model, tmp_path) as session:
            operator = Operator(engine)
            await operator.deny("that is a secret")
            await operator.edit({"command": f"touch {made}", "description": "x"})
            await session
        checked = await asyncio.to_thread(served.run_cli, "audit", "verify", home=home)
    assert checked.returncode == 0, checked.stdout
    assert "that is a secret" in model.results[1]
    assert made.exists()
