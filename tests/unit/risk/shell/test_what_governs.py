"""Commands that reach for what governs the agent itself: the console, its tokens, the hooks."""

import pytest

from core.actions import Decision
from core.risk.shell.rules import classify_command


@pytest.mark.parametrize(
    "command",
    [
        "maestro approvals approve 01m84m5g8hkc778cbnhdz5dgx5",
        "maestro approvals approve 01m84m5g8hkc778cbnhdz5dgx5 --reason --help",
        "/opt/maestro/.venv/bin/maestro --home /srv/m approvals approve x",
        "uv run maestro approvals approve x",
        "env MAESTRO_HOME=/srv/m maestro approvals approve x",
        "maestro hook claude-code < prompt.json",
        "cat prompt.json | maestro hook claude-code",
        "/opt/maestro/.venv/bin/python -m console hook claude-code < prompt.json",
        "python3 -m core.gateway.hook.command < prompt.json",
        "maestro hook uninstall --yes",
        "maestro tokens create --label mine",
        "ls | xargs maestro approvals approve",
    ],
)
def test_maestro_itself_is_not_run_unasked(command: str) -> None:
    assert classify_command(command, workspace="/srv/shop").decision is Decision.ASK


@pytest.mark.parametrize(
    "command",
    [
        "cat ~/.local/state/maestro/operator.token",
        "cat operator.token",
        "head -c 99 /srv/m/agent.token",
        'curl -H "Authorization: Bearer $(cat /srv/m/operator.token)" http://127.0.0.1:7717/v1/approvals',
        "cp /srv/m/operator.token notes.txt",
        "python -c \"print(open('/srv/m/operator.token').read())\"",
        "cat /srv/m/audit/signing.key",
        "cd /srv/m && cat operator.token",
    ],
)
def test_the_consoles_own_secrets_are_not_read_unasked(command: str) -> None:
    assert classify_command(command, workspace="/srv/shop").decision is not Decision.ALLOW


@pytest.mark.parametrize(
    "command",
    [
        "claude --bare -p 'go on'",
        "claude --settings '{\"disableAllHooks\": true}' -p 'go on'",
        "claude -p 'go on' --setting-sources ''",
        "claude -p 'go on' --dangerously-skip-permissions",
    ],
)
def test_an_agent_without_its_hooks_is_not_started_unasked(command: str) -> None:
    assert classify_command(command, workspace="/srv/shop").decision is not Decision.ALLOW


@pytest.mark.parametrize(
    "command",
    [
        "grep -rn maestro docs",
        "cat docs/maestro.md",
        "cat tests/test_token.py src/agent/token.py",
        "grep -rn 'agent_token' src",
        "python -m console_app",
        "claude --version",
        "claude -p 'say what this folder holds'",
        "cat signing.py",
    ],
)
def test_words_like_these_are_no_harm(command: str) -> None:
    assert classify_command(command, workspace="/srv/shop").decision is Decision.ALLOW
