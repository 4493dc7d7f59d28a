"""A process killed while it writes the trail: nothing acknowledged is lost, and all verifies."""

import itertools
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.audit import forging
from tests.integration.audit.homes import open_trail, verify

ROOT = Path(__file__).parents[3]


def kill_once(home: Path, *, acknowledged_min: int) -> list[tuple[int, str]]:
    """Start a writer, kill it after so many acknowledgements; all that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.audit.writer_process", str(home)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as child:
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
            assert report.signed_length == report.entries
        kept = {seq: digest.decode() for seq, _, digest in forging.read_rows(tmp_path)}
        assert acknowledged
        assert [each for each in acknowledged if kept.get(each[0]) != each[1]] == []
