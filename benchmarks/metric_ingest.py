"""What 10,000 samples a second cost: processor share, and how long the loop is held up.

    python -m benchmarks.metric_ingest [--seconds 90] [--rate 10000] [--series 1000]

Samples are observed evenly through each second, rules and trends included, and the collector stores
them in a real file; a minute and more, so that packing of a full minute is in it. Beside it a probe
sleeps a millisecond again and again: what it oversleeps is the loop's lag, measured with the load
and without. The baseline is sqlite3's own `executemany` of the same rows, a commit for each second.
Prints one JSON line.
"""

import argparse
import asyncio
import contextlib
import json
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from benchmarks._load import percentile
from core.adapters.alert_store import ALERTS_FILE, SqliteAlerts
from core.adapters.series import SERIES_FILE, SqliteSeries
from core.adapters.system import SystemClock, SystemIds
from core.bus import Bus
from core.measures import MetricSpec
from core.monitoring.alerts import AlertBook
from core.monitoring.collector import Collector
from core.monitoring.readings import MetricBook
from core.records import AuditDraft

_TICKS_PER_S: Final = 100
_PROBE_S: Final = 0.001


async def _no_audit(_draft: AuditDraft) -> None:
    """Nobody acts on alerts here."""


@contextlib.asynccontextmanager
async def probed(lags_ms: list[float]) -> AsyncIterator[None]:
    """Collect the loop's lag, in milliseconds, for the time of the block."""

    async def probe() -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(_PROBE_S)
            lags_ms.append((time.perf_counter() - started - _PROBE_S) * 1000)

    task = asyncio.create_task(probe())
    try:
        yield
    finally:
        task.cancel()


async def ingest(folder: Path, *, seconds: int, rate: int, series: int) -> dict[str, float]:
    """Processor share, and lag with and without the load."""
    clock, still, busy = SystemClock(), list[float](), list[float]()
    specs = [
        MetricSpec(agent="load", name=f"series_{each}", unit="ms", target=50.0, alert_above=1e9)
        for each in range(series)
    ]
    book = MetricBook(clock, beside=specs)
    store = await SqliteSeries.open(folder / SERIES_FILE, clock)
    kept = await SqliteAlerts.open(folder / ALERTS_FILE)
    alerts = AlertBook(store=kept, clock=clock, ids=SystemIds(), bus=Bus(), audit=_no_audit)
    running = asyncio.create_task(Collector(book, store=store, alerts=alerts, clock=clock).run())
    cpu, started = time.process_time(), time.perf_counter()
    async with probed(still):
        await asyncio.sleep(min(10, seconds))
    idle_share = (time.process_time() - cpu) / (time.perf_counter() - started)
    cpu, started, sent = time.process_time(), time.perf_counter(), 0
    async with probed(busy):
        while (elapsed := time.perf_counter() - started) < seconds:
            due = int(elapsed * rate)
            for number in range(sent, due):
                book.observe(specs[number % series].key, number % 97 / 3)
            sent = due
            await asyncio.sleep(1 / _TICKS_PER_S)
    taken = time.perf_counter() - started
    spent = time.process_time() - cpu - idle_share * taken  # what the probe takes is not the load's
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    statistics = store.statistics()
    await store.close()
    await kept.close()
    assert statistics.kept + statistics.refused == sent, "every sample is kept or counted"
    return {
        "samples_per_s": round(sent / taken),
        "cpu_share": round(spent / taken, 4),
        "cpu_us_per_sample": round(spent / sent * 1e6, 2),
        "loop_lag_ms_p99": round(percentile(busy, 0.99), 2),
        "loop_lag_ms_p99_idle": round(percentile(still, 0.99), 2),
    }


def insert_plainly(path: Path, *, rows: int, rate: int, series: int) -> float:
    """Processor time of one row through `executemany`, in microseconds."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("CREATE TABLE plain (series INTEGER, at_ms INTEGER, value REAL)")
    started = time.process_time()
    for first in range(0, rows, rate):
        db.execute("BEGIN")
        db.executemany(
            "INSERT INTO plain VALUES (?, ?, ?)",
            [(n % series, n * 1000 // rate, n % 97 / 3) for n in range(first, first + rate)],
        )
        db.execute("COMMIT")
    spent = time.process_time() - started
    db.close()
    return spent / rows * 1e6


def main() -> None:
    """Print one JSON line."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seconds", type=int, default=90)
    asked.add_argument("--rate", type=int, default=10_000)
    asked.add_argument("--series", type=int, default=1_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = asyncio.run(
            ingest(folder, seconds=given.seconds, rate=given.rate, series=given.series)
        )
        plain_us = insert_plainly(
            folder / "plain.db",
            rows=given.rate * min(given.seconds, 20),
            rate=given.rate,
            series=given.series,
        )
    print(
        json.dumps(
            {
                "benchmark": "metric_ingest",
                "series": given.series,
                **found,
                "plain_executemany_cpu_us_per_row": round(plain_us, 2),
                "ratio_to_plain": round(found["cpu_us_per_sample"] / plain_us, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
