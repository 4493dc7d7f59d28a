"""A process killed while it writes the trail: nothing acknowledged is lost, and all verifies."""

import itertools
import random
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path

import pytest

from tests.integration.audit import forging
from tests.integration.audit.homes import open_trail, verify

ROOT = Path(__file__).parents[3]


def start_writer(home: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.audit.writer_process", str(home)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def kill_once(home: Path, *, acknowledged_min: int) -> list[tuple[int, str]]:
    """Start a writer, kill it after so many acknowledgements; all that it acknowledged."""
    with start_writer(home) as child:
        assert child.stdout is not None
        lines = list(itertools.islice(child.stdout, acknowledged_min))
        child.kill()
        lines.extend(child.stdout)
    assert child.returncode == -signal.SIGKILL
    heads = (line.split() for line in lines if line.endswith("\n"))
    return [(int(length), digest) for length, digest in heads]


@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.slow)])
async def test_kill_9_while_the_trail_is_written_loses_nothing_and_it_verifies(
    tmp_path: Path, kills: int
) -> None:
    moments = random.Random(kills)  # noqa: S311 - chooses moments, guards nothing
    for _ in range(kills):
        acknowledged = kill_once(tmp_path, acknowledged_min=moments.randint(1, 120))
        left = verify(tmp_path)  # as the kill left it
        assert left.ok, left.problem
        async with open_trail(tmp_path):
            report = verify(tmp_path)
            assert report.ok, report.problem
        stopped = verify(tmp_path)
        assert stopped.ok, stopped.problem
        assert stopped.signed_length == stopped.entries
        kept = {seq: digest.decode() for seq, _, digest in forging.read_rows(tmp_path)}
        assert acknowledged
        assert [each for each in acknowledged if kept.get(each[0]) != each[1]] == []


def test_verification_beside_a_writer_finds_nothing(tmp_path: Path) -> None:
    """It reads files that grow while it reads: what it reads later must never look cut off."""
    with start_writer(tmp_path) as child:
        assert child.stdout is not None
        child.stdout.readline()
        drain = threading.Thread(target=deque, args=(child.stdout, 0))
        drain.start()
        reports = [verify(tmp_path) for _ in range(30)]
        child.kill()
        drain.join()
    assert [report.problem for report in reports if not report.ok] == []
    assert reports[-1].entries > reports[0].entries
