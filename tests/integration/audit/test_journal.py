"""Files beside the store: what a crash leaves is mended, what was changed stops the start."""

import asyncio
import json
import os
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.append_file import AppendFile
from core.adapters.journal import AuditJournal
from core.audit.model import CHECKPOINT_LAG_MAX
from core.audit.rules import GENESIS, seal_entries
from core.errors import AuditChainBroken, ConfigError, StorageError
from core.records import AuditDraft, AuditHead
from tests.factories import NOW, make_draft
from tests.fakes import FakeClock
from tests.integration.audit import forging
from tests.integration.audit.homes import open_trail, verify, write_days
from tests.integration.disks import immutable


@pytest.fixture
async def home(tmp_path: Path) -> Path:
    """Two days, stopped cleanly."""
    await write_days(tmp_path / "home", days=2)
    return tmp_path / "home"


@pytest.fixture
async def killed(tmp_path: Path) -> Path:
    """Two days, killed in the second one."""
    await write_days(tmp_path / "home", days=2, clean=False)
    return tmp_path / "home"


async def expect_stopped(home: Path, why: str) -> None:
    with pytest.raises(AuditChainBroken, match=why):
        async with open_trail(home):
            pass


def checkpoint_lines(home: Path) -> list[bytes]:
    return forging.checkpoints(home).read_bytes().splitlines()


async def bodies_of_notes(home: Path) -> list[Any]:
    """What the next start tells of what it mended; afterwards the home verifies."""
    async with open_trail(home, clock=FakeClock(NOW + timedelta(days=1))):
        pass
    entries = [json.loads(text) for _, text, _ in forging.read_rows(home)]
    report = verify(home)
    assert report.ok, report.problem
    return [entry["body"] for entry in entries if entry["event"] == "audit.mended"]


