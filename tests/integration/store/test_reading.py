"""Reading a ledger beside whoever writes it changes nothing in it."""

import contextlib
import os
import sqlite3
from pathlib import Path

import pytest

from core.adapters.sqlite.reading import open_to_read
from core.errors import StorageError
from core.records import ActionQuery, AuditQuery
from tests.integration.store.stores import make_unit, open_sqlite


async def test_what_another_process_has_written_so_far_is_read(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path)
    try:
        await store.commit(make_unit(1))
        async with open_to_read(tmp_path / "store.db") as reader:
            assert len(await reader.list_actions(ActionQuery())) == 1
            await store.commit(make_unit(2))
            assert len(await reader.list_actions(ActionQuery())) == 2
            assert await reader.read_audit(AuditQuery()) == await store.read_audit(AuditQuery())
    finally:
        await store.close()


@pytest.mark.parametrize("version", [1, 99])
async def test_a_file_of_another_version_is_named_and_left_as_it_is(
    tmp_path: Path, version: int
) -> None:
    store = await open_sqlite(tmp_path)
    await store.commit(make_unit(1))
    await store.close()
    path = tmp_path / "store.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    with pytest.raises(StorageError, match=f"schema number {version} and this version reads"):
        async with open_to_read(path):
            pass
    assert path.read_bytes() == before


async def test_what_is_no_ledger_is_said_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot open"):
        async with open_to_read(tmp_path / "none.db"):
            pass
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a quick look in a test
    (tmp_path / "text.db").write_text("no database " * 100)
    with pytest.raises(StorageError, match="damaged"):
        async with open_to_read(tmp_path / "text.db"):
            pass
