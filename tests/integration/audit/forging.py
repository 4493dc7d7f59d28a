"""What somebody who can write a home, and has no key, can do to its trail."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Generator
from hashlib import sha256
from pathlib import Path
from typing import Any

from core.audit.rules import GENESIS, daily_line
from tests.integration.audit.homes import STORE

Rows = list[tuple[int, bytes, bytes]]


@contextlib.contextmanager
def store(home: Path) -> Generator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(home / STORE)) as db, db:
        db.text_factory = bytes
        yield db


def read_rows(home: Path) -> Rows:
    with store(home) as db:
        return db.execute("SELECT seq, text, hash FROM audit ORDER BY seq").fetchall()


def write_rows(home: Path, rows: Rows) -> None:
    with store(home) as db:
        for name in ("action_id", "actor", "event"):  # they refuse what is not JSON
            db.execute(f"DROP INDEX IF EXISTS audit_by_{name}")
        db.execute("DELETE FROM audit")
        db.executemany(
            "INSERT INTO audit (seq, text, hash) VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT))", rows
        )


def renumbered(rows: Rows) -> Rows:
    """Numbers without gaps, in the rows and in the texts."""
    return [(seq, _numbered(text, seq), digest) for seq, (_, text, digest) in enumerate(rows, 1)]


def rehashed(rows: Rows) -> Rows:
    """The whole chain recomputed; signatures in the texts stay what they were."""
    last = GENESIS.hash.encode()
    done: Rows = []
    for seq, text, _ in rows:
        last = sha256(last + text).hexdigest().encode()
        done.append((seq, text, last))
    return done


def with_field(text: bytes, path: tuple[str, ...], value: Any) -> bytes:
    """The same entry with one field changed, written as the engine would write it."""
    entry = json.loads(text)
    inner = entry
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return json.dumps(
        entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _numbered(text: bytes, seq: int) -> bytes:
    return with_field(text, ("seq",), seq)


def daily_files(home: Path) -> list[Path]:
    return sorted((home / "audit").glob("2*.jsonl"))


def copy_to_daily(home: Path, rows: Rows) -> None:
    """Daily files that agree with `rows`."""
    days: dict[str, list[bytes]] = {}
    for row in rows:
        day = str(json.loads(row[1])["at"])[:10]
        days.setdefault(max([day, *days]), []).append(daily_line(row) + b"\n")
    for path in daily_files(home):
        path.unlink()
    for day, lines in days.items():
        (home / "audit" / f"{day}.jsonl").write_bytes(b"".join(lines))


def checkpoints(home: Path) -> Path:
    return home / "audit" / "checkpoints.jsonl"


def edit_lines(path: Path, edit: Callable[[list[bytes]], list[bytes]]) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(edit(lines)))


def covered(line: bytes) -> int:
    """How many entries a checkpoint is over."""
    return int(json.loads(line)["length"])


def cut_checkpoints(home: Path, length: int) -> None:
    """Leave only the checkpoints over at most `length` entries."""
    edit_lines(checkpoints(home), lambda lines: [line for line in lines if covered(line) <= length])
