"""Memory and disk of 1,000 series at 1 Hz over a day, replayed as fast as it goes.

    python -m benchmarks.metric_memory [--hours 24] [--series 1000]

A clock that only the replay moves goes through the day second by second: every series is observed
through the metric book, as a source would be, and batches go to a real file as in the collector.
Values are random walks, so nothing about them is easy to keep. Prints one JSON line: growth of the
process's memory after the first hour, and the file against the bound that docs/metrics.md states.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import psutil

from core.adapters.series import SERIES_FILE, SqliteSeries, bytes_max
from core.measures import MetricSpec
from core.monitoring.readings import MetricBook

_BATCH_S: Final = 10  # seconds of samples that go to the store at once


class ReplayClock:
    """Time as the replay tells it."""

    def __init__(self) -> None:
        self._start = self._now = datetime(2026, 11, 21, tzinfo=UTC)
        self.elapsed_s = 0.0

    def move_to(self, elapsed_s: float) -> None:
        """Seconds since the start of the replay."""
        self.elapsed_s = elapsed_s
        self._now = self._start + timedelta(seconds=elapsed_s)

    def now(self) -> datetime:
        """The instant of the replay."""
        return self._now

    def monotonic_s(self) -> float:
        """Seconds since the start of the replay."""
        return self.elapsed_s

    async def sleep(self, seconds: float) -> None:
        """Nothing sleeps in a replay."""
        self.move_to(self.elapsed_s + seconds)


def file_bytes(path: Path) -> int:
    """Size of the file without its log."""
    return path.stat().st_size


async def replay(path: Path, *, hours: float, series: int) -> dict[str, object]:
    """Go through the hours; figures of memory, disk and time."""
    clock = ReplayClock()
    specs = [
        MetricSpec(agent="load", name=f"series_{each}", unit="ms", target=50.0, alert_above=1e9)
        for each in range(series)
    ]
    book = MetricBook(clock, beside=specs)
    store = await SqliteSeries.open(path, clock)
    own, keys = psutil.Process(), [spec.key for spec in specs]
    values = [random.uniform(0, 100) for _ in keys]  # noqa: S311 - load, not a secret
    seconds, first_hour, after_hour, peak = round(hours * 3_600), 3_600, 0, 0
    started, cpu = time.perf_counter(), time.process_time()
    for second in range(1, seconds + 1):
        clock.move_to(float(second))
        for place, key in enumerate(keys):
            values[place] += random.random() - 0.5  # noqa: S311
            book.observe(key, values[place])
        if second % _BATCH_S == 0:
            samples, _ = book.take_pending()
            await store.add(samples)
        if second == min(first_hour, seconds // 2):
            after_hour = own.memory_info().rss
        if second % 60 == 0:
            peak = max(peak, own.memory_info().rss)
    taken_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    statistics = store.statistics()
    await store.close()
    size = file_bytes(path)
    bound = bytes_max(series=series, samples_per_s=float(series), days=hours / 24)
    return {
        "benchmark": "metric_memory",
        "hours": hours,
        "series": series,
        "samples": statistics.kept,
        "refused": statistics.refused,
        "dropped": book.statistics().dropped,
        "rss_after_first_hour_mb": round(after_hour / 1e6, 1),
        "rss_peak_mb": round(peak / 1e6, 1),
        "rss_growth_mb": round((peak - after_hour) / 1e6, 1),
        "rss_growth_mb_max": 50,
        "file_bytes": size,
        "file_bytes_bound": bound,
        "file_to_bound": round(size / bound, 3),
        "file_bytes_per_sample": round(size / max(1, statistics.kept), 1),
        "wall_s": round(taken_s, 1),
        "cpu_us_per_sample": round(cpu_s / max(1, statistics.kept) * 1e6, 2),
    }


def main() -> None:
    """Print one JSON line."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--hours", type=float, default=24.0)
    asked.add_argument("--series", type=int, default=1_000)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / SERIES_FILE
        print(json.dumps(asyncio.run(replay(path, hours=given.hours, series=given.series))))


if __name__ == "__main__":
    main()
