"""Old days leave the store: the trail goes on, verifies, and a cut is still found."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.adapters.archive import archive_days
from core.adapters.home import hold_home
from core.adapters.journal import AuditJournal
from core.adapters.sqlite.files import iter_audit_bytes, open_file
from core.audit.export import Export, verify_export, write_export
from core.audit.files import AuditFiles, load_public_key
from core.audit.home import find_anchor, read_trail
from core.audit.retention import find_archivable
from core.errors import AuditChainBroken, HomeInUse, StorageError
from core.ids import OperatorId
from core.records import AuditHead
from tests.factories import make_draft
from tests.fakes import FakeClock
from tests.integration.audit import forging
from tests.integration.audit.homes import STORE, open_trail, verify, write_days

ENTRIES = 21  # seven a day, on the 21st, 22nd and 23rd


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    await write_days(tmp_path / "home", days=3)
    return tmp_path / "home"


async def archive(home: Path, day: int) -> AuditHead:
    return await archive_days(
        home,
        home / STORE,
        date(2026, 11, day),
        clock=FakeClock(),
        operator=OperatorId("ana"),
    )


def stored(home: Path) -> list[int]:
    return [seq for seq, _, _ in forging.read_rows(home)]


async def test_archived_days_leave_the_store_and_the_trail_still_verifies(home: Path) -> None:
    assert (await archive(home, 22)).length == 7
    assert stored(home) == [*range(8, ENTRIES + 2)]
    report = verify(home)
    assert (report.ok, report.entries, report.signed_length) == (True, 22, 22)
    said = json.loads(forging.read_rows(home)[-1][1])
    assert (said["event"], said["actor"], said["body"]["entries"]) == ("audit.archived", "ana", 7)
    async with open_trail(home) as trail:
        await trail.write(make_draft(body={}))
    assert (await archive(home, 23)).length == 14
    assert verify(home).ok
    with closing(sqlite3.connect(home / STORE)) as db:
        assert db.execute("PRAGMA freelist_count").fetchone() == (0,)


class Killed(BaseException):
    """Nothing catches it, as nothing outlives a kill."""


async def test_no_entry_is_removed_before_the_trail_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_store: Path, _sql: str, *_values: int) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("core.adapters.archive._run", stop)
        with pytest.raises(Killed):
            await archive(home, 22)
    assert json.loads(forging.read_rows(home)[-1][1])["event"] == "audit.archived"
    assert stored(home) == [*range(1, ENTRIES + 2)]
    assert verify(home).ok
    assert (await archive(home, 22)).length == 7
    assert stored(home) == [*range(8, ENTRIES + 3)]
    assert verify(home).ok


async def test_a_store_that_cannot_be_written_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a disk that is full by then; what was to go is taken out by the next run."""

    def open_unwritable(*arguments: Any, **options: Any) -> sqlite3.Connection:
        db = open_file(*arguments, **options)
        db.execute("PRAGMA query_only = ON")
        return db

    with monkeypatch.context() as patch:
        patch.setattr("core.adapters.archive.open_file", open_unwritable)
        with pytest.raises(StorageError, match=r"cannot write .*maestro\.db"):
            await archive(home, 22)
    assert verify(home).ok
    assert (await archive(home, 22)).length == 7


