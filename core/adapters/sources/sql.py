"""One number out of one SELECT, read-only and within a limit."""

import asyncio
import contextlib
import importlib
import os
import sqlite3
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from core.adapters.sources.apart import Apart
from core.adapters.sources.names import Names
from core.errors import SourceFailed
from core.measures import Measured
from core.source_settings import SqlBinding

if TYPE_CHECKING:
    import asyncpg

_STEPS: Final = 1_000  # of SQLite's machine between two looks at the clock
_ALLOWED: Final = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}


def one_number(rows: "list[Any]") -> Measured:
    """The only value of the only row. Raises SourceFailed when that is not what came."""
    if not rows:
        return Measured(None, note="the query gave no row")
    if len(rows) > 1 or len(rows[0]) != 1:
        raise SourceFailed("the query gives more than one value: select one column of one row")
    value: object = rows[0][0]
    if value is None:
        return Measured(None, note="the query gave NULL")
    if isinstance(value, int | float | Decimal):
        return Measured(float(value))
    raise SourceFailed(f"the query gives {type(value).__name__}, not a number: cast it")


class SqliteGauge:
    """An SQLite file, opened read-only for each read."""

    def __init__(self, binding: SqlBinding, file: Path) -> None:
        self._binding = binding
        self._file = file
        self._apart = Apart()
        self.label: Final = f"sql {binding.file}"

    async def measure(self) -> Measured:
        """Run the query in a thread."""
        return await self._apart.run(self._read, self._binding.timeout_s + 0.5)

    async def close(self) -> None:
        """Nothing is held."""

    def _read(self) -> Measured:
        if not self._file.is_file():
            raise SourceFailed("there is no such file; correct `file`")
        deadline_s = time.monotonic() + self._binding.timeout_s
        address = f"file:{quote(str(self._file))}?mode=ro"
        try:
            with contextlib.closing(
                sqlite3.connect(address, uri=True, timeout=self._binding.timeout_s)
            ) as database:
                database.set_authorizer(_authorize)
                database.set_progress_handler(lambda: time.monotonic() > deadline_s, _STEPS)
                return one_number(database.execute(self._binding.query).fetchmany(2))
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
                raise TimeoutError from error
            if "not authorized" in str(error) or "prohibited" in str(error):
                raise SourceFailed(f"the query may only read: {error}") from error
            raise SourceFailed(f"the query fails: {error}; correct it") from error
        except OverflowError as error:
            raise SourceFailed("the number is too large") from error


def _authorize(action: int, *_rest: str | None) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


class PostgresTarget:
    """One database and one connection to it, kept while it works."""

    def __init__(self, binding: SqlBinding) -> None:
        self._address = binding.address
        self._dsn_env = binding.dsn_env
        self._password_env = binding.password_env
        self._names = Names()
        self._apart = Apart()
        self._lock = asyncio.Lock()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    @property
    def label(self) -> str:
        """Host and database, without user and password."""
        if self._dsn_env is not None:
            return f"postgres of ${self._dsn_env}"
        parts = urlsplit(self._address or "")
        return f"postgres {parts.netloc.rpartition('@')[2]}{parts.path}"

    async def read(self, query: str, timeout_s: float) -> Measured:
        """Raises SourceFailed, TimeoutError, OSError."""
        await self._apart.run(lambda: importlib.import_module("asyncpg"), timeout_s)
        import asyncpg  # noqa: PLC0415 - loaded by now

        async with self._lock:
            try:
                async with asyncio.timeout(timeout_s):
                    return await self._read(query, timeout_s)
            except asyncpg.QueryCanceledError as error:
                raise TimeoutError from error
            except asyncpg.PostgresError as error:
                raise SourceFailed(_explain(error, query)) from error
            except (
                asyncpg.InterfaceError,
                asyncpg.InternalClientError,  # a query begun just as the server hangs up
                ConnectionError,
                TimeoutError,
            ) as error:
                self._drop()
                if isinstance(error, TimeoutError | OSError):
                    raise
                raise SourceFailed(f"the connection broke: {error}") from error

    async def close(self) -> None:
        """Close the connection."""
        self._drop()

    async def _read(self, query: str, timeout_s: float) -> Measured:
        connection = await self._connect(timeout_s)
        async with connection.transaction(readonly=True):
            await connection.execute(f"SET LOCAL statement_timeout = {int(timeout_s * 1000)}")
            statement = await connection.prepare(query)
            cursor = await statement.cursor()
            rows = await cursor.fetch(2)
        return one_number(rows)

    async def _connect(self, timeout_s: float) -> "asyncpg.Connection[asyncpg.Record]":
        import asyncpg  # noqa: PLC0415 - loaded by now

        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        password = self._secret(self._password_env) if self._password_env else None
        dsn = self._secret(self._dsn_env) if self._dsn_env else self._address or ""
        try:
            host = urlsplit(dsn).hostname
            if host is not None:
                await self._names.look_up(host, timeout_s)
            self._connection = await asyncpg.connect(
                dsn,
                password=password,
                timeout=timeout_s,
                statement_cache_size=0,  # poolers in between do not keep statements
                server_settings={"application_name": "maestro-console"},
            )
        except ValueError as error:  # its text may hold the address, and that a password
            raise SourceFailed("the address is none that Postgres has; correct it") from error
        return self._connection

    def _secret(self, name: str) -> str:
        value = os.environ.get(name)
        if not value:
            raise SourceFailed(f"the variable {name} is not set; set it before the start")
        return value

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()


class PostgresGauge:
    """One query against a database that others may read too."""

    def __init__(self, binding: SqlBinding, target: PostgresTarget) -> None:
        self._binding = binding
        self._target = target
        self.label: Final = f"sql {target.label}"

    async def measure(self) -> Measured:
        """Run the query."""
        return await self._target.read(self._binding.query, self._binding.timeout_s)

    async def close(self) -> None:
        """The connection is its maker's to close: sisters may be reading over it."""


def _explain(error: Any, query: str) -> str:
    """The server's sentence, with line and column of the query where it names a place."""
    place = ""
    position = str(getattr(error, "position", None) or "")
    if position.isdecimal():
        before = query[: int(position) - 1]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        place = f" (line {line}, column {column} of the query)"
    return f"the database says: {error.args[0] if error.args else error}{place}"
