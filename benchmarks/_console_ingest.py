"""A console beside the collector of metrics, for `metric_ingest`: run as a program on a terminal.

Real: the console whole, its bus, the book of readings, rules and alerts, and the collector that
stores into a file. Simulated: the engine's queue, held in memory, and where the samples come from:
one task that observes RATE of them a second, evenly. SIGUSR1 starts and stops that task.
"""

import argparse
import asyncio
import gc
import json
import signal
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks._console_flood import hold_many
from console.app import MaestroApp
from core.adapters.alert_store import ALERTS_FILE, SqliteAlerts
from core.adapters.series import SERIES_FILE, SqliteSeries
from core.adapters.system import SystemClock, SystemIds
from core.bus import Bus
from core.measures import MetricSpec
from core.monitoring.alerts import AlertBook
from core.monitoring.collector import Collector
from core.monitoring.readings import MetricBook
from core.records import AuditDraft
from tests.console.fakes import MARIA, FakeOperator

TICK_S: Final = 0.01


async def no_audit(_draft: AuditDraft) -> None:
    """Nobody acts on alerts here."""


def make_specs(series: int) -> list[MetricSpec]:
    """Series whose samples are looked at by a rule each."""
    return [
        MetricSpec(agent="load", name=f"series_{each}", unit="ms", target=50.0, alert_above=1e9)
        for each in range(series)
    ]


class Feed:
    """Observes samples at a rate, while it is on."""

    def __init__(self, book: MetricBook, specs: list[MetricSpec], rate: int) -> None:
        self._book = book
        self._keys = [each.key for each in specs]
        self._rate = rate
        self._on = False
        self.sent = 0
        self.on_s = 0.0

    def turn(self) -> None:
        """On or off."""
        self._on = not self._on

    async def run(self) -> None:
        """Until cancelled; what a late tick left over comes with the next one."""
        before_s = time.perf_counter()
        while True:
            await asyncio.sleep(TICK_S)
            now_s = time.perf_counter()
            if self._on:
                self.on_s += now_s - before_s
                for number in range(self.sent, int(self.on_s * self._rate)):
                    self._book.observe(self._keys[number % len(self._keys)], number % 97 / 3)
                    self.sent += 1
            before_s = now_s


async def run(given: argparse.Namespace, folder: Path) -> dict[str, float]:
    clock, bus, specs = SystemClock(), Bus(), make_specs(given.series)
    book = MetricBook(clock, beside=specs)
    store = await SqliteSeries.open(folder / SERIES_FILE, clock)
    kept = await SqliteAlerts.open(folder / ALERTS_FILE)
    alerts = AlertBook(store=kept, clock=clock, ids=SystemIds(), bus=bus, audit=no_audit)
    feed = Feed(book, specs, given.rate)
    collector = Collector(book, store=store, alerts=alerts, clock=clock)
    beside = [asyncio.create_task(collector.run()), asyncio.create_task(feed.run())]
    await show(bus, feed)
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    statistics = store.statistics()
    await store.close()
    await kept.close()
    assert statistics.kept + statistics.refused == feed.sent, "every sample is kept or counted"
    return {"samples": feed.sent, "seconds": feed.on_s, "refused": statistics.refused}


async def show(bus: Bus, feed: Feed) -> None:
    """Until it is told to leave."""
    operator = FakeOperator(bus)
    hold_many(operator, 1_000)
    app = MaestroApp(operator, bus, SystemClock(), MARIA)
    gc.collect()
    gc.freeze()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, app.exit)
    loop.add_signal_handler(signal.SIGUSR1, feed.turn)
    await app.run_async()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, required=True)
    parser.add_argument("--series", type=int, required=True)
    parser.add_argument("--report", required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        told = asyncio.run(run(given, Path(name)))
    Path(given.report).write_text(json.dumps(told), encoding="ascii")


if __name__ == "__main__":
    main()
