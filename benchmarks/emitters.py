"""Real agent tools, unmodified, against a model server and this gateway: is each call counted once?

    python -m benchmarks.emitters --npm DIR --python DIR/bin/python [--captures DIR]

`--npm` (or EMITTERS_NPM): a folder with node_modules/.bin/codex and gemini (@openai/codex,
@google/gemini-cli). `--python` (or EMITTERS_PYTHON): a Python with llmock, openai-agents,
pydantic-ai-slim[openai], opentelemetry-instrumentation-openai-agents-v2,
openinference-instrumentation-openai-agents and opentelemetry-exporter-otlp-proto-http. What is not
there is skipped, by name. The model server's log is taken on the wire: a relay before it adds up
the usage in its answers. `--captures` writes what each tool sent, without paths and prompts.
Prints one JSON line.
"""

import argparse
import asyncio
import base64
import dataclasses
import gzip
import http.client
import http.server
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.emitter_programs import PYDANTIC_AI, codex_config, gemini_settings, openai_agents
from benchmarks.emitter_scrub import scrub
from core.adapters.system import SystemClock
from core.adapters.usage_store import SqliteUsageStore
from core.gateway.otlp.routes import otlp_routes
from core.gateway.server import GatewayServer
from core.telemetry.service import TelemetryBook
from core.usage import EmitterView
from tests.fakes_gateway import make_rig

TOOL_TIMEOUT_S: Final = 120.0
_MODEL_PATHS: Final = ("/responses", "/chat/completions", "enerateContent")


class Relay:
    """Stands before a server on loopback, passes everything on, and remembers it."""

    def __init__(self, upstream: str) -> None:
        self.seen: list[dict[str, Any]] = []
        self._netloc = urlsplit(upstream).netloc
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                relay.pass_on(self)

            def do_GET(self) -> None:
                relay.pass_on(self)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def pass_on(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """One request and its answer."""
        body = _read_body(handler)
        drop = {"host", "content-length", "transfer-encoding", "connection", "accept-encoding"}
        headers = {
            name: value for name, value in handler.headers.items() if name.lower() not in drop
        }
        link = http.client.HTTPConnection(self._netloc, timeout=30)
        link.request(handler.command, handler.path, body, headers)
        answer = link.getresponse()
        told = answer.read()
        self.seen.append(
            {
                "path": handler.path.partition("?")[0],
                "type": handler.headers.get("content-type", ""),
                "encoding": handler.headers.get("content-encoding", ""),
                "body": body,
                "status": answer.status,
                "answer": told,
            }
        )
        handler.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in (*drop, "date", "server"):
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(told)))
        handler.end_headers()
        handler.wfile.write(told)
        link.close()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def _read_body(handler: http.server.BaseHTTPRequestHandler) -> bytes:
    if "chunked" not in handler.headers.get("transfer-encoding", ""):
        return handler.rfile.read(int(handler.headers.get("content-length", 0)))
    parts: list[bytes] = []
    while size := int(handler.rfile.readline().strip(), 16):
        parts.append(handler.rfile.read(size))
        handler.rfile.readline()
    handler.rfile.readline()
    return b"".join(parts)


def add_usage(seen: list[dict[str, Any]]) -> dict[str, int]:
    """What the model server answered: calls, tokens in, tokens out."""
    total = {"calls": 0, "input_tokens": 0, "output_tokens": 0}
    for each in seen:
        if each["status"] != http.client.OK or not each["path"].endswith(_MODEL_PATHS):
            continue
        usage = _last_usage(each["answer"].decode())
        total["calls"] += 1
        for name, keys in (
            ("input_tokens", ("input_tokens", "prompt_tokens", "promptTokenCount")),
            ("output_tokens", ("output_tokens", "completion_tokens", "candidatesTokenCount")),
        ):
            total[name] += next((usage[key] for key in keys if key in usage), 0)
    return total


