"""The documented way to back up a home, run on one that is being written."""

import asyncio
import contextlib
import itertools
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.factories import make_draft
from tests.integration.audit.homes import open_trail, verify

ROOT = Path(__file__).parents[3]


def documented_script() -> str:
    text = (ROOT / "docs" / "back-up.md").read_text("utf-8")
    found = re.search(r"```sh\n(#!/bin/sh\n.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1]


async def start_and_write(home: Path) -> None:
    async with open_trail(home) as trail:
        await trail.write(make_draft())


def test_a_backup_of_a_home_in_use_verifies_and_can_be_served(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(home / "alerts.db")) as alerts:
        alerts.executescript("PRAGMA journal_mode = WAL; CREATE TABLE kept AS SELECT 1")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.audit.writer_process", str(home)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as writer:
        assert writer.stdout is not None
        for number in range(3):
            acknowledged = list(itertools.islice(writer.stdout, 40))
            copy = tmp_path / f"copy-{number}"
            subprocess.run(
                ["sh", "-c", documented_script(), "back-up", home, copy], check=True, timeout=60
            )
            report = verify(copy)
            assert report.ok, report.problem
            assert report.entries >= int(acknowledged[-1].split()[0])
            asyncio.run(start_and_write(copy))
            assert verify(copy).ok
            with contextlib.closing(sqlite3.connect(copy / "alerts.db")) as alerts:
                assert alerts.execute("SELECT * FROM kept").fetchall() == [(1,)]
            assert [path for path in copy.rglob("*") if path.stat().st_mode & 0o077] == []
        writer.kill()
