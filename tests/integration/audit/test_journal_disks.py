"""Disks under the audit files that are full, read-only or limited: blocked, told, nothing lost."""

from pathlib import Path

import pytest

from core.adapters.journal import AuditJournal
from core.errors import StorageError, StorageFull, StorageReadOnly
from tests.factories import make_draft
from tests.fakes import FakeClock
from tests.integration.audit.homes import Trail, open_trail, verify
from tests.integration.disks import file_size_limit, fill, immutable, read_only_view, small_disk

BIG = {"text": "x" * 5_000}


async def write_until_blocked(trail: Trail) -> int:
    """Entries written until the journal could not follow; the store went on."""
    count = 0
    while not trail.journal.problem:
        count = (await trail.write(make_draft(body=BIG), make_draft(body=BIG))).length
        assert count < 1000
    return count


async def expect_recovered(trail: Trail, count: int) -> None:
    trail.journal.sync()
    assert trail.journal.problem == ""
    head = await trail.write(make_draft())
    trail.journal.sync()
    report = verify(trail.home)
    assert report.ok, report.problem
    assert (report.entries, report.head, report.signed_length) == (count + 1, head.hash, count + 1)


async def test_a_full_disk_under_the_audit_files_blocks_and_recovers(tmp_path: Path) -> None:
    (tmp_path / "audit").mkdir()
    with small_disk(tmp_path / "audit", "200k"):
        async with open_trail(tmp_path) as trail:
            await trail.write(make_draft())
            ballast = fill(tmp_path / "audit")
            count = await write_until_blocked(trail)
            assert trail.journal.problem == (
                f"the audit files in {tmp_path / 'audit'} cannot be written: the disk is full:"
                " make room"
            )
            trail.journal.sync()
            assert "the disk is full" in trail.journal.problem
            count = (await trail.write(make_draft())).length
            report = verify(tmp_path)  # what is there holds, though it lags
            assert (report.ok, report.entries) == (True, count)
            ballast.unlink()
            await expect_recovered(trail, count)
        assert verify(tmp_path).ok


async def test_a_stop_while_the_disk_is_full_is_made_good_at_the_next_start(
    tmp_path: Path,
) -> None:
    (tmp_path / "audit").mkdir()
    with small_disk(tmp_path / "audit", "200k"):
        async with open_trail(tmp_path) as trail:
            ballast = fill(tmp_path / "audit")
            count = await write_until_blocked(trail)
        assert verify(tmp_path).ok
        with pytest.raises(StorageFull, match="the disk is full: make room"):
            async with open_trail(tmp_path):
                pass
        ballast.unlink()
        async with open_trail(tmp_path, notes=False) as trail:
            await expect_recovered(trail, count)


async def test_a_limit_in_the_middle_of_a_write_leaves_no_torn_line(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as trail:
        count = (await trail.write(make_draft(body=BIG))).length
        daily = tmp_path / "audit" / "2026-11-21.jsonl"
        size = daily.stat().st_size
        trail.followed = False
        count = (await trail.write(make_draft(body=BIG))).length
        with file_size_limit(size + 2_000):
            trail.journal.problem = "lags"
            trail.journal.sync()
            assert trail.journal.problem.endswith("File too large")
            assert daily.stat().st_size == size
        trail.followed = True
        await expect_recovered(trail, count)


async def test_files_that_turn_read_only_block_and_recover(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        with immutable(*(tmp_path / "audit").iterdir()):
            count = await write_until_blocked(trail)
            assert trail.journal.problem.endswith("make it writable")
        await expect_recovered(trail, count)


async def test_a_read_only_folder_is_named_and_can_still_be_verified(tmp_path: Path) -> None:
    async with open_trail(tmp_path / "home") as trail:
        await trail.write(make_draft())
    with read_only_view(tmp_path / "home", at=tmp_path / "view"):
        with pytest.raises(StorageReadOnly, match="cannot be written: the disk is read-only"):
            AuditJournal.open(tmp_path / "view", FakeClock())
        assert verify(tmp_path / "view").ok


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("in the way", encoding="utf-8")
    with pytest.raises(StorageError, match="cannot be written: File exists"):
        AuditJournal.open(tmp_path, FakeClock())