def _last_usage(answer: str) -> dict[str, int]:
    """From one JSON document, or the last server-sent event that has it."""
    found: dict[str, int] = {}
    lines = [line.removeprefix("data: ") for line in answer.splitlines() if "sage" in line]
    for text in [answer] if answer.lstrip().startswith(("{", "[")) else lines:
        try:
            document = json.loads(text)
        except ValueError:
            continue
        for each in document if isinstance(document, list) else [document]:
            inner = each.get("response") or each
            found = inner.get("usage") or inner.get("usageMetadata") or found
    return found


async def _run(command: list[str], env: Mapping[str, str], cwd: Path) -> str:
    """Run one tool to its end; returns why it failed, or ""."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", **env},
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), TOOL_TIMEOUT_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        return f"did not end within {TOOL_TIMEOUT_S:g} s"
    if process.returncode:
        return f"exit {process.returncode}: {output.decode(errors='replace')[-300:]}"
    return ""


@dataclasses.dataclass(frozen=True)
class Tool:
    """How one tool is run."""

    name: str
    command: list[str]
    env: dict[str, str]
    needs: Path


def tools(npm: Path, python: Path, *, model: str, otlp: str, token: str, home: Path) -> list[Tool]:
    """All five, with their settings written into `home`."""
    bearer = f"Bearer {token}"
    (home / "codex").mkdir()
    (home / ".gemini").mkdir()
    (home / "codex/config.toml").write_text(codex_config(model, otlp, bearer), encoding="utf-8")
    (home / ".gemini/settings.json").write_text(gemini_settings(otlp), encoding="utf-8")
    sdk = {
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": f"{model}/v1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization={bearer.replace(' ', '%20')}",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "HOME": str(home),
    }
    codex, gemini = (npm / "node_modules/.bin" / name for name in ("codex", "gemini"))
    return [
        Tool(
            "codex",
            [str(codex), "exec", "--skip-git-repo-check", "say hello"],
            {"HOME": str(home), "CODEX_HOME": str(home / "codex"), "MODEL_KEY": "none"},
            codex,
        ),
        Tool(
            "gemini-cli",
            [str(gemini), "-m", "gemini-2.5-pro", "-p", "say hello"],
            {
                "HOME": str(home),
                "GEMINI_API_KEY": "none",
                "GOOGLE_GEMINI_BASE_URL": f"{model}/gemini",
                "GEMINI_CLI_TRUST_WORKSPACE": "true",
                "OTEL_EXPORTER_OTLP_HEADERS": sdk["OTEL_EXPORTER_OTLP_HEADERS"],
            },
            gemini,
        ),
        *(
            Tool(name, [str(python), "-c", program], {**sdk, "OTEL_SERVICE_NAME": service}, python)
            for name, service, program in (
                ("pydantic-ai", "office", PYDANTIC_AI),
                ("openai-agents-v2", "library", openai_agents("opentelemetry.instrumentation")),
                (
                    "openai-agents-openinference",
                    "archive",
                    openai_agents("openinference.instrumentation"),
                ),
            )
        ),
    ]


async def run_tool(tool: Tool, model: Relay, otlp: Relay, book: TelemetryBook) -> dict[str, Any]:
    """One tool: what the model server told, what its telemetry came to, and whether they fit."""
    if not tool.needs.exists():
        return {"skipped": f"{tool.needs} is not there"}
    before = len(model.seen), len(otlp.seen)
    known = {each.emitter: each for each in book.emitters()}
    with tempfile.TemporaryDirectory() as folder:
        failed = await _run(tool.command, tool.env, Path(folder))
    await book.flush()
    told = add_usage(model.seen[before[0] :])
    new = [each for each in book.emitters() if each.emitter not in known]
    if failed or len(new) != 1:
        return {"skipped": failed or f"{len(new)} new emitters", "model_server": told}
    mapped = _mapped(new[0])
    sent = otlp.seen[before[1] :]
    refused = [each["status"] for each in sent if each["status"] != http.client.OK]
    return {
        "emitter": f"{new[0].emitter} {new[0].version}".strip(),
        "kind": new[0].kind,
        "model_server": told,
        "mapped": mapped,
        "equal": told == mapped and not refused,
        "seen": {"spans": new[0].spans, "logs": new[0].logs, "points": new[0].points},
        "tool_uses": new[0].totals.tool_uses,
        "content_dropped": new[0].content_dropped,
        "unmapped_keys": len(new[0].unmapped),
        "refused": refused,
    }


def _mapped(view: EmitterView) -> dict[str, int]:
    totals = view.totals
    return {
        "calls": totals.calls,
        "input_tokens": totals.input_tokens,
        "output_tokens": totals.output_tokens,
    }


async def measure(npm: Path, python: Path, captures: Path | None) -> dict[str, Any]:
    """All tools, one after the other."""
    llmock = python.parent / "llmock"
    if not llmock.exists():
        return {"benchmark": "emitters", "skipped": f"{llmock} is not there: no model server"}
    port = _free_port()
    server = await asyncio.create_subprocess_exec(
        str(llmock), "serve", "--port", str(port), "--response-style", "varied",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    found: dict[str, Any] = {}
    try:
        await _wait_for(port)
        with tempfile.TemporaryDirectory() as folder:
            found = await _through_gateway(
                Path(folder), f"http://127.0.0.1:{port}", npm, python, captures
            )
    finally:
        server.terminate()
        await server.wait()
    run = [each for each in found.values() if "equal" in each]
    return {
        "benchmark": "emitters",
        "run": len(run),
        "equal": sum(each["equal"] for each in run),
        "tools": found,
    }


async def _through_gateway(
    folder: Path, model_url: str, npm: Path, python: Path, captures: Path | None
) -> dict[str, Any]:
    store = SqliteUsageStore(folder, clock=SystemClock())
    book = TelemetryBook(store=store, clock=SystemClock())
    rig = await make_rig(extra_routes=otlp_routes(book))
    gateway = GatewayServer(rig.app, home=folder, clock=SystemClock(), port=0)
    running = asyncio.create_task(gateway.run())
    await gateway.wait_started()
    model, otlp = Relay(model_url), Relay(gateway.url)
    found: dict[str, Any] = {}
    try:
        for tool in tools(
            npm, python, model=model.url, otlp=otlp.url, token=rig.agent, home=folder
        ):
            start = len(otlp.seen)
            found[tool.name] = await run_tool(tool, model, otlp, book)
            if captures is not None and "equal" in found[tool.name]:
                _write_capture(captures, tool.name, found[tool.name], otlp.seen[start:])
        for session in await book.sessions():
            for result in found.values():
                if str(result.get("emitter", "")).partition(" ")[0] == session.emitter:
                    result.setdefault("agents", {})[session.agent] = session.totals.calls
    finally:
        model.close()
        otlp.close()
        running.cancel()
        await asyncio.wait((running,))
        await store.close()
    return found


def _write_capture(
    folder: Path, name: str, result: dict[str, Any], sent: list[dict[str, Any]]
) -> None:
    requests = []
    for each in sent:
        plain = gzip.decompress(each["body"]) if each["encoding"] == "gzip" else each["body"]
        body = scrub(each["path"], each["type"], plain)
        requests.append(
            {
                "path": each["path"],
                "type": each["type"],
                "body": base64.b64encode(body).decode(),
            }
        )
    kept = {"tool": result["emitter"], "model_server": result["model_server"], "requests": requests}
    packed = gzip.compress(json.dumps(kept, indent=1).encode(), mtime=0)
    (folder / f"{name}.json.gz").write_bytes(packed)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.2)
        else:
            writer.close()
            return
    raise SystemExit("the model server did not start within 30 s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--npm", type=Path, default=os.environ.get("EMITTERS_NPM", "."))
    parser.add_argument("--python", type=Path, default=os.environ.get("EMITTERS_PYTHON", "none"))
    parser.add_argument("--captures", type=Path)
    given = parser.parse_args()
    print(json.dumps(asyncio.run(measure(given.npm, given.python, given.captures))))
