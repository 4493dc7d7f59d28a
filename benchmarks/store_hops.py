"""What a thread hop for each statement costs, against one hop for all (docs/adr/0002).

    python -m benchmarks.store_hops

The statements of one unit, with fsync off so that only processor time counts: each awaited
through aiosqlite, and all of them in one call to a thread. Prints one JSON line.
"""

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import aiosqlite

_UNITS: Final = 2_000
_ROW: Final = "x" * 800
_STATEMENTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("BEGIN IMMEDIATE", ()),
    ("SAVEPOINT unit", ()),
    *((("INSERT INTO kept (body) VALUES (?)", (_ROW,)),) * 3),
    ("RELEASE unit", ()),
    ("COMMIT", ()),
)
_READ: Final = "SELECT body FROM kept WHERE id = ?"


async def _cpu_us(act: Callable[[], Awaitable[object]]) -> float:
    """Mean processor time of one call, in all threads."""
    started = time.process_time()
    for _ in range(_UNITS):
        await act()
    return round((time.process_time() - started) / _UNITS * 1_000_000, 1)


async def run(path: Path) -> dict[str, object]:
    """Both ways over one file."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("CREATE TABLE kept (id INTEGER PRIMARY KEY, body TEXT)")

    def write_all() -> None:
        for sql, row in _STATEMENTS:
            db.execute(sql, row)

    async with aiosqlite.connect(path, isolation_level=None) as hopping:
        await hopping.execute("PRAGMA synchronous = OFF")

        async def write_hopping() -> None:
            for sql, row in _STATEMENTS:
                await hopping.execute(sql, row)

        hops_us = await _cpu_us(write_hopping)
        one_us = await _cpu_us(lambda: asyncio.to_thread(write_all))
        read_us = await _cpu_us(lambda: hopping.execute_fetchall(_READ, (1,)))
    db.close()
    return {
        "benchmark": "store_hops",
        "statements": len(_STATEMENTS),
        "write_hop_each_cpu_us": hops_us,
        "write_one_hop_cpu_us": one_us,
        "ratio": round(hops_us / one_us, 1),
        "read_one_hop_cpu_us": read_us,
    }


def main() -> None:
    """Print one JSON line."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(asyncio.run(run(Path(folder) / "hops.db"))))


if __name__ == "__main__":
    main()
