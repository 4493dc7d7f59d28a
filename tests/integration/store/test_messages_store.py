"""Durable messages on a real disk: kept, private, whole after a crash, honest about trouble."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kill_messages import run_kills
from core.adapters.messages import SqliteMessages
from core.errors import StorageBusy, StorageError
from core.fleet import MessageState, MessageView
from tests.fakes import FakeClock
from tests.integration.disks import locked_by_another_process
from tests.unit.orchestration.post import make_message


def make_view(**changes: Any) -> MessageView:
    return MessageView(
        message=make_message(durable=True, expires_at=FakeClock().now(), **changes),
        state=MessageState.QUEUED,
        holder=None,
        priority_now=7,
        changed_at=FakeClock().now(),
        reason="it waits",
    )


@asynccontextmanager
async def opened(path: Path, **arguments: Any) -> AsyncGenerator[SqliteMessages]:
    store = await SqliteMessages.open(path, **arguments)
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "messages.db"


async def test_what_was_kept_comes_back_as_it_was_oldest_first(path: Path) -> None:
    views = [make_view(payload={"text": "ü\ud800", "deep": {"n": [1, 2.5, None]}}), make_view()]
    async with opened(path) as store:
        await store.keep(views[:1])
        await store.keep(views[1:])
        assert await store.load() == tuple(views)
    async with opened(path) as store:
        assert await store.load() == tuple(views)


async def test_keeping_again_replaces_and_forgetting_forgets(path: Path) -> None:
    first, second = make_view(), make_view()
    dead = replace(first, state=MessageState.DEAD, reason="it broke")
    async with opened(path) as store:
        await store.keep([first, second])
        await store.keep([dead])
        assert await store.load() == (dead, second)
        await store.forget([first.message.id, second.message.id, make_view().message.id])
        assert await store.load() == ()


async def test_many_that_come_together_are_all_there(path: Path) -> None:
    views = [make_view() for _ in range(1500)]
    async with opened(path) as store:
        await asyncio.gather(*(store.keep([view]) for view in views))
        assert {view.message.id for view in await store.load()} == {
            view.message.id for view in views
        }


async def test_files_are_their_owners_alone(path: Path) -> None:
    async with opened(path) as store:
        await store.keep([make_view()])
        modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert modes == dict.fromkeys(("messages.db", "messages.db-wal", "messages.db-shm"), 0o600)


async def test_a_batch_with_one_that_has_no_json_form_is_not_written(path: Path) -> None:
    async with opened(path) as store:
        with pytest.raises(StorageError, match="cannot be written"):
            await store.keep([make_view(), make_view(payload={"x": float("nan")})])
        assert await store.load() == ()


async def test_a_damaged_row_is_told_and_not_skipped(path: Path) -> None:
    async with opened(path) as store:
        await store.keep([make_view()])
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE messages SET body = '{}'")
            db.commit()
        with pytest.raises(StorageError, match="damaged row"):
            await store.load()


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"no database, " * 100)
    with pytest.raises(StorageError, match="damaged"):
        asyncio.run(SqliteMessages.open(path))


async def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    async with opened(path):
        pass
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageError, match="newer Maestro"):
        await SqliteMessages.open(path)


async def test_another_process_with_the_lock_is_named_as_the_trouble(path: Path) -> None:
    async with opened(path, busy_timeout_s=0.05) as store:
        with locked_by_another_process(path), pytest.raises(StorageBusy):
            await store.keep([make_view()])
        await store.keep([make_view()])


async def test_a_closed_store_says_so(path: Path) -> None:
    async with opened(path) as store:
        pass
    with pytest.raises(StorageError, match="closed"):
        await store.keep([make_view()])


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_kill_9_loses_no_durable_message_and_delivers_none_twice(path: Path, kills: int) -> None:
    tally = run_kills(path, kills=kills, seed=kills)
    assert tally.acknowledged > kills
    assert (tally.kills, tally.lost, tally.twice) == (kills, 0, 0)
