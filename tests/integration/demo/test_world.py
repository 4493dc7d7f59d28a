"""The demo's world really runs, really restarts, and leaves nothing behind, however it ends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from console.demo.piece import Ground
from core.adapters.home import is_demo
from tests.integration.engine.served import PATIENCE_S, ROOT, wait_until

HOST: Final = """
import asyncio, sys
from console.demo.world import open_world
async def main():
    async with open_world() as ground:
        print(ground.folder, flush=True)
        if "crash" in sys.argv:
            raise RuntimeError("as a screen that fails")
        await asyncio.Event().wait()
asyncio.run(main())
"""


class World:
    """A world in a process of its own, and what it started."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        self.process = process
        self.ground = Ground(Path(process.stdout.readline().strip()))
        self.started = (
            psutil.Process(process.pid).children(recursive=True) if is_live(process) else []
        )

    def gone(self) -> bool:
        """Whether no process runs, and the folder is removed."""
        return not any(map(runs, self.started)) and not self.ground.folder.exists()

    def get(self, path: str) -> tuple[int, bytes]:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.ground.shop_url() + path, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


def is_live(process: "subprocess.Popen[str]") -> bool:
    return process.poll() is None


def runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@contextlib.contextmanager
def open_world(tmp_path: Path, *words: str) -> Generator[World]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOST, *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        yield World(process)
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE_S)


def test_the_shop_sells_counts_logs_and_restarts(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        ground = world.ground
        assert ground.folder.stat().st_mode & 0o077 == 0
        status, body = world.get("/v1/products")
        assert (status, json.loads(body)[0]["name"]) == (200, "tea")
        assert world.get("/v1/products/999")[0] == 404
        assert b"shop_requests_total" in world.get("/metrics")[1]
        assert json.loads(world.get("/openapi.json")[1])["openapi"].startswith("3.")
        wait_until(lambda: "POST /v1/orders" in ground.access_log.read_text())
        assert is_demo(ground.home)
        assert "failures='0'" in ground.smoke_report.read_text()
        done = restart(ground, "1.1.0")
        assert (done.returncode, done.stdout.strip()) == (0, "shop 1.1.0 answers again")
        assert json.loads(world.get("/healthz")[1])["version"] == "1.1.0"
    wait_until(world.gone)


def restart(ground: Ground, version: str) -> "subprocess.CompletedProcess[str]":
    program = ROOT / "console" / "demo" / "restart.py"
    words = [sys.executable, str(program), str(ground.folder), "shop", version]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGTERM,
        signal.SIGKILL,
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_no_process_and_no_file_is_left_after_a_signal(
    number: signal.Signals, tmp_path: Path
) -> None:
    with open_world(tmp_path) as world:
        assert len([each for each in world.started if runs(each)]) >= 7
        world.process.send_signal(number)
        wait_until(world.gone, lambda: [each for each in world.started if runs(each)])
        assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_nothing_is_left_when_what_runs_over_it_fails(tmp_path: Path) -> None:
    with open_world(tmp_path, "crash") as world:
        wait_until(lambda: world.process.poll() is not None)
        assert world.gone()
        assert list(tmp_path.iterdir()) == []


def test_processes_end_with_a_keeper_that_is_killed(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        wait_until(world.ground.running_file.exists)
        pids: dict[str, Any] = json.loads(world.ground.running_file.read_text())
        keeper = psutil.Process(pids["shop"]).parent()
        assert keeper is not None
        keeper.kill()
        wait_until(lambda: not any(psutil.pid_exists(pid) for pid in pids.values()))
