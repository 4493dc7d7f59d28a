"""SQLite's errors in the words of the store port: what, where, and what to do."""

import errno
import os
import sqlite3
from pathlib import Path
from typing import Final

from core.errors import StorageBusy, StorageError, StorageFull, StorageReadOnly

_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_READ_ONLY: Final = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
_DAMAGED: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_DISK: Final = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
_WHOLE_FILE: Final = frozenset(
    (*_BUSY, *_READ_ONLY, *_DAMAGED, *_DISK, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM)
)

_ROOM_BYTES_MIN: Final = 65_536  # the shared memory grows by 32 KiB at a time


def concerns_whole_file(error: sqlite3.Error) -> bool:
    """True when no other write would fare better: the disk, the lock or the file is at fault."""
    return _primary_code(error) in _WHOLE_FILE


def explain(error: sqlite3.Error, path: Path, doing: str) -> StorageError:
    """The store's error for `error`, met while `doing` ("read", "write", "open") `path`."""
    code = _primary_code(error)
    if code == sqlite3.SQLITE_FULL or (code in _DISK and has_no_room(path)):
        return StorageFull(f"cannot {doing} {path}: the disk is full; make room and try again")
    if code in _BUSY:
        return StorageBusy(
            f"cannot {doing} {path}: another process holds its lock; stop that process or wait"
        )
    # When the disk turns read-only under an open file, SQLite sees just a failed write.
    if code in _READ_ONLY or (code in _DISK and _turned_read_only(path)):
        return StorageReadOnly(
            f"cannot {doing} {path}: the file or its disk is read-only; make it writable"
        )
    if code in _DAMAGED:
        return StorageError(
            f"cannot {doing} {path}: the file is damaged ({error}); restore it from a backup"
        )
    if code in _DISK:
        told = f"{error}; check the disk and its quota"
        hint = "no right to read it; give it to this user" if _unreadable(path) else told
        return StorageError(f"cannot {doing} {path}: {hint}")
    return StorageError(f"cannot {doing} {path}: {error}")


def explain_os(error: OSError, path: Path) -> StorageError:
    """The store's error for a file that cannot be made or protected."""
    message = f"cannot open {path}: {error.strerror}; check the folder, its rights and the disk"
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return StorageReadOnly(message)
    return StorageFull(message) if error.errno == errno.ENOSPC else StorageError(message)


def _primary_code(error: sqlite3.Error) -> int:
    """SQLite's code without its extension; errors that Python's driver makes have none."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def has_no_room(path: Path) -> bool:
    """SQLite reports a full disk as a plain failure when it makes or grows its shared memory."""
    if not path.parent.exists():
        return False
    disk = os.statvfs(path.parent)
    blocks = disk.f_bfree if os.geteuid() == 0 else disk.f_bavail  # some are kept for root
    return blocks * disk.f_frsize < _ROOM_BYTES_MIN


def _turned_read_only(path: Path) -> bool:
    log = Path(f"{path}-wal")
    return not _unreadable(path) and any(
        each.exists() and not os.access(each, os.W_OK) for each in (path, log)
    )


def _unreadable(path: Path) -> bool:
    return path.exists() and not os.access(path, os.R_OK)
