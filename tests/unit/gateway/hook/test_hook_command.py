"""The hook command facing gateways that misbehave, and its own start."""

import io
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from core.adapters.home import hold_home
from core.gateway.address import read_address, read_token
from core.gateway.hook import command
from core.gateway.hook.answers import deny_call
from core.gateway.hook.command import main, run_hook

EVENT: dict[str, Any] = {"hook_event_name": "PreToolUse", "tool_input": {}}
REPO = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def hosted(tmp_path: Path) -> Generator[None]:
    """As while a console runs."""
    with hold_home(tmp_path):
        yield


@contextmanager
def gateway(home: Path, *, status: int, body: bytes) -> Generator[list[tuple[str, str, bytes]]]:
    """Answer one request with `body`, whatever was asked; yields what was asked."""
    seen: list[tuple[str, str, bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.path, self.headers.get("traceparent", ""), sent))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            del format, args

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        write_home(home, f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield seen
        thread.join()


def write_home(home: Path, url: object) -> None:
    (home / "gateway.json").write_text(json.dumps({"url": url}))
    (home / "agent.token").write_text("mst_agent_x\n")


def run(home: Path, event: object = EVENT, **environ: str) -> tuple[int, dict[str, Any], str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    stdin = io.BytesIO(json.dumps(event).encode())
    code = run_hook(stdin, stdout, stderr, home=home, environ=environ, wait_s=1.0)
    return code, json.loads(stdout.getvalue() or "{}"), stderr.getvalue()


def reason_of(answer: dict[str, Any]) -> str:
    assert answer["hookSpecificOutput"]["permissionDecision"] == "deny"
    return str(answer["hookSpecificOutput"]["permissionDecisionReason"])


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, b"<html>", "something else than JSON"),
        (200, b"[" * 100_000, "something else than JSON"),
        (200, b"7", "something else than JSON"),
        (200, b"{}", "is not a decision"),
        (200, b'{"hookSpecificOutput": {"permissionDecision": "ask"}}', "is not a decision"),
        (503, b'{"detail": "the disk is full"}', "503: the disk is full"),
        (500, b"{}", "500: no reason given"),
    ],
)
def test_an_answer_that_decides_nothing_blocks(
    tmp_path: Path, status: int, body: bytes, told: str
) -> None:
    with gateway(tmp_path, status=status, body=body):
        code, answer, _ = run(tmp_path)
    assert code == 0
    assert told in reason_of(answer)


def test_a_decision_is_relayed_as_it_is(tmp_path: Path) -> None:
    decision = deny_call("because")
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    with gateway(tmp_path, status=200, body=json.dumps(decision).encode()) as seen:
        assert run(tmp_path, TRACEPARENT=trace) == (0, decision, "")
    assert seen == [("/hooks/claude-code?wait=1", trace, json.dumps(EVENT).encode())]


def test_a_refusal_of_another_event_is_told_and_blocks_nothing(tmp_path: Path) -> None:
    event = {"hook_event_name": "PostToolUse", "tool_response": "x" * 100_000}
    with gateway(tmp_path, status=422, body=b'{"detail": "known already"}') as seen:
        code, answer, told = run(tmp_path, event, TRACEPARENT="a\nb")
    assert (code, answer) == (1, {})
    assert "known already" in told
    assert len(seen[0][2]) < 70_000


def test_a_gateway_that_answers_in_another_protocol_blocks(tmp_path: Path) -> None:
    with gateway(tmp_path, status=200, body=b"") as seen:
        code, answer, _ = run(tmp_path)
    assert code == 0
    assert seen
    assert reason_of(answer)


@pytest.mark.parametrize(
    "url", ["", 7, "http://", "http://127.0.0.1:99999", "http://127.0.0.1", "http://[::1"]
)
def test_an_address_that_is_none_blocks(tmp_path: Path, url: object) -> None:
    write_home(tmp_path, url)
    assert "gateway" in reason_of(run(tmp_path)[1])


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "{}", '{"host": "", "port": 1}'])
def test_a_damaged_address_file_blocks(tmp_path: Path, text: str) -> None:
    write_home(tmp_path, "")
    (tmp_path / "gateway.json").write_text(text)
    assert "gateway.json" in reason_of(run(tmp_path)[1])


@pytest.mark.parametrize("token", [b"", b"a\nb", b"\xff\xfe"])
def test_a_damaged_token_blocks_and_is_not_shown(tmp_path: Path, token: bytes) -> None:
    write_home(tmp_path, "http://127.0.0.1:1")
    (tmp_path / "agent.token").write_bytes(token)
    assert "agent token" in reason_of(run(tmp_path)[1])


def test_a_missing_token_blocks(tmp_path: Path) -> None:
    write_home(tmp_path, "http://127.0.0.1:1")
    (tmp_path / "agent.token").unlink()
    assert "No such file" in reason_of(run(tmp_path)[1])


def test_the_address_is_read_in_both_forms(tmp_path: Path) -> None:
    write_home(tmp_path, "http://[::1]:7717")
    assert read_address(tmp_path).url == "http://[::1]:7717"
    (tmp_path / "gateway.json").write_text('{"host": "127.0.0.1", "port": 7717}')
    assert read_address(tmp_path).url == "http://127.0.0.1:7717"
    assert read_token(tmp_path) == "mst_agent_x"


TWICE = b'{"hook_event_name": "PreToolUse", "hook_event_name": "SessionEnd"}'


@pytest.mark.parametrize("raw", [b"", b"not json", b"[" * 100_000, b"{}", b"7", b"[]", TWICE])
def test_input_that_is_no_event_blocks(tmp_path: Path, raw: bytes) -> None:
    stdout, stderr = io.StringIO(), io.StringIO()
    assert run_hook(io.BytesIO(raw), stdout, stderr, home=tmp_path, environ={}) == 2
    assert stderr.getvalue().startswith("Maestro hook: ")
    assert reason_of(json.loads(stdout.getvalue()))


def test_a_gateway_that_is_gone_or_silent_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "ANSWER_S_MAX", -0.9)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        write_home(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert "no answer in time" in reason_of(run(tmp_path)[1])
    assert "is not running" in reason_of(run(tmp_path)[1])


def test_options_that_are_not_known_block(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--verbose", "1"]) == 2
    assert main(["--wait", "soon"]) == 2
    assert "--home DIR" in capsys.readouterr().err


def test_it_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "--wait SECONDS" in capsys.readouterr().out


def test_input_over_the_limit_blocks(tmp_path: Path) -> None:
    code, answer, _ = run(tmp_path, {**EVENT, "tool_input": "x" * 9_000_000})
    assert code == 2
    assert "MiB" in reason_of(answer)


def test_the_home_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MAESTRO_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(EVENT).encode())))
    assert main([]) == 0
    assert str(tmp_path) in reason_of(json.loads(capsys.readouterr().out))


def test_a_wait_that_is_no_time_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--home", ".", "--wait", "nan"]) == 2
    assert "not a number of seconds" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(EVENT).encode())))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedReader(io.BytesIO())))
    assert main(["--home", str(tmp_path)]) == 2
    assert "Maestro hook: failed" in capsys.readouterr().err


def test_the_start_loads_nothing_heavy() -> None:
    code = "import core.gateway.hook.command, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"asyncio", "dataclasses", "httpx", "mcp", "pydantic", "starlette", "typer", "uvicorn"}
    assert heavy.isdisjoint(loaded)
