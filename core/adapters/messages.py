"""Durable messages and dead letters in SQLite: `core.fleet_ports.MessageStore`."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, cast

from core.adapters.sqlite.errors import explain
from core.adapters.sqlite.files import open_file, read_only_uri, roll_back
from core.adapters.sqlite.group import GroupThread
from core.adapters.sqlite.migrations import Step
from core.codec import decode_record, encode_record
from core.errors import StorageError
from core.fleet import MessageView
from core.ids import MessageId

_TABLE: Final = (
    "CREATE TABLE messages (n INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,"
    " PRIMARY KEY (n), UNIQUE (id))"
)
_STEPS: Final[tuple[Step, ...]] = ((_TABLE,),)
_KEEP: Final = (
    "INSERT INTO messages (id, body) VALUES (?, ?)"
    " ON CONFLICT (id) DO UPDATE SET body = excluded.body"
)
_FORGET: Final = "DELETE FROM messages WHERE id = ?"
_LOAD: Final = "SELECT body FROM messages ORDER BY n"
_CHECKPOINT_ROWS: Final = 1_000  # changed rows after which the log goes back into the file


@dataclass(frozen=True, slots=True)
class _Change:
    keep: tuple[tuple[str, str], ...] = ()  # ids and bodies
    forget: tuple[tuple[str], ...] = ()


class SqliteMessages:
    """One file, its owner's alone; what waits at the same time shares one transaction and fsync.

    Make it with `open`. All methods belong to the event loop that opened it.
    """

    def __init__(
        self, path: Path, thread: GroupThread[_Change, None], closing: AsyncExitStack
    ) -> None:
        self._path = path
        self._thread = thread
        self._closing = closing

    @classmethod
    async def open(
        cls, path: Path, *, busy_timeout_s: float = 5.0, waiting_max: int = 20_000
    ) -> Self:
        """Open or make `path`, mode 0600.

        Raises a StorageError when it is damaged, read-only, locked, or from a newer version.
        """
        async with AsyncExitStack() as opened:
            db = await asyncio.to_thread(
                open_file, path, _STEPS, synchronous="FULL", busy_timeout_s=busy_timeout_s
            )
            opened.callback(db.close)
            thread = GroupThread(_Writer(db, path), name="messages", waiting_max=waiting_max)
            opened.push_async_callback(thread.close)
            return cls(path, thread, opened.pop_all())

    async def close(self) -> None:
        """Write what waits, then let go of the file. Closing twice does nothing."""
        await self._closing.aclose()

    async def keep(self, views: Sequence[MessageView]) -> None:
        """Insert or replace by message id, durably: all or none.

        Raises StorageError, Overloaded.
        """
        await self._thread.submit(_Change(keep=tuple(map(_write, views))))

    async def forget(self, ids: Sequence[MessageId]) -> None:
        """Unknown ids are ignored. Raises StorageError, Overloaded."""
        await self._thread.submit(_Change(forget=tuple((each,) for each in ids)))

    async def load(self) -> tuple[MessageView, ...]:
        """All that was kept, oldest first. Raises StorageError."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> tuple[MessageView, ...]:
        try:
            with contextlib.closing(sqlite3.connect(read_only_uri(self._path), uri=True)) as db:
                return tuple(decode_record(_AS_RECORD, body) for (body,) in db.execute(_LOAD))
        except sqlite3.Error as error:
            raise explain(error, self._path, "read") from error
        except ValueError as error:
            raise StorageError(f"{self._path} holds a damaged row: {error}") from error


_AS_RECORD: Final = cast("Any", MessageView)  # the codec works from the fields of any dataclass


def _write(view: MessageView) -> tuple[str, str]:
    try:
        return view.message.id, encode_record(cast("Any", view))
    except ValueError as error:
        raise StorageError(f"message {view.message.id} cannot be written: {error}") from error


class _Writer:
    """Holds the writing connection; lives in the thread."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path
        self._tidied = db.total_changes

    def write(self, items: Sequence[_Change]) -> Sequence[None]:
        """All changes, in their order, in one transaction."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for item in items:
                self._db.executemany(_KEEP, item.keep)
                self._db.executemany(_FORGET, item.forget)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise explain(error, self._path, "write") from error
        finally:
            roll_back(self._db)
        return [None] * len(items)

    def tidy(self) -> None:
        """Move the log back into the file now and then."""
        if self._db.total_changes - self._tidied >= _CHECKPOINT_ROWS:
            self._tidied = self._db.total_changes
            self._db.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Close the connection."""
        self._db.close()
