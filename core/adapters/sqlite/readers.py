"""Reads through aiosqlite: one hop to a reading thread for each query."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite

from core.adapters.sqlite.errors import explain
from core.adapters.sqlite.files import read_only_uri
from core.adapters.sqlite.schema import Sql
from core.codec import decode_record, decode_records
from core.errors import StorageError
from core.records import Record

_R = TypeVar("_R", bound=Record)
_T = TypeVar("_T")
_DECODED_AT_ONCE: Final = 64  # then the event loop gets its turn


class Readers:
    """A few read-only connections to one file; a query waits while all are busy."""

    def __init__(self, path: Path, connections: Sequence[aiosqlite.Connection]) -> None:
        self._path = path
        self._connections = connections
        self._free: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        for each in connections:
            self._free.put_nowait(each)

    @classmethod
    async def open(
        cls, path: Path, *, count: int, busy_timeout_s: float, read_only: bool = False
    ) -> "Readers":
        """Connect `count` times to an existing file; with `read_only` nothing can be written, not
        even what a crash left in its log. Raises StorageError.
        """
        target = read_only_uri(path) if read_only else path
        connections: list[aiosqlite.Connection] = []
        readers = cls(path, connections)
        try:
            for _ in range(count):
                db = await aiosqlite.connect(
                    target, uri=read_only, isolation_level=None, timeout=busy_timeout_s
                )
                connections.append(db)
                await db.execute("PRAGMA query_only = ON")
                readers._free.put_nowait(db)
        except sqlite3.Error as error:
            await readers.close()
            raise explain(error, path, "open") from error
        return readers

    async def close(self) -> None:
        """End every connection and its thread."""
        for each in self._connections:
            await each.close()

    async def rows(self, sql: Sql, **values: Any) -> list[tuple[Any, ...]]:
        """All rows of one query. Raises StorageError."""
        db = await self._free.get()
        try:
            found = await db.execute_fetchall(sql.text, sql.bind(**values))
        except sqlite3.Error as error:
            raise explain(error, self._path, "read") from error
        except UnicodeEncodeError:  # a lone surrogate, which no key of a stored row can hold
            return []
        except ValueError as error:
            raise StorageError(f"cannot read {self._path}: the store is closed") from error
        finally:
            self._free.put_nowait(db)
        return [tuple(row) for row in found]

    async def records(self, kind: type[_R], sql: Sql, **values: Any) -> tuple[_R, ...]:
        """Records of one kind from a query for bodies. Raises StorageError."""
        return await self._decode(partial(decode_record, kind), sql, values)

    async def record_lists(
        self, kind: type[_R], sql: Sql, **values: Any
    ) -> tuple[tuple[_R, ...], ...]:
        """The same from bodies that hold several records each."""
        return await self._decode(partial(decode_records, kind), sql, values)

    async def _decode(
        self, decode: Callable[[str], _T], sql: Sql, values: dict[str, Any]
    ) -> tuple[_T, ...]:
        decoded: list[_T] = []
        for (body,) in await self.rows(sql, **values):
            try:
                decoded.append(decode(body))
            except ValueError as error:
                raise StorageError(f"{self._path} holds a damaged row: {error}") from error
            if len(decoded) % _DECODED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return tuple(decoded)
