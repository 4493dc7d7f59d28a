"""The real Claude Code client on a scripted model, ended whatever happens."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import claude_agent_sdk
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

CLIENT: Final = Path(claude_agent_sdk.__file__).parent / "_bundled" / "claude"
REPO: Final = Path(__file__).parents[3]
SESSION_S_MAX: Final = 60.0
REQUESTS_MAX: Final = 20


class ScriptedModel:
    """Answers as the API does: its Bash commands one after the other, then a word.

    Keeps what the tools returned, in order.
    """

    def __init__(self, *commands: str) -> None:
        self.commands = commands
        self.results: list[str] = []
        self._requests = 0

    async def answer(self, request: Request) -> Response:
        """`POST /v1/messages`."""
        self._requests += 1
        if self._requests > REQUESTS_MAX:
            return JSONResponse({"type": "error", "error": {"type": "invalid"}}, status_code=400)
        body: dict[str, Any] = await request.json()
        if any(tool["name"] == "Bash" for tool in body.get("tools", ())):
            # The client may put words of its own after a result: look at all messages.
            self.results = _results_of(body["messages"])
            if len(self.results) < len(self.commands):
                return _stream(_call(len(self.results), self.commands[len(self.results)]))
        return _stream(_say("ok"))


def _results_of(messages: list[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    for message in messages:
        blocks: Any = message["content"]
        if not isinstance(blocks, str):
            found += [str(each["content"]) for each in blocks if each["type"] == "tool_result"]
    return found


def _call(count: int, command: str) -> Sequence[Mapping[str, Any]]:
    given = json.dumps({"command": command, "description": "Make a file"})
    return _message(
        {"type": "tool_use", "id": f"toolu_{count}", "name": "Bash", "input": {}},
        {"type": "input_json_delta", "partial_json": given},
        stop="tool_use",
    )


def _say(text: str) -> Sequence[Mapping[str, Any]]:
    return _message(
        {"type": "text", "text": ""}, {"type": "text_delta", "text": text}, stop="end_turn"
    )


def _message(
    block: Mapping[str, Any], delta: Mapping[str, Any], *, stop: str
) -> Sequence[Mapping[str, Any]]:
    message: dict[str, Any] = {
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


def _stream(events: Sequence[Mapping[str, Any]]) -> Response:
    lines = [f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events]
    return StreamingResponse(iter(lines), media_type="text/event-stream")


async def _nothing(_request: Request) -> Response:
    return JSONResponse({})


@asynccontextmanager
async def serving_model(model: ScriptedModel) -> AsyncGenerator[str]:
    """The model's API on a free loopback port; yields its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    routes = [
        Route("/v1/messages", model.answer, methods=["POST"]),
        Route("/{rest:path}", _nothing, methods=["GET", "POST", "HEAD"]),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_config=None, ws="none"))
    task = asyncio.create_task(server.serve([listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await task


@asynccontextmanager
async def claude_code(
    model: ScriptedModel, folder: Path, *arguments: str, **environ: str
) -> AsyncGenerator[asyncio.Task[str]]:
    """One print-mode session in an empty user home; yields the wait for its end and its words.

    It and everything that it started is killed when the block ends, or after a minute.
    """
    home, project = folder / "user", folder / "project"
    for each in (home, project):
        each.mkdir(exist_ok=True)
    said = folder / "said"
    async with serving_model(model) as api:
        with said.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(str(CLIENT), "-p", "Make the file", *arguments),
                cwd=project,
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(REPO),
                    "HOME": str(home),
                    "ANTHROPIC_BASE_URL": api,
                    "ANTHROPIC_API_KEY": "made-up",
                    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
                    "DISABLE_AUTOUPDATER": "1",
                    **environ,
                },
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )

        async def finish() -> str:
            async with asyncio.timeout(SESSION_S_MAX):
                await process.wait()
            return said.read_text(encoding="utf-8")

        ending = asyncio.create_task(finish())
        try:
            async with asyncio.timeout(SESSION_S_MAX):
                yield ending
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            await asyncio.wait([ending])
