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
        "python -mconsole approvals approve x",
        "python -Im console approvals approve x",
        "python -X dev -m console approvals approve x",
        "python -W ignore -m console approvals approve x",
        "python --check-hash-based-pycs always -m console approvals approve x",
        "python -m cProfile -m console approvals approve x",
        "uv run -m console approvals approve x",
        "uv run --with requests maestro approvals approve x",
        "uv run --project /opt/maestro maestro approvals approve x",
        "MAESTRO approvals approve x",
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
        "cat /srv/m/*.token",
        "cat ~/.local/state/maestro/o*",
        "cp ~/.local/state/maestro/* .",
        "grep -r . ~/.local/state/maestro",
        "cp -r ~/.local/state/maestro x",
        "ln -s ~/.local/state/maestro d",
        "type operator.token",
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
        "CLAUDE_CONFIG_DIR=/tmp/x claude -p 'go on'",
        "export CLAUDE_CONFIG_DIR=x; claude -p 'go on'",
        "env HOME=/tmp/x claude -p 'go on'",
        "MAESTRO_HOME=x claude -p 'go on'",
        "npx @anthropic-ai/claude-code@latest --bare -p 'go on'",
        "claude mcp add x -- ./x.sh",
        "claude plugin install x",
        "rm -rf .claude",
        "mv .claude x",
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
        "ls -la ~/.local/state/maestro",
        "cat src/maestro/*.py",
        "claude mcp list",
        "claude -p 'install it, then remove x'",
        "HOME=/tmp/x npm test",
        "ls .claude",
        "python tool.py -m console",
        "python -W error -m pytest -q",
        "uv run --with pytest pytest -q",
        "uv run -m pytest tests",
        "R -e 'print(1)'",
    ],
)
def test_words_like_these_are_no_harm(command: str) -> None:
    assert classify_command(command, workspace="/srv/shop").decision is Decision.ALLOW
