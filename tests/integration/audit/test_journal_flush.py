"""Bringing the audit files to the disk stands in nobody's way, and its failure is not lost."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from tests.factories import make_draft
from tests.integration.audit.homes import open_trail, verify


class SlowDisk:
    """`fdatasync` that waits until it is let go."""

    def __init__(self) -> None:
        self.waiting = threading.Event()
        self.go = threading.Event()

    def __call__(self, _descriptor: int) -> None:
        self.waiting.set()
        assert self.go.wait(30)


async def test_an_entry_is_copied_while_the_disk_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        disk = SlowDisk()
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", disk)
            flushing = asyncio.create_task(asyncio.to_thread(trail.journal.sync))
            await asyncio.to_thread(disk.waiting.wait, 30)
            await trail.write(make_draft())
            report = verify(tmp_path)
            assert (report.ok, report.entries, report.signed_length) == (True, 2, 1)
            assert trail.journal.reached.length == 2
            disk.go.set()
            await flushing
        assert trail.journal.problem == ""


async def test_what_is_written_during_a_flush_is_flushed_before_a_clean_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        disk = SlowDisk()
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", disk)
            flushing = asyncio.create_task(asyncio.to_thread(trail.journal.sync))
            await asyncio.to_thread(disk.waiting.wait, 30)
            await trail.write(make_draft())
            disk.go.set()
            await flushing
        monkeypatch.setattr(os, "fdatasync", flushed.append)
    assert len(flushed) >= 2  # checkpoints and daily copy
    assert verify(tmp_path).ok


async def test_a_flush_that_fails_blocks_until_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", fail)
            trail.journal.sync()
            assert trail.journal.problem.endswith("cannot be written: Input/output error")
            await trail.write(make_draft())  # which works, and brings nothing to the disk
            assert trail.journal.problem.endswith("cannot be written: Input/output error")
        trail.journal.sync()
        assert trail.journal.problem == ""
    assert verify(tmp_path).ok


async def test_a_flush_goes_on_while_the_journal_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowDisk()
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", disk)
            flushing = asyncio.create_task(asyncio.to_thread(trail.journal.sync))
            await asyncio.to_thread(disk.waiting.wait, 30)
        trail.journal.close()
    disk.go.set()
    await flushing
    assert verify(tmp_path).ok


async def test_a_write_that_fails_during_a_flush_is_not_forgotten_by_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        disk = SlowDisk()
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", disk)
            flushing = asyncio.create_task(asyncio.to_thread(trail.journal.sync))
            await asyncio.to_thread(disk.waiting.wait, 30)
            (tmp_path / "audit" / "2026-11-21.jsonl").write_bytes(b"")
            await trail.write(make_draft())
            assert "cut while in use" in trail.journal.problem
            disk.go.set()
            await flushing
        assert "cut while in use" in trail.journal.problem