async def test_each_write_is_copied_at_once_and_under_a_checkpoint_with_the_next_flush(
    tmp_path: Path,
) -> None:
    async with open_trail(tmp_path) as trail:
        head = await trail.write(make_draft(), make_draft(actor="ana"))
        report = verify(tmp_path)  # while the engine runs
        assert (report.ok, report.entries, report.signed_length) == (True, 2, 0)
        assert trail.journal.reached == head
        trail.journal.sync()
        trail.journal.sync()  # nothing new: nothing to sign
        report = verify(tmp_path)
        assert (report.ok, report.entries, report.signed_length) == (True, 2, 2)
        assert report.head == head.hash
    lines = (tmp_path / "audit" / "2026-11-21.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["entry"]["actor"] for line in lines] == ["coder", "ana"]
    kinds = [json.loads(each)["kind"] for each in checkpoint_lines(tmp_path)]
    assert kinds == ["open", "group", "close"]


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_the_copy_is_never_further_ahead_of_the_checkpoints_than_verification_lets_it(
    sizes: list[int],
) -> None:
    async def write(home: Path) -> None:
        async with open_trail(home, clean=False) as trail:
            for size in sizes:
                reached = (await trail.write(*[make_draft()] * size)).length
                signed = forging.covered(checkpoint_lines(home)[-1])
                assert reached - signed <= CHECKPOINT_LAG_MAX
                assert trail.journal.reached.length == reached

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(write(Path(folder)))
        report = verify(Path(folder))
        assert (report.ok, report.entries) == (True, sum(sizes)), report.problem


async def test_days_only_go_on_when_the_clock_is_set_back(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as trail:
        for days in (1, 0, 2):
            await trail.write(make_draft(at=NOW + timedelta(days=days)))
    assert [path.read_bytes().count(b"\n") for path in forging.daily_files(tmp_path)] == [2, 1]
    assert verify(tmp_path).ok


async def test_a_kill_before_the_first_checkpoint_of_a_write_costs_nothing(tmp_path: Path) -> None:
    async with open_trail(tmp_path, clean=False) as trail:
        trail.followed = False
        await trail.write(make_draft(), make_draft())
    report = verify(tmp_path)
    assert (report.ok, report.entries, report.signed_length) == (True, 2, 0)
    (noted,) = await bodies_of_notes(tmp_path)
    assert noted == {"file": "checkpoints.jsonl", "entries_without_checkpoint": 2}


@pytest.mark.parametrize("which", ["daily", "checkpoints"])
async def test_a_torn_last_line_is_taken_off_and_noted(killed: Path, which: str) -> None:
    path = forging.daily_files(killed)[-1] if which == "daily" else forging.checkpoints(killed)
    with path.open("ab") as file:
        file.write(b'{"torn')
    assert verify(killed).ok
    assert {"file": path.name, "torn_bytes": 6} in await bodies_of_notes(killed)


@pytest.mark.parametrize("lost", [1, 3])
async def test_what_a_power_cut_took_from_the_daily_copy_is_copied_again(
    killed: Path, lost: int
) -> None:
    whole = forging.daily_files(killed)[-1].read_bytes()
    forging.edit_lines(forging.daily_files(killed)[-1], lambda lines: lines[:-lost])
    assert verify(killed).ok
    assert await bodies_of_notes(killed) == []
    assert forging.daily_files(killed)[-1].read_bytes() == whole


async def test_what_a_power_cut_took_from_the_checkpoints_is_signed_again_and_noted(
    killed: Path,
) -> None:
    forging.edit_lines(forging.checkpoints(killed), lambda lines: lines[:-1])
    report = verify(killed)
    assert (report.ok, report.signed_length) == (True, report.entries - 1)
    (noted,) = await bodies_of_notes(killed)
    assert noted["entries_without_checkpoint"] == 1


async def test_a_daily_file_that_is_gone_is_written_again(killed: Path) -> None:
    forging.daily_files(killed)[-1].unlink()
    assert await bodies_of_notes(killed) == []
    assert len(forging.daily_files(killed)) == 2


async def test_a_large_gap_is_copied_in_batches(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as trail:
        for _ in range(4):
            await trail.write(*[make_draft()] * 300)
    forging.daily_files(tmp_path)[0].unlink()
    assert await bodies_of_notes(tmp_path) == []
    assert forging.daily_files(tmp_path)[0].read_bytes().count(b"\n") == 1200


async def test_an_empty_newest_file_says_nothing_about_the_copy(killed: Path) -> None:
    (killed / "audit" / "2026-11-23.jsonl").write_bytes(b"")
    assert await bodies_of_notes(killed) == []


async def test_a_store_that_was_cut_stops_the_start(home: Path) -> None:
    forging.write_rows(home, forging.read_rows(home)[:-1])
    await expect_stopped(home, "it ends at entry 13, its files reach 14")


async def test_a_store_cut_together_with_the_checkpoints_stops_the_start(home: Path) -> None:
    forging.write_rows(home, forging.read_rows(home)[:10])
    forging.cut_checkpoints(home, 10)
    await expect_stopped(home, "it ends at entry 10, its files reach 14")


async def test_another_last_entry_stops_the_start(home: Path) -> None:
    rows = forging.read_rows(home)
    rows[-1] = (14, forging.with_field(rows[-1][1], ("actor",), "somebody"), b"")
    forging.write_rows(home, forging.rehashed(rows))
    await expect_stopped(home, "entry 14")


@pytest.mark.parametrize("edited", ["copied", "signed"])
async def test_a_changed_entry_between_copy_and_checkpoint_stops_the_start(
    home: Path, edited: str
) -> None:
    """The copy ends before the checkpoints, or the other way round; an entry between changed."""
    rows = forging.read_rows(home)
    rows[11] = (12, forging.with_field(rows[11][1], ("actor",), "somebody"), b"")
    forging.write_rows(home, forging.rehashed(rows))
    if edited == "copied":
        forging.edit_lines(forging.daily_files(home)[-1], lambda lines: lines[:2])
        await expect_stopped(home, "entry 14 is not the one that the last checkpoint holds")
    else:
        forging.cut_checkpoints(home, 10)
        await expect_stopped(home, "entry 14 is not the one that the daily copy holds")


async def test_an_entry_that_does_not_follow_stops_the_start(killed: Path) -> None:
    forging.cut_checkpoints(killed, 10)
    rows = forging.read_rows(killed)
    rows[-1] = (rows[-1][0], rows[-1][1], b"0" * 64)
    forging.write_rows(killed, rows)
    await expect_stopped(killed, "audit entry 14 does not follow from entry 13")


async def test_entries_that_nobody_signed_stop_the_start(killed: Path) -> None:
    rows = forging.read_rows(killed)
    head = AuditHead(length=14, hash=rows[-1][2].decode())
    (added,) = seal_entries(head, [make_draft(actor="somebody")])
    forging.write_rows(killed, [*rows, (15, added.text.encode(), added.hash.encode())])
    await expect_stopped(killed, "an entry after 14 was not written by the engine")


async def test_a_removed_checkpoint_file_stops_the_start(home: Path) -> None:
    forging.checkpoints(home).unlink()
    await expect_stopped(home, r"14 entries and no signed checkpoint: .* was removed")


@pytest.mark.parametrize(("before", "after"), [(b"close", b"group"), (b'{"n"', b'{"m"')])
async def test_an_edited_last_checkpoint_stops_the_start(
    home: Path, before: bytes, after: bytes
) -> None:
    path = forging.checkpoints(home)
    forging.edit_lines(path, lambda lines: [*lines[:-1], lines[-1].replace(before, after)])
    await expect_stopped(home, "not signed with this home's key: it was edited")


async def test_a_last_daily_line_that_is_no_entry_stops_the_start(home: Path) -> None:
    with forging.daily_files(home)[-1].open("ab") as file:
        file.write(b"nonsense\n")
    await expect_stopped(home, "is no entry: it was edited; move the file away")


async def test_a_trail_that_grows_while_the_start_reads_it_is_not_taken(home: Path) -> None:
    journal = AuditJournal.open(home, FakeClock())
    with pytest.raises(AuditChainBroken, match="changed while it was read"):
        journal.catch_up(
            AuditHead(length=14, hash="0" * 64), lambda after: forging.read_rows(home)[after:]
        )
    journal.close()


async def test_entries_committed_while_the_start_copies_are_left_to_their_own_record(
    home: Path,
) -> None:
    rows = forging.read_rows(home)
    forging.edit_lines(forging.daily_files(home)[-1], lambda lines: lines[:-1])
    journal = AuditJournal.open(home, FakeClock())
    head = AuditHead(length=14, hash=rows[-1][2].decode())
    more = [(each.seq, each.text.encode(), each.hash.encode()) for each in
            journal.seal(head, [make_draft(at=NOW + timedelta(days=1))])]  # fmt: skip
    reads: list[list[tuple[int, bytes, bytes]]] = [rows, [*rows, *more]]
    journal.catch_up(head, lambda after: reads.pop(0)[after:])
    journal.close()
    assert verify(home).ok
    forging.write_rows(home, [*rows, *more])
    (noted,) = await bodies_of_notes(home)
    assert noted["entries_without_checkpoint"] == 1


async def test_a_file_removed_or_cut_while_in_use_blocks(tmp_path: Path) -> None:
    async with open_trail(tmp_path / "one") as trail:
        await trail.write(make_draft())
        forging.checkpoints(trail.home).unlink()
        await trail.write(make_draft())
        trail.journal.sync()
        assert "was removed, replaced or cut while in use" in trail.journal.problem
    async with open_trail(tmp_path / "two") as trail:
        await trail.write(make_draft())
        forging.daily_files(trail.home)[0].write_bytes(b"")
        await trail.write(make_draft())
        assert "was removed, replaced or cut while in use" in trail.journal.problem
        trail.journal.sync()
        assert "was removed, replaced or cut while in use" in trail.journal.problem


async def test_a_copy_that_is_removed_while_in_use_blocks_at_the_next_flush(
    tmp_path: Path,
) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        trail.journal.sync()
        forging.daily_files(trail.home)[0].unlink()
        await trail.write(make_draft())
        trail.journal.sync()
        assert "was removed, replaced or cut while in use" in trail.journal.problem


async def test_a_copy_that_is_cut_while_in_use_is_left_as_it_was_found(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        copy = forging.daily_files(trail.home)[0]
        copy.write_bytes(copy.read_bytes()[:-10])
        found = copy.read_bytes()
        await trail.write(make_draft())
        assert "was removed, replaced or cut while in use" in trail.journal.problem
        assert copy.read_bytes() == found


async def test_what_somebody_added_to_a_file_in_use_is_taken_off(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        for path in (forging.checkpoints(tmp_path), forging.daily_files(tmp_path)[0]):
            with path.open("ab") as file:
                file.write(b"nonsense\n")
        await trail.write(make_draft())
        trail.journal.sync()
    assert verify(tmp_path).ok


async def test_a_journal_that_lags_is_caught_up_by_the_next_flush(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        trail.followed = False
        await trail.write(make_draft())
        trail.followed = True
        await trail.write(make_draft())  # one was missed: both are followed
        report = verify(tmp_path)
        assert (report.ok, report.entries, report.signed_length) == (True, 3, 3)


async def test_a_problem_lasts_until_a_flush_finds_nothing_wrong(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        trail.journal.problem = "made up"
        await trail.write(make_draft())  # the denial, which can be written
        assert trail.journal.problem == "made up"
        assert trail.journal.reached.length == 2
        trail.journal.sync()
        assert trail.journal.problem == ""


def audit_file(home: Path, which: str) -> Path:
    return forging.daily_files(home)[-1] if which == "daily" else forging.checkpoints(home)


@pytest.mark.parametrize("which", ["daily", "checkpoints"])
@pytest.mark.parametrize("how", ["removed", "moved", "replaced", "folder moved"])
async def test_a_file_that_is_not_in_its_place_blocks_whatever_is_written_since(
    tmp_path: Path, which: str, how: str
) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        trail.journal.sync()
        assert trail.journal.problem == ""
        path = audit_file(tmp_path, which)
        if how == "removed":
            path.unlink()
        elif how == "moved":
            path.rename(tmp_path / "elsewhere")
        elif how == "replaced":
            copy = path.read_bytes()
            path.rename(tmp_path / "elsewhere")
            path.write_bytes(copy)
        else:
            path.parent.rename(tmp_path / "elsewhere")
        for _ in range(3):  # nobody wrote in the first second; the denials are written
            trail.journal.sync()
            assert "was removed, replaced or cut while in use" in trail.journal.problem
            await trail.write(make_draft())
            assert "was removed, replaced or cut while in use" in trail.journal.problem


async def test_a_file_that_is_put_back_is_written_on(tmp_path: Path) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        (tmp_path / "audit").rename(tmp_path / "elsewhere")
        trail.journal.sync()
        await trail.write(make_draft())
        assert trail.journal.problem
        (tmp_path / "elsewhere").rename(tmp_path / "audit")
        trail.journal.sync()
        assert trail.journal.problem == ""
    report = verify(tmp_path)
    assert (report.ok, report.entries, report.signed_length) == (True, 2, 2)


@pytest.mark.parametrize("which", ["daily", "checkpoints"])
async def test_no_clean_end_is_signed_while_a_file_is_missing(tmp_path: Path, which: str) -> None:
    async with open_trail(tmp_path) as trail:
        await trail.write(make_draft())
        trail.journal.sync()
        audit_file(tmp_path, which).rename(tmp_path / "elsewhere")
    kept = tmp_path / "elsewhere" if which == "checkpoints" else forging.checkpoints(tmp_path)
    assert b'"kind":"close"' not in kept.read_bytes()


def test_before_it_has_caught_up_nothing_is_recorded_or_flushed(tmp_path: Path) -> None:
    journal = AuditJournal.open(tmp_path, FakeClock())
    with pytest.raises(StorageError, match="not caught up"):
        journal.record(journal.seal(GENESIS, [make_draft()]))
    journal.sync()
    assert "not caught up" in journal.problem
    journal.close()
    journal.close()
    journal.sync()
    assert forging.checkpoints(tmp_path).read_bytes() == b""


async def test_an_anchor_lies_in_the_trail_and_only_goes_on(home: Path) -> None:
    rows = forging.read_rows(home)
    journal = AuditJournal.open(home, FakeClock())
    with pytest.raises(AuditChainBroken, match="must lie in the trail"):
        journal.anchor(AuditHead(length=15, hash="0" * 64))
    journal.catch_up(
        AuditHead(length=14, hash=rows[-1][2].decode()),
        lambda after: forging.read_rows(home)[after:],
    )
    journal.anchor(AuditHead(length=5, hash=rows[4][2].decode()))
    journal.anchor(AuditHead(length=4, hash=rows[3][2].decode()))
    journal.close()
    anchors = [json.loads(line)["anchor_length"] for line in checkpoint_lines(home)]
    assert anchors[-2:] == [5, 5]


async def test_an_entry_that_mends_is_an_ordinary_draft(killed: Path) -> None:
    with forging.checkpoints(killed).open("ab") as file:
        file.write(b"torn")
    async with open_trail(killed, notes=False) as trail:
        (note,) = trail.journal.take_notes()
        assert isinstance(note, AuditDraft)
        assert trail.journal.take_notes() == ()


@pytest.mark.parametrize("name", ["checkpoints.jsonl", "2026-11-25.jsonl", "signing.key"])
async def test_what_is_no_file_stops_the_start_at_once(home: Path, name: str) -> None:
    path = home / "audit" / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    with pytest.raises((StorageError, ConfigError), match=rf"{name}.* it is no regular file"):
        AuditJournal.open(home, FakeClock())


def test_a_pipe_that_somebody_reads_from_is_not_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(OSError, match="it is no regular file"):
        AppendFile(tmp_path / "pipe")
    os.close(reader)


async def test_what_is_named_as_a_day_that_there_is_not_is_no_daily_file(home: Path) -> None:
    odd = home / "audit" / "9999-99-99.jsonl"
    odd.touch()
    problem = verify(home).problem
    assert problem == f"{odd} is no daily file, there is no such day: move it away"
    async with open_trail(home, clock=FakeClock(NOW + timedelta(days=2))) as trail:
        await trail.write(make_draft(at=NOW + timedelta(days=2)))
    assert odd.read_bytes() == b""
    odd.unlink()
    assert verify(home).ok


async def test_what_was_open_to_others_is_closed_at_the_start(home: Path, tmp_path: Path) -> None:
    (tmp_path / "pointed at").touch(mode=0o644)
    (home / "audit" / "link").symlink_to(tmp_path / "pointed at")
    (home / "audit").chmod(0o755)
    files = [*(home / "audit").glob("[!l]*")]
    for path in files:
        path.chmod(0o644)
    async with open_trail(home):
        pass
    assert (home / "audit").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "pointed at").stat().st_mode & 0o777 == 0o644


async def test_a_key_elsewhere_is_closed_to_others_or_refused(tmp_path: Path) -> None:
    key, home = tmp_path / "usb" / "maestro.key", tmp_path / "home"
    key.parent.mkdir()
    async with open_trail(home, key_file=key):
        pass
    key.chmod(0o640)
    async with open_trail(home, key_file=key):
        pass
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    with immutable(key), pytest.raises(ConfigError, match="cannot be closed to them"):
        AuditJournal.open(home, FakeClock(), key_file=key)


async def test_the_key_is_made_once_and_private(home: Path) -> None:
    folder = home / "audit"
    key = (folder / "signing.key").read_bytes()
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    (folder / "signing.pub").unlink()  # as a crash between the two leaves it
    async with open_trail(home):
        pass
    assert (folder / "signing.key").read_bytes() == key
    assert verify(home).ok


async def test_a_key_that_is_gone_or_another_one_stops_the_start(home: Path) -> None:
    folder = home / "audit"
    key = (folder / "signing.key").read_bytes()
    (folder / "signing.key").unlink()
    with pytest.raises(ConfigError, match="is gone and the trail goes on"):
        AuditJournal.open(home, FakeClock())
    (folder / "signing.pub").unlink()
    with pytest.raises(ConfigError, match="is gone and the trail goes on"):
        AuditJournal.open(home, FakeClock())
    AuditJournal.open(home / "other", FakeClock()).close()
    for name in ("signing.key", "signing.pub"):
        (folder / name).write_bytes((home / "other" / "audit" / name).read_bytes())
    await expect_stopped(home, "not signed with this home's key")
    (folder / "signing.key").write_bytes(key)
    with pytest.raises(ConfigError, match="does not belong to"):
        AuditJournal.open(home, FakeClock())


async def test_a_trail_of_another_key_than_the_one_kept_elsewhere_is_found(tmp_path: Path) -> None:
    key = tmp_path / "maestro.key"
    for name, kept in (("one", key), ("other", None)):
        (tmp_path / name).mkdir()
        async with open_trail(tmp_path / name, key_file=kept) as trail:
            await trail.write(make_draft())
    report = verify(tmp_path / "other", key_file=key)
    assert not report.ok
    assert f"is signed with key {report.key}, not with this home's" in report.problem
    assert verify(tmp_path / "one", key_file=key).key in report.problem


async def test_a_key_may_be_kept_elsewhere(tmp_path: Path) -> None:
    key, home = tmp_path / "usb" / "maestro.key", tmp_path / "home"
    with pytest.raises(ConfigError, match="cannot write the signing key"):
        AuditJournal.open(home, FakeClock(), key_file=key)
    key.parent.mkdir()
    async with open_trail(home, key_file=key) as trail:
        await trail.write(make_draft())
    assert key.exists()
    assert not (home / "audit" / "signing.key").exists()
    report = verify(home, key_file=key)
    assert (report.ok, report.key_note) == (True, "")
    report = verify(home)
    assert (report.ok, report.key_note) == (True, "no signing key here to compare")
    key.write_bytes(b"")
    assert verify(home, key_file=key).key_note.startswith(f"not compared: {key} is not")
