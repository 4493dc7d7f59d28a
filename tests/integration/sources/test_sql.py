"""Numbers out of a real SQLite file and a real Postgres."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from core.adapters.sources.build import SourceFactory
from core.adapters.system import SystemClock
from core.errors import SourceFailed
from tests.integration.engine.served import wait_until
from tests.integration.sources.servers import (
    bind,
    free_port,
    program,
    read_once,
    running,
    unprivileged,
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop?.db"  # a name that has to be quoted in an address
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE orders (paid INTEGER, amount REAL)")
        database.executemany("INSERT INTO orders VALUES (?, ?)", [(1, 10.0), (0, 5.0), (1, 30.5)])
    database.close()
    return path


async def test_a_query_gives_its_number_scaled(shop: Path) -> None:
    query = "WITH paid AS (SELECT * FROM orders WHERE paid) SELECT sum(amount) FROM paid;"
    found = await read_once(shop.parent, source="sql", file=shop.name, query=query, scale=0.01)
    assert found.value == pytest.approx(0.405)


@pytest.mark.parametrize(
    ("query", "note"),
    [("SELECT NULL", "NULL"), ("SELECT amount FROM orders WHERE amount > 99", "no row")],
)
async def test_no_number_is_no_value(shop: Path, query: str, note: str) -> None:
    found = await read_once(shop.parent, source="sql", file=shop, query=query)
    assert found.value is None
    assert note in found.note


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT amount FROM orders", "more than one value"),
        ("SELECT 1, 2", "more than one value"),
        ("SELECT 'many'", "gives str, not a number"),
        ("SELECT absent FROM orders", "no such column: absent"),
        ("SELECT count(* FROM orders", "syntax error"),
        ("SELECT load_extension('evil')", "not authorized"),
        ("SELECT * FROM pragma_database_list", "may only read"),
        ("SELECT count(*) FROM absent", "no such table: absent"),
        ("SELECT 1e999", "no finite number"),
    ],
)
async def test_what_is_wrong_with_a_query_is_said(shop: Path, query: str, said: str) -> None:
    try:
        found = await read_once(shop.parent, source="sql", file=shop, query=query)
        told = found.note
    except SourceFailed as error:
        told = str(error)
    assert said in told


async def test_a_query_that_takes_too_long_is_ended(shop: Path) -> None:
    forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    with pytest.raises(SourceFailed, match=r"no answer within 0.2 s"):
        await read_once(shop.parent, source="sql", file=shop, query=forever, timeout_s=0.2)


async def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database " * 100, encoding="ascii")
    with pytest.raises(SourceFailed, match="file is not a database"):
        await read_once(tmp_path, source="sql", file="text.db", query="SELECT count(*) FROM a")
    with pytest.raises(SourceFailed, match="there is no such file"):
        await read_once(tmp_path, source="sql", file="none.db", query="SELECT 1")


@dataclass(frozen=True)
class Postgres:
    port: int

    @property
    def address(self) -> str:
        return f"postgresql://keeper@127.0.0.1:{self.port}/postgres"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A database of its own, in a folder of the user that may run it; password needed."""
    initdb, server, port = program("initdb"), program("postgres"), free_port()
    options = unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="maestro-pg-"))
    try:
        (folder / "password").write_text("s3cret-word", encoding="ascii")
        if options:
            for path in (folder, folder / "password"):
                os.chown(path, options["user"], options["group"])
        data = folder / "data"
        make = [initdb, "-D", str(data), "-U", "keeper", "-A", "scram-sha-256", "-N"]
        make += ["--no-locale", f"--pwfile={folder / 'password'}"]
        subprocess.run(make, check=True, capture_output=True, cwd=folder, **options)
        command = [server, "-D", str(data), "-p", str(port), "-k", str(folder)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        log = folder / "log"
        with running(command, port, log, cwd=folder, **options):
            # It listens before it is ready, and refuses everybody until then.
            wait_until(lambda: "ready to accept connections" in log.read_text("utf-8"))
            yield Postgres(port)
    finally:
        shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "s3cret-word")


async def read_postgres(postgres: Postgres, query: str, timeout_s: float = 10.0) -> float | None:
    found = await read_once(
        Path(),
        source="sql",
        address=postgres.address,
        password_env="SHOP_PASSWORD",
        query=query,
        timeout_s=timeout_s,
    )
    return found.value


