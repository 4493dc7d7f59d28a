"""Odd events, and what an agent could use the hook for against its own governance."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from tests.integration.engine.served import Served, run_cli, serving

_CALLS = count()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    with serving(home) as running:
        yield running
    assert run_cli("audit", "verify", home=home).returncode == 0


def send(engine: Served, name: str, session: str, cwd: str, **fields: Any) -> dict[str, Any]:
    event = {"hook_event_name": name, "session_id": session, "cwd": cwd, **fields}
    status, answer = engine.call("POST", "/hooks/claude-code?wait=0", event)
    assert status == 200, answer
    document: dict[str, Any] = answer
    return document


def decide(
    engine: Served, tool: str, given: dict[str, Any], *, cwd: str = "/srv/shop", session: str = "s"
) -> str:
    """What becomes of a call in a session whose folder is /srv/shop."""
    if session == "s":
        send(engine, "UserPromptSubmit", session, "/srv/shop", prompt="Tidy the project")
    call = {"tool_name": tool, "tool_input": given, "tool_use_id": f"toolu_{next(_CALLS)}"}
    answer = send(engine, "PreToolUse", session, cwd, **call)
    return str(answer["hookSpecificOutput"]["permissionDecision"])


@pytest.mark.parametrize("cwd", ["/etc", "/", "/home/other", "..", "/srv/shop/../.."])
@pytest.mark.parametrize("command", ["rm -rf build", "echo x > passwd"])
def test_a_command_is_judged_where_it_runs(engine: Served, cwd: str, command: str) -> None:
    assert decide(engine, "Bash", {"command": command}) == "allow"
    assert decide(engine, "Bash", {"command": command}, cwd="/srv/shop/src") == "allow"
    assert decide(engine, "Bash", {"command": command}, cwd=cwd) == "deny"


def test_an_operator_sees_where_a_command_would_run(engine: Served) -> None:
    decide(engine, "Bash", {"command": "rm -rf here"}, cwd="/opt/elsewhere")
    _, answer = engine.call("GET", "/v1/approvals", token="operator")
    newest = max(held["id"] for held in answer["approvals"])
    _, shown = engine.call("GET", f"/v1/approvals/{newest}", token="operator")
    assert shown["arguments"] == {"command": "rm -rf here", "cwd": "/opt/elsewhere"}


@pytest.mark.parametrize("folder", ["/", "//", "/srv/..", "."])
def test_a_folder_that_holds_everything_is_no_workspace(engine: Served, folder: str) -> None:
    session = f"root-{next(_CALLS)}"
    send(engine, "UserPromptSubmit", session, folder, prompt="Tidy the project")
    given = {"file_path": "/etc/passwd", "content": "x"}
    assert decide(engine, "Write", given, cwd=folder, session=session) == "deny"


@pytest.mark.parametrize(
    ("tool", "given"),
    [
        ("Write", {"file_path": ["/etc/passwd"], "content": "x"}),
        ("Write", {"file_path": " /etc/passwd", "content": "x"}),
        ("Write", {"file_path": "/srv/shop/.Git/hooks/pre-commit", "content": "x"}),
        ("Write", {"file_path": "/srv/shop/.bashrc", "content": "x"}),
        ("MultiEdit", {"edits": [{"file_path": "/etc/passwd"}]}),
        ("Read", {"file_path": "/srv/shop/operator.token"}),
        ("Grep", {"pattern": "x", "path": ["/etc"]}),
        ("Glob", {"pattern": "/etc/**"}),
        ("Glob", {"pattern": "../../home/*/.ssh/*"}),
        ("mcp__fs__read_file", {"path": "/srv/shop/operator.token"}),
        ("FutureRead", {"path": "~/.ssh/id_rsa"}),
        ("Task", {"prompt": "x", "isolation": "cloud"}),
    ],
)
def test_an_odd_target_is_not_let_through(engine: Served, tool: str, given: dict[str, Any]) -> None:
    assert decide(engine, tool, given) == "deny"


def test_an_agent_does_not_decide_for_itself(engine: Served) -> None:
    assert decide(engine, "Bash", {"command": "git push --force origin main"}) == "deny"
    for command in (
        "maestro approvals approve 01m84m5g8hkc778cbnhdz5dgx5",
        "maestro hook claude-code < prompt.json",
        f"cat {engine.home}/operator.token",
    ):
        assert decide(engine, "Bash", {"command": command}) == "deny"
