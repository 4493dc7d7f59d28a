"""From a filter to what fits of a trail of 100,000 entries, read from its file.

    python -m benchmarks.console_trail [--entries 100000]

The screen of the trail over a real store and its reader, in a program of Textual without a
terminal; everything else of the engine is held in memory. `first` is from the filter until a row
that fits can be drawn, or until it is sure that none does; `whole` until the screen stops reading.
The baseline is a plain loop over all entries with the same filter, on entries that are in memory.
"""

import argparse
import asyncio
import json
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple, cast

from benchmarks._load import percentile, say_when_ended
from benchmarks.audit_verify import write_home
from console.app import MaestroApp
from console.screens.audit import AuditScreen
from console.view_models.audit import FIELDS, keep
from console.view_models.filters import parse_filter
from core.adapters.sqlite.reading import LedgerReads, open_to_read
from core.adapters.system import SystemClock
from core.bus import Bus
from core.records import AuditEntry, AuditQuery
from tests.console.fakes import MARIA, FakeOperator

PER_WRITE: Final = 500
PATIENCE_S: Final = 60.0
LOOK_S: Final = 0.002
QUIET_LOOKS: Final = 3
FITTING: Final = (
    "agent:coder",
    "judged",
    "shell",
    "event:action.judged",
    "0000099",
    "!agent:nobody",
    "/pytest|ruff/",
    "agent:nobody",
    "~pytst",
)
NOTHING: Final = ("nothingatall", "!judged", "/deploy.*prod/")


class Answered(NamedTuple):
    """Milliseconds from the filter."""

    first: float
    whole: float
    lags: list[float]


class Trail(FakeOperator):
    """An operator whose trail is a file's."""

    def __init__(self, bus: Bus, reads: LedgerReads) -> None:
        super().__init__(bus)
        self._reads = reads

    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        return await self._reads.read_audit(query)


async def ask(screen: AuditScreen, words: str) -> Answered:
    """Filter, and look until there is nothing more to read by itself."""
    first: float | None = None
    quiet = 0
    lags: list[float] = []
    started = time.perf_counter()
    screen.set_filter(words)
    while time.perf_counter() - started < PATIENCE_S:
        before = time.perf_counter()
        await asyncio.sleep(LOOK_S)
        now = time.perf_counter()
        lags.append((now - before - LOOK_S) * 1000)
        quiet = 0 if screen.is_reading else quiet + 1  # one read may follow upon another
        done = quiet >= QUIET_LOOKS
        if first is None and (screen.entries or done):
            first = (now - started) * 1000
        if done:
            return Answered(cast("float", first), (now - started) * 1000, lags)
    raise RuntimeError(f"{words!r} was never answered")


async def measure(home: Path) -> dict[str, list[Answered]]:
    bus = Bus()
    async with open_to_read(home / "maestro.db") as reads:
        app = MaestroApp(Trail(bus, reads), bus, SystemClock(), MARIA)
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.press("9")
            await pilot.pause(1.0)
            screen = cast("AuditScreen", app.front_screen)
            found: dict[str, list[Answered]] = {}
            for name, asked in (("fitting", FITTING), ("nothing", NOTHING)):
                found[name] = [await ask(screen, words) for words in asked]
            return found


def loop_ms(home: Path, words: str) -> float:
    """The same by going through all entries, once they are in memory."""
    with closing(sqlite3.connect(home / "maestro.db")) as db:
        rows = db.execute("SELECT seq, text, hash FROM audit").fetchall()
    entries = [AuditEntry(seq=seq, text=text, hash=digest) for seq, text, digest in rows]
    kept = parse_filter(words, FIELDS)
    started = time.process_time()
    keep(entries, kept)
    return (time.process_time() - started) * 1000


def main() -> None:
    say_when_ended()
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_home(home, entries=given.entries, per_write=PER_WRITE)
        found = asyncio.run(measure(home))
        baseline = loop_ms(home, "/deploy.*prod/")
    firsts = [each.first for each in found["fitting"]]
    lags = [lag for answers in found.values() for each in answers for lag in each.lags]
    print(
        json.dumps(
            {
                "benchmark": "console_trail",
                "entries": given.entries,
                "first_p50_ms": round(percentile(firsts, 0.5), 1),
                "first_p95_ms": round(percentile(firsts, 0.95), 1),
                "nothing_whole_ms": {
                    words: round(each.whole)
                    for words, each in zip(NOTHING, found["nothing"], strict=True)
                },
                "lag_ms_p99": round(percentile(lags, 0.99), 1),
                "baseline_ms": round(baseline),
                "ratio": round(percentile(firsts, 0.95) / baseline, 3),
                "baseline": "a loop over all entries in memory, for an expression nothing fits",
            }
        )
    )


if __name__ == "__main__":
    main()
