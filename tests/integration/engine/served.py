"""A real `maestro serve` in a process of its own, and a small client for it."""

import asyncio
import contextlib
import json
import select
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from datetime import date
from pathlib import Path
from typing import Any, Final

from core.adapters.archive import archive_days
from core.adapters.home import STORE_FILE
from core.adapters.system import SystemClock
from core.ids import OperatorId
from core.records import AuditHead

ROOT = Path(__file__).parents[3]
PATIENCE_S: Final = 60.0  # for what takes a moment; a machine that is slow is not a failure


def wait_until(condition: Callable[[], object], what: Callable[[], object] = lambda: "") -> None:
    """Wait until `condition` holds; after `PATIENCE_S` fail with `what`."""
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_s, what()
        time.sleep(0.02)


class Served:
    """A running engine, its home, and calls with either of its tokens."""

    def __init__(self, home: Path, process: "subprocess.Popen[str]") -> None:
        self.home = home
        self.process = process
        self.url: str = json.loads((home / "gateway.json").read_text(encoding="utf-8"))["url"]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "agent",  # noqa: S107
    ) -> tuple[int, Any]:
        """Status and JSON answer."""
        secret = (self.home / f"{token}.token").read_text(encoding="utf-8").strip()
        request = urllib.request.Request(  # noqa: S310
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def propose(self, command: str, **changes: Any) -> dict[str, Any]:
        """Propose a shell command; the answer."""
        body = {"kind": "shell.execute", "arguments": {"command": command}, "agent": "coder"}
        status, answer = self.call("POST", "/v1/actions", {**body, **changes})
        assert status == 200, answer
        ticket: dict[str, Any] = answer
        return ticket


def start(home: Path, *options: str) -> "subprocess.Popen[str]":
    """Start serving; returns once it says where, or has ended."""
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "serve", "--home", str(home), "--port", "0", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
    if not ready:
        process.kill()
        _, errors = process.communicate()
        raise AssertionError(f"it neither serves nor ends: {errors}")
    process.stdout.readline()
    return process


@contextlib.contextmanager
def serving(home: Path, *options: str) -> Generator[Served]:
    """Serve until the block ends; then SIGTERM, and it must stop cleanly, without a word."""
    process = start(home, *options)
    try:
        yield Served(home, process)
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, "")


def archive(home: Path) -> AuditHead:
    """Archive all that a stopped home's trail holds, as if today were long ago."""
    operator = OperatorId("ana")
    done = archive_days(
        home, home / STORE_FILE, date(2999, 1, 1), clock=SystemClock(), operator=operator
    )
    return asyncio.run(done)


def run_cli(*arguments: str, home: Path) -> "subprocess.CompletedProcess[str]":
    """Run one command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "console", *arguments, "--home", str(home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
