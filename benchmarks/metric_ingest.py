"""What 10,000 samples a second cost: processor share, the loop's lag, and what keys take beside it.

    python -m benchmarks.metric_ingest [--seconds 90] [--rate 10000] [--series 1000]
        [--key-seconds 120]

Samples are observed evenly through each second, rules and trends included, and the collector stores
them in a real file; a minute and more, so that packing of a full minute is in it. Beside it a probe
sleeps a millisecond again and again: what it oversleeps is the loop's lag, measured with the load
and without.

Then the same in a console's process, on a real pseudo-terminal (`_console_ingest`): the time from a
key to the picture of its effect, by turns with and without samples coming in, so that both meet the
same machine. The baseline is sqlite3's own `executemany` of the same rows, a commit each second.
Prints one JSON line.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from benchmarks._console_ingest import make_specs, no_audit
from benchmarks._load import percentile
from benchmarks._screen import open_screen
from benchmarks.console_keys import GAP_S, press_and_wait, wait_cursor
from core.adapters.alert_store import ALERTS_FILE, SqliteAlerts
from core.adapters.series import SERIES_FILE, SqliteSeries
from core.adapters.system import SystemClock, SystemIds
from core.bus import Bus
from core.monitoring.alerts import AlertBook
from core.monitoring.collector import Collector
from core.monitoring.readings import MetricBook

_TICKS_PER_S: Final = 100
_PROBE_S: Final = 0.001
_TURN_S: Final = 10.0  # with samples, then so long without
_SETTLE_S: Final = 1.5


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
    specs = make_specs(series)
    book = MetricBook(clock, beside=specs)
    store = await SqliteSeries.open(folder / SERIES_FILE, clock)
    kept = await SqliteAlerts.open(folder / ALERTS_FILE)
    alerts = AlertBook(store=kept, clock=clock, ids=SystemIds(), bus=Bus(), audit=no_audit)
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


def time_keys(report: Path, *, seconds: float, rate: int, series: int) -> dict[str, object]:
    """Milliseconds from a key to its picture, by turns without and with samples coming in."""
    words = ("--rate", str(rate), "--series", str(series), "--report", str(report))
    screen = open_screen(sys.executable, "-m", "benchmarks._console_ingest", *words)
    taken: tuple[list[float], list[float]] = ([], [])
    cpu_s, spent_s = [0.0, 0.0], [0.0, 0.0]
    try:
        screen.wait("overview")
        screen.settle(_SETTLE_S)
        screen.seen = b""
        screen.press("3")
        screen.settle(2 * _SETTLE_S)
        at = wait_cursor(screen, b"")
        for turn in range(2 * max(1, round(seconds / (2 * _TURN_S)))):
            which = turn % 2
            screen.settle(_SETTLE_S)
            cpu_before_s, began_s = screen.cpu_s(), time.perf_counter()
            while time.perf_counter() - began_s < _TURN_S:
                keys = len(taken[0]) + len(taken[1])
                took_ms, at = press_and_wait(screen, "jk"[keys % 2], at)
                taken[which].append(took_ms)
                screen.settle(random.uniform(*GAP_S))  # noqa: S311 - no secret
            cpu_s[which] += screen.cpu_s() - cpu_before_s
            spent_s[which] += time.perf_counter() - began_s
            os.kill(screen.pid, signal.SIGUSR1)
    finally:
        screen.end()
    told = json.loads(report.read_text(encoding="ascii"))
    still, fed = (
        {
            "keys": len(each),
            "p50_ms": round(percentile(each, 0.5), 1),
            "p99_ms": round(percentile(each, 0.99), 1),
            "cpu_share": round(cpu / spent, 3),
        }
        for each, cpu, spent in zip(taken, cpu_s, spent_s, strict=True)
    )
    return {
        "key_to_paint": fed,
        "key_to_paint_without": still,
        "key_to_paint_p50_ratio": round(fed["p50_ms"] / still["p50_ms"], 2),
        "key_to_paint_p99_ratio": round(fed["p99_ms"] / still["p99_ms"], 2),
        "key_to_paint_samples_per_s": round(told["samples"] / told["seconds"]),
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
    asked.add_argument("--key-seconds", type=float, default=120.0)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = asyncio.run(
            ingest(folder, seconds=given.seconds, rate=given.rate, series=given.series)
        )
        keys = time_keys(
            folder / "keys.json", seconds=given.key_seconds, rate=given.rate, series=given.series
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
                **keys,
                "plain_executemany_cpu_us_per_row": round(plain_us, 2),
                "ratio_to_plain": round(found["cpu_us_per_sample"] / plain_us, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
