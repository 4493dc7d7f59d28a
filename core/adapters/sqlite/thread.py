"""One SQLite file and the one thread that touches it: the loop never waits for a disk."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self, TypeVar

from core.adapters.sqlite.errors import explain
from core.adapters.sqlite.files import open_file, roll_back
from core.adapters.sqlite.migrations import Step
from core.errors import StorageError

_CHECKPOINT_PAGES: Final = 2_000  # of the log: what was rewritten meanwhile is copied once
_LOG_BYTES_MAX: Final = 8_000_000  # a log that grew beyond is cut back to this
_T = TypeVar("_T")


class FileThread:
    """Runs functions over the open file, one after the other, each in one hop."""

    def __init__(self, path: Path, db: sqlite3.Connection, executor: ThreadPoolExecutor) -> None:
        self._path = path
        self._db = db
        self._executor = executor
        self._closed = False

    @classmethod
    async def open(
        cls, path: Path, steps: tuple[Step, ...], *, busy_timeout_s: float = 5.0
    ) -> Self:
        """Open `path` for data that may lose its last moments in a power cut.

        Raises a StorageError when the file cannot be made, locked, written or migrated.
        """

        def prepare() -> sqlite3.Connection:
            db = open_file(path, steps, synchronous="NORMAL", busy_timeout_s=busy_timeout_s)
            db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            db.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES_MAX}")
            return db

        executor = ThreadPoolExecutor(1, thread_name_prefix=path.stem)
        try:
            db = await asyncio.get_running_loop().run_in_executor(executor, prepare)
        except BaseException:
            executor.shutdown(wait=False)
            raise
        return cls(path, db, executor)

    async def read(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        """What `act` finds. Raises StorageError."""
        return await self._run(act, "read")

    async def write(
        self,
        act: Callable[[sqlite3.Connection], _T],
        *,
        then: Callable[[_T], None] = lambda _: None,
    ) -> _T:
        """What `act` returns, after its transaction; a failure undoes it. Raises StorageError.

        `then` is told once it is written, in the file's thread: whoever asked for it may have been
        cancelled meanwhile.
        """

        def whole(db: sqlite3.Connection) -> _T:
            db.execute("BEGIN IMMEDIATE")
            found = act(db)
            db.execute("COMMIT")
            then(found)
            return found

        return await self._run(whole, "write")

    async def close(self) -> None:
        """Close after what is under way; a second time is harmless."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._executor, self._db.close)
            self._executor.shutdown(wait=False)

    async def _run(self, act: Callable[[sqlite3.Connection], _T], doing: str) -> _T:
        if self._closed:
            raise StorageError(f"cannot {doing} {self._path}: it is closed")

        def guarded() -> _T:
            try:
                return act(self._db)
            except sqlite3.Error as error:
                raise explain(error, self._path, doing) from error
            finally:
                roll_back(self._db)

        return await asyncio.get_running_loop().run_in_executor(self._executor, guarded)
