"""Opening the store's files: private to their owner, in WAL mode, at today's schema."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final, Literal

from core.adapters.sqlite.errors import explain, explain_os
from core.adapters.sqlite.migrations import Step, migrate
from core.errors import StorageError

_PRIVATE: Final = 0o600
_CHUNK_ROWS: Final = 256  # more would leave the cache before they are looked at
_LOG_BYTES_MAX: Final = 64_000_000  # a log that once grew larger is cut back to this


def open_file(
    path: Path,
    steps: tuple[Step, ...],
    *,
    synchronous: Literal["FULL", "NORMAL"],
    busy_timeout_s: float,
) -> sqlite3.Connection:
    """The one connection that writes `path`; it may be handed to another thread.

    Raises a StorageError when the file cannot be made, locked, written or migrated.
    """
    _make_private(path)
    try:
        db = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=busy_timeout_s
        )
    except sqlite3.Error as error:
        raise explain(error, path, "open") from error
    try:
        _configure(db, path, synchronous)
        migrate(db, path, steps)
    except BaseException:
        db.close()
        raise
    return db


def _configure(db: sqlite3.Connection, path: Path, synchronous: str) -> None:
    try:
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
        db.execute(f"PRAGMA synchronous = {synchronous}")
        db.execute("PRAGMA fullfsync = ON")  # on macOS a plain fsync stops at the drive's cache
        db.execute("PRAGMA wal_autocheckpoint = 0")  # ours come after the acknowledgement
        db.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES_MAX}")
    except sqlite3.Error as error:
        raise explain(error, path, "open") from error
    if mode != "wal":
        raise StorageError(
            f"cannot open {path}: its disk does not allow WAL mode; put the home on a local disk"
        )


def _make_private(path: Path) -> None:
    """Mode 0600 before SQLite opens it: log and shared memory take their mode from the file.

    An existing file is never opened here: closing it would drop every lock this process has on it.
    """
    try:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE))
        for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            if each.exists() and each.stat().st_mode & 0o777 != _PRIVATE:
                each.chmod(_PRIVATE)
    except OSError as error:
        raise explain_os(error, path) from error


def roll_back(db: sqlite3.Connection) -> None:
    """End a transaction that did not come to its commit; nothing to do when it did."""
    if db.in_transaction:
        with contextlib.suppress(sqlite3.Error):  # SQLite has rolled back by itself
            db.execute("ROLLBACK")


def iter_audit_rows(path: Path, *, after_seq: int = 0) -> Iterator[tuple[int, str, str]]:
    """Audit rows (seq, text, hash) after `after_seq`, in order, read only, in chunks.

    Bytes that are not UTF-8 come as U+FFFD, so that the entry fails its hash instead of the reader.
    Raises StorageError when the file cannot be read.
    """
    for seq, text, digest in iter_audit_bytes(path, after_seq=after_seq):
        yield seq, text.decode("utf-8", "replace"), digest.decode("utf-8", "replace")


def iter_audit_bytes(path: Path, *, after_seq: int = 0) -> Iterator[tuple[int, bytes, bytes]]:
    """The same rows as the file holds them: verification hashes bytes and decodes nothing.

    A table that somebody made anew can hold any type: what is no whole number comes as 0, NULL as
    nothing, and neither is an entry.
    """
    return chain.from_iterable(_iter_chunks(path, after_seq))


def _iter_chunks(path: Path, after_seq: int) -> Iterator[list[tuple[int, bytes, bytes]]]:
    try:
        with contextlib.closing(open_read_only(path)) as db:
            cursor = db.execute(
                "SELECT iif(typeof(seq) = 'integer', seq, 0), CAST(ifnull(text, '') AS TEXT),"
                " CAST(ifnull(hash, '') AS TEXT) FROM audit WHERE seq > ? ORDER BY seq",
                (after_seq,),
            )
            while rows := cursor.fetchmany(_CHUNK_ROWS):
                yield rows
    except sqlite3.Error as error:
        raise explain(error, path, "read") from error


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that can only read, and gives texts as the bytes that are there."""
    # An abandoned generator may be closed by whichever thread collects it.
    db = sqlite3.connect(
        read_only_uri(path), uri=True, isolation_level=None, check_same_thread=False
    )
    db.text_factory = bytes
    return db


def read_only_uri(path: Path) -> str:
    """What SQLite opens for reading alone.

    On a read-only disk it cannot make the shared memory that WAL mode needs. With no log beside it
    the file is whole by itself.
    """
    folder_writable = os.access(path.parent, os.W_OK)
    alone = not folder_writable and not Path(f"{path}-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
