"""Disks that are full, read-only or failing, locks, overload: blocked clearly, nothing lost."""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from core.adapters.sqlite.errors import explain_os
from core.adapters.sqlite.files import iter_audit_rows
from core.adapters.sqlite.store import SqliteStore
from core.audit.rules import seal_entries
from core.errors import (
    StorageBusy,
    StorageError,
    StorageFull,
    StorageReadOnly,
)
from core.ids import ActionId
from core.records import (
    ActionQuery,
    AuditEntry,
    AuditQuery,
    WriteUnit,
)
from tests.factories import make_action_record, make_draft
from tests.fakes import FakeClock
from tests.integration.disks import (
    file_size_limit,
    immutable,
    locked_by_another_process,
    read_only_view,
    small_disk,
)
from tests.integration.store.stores import chain_head, make_span, make_unit, open_sqlite

BIG = {"text": "x" * 50_000}


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(tmp_path, busy_timeout_s=0.05)
    yield opened
    await opened.close()


def make_big_unit(number: int) -> WriteUnit:
    action = {"id": ActionId(f"{number:026d}"), "arguments": BIG}
    return WriteUnit(puts=(make_action_record(action=action),), audit=(make_draft(),))


async def commit_until_refused(store: SqliteStore) -> tuple[int, StorageError]:
    """How many big units went in before one was refused, and how."""
    for number in range(1000):
        try:
            await store.commit(make_big_unit(number))
        except StorageError as error:
            return number, error
    raise AssertionError("nothing was refused")


async def expect_whole(store: SqliteStore, *, actions: int) -> None:
    assert len(await store.list_actions(ActionQuery(limit=1000))) == actions
    assert await store.audit_head() == await chain_head(store)
    assert (await store.audit_head()).length == actions


async def test_a_full_disk_refuses_loses_nothing_and_recovers(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "2m"):
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * 500_000)
        store = await open_sqlite(disk)
        try:
            count, error = await commit_until_refused(store)
            assert count > 0
            assert isinstance(error, StorageFull)
            assert str(error) == (
                f"cannot write {disk / 'store.db'}: the disk is full; make room and try again"
            )
            await expect_whole(store, actions=count)
            ballast.unlink()
            await store.commit(make_big_unit(count))
            await expect_whole(store, actions=count + 1)
        finally:
            await store.close()


async def test_why_nothing_can_be_written_is_told_until_it_can(
    store: SqliteStore, tmp_path: Path
) -> None:
    assert await store.find_problem() == ""
    with locked_by_another_process(tmp_path / "store.db"):
        assert await store.find_problem() == ""  # nothing was tried
        with pytest.raises(StorageBusy):
            await store.commit(make_unit(1))
        assert "another process holds its lock" in await store.find_problem()
        first, second = await asyncio.gather(store.find_problem(), store.find_problem())
        assert first == second
    assert await store.find_problem() == ""


async def test_a_unit_larger_than_the_disk_is_refused_and_the_next_one_fits(
    tmp_path: Path,
) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "2m"):
        store = await open_sqlite(disk)
        try:
            huge = make_action_record(action={"arguments": {"text": "x" * 8_000_000}})
            with pytest.raises(StorageFull):
                await store.commit(WriteUnit(puts=(huge,), audit=(make_draft(),)))
            await store.commit(make_big_unit(1))
            await expect_whole(store, actions=1)
        finally:
            await store.close()


async def test_a_disk_that_stays_full_still_opens_and_reads(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "2m"):
        store = await open_sqlite(disk)
        count, _ = await commit_until_refused(store)
        await store.close()
        again = await open_sqlite(disk)
        await expect_whole(again, actions=count)
        await again.close()