async def test_postgres_gives_its_number(postgres: Postgres) -> None:
    assert await read_postgres(postgres, "SELECT 1.25::numeric") == 1.25
    assert await read_postgres(postgres, "SELECT count(*) FROM pg_class") is not None
    assert await read_postgres(postgres, "SELECT NULL::int") is None


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT 1 +\n  nothing", r"column \"nothing\" does not exist \(line 2, column 3"),
        ("SELECT 1 FORM pg_class", "syntax error"),
        ("SELECT generate_series(1, 3)", "more than one value"),
        ("SELECT 'x'", "gives str, not a number"),
        ("SELECT 1 INTO made", "read-only transaction|cursor|SELECT INTO"),
        ("SELECT setval('s', 2) FROM pg_class", 'relation "s" does not exist'),
    ],
)
async def test_postgres_errors_say_what_and_where(
    postgres: Postgres, query: str, said: str
) -> None:
    with pytest.raises(SourceFailed, match=said):
        await read_postgres(postgres, query)


async def test_a_slow_query_is_ended_by_the_server(postgres: Postgres) -> None:
    with pytest.raises(SourceFailed, match=r"no answer within 0.3 s"):
        await read_postgres(postgres, "SELECT 1 FROM pg_sleep(30)", timeout_s=0.3)
    running_now = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query ~ 'sleep'"
    assert await read_postgres(postgres, running_now.replace("sleep", "pg_slee[p]")) == 0


async def test_nothing_can_be_written(postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.address, password="s3cret-word")
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    await connection.execute(
        "CREATE OR REPLACE FUNCTION sneak() RETURNS int LANGUAGE sql AS"
        " 'INSERT INTO kept VALUES (1); SELECT 1'"
    )
    with pytest.raises(SourceFailed, match="read-only transaction"):
        await read_postgres(postgres, "SELECT sneak()")
    assert await connection.fetchval("SELECT count(*) FROM kept") == 0
    await connection.close()


async def test_a_wrong_password_is_refused_without_being_shown(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "wr0ng-word")
    with pytest.raises(SourceFailed, match="password authentication failed") as caught:
        await read_postgres(postgres, "SELECT 1")
    assert "wr0ng-word" not in str(caught.value)
    monkeypatch.delenv("SHOP_PASSWORD")
    with pytest.raises(SourceFailed, match="SHOP_PASSWORD is not set"):
        await read_postgres(postgres, "SELECT 1")


async def test_a_whole_address_may_come_from_a_variable(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = {"source": "sql", "dsn_env": "SHOP_DSN", "query": "SELECT 7"}
    monkeypatch.setenv("SHOP_DSN", postgres.address.replace("@", ":s3cret-word@"))
    assert (await read_once(Path(), **query)).value == 7
    monkeypatch.setenv("SHOP_DSN", "nonsense://keeper:s3cret-word@127.0.0.1")
    with pytest.raises(SourceFailed, match="the address is none") as caught:
        await read_once(Path(), **query)
    assert "s3cret-word" not in str(caught.value)


async def test_no_server_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_DSN", f"postgresql://a:b@127.0.0.1:{free_port()}/c")
    with pytest.raises(SourceFailed, match=r"refused|Connect"):
        await read_once(Path(), source="sql", dsn_env="SHOP_DSN", query="SELECT 1")
    monkeypatch.setenv("SHOP_DSN", "postgresql://a:s3cret@host.invalid/c")
    with pytest.raises(SourceFailed, match=r"cannot connect to host\.invalid") as caught:
        await read_once(Path(), source="sql", dsn_env="SHOP_DSN", query="SELECT 1")
    assert "s3cret" not in str(caught.value)


async def test_a_broken_connection_is_made_anew(postgres: Postgres) -> None:
    factory = SourceFactory(base=Path(), clock=SystemClock())
    values = {"source": "sql", "address": postgres.address, "password_env": "SHOP_PASSWORD"}
    mine = "SELECT pg_backend_pid()"
    first, sister = (factory.build(bind(query=mine, **values)) for _ in range(2))
    pid = (await first.read()).value
    assert (await sister.read()).value == pid  # one connection for both
    keeper = await asyncpg.connect(postgres.address, password="s3cret-word")
    await keeper.execute(f"SELECT pg_terminate_backend({pid:.0f})")
    await keeper.close()
    with contextlib.suppress(SourceFailed):  # said once, where the end comes during a read
        assert (await first.read()).value != pid
    assert (await first.read()).value != pid
    await factory.close()
