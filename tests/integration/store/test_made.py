"""A store holds what its migrations make, and nothing that could show or do something else."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.adapters.sqlite.files import open_file
from core.adapters.sqlite.made import find_foreign
from core.adapters.sqlite.migrations import LEDGER_STEPS


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "ledger.db"
    opened = open_file(path, LEDGER_STEPS, synchronous="FULL", busy_timeout_s=1.0)
    with contextlib.closing(opened):
        yield opened


def test_what_the_migrations_made_holds(db: sqlite3.Connection) -> None:
    assert find_foreign(db, LEDGER_STEPS) == ""
    db.execute("ANALYZE")
    assert find_foreign(db, LEDGER_STEPS) == ""


@pytest.mark.parametrize("steps", range(len(LEDGER_STEPS)))
def test_so_does_what_an_older_version_made(steps: int) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        for statement in (each for step in LEDGER_STEPS[:steps] for each in step):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {steps}")
        assert find_foreign(db, LEDGER_STEPS) == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DROP INDEX audit_by_event", "lacks index audit_by_event"),
        ("CREATE INDEX own ON audit (text)", "foreign index own"),
        ("CREATE TRIGGER t AFTER INSERT ON audit BEGIN SELECT 1; END", "foreign trigger t"),
        ("CREATE VIEW v AS SELECT * FROM grants", "foreign view v"),
        ("PRAGMA user_version = 1", "actions_by_session"),
        ("PRAGMA user_version = 99", "number 99"),
        ("PRAGMA user_version = -1", "number -1"),
        (
            """DROP INDEX audit_by_event; CREATE INDEX audit_by_event
            ON audit (json_extract(text, '$.event')) WHERE json_extract(text, '$.event') <> 'x'""",
            "index audit_by_event of the store is not",
        ),
    ],
)
def test_anything_else_is_found(db: sqlite3.Connection, change: str, told: str) -> None:
    db.executescript(change)
    assert told in find_foreign(db, LEDGER_STEPS)