async def test_no_anchor_is_signed_before_the_trail_tells_what_is_in_force(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can write the store could take out the entries up to it, and with them the rights."""

    def stop(_journal: AuditJournal, _head: AuditHead) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(AuditJournal, "anchor", stop)
        with pytest.raises(Killed):
            await archive(home, 22)
    assert json.loads(forging.read_rows(home)[-1][1])["event"] == "audit.archived"
    assert stored(home) == [*range(1, ENTRIES + 2)]
    forging.write_rows(home, forging.read_rows(home)[7:])
    assert verify(home).problem.startswith("entries from 1 to 7 were removed from the store")


async def test_a_home_whose_key_is_kept_elsewhere_is_archived_by_it(
    home: Path, tmp_path: Path
) -> None:
    key = (home / "audit" / "signing.key").rename(tmp_path / "key")
    AuditJournal.open(tmp_path / "other", FakeClock()).close()
    (home / "audit" / "signing.key").write_bytes(
        (tmp_path / "other" / "audit" / "signing.key").read_bytes()
    )
    options: dict[str, Any] = {"clock": FakeClock(), "operator": OperatorId("ana")}
    day = date(2026, 11, 22)
    assert (await archive_days(home, home / STORE, day, key_file=key, **options)).length == 7


async def test_nothing_to_archive_changes_nothing(home: Path) -> None:
    assert (await archive(home, 21)).length == 0
    assert (await archive(home, 22)).length == 7
    before = stored(home)
    assert (await archive(home, 22)).length == 0
    assert stored(home) == before


async def test_an_empty_home_has_nothing_to_archive(tmp_path: Path) -> None:
    async with open_trail(tmp_path):
        pass
    assert (await archive(tmp_path, 30)).length == 0


async def test_the_last_entry_stays_whatever_day_is_named(home: Path) -> None:
    assert (await archive(home, 30)).length == ENTRIES - 1
    assert stored(home) == [ENTRIES, ENTRIES + 1]
    assert verify(home).ok


def test_without_daily_files_there_is_nothing_to_archive(home: Path) -> None:
    for path in forging.daily_files(home):
        path.unlink()
    found = find_archivable(home, "2026-11-30", rows=forging.read_rows(home))
    assert found.length == 0


async def test_a_hosted_home_is_left_alone(home: Path) -> None:
    with hold_home(home), pytest.raises(HomeInUse):
        await archive(home, 22)


@pytest.mark.parametrize("kept", [ENTRIES, 9, 8, 0])
async def test_a_cut_is_still_found_after_archiving(home: Path, kept: int) -> None:
    await archive(home, 22)
    rows = [row for row in forging.read_rows(home) if row[0] <= kept]
    forging.write_rows(home, rows)
    report = verify(home)
    assert (report.ok, "cut off" in report.problem) == (False, True)
    assert report.first_bad == (kept + 1 if kept else 1)


async def test_an_edited_archived_entry_is_found(home: Path) -> None:
    await archive(home, 22)
    path = forging.daily_files(home)[0]
    path.write_bytes(path.read_bytes().replace(b"coder", b"other", 1))
    assert verify(home).first_bad == 1
    with pytest.raises(AuditChainBroken, match="nothing was archived"):
        await archive(home, 23)
    path.write_bytes(b"nonsense\n" + path.read_bytes())
    assert verify(home).first_bad == 1


async def test_nothing_is_archived_from_a_trail_that_does_not_hold(home: Path) -> None:
    rows = forging.read_rows(home)
    rows[9] = (10, rows[9][1].replace(b"coder", b"other"), rows[9][2])
    forging.write_rows(home, rows)
    with pytest.raises(AuditChainBroken, match="nothing was archived: entry 10 does not hash"):
        await archive(home, 22)
    assert stored(home) == [*range(1, ENTRIES + 1)]


async def test_a_beginning_removed_beyond_the_anchor_is_found(home: Path) -> None:
    await archive(home, 22)
    forging.write_rows(home, forging.read_rows(home)[2:])
    report = verify(home)
    assert (report.ok, report.first_bad) == (False, 8)
    assert report.problem.startswith("entries from 8 to 9 were removed from the store")


async def test_archived_days_may_be_kept_elsewhere_when_verified_from_the_anchor(
    home: Path, tmp_path: Path
) -> None:
    await archive(home, 22)
    oldest = forging.daily_files(home)[0]
    shutil.move(oldest, tmp_path / oldest.name)
    assert verify(home).first_bad == 1
    report = verify(home, from_anchor=True)
    assert (report.ok, report.entries) == (True, ENTRIES + 1)
    noted = AuditHead(length=3, hash="0" * 64)
    assert "is not in the trail" in verify(home, from_anchor=True, expected=noted).problem
    assert (await archive(home, 23)).length == 14
    assert verify(home, from_anchor=True).ok
    rows = forging.read_rows(home)
    forging.write_rows(home, rows[1:])
    assert verify(home, from_anchor=True).first_bad == 15


async def test_from_the_anchor_also_works_where_all_files_are_there(home: Path) -> None:
    assert verify(home, from_anchor=True).ok
    await archive(home, 22)
    assert verify(home, from_anchor=True).ok


async def test_an_anchor_that_nobody_signed_lets_nothing_start_later(home: Path) -> None:
    forging.write_rows(home, forging.read_rows(home)[3:])
    for path in forging.daily_files(home):
        path.unlink()
    assert verify(home, from_anchor=True).first_bad == 1
    assert find_anchor(forging.checkpoints(home), 3).length == 0


def export(home: Path, target: Path, *, from_anchor: bool = False) -> Export:
    files = AuditFiles(home)
    start, rows = read_trail(home, iter_audit_bytes(home / STORE), from_anchor=from_anchor)
    key = load_public_key(files.public_key)
    return write_export(target, rows, files.checkpoints, key, start=start)


async def test_a_whole_export_holds_the_archived_entries_too(home: Path, tmp_path: Path) -> None:
    await archive(home, 23)
    assert export(home, tmp_path / "all").entries == ENTRIES + 1
    assert verify_export(tmp_path / "all").ok


async def test_an_export_may_begin_at_an_anchor_that_was_signed(home: Path, tmp_path: Path) -> None:
    anchor = await archive(home, 22)
    forging.daily_files(home)[0].unlink()
    assert not export(home, tmp_path / "all").report.ok
    assert export(home, tmp_path / "rest", from_anchor=True).report.ok
    assert verify_export(tmp_path / "rest").ok
    manifest = tmp_path / "rest.manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace(anchor.hash, "0" * 64), "utf-8")
    assert not verify_export(tmp_path / "rest").ok


def test_an_empty_store_exports_nothing_and_an_emptied_one_is_found(
    home: Path, tmp_path: Path
) -> None:
    forging.write_rows(home, [])
    written = export(home, tmp_path / "none")
    assert (written.entries, written.report.first_bad) == (0, 1)


async def test_a_start_with_every_daily_file_moved_away_copies_what_the_store_has(
    home: Path,
) -> None:
    await archive(home, 22)
    for path in forging.daily_files(home):
        path.unlink()
    async with open_trail(home) as trail:
        await trail.write(make_draft())
    assert verify(home, from_anchor=True).ok


def test_a_stop_between_anchor_and_removal_is_no_finding(tmp_path: Path) -> None:
    asyncio.run(write_days(tmp_path, days=2))
    rows = forging.read_rows(tmp_path)
    asyncio.run(archive(tmp_path, 22))
    added = forging.read_rows(tmp_path)[-1]
    forging.write_rows(tmp_path, [*rows, added])
    assert verify(tmp_path).ok
    assert verify(tmp_path, from_anchor=True).ok