async def test_no_room_for_a_new_store_is_said(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with (
        small_disk(disk, "16k"),
        pytest.raises(StorageFull, match=r"cannot open .*store\.db: the disk is full"),
    ):
        await open_sqlite(disk)


async def test_a_failing_write_refuses_loses_nothing_and_recovers(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.commit(make_big_unit(0))
    with file_size_limit((tmp_path / "store.db-wal").stat().st_size + 10_000):
        results = await asyncio.gather(
            *(store.commit(make_big_unit(number)) for number in range(1, 9)),
            return_exceptions=True,
        )
    assert {type(each) for each in results} == {StorageError}
    assert "disk I/O error; check the disk and its quota" in str(results[0])
    await expect_whole(store, actions=1)
    await store.commit(make_big_unit(1))
    await expect_whole(store, actions=2)


async def test_a_file_that_turns_read_only_refuses_loses_nothing_and_recovers(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.commit(make_big_unit(0))
    with immutable(tmp_path / "store.db", tmp_path / "store.db-wal"):
        with pytest.raises(StorageReadOnly, match=r"store\.db: the file or its disk is read-only"):
            await store.commit(make_big_unit(1))
        await expect_whole(store, actions=1)
    await store.commit(make_big_unit(1))
    await expect_whole(store, actions=2)


@pytest.mark.parametrize("exists", [True, False])
async def test_a_read_only_disk_is_named_at_the_start(tmp_path: Path, exists: bool) -> None:  # noqa: FBT001
    home, disk = tmp_path / "home", tmp_path / "disk"
    home.mkdir()
    if exists:
        store = await open_sqlite(home)
        await store.commit(make_unit(1))
        await store.close()
    with read_only_view(home, at=disk):
        with pytest.raises(StorageReadOnly, match=r"cannot open .*disk/store\.db"):
            await open_sqlite(disk)
        if exists:
            assert len(list(iter_audit_rows(disk / "store.db"))) == 2


async def test_a_lock_held_elsewhere_refuses_for_a_while_and_recovers(
    store: SqliteStore, tmp_path: Path
) -> None:
    await store.commit(make_big_unit(0))
    with locked_by_another_process(tmp_path / "store.db"):
        results = await asyncio.gather(
            store.commit(make_big_unit(1)), store.commit(make_big_unit(2)), return_exceptions=True
        )
        assert {type(each) for each in results} == {StorageBusy}
        assert "another process holds its lock" in str(results[0])
        await expect_whole(store, actions=1)
        with pytest.raises(StorageBusy, match="cannot open"):
            await open_sqlite(tmp_path, busy_timeout_s=0.05)
    await store.commit(make_big_unit(1))
    await expect_whole(store, actions=2)


async def test_every_durable_entry_is_told_of_once_and_no_other(tmp_path: Path) -> None:
    told: list[AuditEntry] = []
    store = await SqliteStore.open(
        tmp_path / "store.db", seal=seal_entries, clock=FakeClock(), on_durable=told.extend
    )
    try:
        key = make_action_record(action={"id": ActionId("k"), "idempotency_key": "k"})
        other = make_action_record(action={"id": ActionId("l"), "idempotency_key": "k"})
        conflicting = WriteUnit(puts=(key, other), audit=(make_draft(),))
        await asyncio.gather(
            *(store.commit(each) for each in (make_unit(1), conflicting, make_unit(2))),
            return_exceptions=True,
        )
        assert tuple(told) == await store.read_audit(AuditQuery(ascending=True))
        assert len(told) == 4
    finally:
        await store.close()


async def test_a_follower_with_a_defect_fails_closed_and_the_chain_goes_on(
    tmp_path: Path,
) -> None:
    def follow(entries: Sequence[AuditEntry]) -> None:
        if entries[0].seq == 1:
            raise KeyError("defect")

    store = await SqliteStore.open(
        tmp_path / "store.db", seal=seal_entries, clock=FakeClock(), on_durable=follow
    )
    try:
        with pytest.raises(StorageError, match="the ledger failed"):
            await store.commit(make_unit(1))
        assert (await store.commit(make_unit(2))).length == 4
        assert await chain_head(store) == await store.audit_head()
    finally:
        await store.close()


async def test_a_broken_history_costs_only_spans(store: SqliteStore, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "history.db")) as db, db:
        db.execute("DROP TABLE traces")
    with pytest.raises(StorageError, match=r"history\.db: no such table"):
        await store.list_spans()
    with pytest.raises(StorageError, match=r"cannot write .*history\.db"):
        await store.commit(WriteUnit(puts=(make_span(1),)))
    assert (await store.commit(make_unit(1))).length == 2


def test_every_refusal_of_the_system_has_its_error(tmp_path: Path) -> None:
    kinds = {
        number: type(explain_os(OSError(number, os.strerror(number)), tmp_path))
        for number in (13, 30, 28, 5)
    }
    assert kinds == {
        13: StorageReadOnly,
        30: StorageReadOnly,
        28: StorageFull,
        5: StorageError,
    }
