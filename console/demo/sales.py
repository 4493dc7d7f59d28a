"""The shop's database: products, orders, and a job that adds orders up."""

import json
import sqlite3
import time
from contextlib import closing
from typing import Any, Final

from console.demo.piece import Ground

STEADY_VERSION: Final = "1.1.0"
FAULTY_VERSION: Final = "1.2.0"
_PRODUCTS: Final = (("tea", 450), ("coffee", 890), ("cup", 1250), ("kettle", 3900))


def prepare_database(ground: Ground) -> None:
    """Tables, and four products. Orders come from visitors."""
    with closing(sqlite3.connect(ground.database)) as database, database:
        database.executescript(
            "PRAGMA journal_mode=WAL;"
            "CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price_cents INTEGER);"
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, product INTEGER, quantity INTEGER,"
            " total_cents INTEGER, created_at REAL);"
            "CREATE TABLE runs (id INTEGER PRIMARY KEY, ok INTEGER, seconds REAL,"
            " started_at REAL);"
        )
        database.executemany("INSERT INTO products (name, price_cents) VALUES (?, ?)", _PRODUCTS)
    ground.database.chmod(0o600)
    ground.version_file.write_text(FAULTY_VERSION, encoding="utf-8")
    ground.access_log.touch(mode=0o600)


def sell(database: sqlite3.Connection, product: int, quantity: int) -> dict[str, Any] | None:
    """Write an order down; None when there is no such product."""
    row = database.execute("SELECT price_cents FROM products WHERE id = ?", (product,)).fetchone()
    if row is None:
        return None
    total_cents = int(row[0]) * quantity
    done = database.execute(
        "INSERT INTO orders (product, quantity, total_cents, created_at) VALUES (?, ?, ?, ?)",
        (product, quantity, total_cents, _now_s()),
    )
    return {"id": done.lastrowid, "total_cents": total_cents}


def roll_up(ground: Ground) -> None:
    """Add the last minute's orders up into a file, and note how the run went."""
    began_s = time.perf_counter()
    with closing(sqlite3.connect(ground.database, timeout=5)) as database, database:
        count, cents = database.execute(
            "SELECT count(*), coalesce(sum(total_cents), 0) FROM orders WHERE created_at > ?",
            (_now_s() - 60,),
        ).fetchone()
        draft = ground.folder / "sales.new"
        draft.write_text(json.dumps({"orders_last_minute": count, "cents_last_minute": cents}))
        draft.replace(ground.sales_report)
        database.execute(
            "INSERT INTO runs (ok, seconds, started_at) VALUES (1, ?, ?)",
            (time.perf_counter() - began_s, _now_s()),
        )


def _now_s() -> float:
    return time.time_ns() / 1e9
