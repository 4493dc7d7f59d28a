"""`POST /hooks/claude-code`, as an `http` hook of Claude Code calls it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.actions import ActionStatus, Decision, OutcomeStatus
from core.gateway.hook.routes import hook_routes
from core.gateway.http.limits import Limits
from core.ids import ActionId
from tests.integration.edges.fakes import TOKEN, FakeGate, serving

FIRST = ActionId(f"{1:026d}")


@asynccontextmanager
async def hook(
    gate: FakeGate, home: Path, *, limits: Limits | None = None
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the running gateway."""
    async with (
        serving(gate, home, hook_routes(), limits=limits) as url,
        httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False
        ) as http,
    ):
        yield http


def event(name: str, **fields: Any) -> dict[str, Any]:
    tool = {"tool_name": "Bash", "tool_input": {"command": "make"}, "tool_use_id": "toolu_1"}
    base = {"session_id": "s-1", "cwd": "/srv/shop", "hook_event_name": name}
    return {**base, **tool, **fields}


async def send(http: httpx.AsyncClient, body: dict[str, Any], wait: str = "0") -> dict[str, Any]:
    answer = await http.post(f"/hooks/claude-code?wait={wait}", json=body)
    assert answer.status_code == 200
    document: dict[str, Any] = answer.json()
    output: dict[str, Any] = document.get("hookSpecificOutput", document)
    return output


@pytest.mark.parametrize(
    ("ended", "status", "kept"),
    [
        (event("PostToolUse", tool_response={"out": "made"}), OutcomeStatus.SUCCEEDED, "made"),
        (event("PostToolUseFailure", error="exit 2"), OutcomeStatus.FAILED, "exit 2"),
    ],
)
async def test_what_came_of_a_call_is_reported_once(
    tmp_path: Path, ended: dict[str, Any], status: OutcomeStatus, kept: str
) -> None:
    gate = FakeGate(rules={"Bash": Decision.ALLOW})
    async with hook(gate, tmp_path) as http:
        assert (await send(http, event("PreToolUse")))["permissionDecision"] == "allow"
        assert await send(http, ended) == {}
        assert await send(http, ended) == {}
        assert await send(http, event("SessionEnd")) == {}
    outcome, text = gate.outcomes[FIRST]
    assert (outcome.status, text) == (status, kept)
    assert [each[0] for each in gate.sessions] == ["open", "untrusted", "close"]


async def test_news_that_no_user_wrote_is_untrusted_text(tmp_path: Path) -> None:
    gate = FakeGate()
    async with hook(gate, tmp_path) as http:
        await send(http, event("UserPromptSubmit", prompt="<task-notification>done"))
    assert [each[0] for each in gate.sessions] == ["open", "untrusted"]


async def test_a_tool_call_begins_a_session_that_nobody_announced(tmp_path: Path) -> None:
    gate = FakeGate(rules={"Bash": Decision.ALLOW})
    async with hook(gate, tmp_path) as http:
        await send(http, event("PreToolUse", cwd=""))
        await send(http, event("PreToolUse", tool_use_id="toolu_2"))
        await send(http, event("PreToolUse", tool_use_id="toolu_3", cwd="/"))
    assert gate.sessions == [("open", "s-1", "claude-code", "/srv/shop")]


@pytest.mark.parametrize("wait", ["soon", "-1", "nan", "inf"])
async def test_a_wait_that_is_no_time_blocks(tmp_path: Path, wait: str) -> None:
    gate = FakeGate(rules={"Bash": Decision.ALLOW})
    async with hook(gate, tmp_path) as http:
        output = await send(http, event("PreToolUse"), wait)
    assert output["permissionDecision"] == "deny"
    assert "number of seconds" in output["permissionDecisionReason"]
    assert gate.proposals == []


async def test_a_call_that_may_not_wait_is_blocked_and_keeps_its_place(tmp_path: Path) -> None:
    gate = FakeGate()
    async with hook(gate, tmp_path, limits=Limits(waits_per_token_max=0)) as http:
        output = await send(http, event("PreToolUse"))
        assert output["permissionDecision"] == "deny"
        await gate.decide(FIRST, ActionStatus.ALLOWED)
        again = await send(http, event("PreToolUse", tool_use_id="toolu_2"))
    assert again["permissionDecision"] == "allow"
    assert len(gate.proposals) == 1


async def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async with hook(FakeGate(), tmp_path) as http:
        body = event("PreToolUse", tool_input={"command": "x" * 1_100_000})
        answer = await http.post("/hooks/claude-code", json=body)
    assert answer.status_code == 413
