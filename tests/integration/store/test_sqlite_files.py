"""The files that the SQLite store keeps: rights, schema, damage, and reading them from outside."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import MetaData, create_engine

from core.adapters.sqlite import writer as writer_module
from core.adapters.sqlite.files import iter_audit_rows, open_file
from core.adapters.sqlite.migrations import HISTORY_STEPS, LEDGER_STEPS, Step, migrate
from core.adapters.sqlite.schema import HISTORY, LEDGER, audit_page
from core.adapters.sqlite.store import SqliteStore
from core.adapters.sqlite.writer import LedgerUnit, LedgerWriter
from core.audit.rules import GENESIS, extend_head, seal_entries
from core.codec import encode_record
from core.errors import AuditChainBroken, StorageError
from core.ids import ActionId, SessionId, TokenId
from core.records import ActionQuery, AuditEntry, AuditHead, AuditQuery, WriteUnit
from tests.factories import make_action_record, make_draft, make_token
from tests.fakes import FakeClock
from tests.integration.store.stores import chain_head, make_span, make_unit, open_sqlite


@pytest.fixture
def _permissive_umask() -> Generator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()}


def head_of(rows: Iterator[tuple[int, str, str]]) -> AuditHead:
    return extend_head(GENESIS, (AuditEntry(seq=s, text=t, hash=h) for s, t, h in rows))


@pytest.mark.usefixtures("_permissive_umask")
async def test_every_file_is_private_to_its_owner(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path)
    await store.commit(make_unit(1))
    found = modes(tmp_path)
    await store.close()
    assert {"store.db", "store.db-wal", "store.db-shm", "history.db"} <= found.keys()
    assert set(found.values()) == {0o600}


async def test_files_that_others_could_read_are_made_private(tmp_path: Path) -> None:
    await (await open_sqlite(tmp_path)).close()
    (tmp_path / "store.db").chmod(0o644)
    store = await open_sqlite(tmp_path)
    await store.commit(make_unit(1))
    found = modes(tmp_path)
    await store.close()
    assert set(found.values()) == {0o600}


@pytest.mark.parametrize(
    ("steps", "described"),
    [(LEDGER_STEPS, LEDGER), (HISTORY_STEPS, HISTORY)],
    ids=["ledger", "history"],
)
def test_the_migrated_schema_is_the_one_that_the_statements_know(
    tmp_path: Path, steps: tuple[Step, ...], described: MetaData
) -> None:
    migrated = open_file(tmp_path / "a.db", steps, synchronous="FULL", busy_timeout_s=1)
    engine = create_engine(f"sqlite:///{tmp_path / 'b.db'}")
    described.create_all(engine)
    engine.dispose()
    with (
        contextlib.closing(migrated),
        contextlib.closing(sqlite3.connect(tmp_path / "b.db")) as made,
    ):
        assert describe(migrated) == describe(made)


def describe(db: sqlite3.Connection) -> dict[str, object]:
    """Columns of every table, generated ones with their expression, and every index."""
    found: dict[str, object] = {}
    for kind, name, sql in db.execute("SELECT type, name, sql FROM sqlite_schema").fetchall():
        if kind == "table":
            columns = db.execute(f"PRAGMA table_xinfo({name})").fetchall()
            found[name] = sorted(str(column[1:]) for column in columns)
        words = " ".join((sql or "").split()).replace("( ", "(").replace(" )", ")")
        found[f"{kind} {name}"] = sorted(words.replace(", ", ",").split(",")) if words else None
    return found


def write_as_version(path: Path, version: int) -> None:
    """A ledger as that version of the schema held it."""
    record = make_action_record(action={"session_id": SessionId("s-1")})
    (entry,) = seal_entries(GENESIS, [make_draft(actor="ana")])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, path, LEDGER_STEPS[:version])
        db.execute(
            "INSERT INTO actions (id, body) VALUES (?, ?)", (record.id, encode_record(record))
        )
        db.execute("INSERT INTO audit VALUES (?, ?, ?)", (entry.seq, entry.text, entry.hash))


@pytest.mark.parametrize("version", range(1, len(LEDGER_STEPS) + 1))
async def test_a_store_of_any_older_version_is_migrated_with_its_data(
    tmp_path: Path, version: int
) -> None:
    write_as_version(tmp_path / "store.db", version)
    store = await open_sqlite(tmp_path)
    try:
        kept = make_action_record(action={"session_id": SessionId("s-1")})
        assert await store.list_actions(ActionQuery(session_id=SessionId("s-1"))) == (kept,)
        assert len(await store.read_audit(AuditQuery(actor="ana"))) == 1
        assert await chain_head(store) == await store.audit_head()
        assert (await store.commit(make_unit(1))).length == 3
    finally:
        await store.close()


async def test_spans_of_the_first_version_are_kept_one_by_one(tmp_path: Path) -> None:
    spans = tuple(make_span(number, action_id=ActionId(f"{number % 2}")) for number in range(5))
    with contextlib.closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as db:
        migrate(db, tmp_path / "history.db", HISTORY_STEPS[:1])
        for span in spans:
            row = (span.id, encode_record(span))
            db.execute("INSERT INTO spans (id, body) VALUES (?, ?)", row)
    store = await SqliteStore.open(
        tmp_path / "store.db", seal=seal_entries, clock=FakeClock(), spans_max=4
    )
    try:
        assert await store.list_spans() == spans
        assert await store.list_spans(action_id=ActionId("1")) == (spans[1], spans[3])
        await store.commit(WriteUnit(puts=(make_span(5, action_id=ActionId("1")),)))
        assert [span.id for span in await store.list_spans()] == [f"{n:016x}" for n in range(2, 6)]
    finally:
        await store.close()


async def test_a_trace_is_kept_whole_while_one_of_its_spans_is_among_the_newest(
    tmp_path: Path,
) -> None:
    store = await SqliteStore.open(
        tmp_path / "store.db", seal=seal_entries, clock=FakeClock(), spans_max=3
    )
    try:
        for action in range(4):
            spans = (make_span(2 * action + n, action_id=ActionId(f"{action}")) for n in range(2))
            await store.commit(WriteUnit(puts=tuple(spans)))
        assert [span.id for span in await store.list_spans()] == [f"{n:016x}" for n in range(4, 8)]
    finally:
        await store.close()


async def test_a_store_from_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    await (await open_sqlite(tmp_path)).close()
    with contextlib.closing(sqlite3.connect(tmp_path / "store.db")) as db:
        db.execute("PRAGMA user_version = 99")
    before = (tmp_path / "store.db").read_bytes()
    with pytest.raises(StorageError, match="written by a newer Maestro: its schema is number 99"):
        await open_sqlite(tmp_path)
    assert (tmp_path / "store.db").read_bytes() == before


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    write_as_version(path, 1)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        broken = (*LEDGER_STEPS[:1], ("CREATE TABLE extra (id)", "CREATE TABLE audit (seq)"))
        with pytest.raises(StorageError, match="already exists"):
            migrate(db, path, broken)
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("SELECT * FROM sqlite_schema WHERE name = 'extra'").fetchall() == []


@pytest.mark.parametrize("column", ["actor", "seldom_event", "action_id"])
def test_a_tail_page_of_the_trail_is_found_by_an_index(tmp_path: Path, column: str) -> None:
    db = open_file(tmp_path / "a.db", LEDGER_STEPS, synchronous="FULL", busy_timeout_s=1)
    sql = audit_page("before_seq", column, ascending=False)
    with contextlib.closing(db):
        plan = db.execute(f"EXPLAIN QUERY PLAN {sql.text}", (1, "x", 1, 0)).fetchall()
    assert f"audit_by_{column.removeprefix('seldom_')}" in str(plan)
    assert "TEMP B-TREE" not in str(plan)


async def test_only_the_newest_spans_are_kept(tmp_path: Path) -> None:
    store = await SqliteStore.open(
        tmp_path / "store.db", seal=seal_entries, clock=FakeClock(), spans_max=3
    )
    try:
        for number in range(5):
            span = make_span(number)
            await store.commit(WriteUnit(puts=(span, replace(span, name="twice"))))
        kept = await store.list_spans()
        assert [(each.id, each.name) for each in kept] == [
            (f"{n:016x}", "twice") for n in (2, 3, 4)
        ]
    finally:
        await store.close()


def copy_live_files(folder: Path, to: Path) -> None:
    """What a crash would leave: the file and its log, taken while the store is open."""
    to.mkdir()
    for name in ("store.db", "store.db-wal"):
        shutil.copy(folder / name, to / name)


async def test_torn_frames_at_the_end_of_the_log_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "live").mkdir()
    store = await open_sqlite(tmp_path / "live")
    for number in range(20):
        await store.commit(make_unit(number))
    head = await store.audit_head()
    copy_live_files(tmp_path / "live", tmp_path / "crashed")
    await store.close()
    log = tmp_path / "crashed" / "store.db-wal"
    log.write_bytes(log.read_bytes() + log.read_bytes()[-3000:])
    again = await open_sqlite(tmp_path / "crashed")
    try:
        assert await again.audit_head() == await chain_head(again) == head
        assert (await again.commit(make_unit(99))).length == 42
    finally:
        await again.close()


@pytest.mark.parametrize("damage", ["cut", "flip"])
async def test_a_log_damaged_at_its_end_leaves_whole_units_and_an_unbroken_chain(
    tmp_path: Path, damage: str
) -> None:
    (tmp_path / "live").mkdir()
    store = await open_sqlite(tmp_path / "live")
    for number in range(20):
        await store.commit(make_unit(number))
    copy_live_files(tmp_path / "live", tmp_path / "crashed")
    await store.close()
    log = tmp_path / "crashed" / "store.db-wal"
    data = bytearray(log.read_bytes())
    data[-100] ^= 0xFF
    log.write_bytes(data if damage == "flip" else data[:-100])
    again = await open_sqlite(tmp_path / "crashed")
    try:
        head = await again.audit_head()
        assert head == await chain_head(again)
        assert head.length == 38
        assert len(await again.list_actions(ActionQuery())) == 19
        assert (await again.commit(make_unit(99))).length == 40
    finally:
        await again.close()


async def test_the_logs_are_cut_back_into_the_files_while_the_store_is_open(
    tmp_path: Path,
) -> None:
    store = await open_sqlite(tmp_path)
    try:
        tokens = tuple(make_token(id=TokenId(f"{number:04d}")) for number in range(1000))
        for _ in range(4):
            await store.commit(WriteUnit(puts=tokens))
        spans = tuple(make_span(number) for number in range(5000))
        for _ in range(4):
            await store.commit(WriteUnit(puts=spans))
        assert (tmp_path / "store.db").stat().st_size > 100_000
        assert (tmp_path / "history.db").stat().st_size > 500_000
    finally:
        await store.close()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(StorageError, match=r"store\.db: the file is damaged .* from a backup"):
        await open_sqlite(tmp_path)


async def test_a_damaged_page_is_an_error_and_not_an_answer(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path)
    for number in range(200):
        await store.commit(make_unit(number))
    await store.close()
    path = tmp_path / "store.db"
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(StorageError, match="damaged"):
        await (await open_sqlite(tmp_path)).close()
    with pytest.raises(StorageError, match="damaged"):
        list(iter_audit_rows(path))


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot open .*nowhere/store\.db: No such file"):
        await open_sqlite(tmp_path / "nowhere")


async def test_a_row_that_does_not_decode_is_an_error(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path)
    try:
        await store.commit(WriteUnit(puts=(make_token(),)))
        with contextlib.closing(sqlite3.connect(tmp_path / "store.db")) as db, db:
            db.execute("UPDATE tokens SET body = '{}'")
        with pytest.raises(StorageError, match="holds a damaged row: not a TokenRecord"):
            await store.list_tokens()
    finally:
        await store.close()


async def test_the_audit_reader_sees_what_is_acknowledged_while_the_store_is_open(
    tmp_path: Path,
) -> None:
    store = await open_sqlite(tmp_path)
    head = await store.commit(make_unit(1))
    assert head_of(iter_audit_rows(tmp_path / "store.db")) == head
    await store.close()
    assert head_of(iter_audit_rows(tmp_path / "store.db")) == head


async def test_the_audit_reader_gives_bytes_that_are_no_text_as_an_entry(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path)
    await store.commit(make_unit(1))
    await store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "store.db")) as db, db:
        db.execute("DROP INDEX audit_by_action_id")
        db.execute("DROP INDEX audit_by_actor")
        db.execute("DROP INDEX audit_by_event")
        db.execute("UPDATE audit SET text = CAST(x'fffe' AS TEXT) WHERE seq = 2")
    with pytest.raises(AuditChainBroken) as broken:
        head_of(iter_audit_rows(tmp_path / "store.db"))
    assert broken.value.position == 2


def test_the_audit_reader_names_a_store_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot read"):
        list(iter_audit_rows(tmp_path / "store.db"))
    assert list(tmp_path.iterdir()) == []


async def test_a_trail_changed_from_outside_takes_no_more_entries(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path)
    try:
        await store.commit(make_unit(1))
        await store.commit(make_unit(2))
        with contextlib.closing(sqlite3.connect(tmp_path / "store.db")) as db, db:
            db.execute("DELETE FROM audit WHERE seq > 3")
        with pytest.raises(AuditChainBroken, match="changed from outside: it ends at entry 3"):
            await store.commit(make_unit(3))
        assert await store.get_action(ActionId(f"{3:026d}")) is None
    finally:
        await store.close()


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_file_taken_away_while_in_use_blocks(tmp_path: Path, replaced: bool) -> None:  # noqa: FBT001
    clock = FakeClock()
    store = await open_sqlite(tmp_path, clock=clock)
    try:
        await store.commit(make_unit(1))
        clock.advance(0.1)
        moved = (tmp_path / "store.db").rename(tmp_path / "moved.db")
        if replaced:
            shutil.copy(moved, tmp_path / "store.db")
        for _ in range(2):  # until it is back
            with pytest.raises(StorageError, match="removed or replaced while in use"):
                await store.commit(make_unit(2))
        moved.replace(tmp_path / "store.db")
        assert (await store.commit(make_unit(2))).length == 4
    finally:
        await store.close()


@pytest.mark.parametrize("replaced", [False, True])
async def test_moving_the_log_while_the_file_is_away_loses_nothing(
    tmp_path: Path,
    replaced: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writer_module, "_CHECKPOINT_ROWS", 1)
    path = tmp_path / "store.db"
    db = open_file(path, LEDGER_STEPS, synchronous="FULL", busy_timeout_s=1)
    writer = LedgerWriter(db, path, seal=seal_entries, clock=FakeClock())
    try:
        writer.write([LedgerUnit((), (), (make_draft(), make_draft()))])
        moved = path.rename(tmp_path / "moved.db")
        if replaced:
            shutil.copy(moved, path)
        writer.tidy()
    finally:
        writer.close()
    moved.replace(path)
    assert head_of(iter_audit_rows(path)) == writer.head
