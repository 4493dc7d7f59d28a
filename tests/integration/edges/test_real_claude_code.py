"""The real Claude Code client, with our hook installed and a scripted model in place of the API."""

import asyncio
import json
import os
import shlex
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import claude_agent_sdk
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from core.actions import ActionStatus, OutcomeStatus
from core.gateway.hook.install import plan_install
from core.gateway.hook.routes import hook_routes
from tests.integration.edges.fakes import FakeGate, serving

CLIENT = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
REPO = Path(__file__).parents[3]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CLIENT.exists(), reason="the SDK brings no Claude Code client here"),
]


class ScriptedModel:
    """Answers as the API does: one Bash call, then a word; keeps what the tool returned."""

    def __init__(self, command: str) -> None:
        self.command = command
        self.results: list[str] = []

    async def answer(self, request: Request) -> Response:
        body: dict[str, Any] = await request.json()
        content = body["messages"][-1]["content"]
        results = [
            str(each["content"])
            for each in (content if isinstance(content, list) else [])
            if each.get("type") == "tool_result"
        ]
        self.results += results
        can_call = any(tool["name"] == "Bash" for tool in body.get("tools", ()))
        if results or not can_call:
            events = _message({"type": "text", "text": ""}, {"type": "text_delta", "text": "ok"})
        else:
            call = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {}}
            given = json.dumps({"command": self.command, "description": "Make a file"})
            delta = {"type": "input_json_delta", "partial_json": given}
            events = _message(call, delta, stop="tool_use")
        lines = [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events]
        return StreamingResponse(iter(lines), media_type="text/event-stream")


def _message(
    block: dict[str, Any], delta: dict[str, Any], *, stop: str = "end_turn"
) -> Sequence[dict[str, Any]]:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "scripted",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    end = {"stop_reason": stop, "stop_sequence": None}
    return (
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "content_block_delta", "index": 0, "delta": delta},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": end, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    )


async def nothing(_request: Request) -> Response:
    return JSONResponse({})


@pytest.fixture
def model(tmp_path: Path) -> ScriptedModel:
    return ScriptedModel(f"touch {tmp_path / 'proposed'}")


@pytest.fixture
async def api(model: ScriptedModel) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    routes = [
        Route("/v1/messages", model.answer, methods=["POST"]),
        Route("/{rest:path}", nothing, methods=["GET", "POST", "HEAD"]),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_config=None, ws="none"))
    task = asyncio.create_task(server.serve([listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = server.force_exit = True
    await task


async def run_client(api: str, folder: Path, *, hook: str | None = None) -> asyncio.Task[None]:
    """Start one print-mode session in an empty user home, with the hook installed."""
    home, project = folder / "user", folder / "project"
    home.mkdir()
    project.mkdir()
    script = folder / "maestro"
    run = [sys.executable, "-m", "core.gateway.hook.command", "--home", str(folder)]
    script.write_text(f'#!/bin/sh\nshift 2\nexec {shlex.join(run)} "$@"\n')
    script.chmod(0o755)
    settings = folder / "settings.json"
    plan = plan_install(None, command=hook or f"{shlex.quote(str(script))} hook claude-code")
    settings.write_text(plan.new_text)
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPO),
        "HOME": str(home),
        "ANTHROPIC_BASE_URL": api,
        "ANTHROPIC_API_KEY": "made-up",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }
    process = await asyncio.create_subprocess_exec(
        *(str(CLIENT), "-p", "Make the file", "--settings", str(settings)),
        cwd=project,
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def finish() -> None:
        await process.wait()

    return asyncio.create_task(finish())


async def test_the_operator_decides_what_claude_code_runs(
    api: str, model: ScriptedModel, tmp_path: Path
) -> None:
    gate = FakeGate()
    async with serving(gate, tmp_path, hook_routes()):
        session = await run_client(api, tmp_path)
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


async def test_a_denial_is_told_to_the_model(
    api: str, model: ScriptedModel, tmp_path: Path
) -> None:
    gate = FakeGate()
    async with serving(gate, tmp_path, hook_routes()):
        session = await run_client(api, tmp_path)
        await gate.decide(await gate.wait_held(), ActionStatus.DENIED, reason="not on a Friday")
        await session
    assert not (tmp_path / "proposed").exists()
    assert "not on a Friday" in model.results[0]


async def test_nothing_runs_without_the_console(
    api: str, model: ScriptedModel, tmp_path: Path
) -> None:
    await (await run_client(api, tmp_path))
    assert not (tmp_path / "proposed").exists()
    assert "Maestro Console is not running" in model.results[0]


async def test_nothing_runs_when_the_hook_itself_cannot_start(
    api: str, model: ScriptedModel, tmp_path: Path
) -> None:
    await (await run_client(api, tmp_path, hook="no-such-command hook claude-code"))
    assert not (tmp_path / "proposed").exists()
    assert "blocking because onFailure" in model.results[0]
