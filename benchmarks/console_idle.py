"""What the console costs while nothing happens: processor, bytes drawn, memory.

The engine is hosted in the same process, as `maestro` does, over a home whose agents are known: on
a fresh one the first steps show the host's load, which changes. The header's clock is off. The
baseline is an empty Textual program on the same terminal, at the same time of the same run.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._screen import EMPTY, EMPTY_SHOWS, Screen, maestro, open_screen
from benchmarks.console_start import fill


def rest(screen: Screen, seconds: float) -> tuple[float, float]:
    """Share of a core, and bytes a second."""
    cpu_s, drawn, started_s = screen.cpu_s(), screen.bytes_total, time.perf_counter()
    screen.settle(seconds)
    elapsed_s = time.perf_counter() - started_s
    return (screen.cpu_s() - cpu_s) / elapsed_s, (screen.bytes_total - drawn) / elapsed_s


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--actions", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(fill(Path(home), given.actions))
        console = open_screen(*maestro(Path(home)))
        empty = open_screen(sys.executable, "-c", EMPTY)
        try:
            console.wait("LIVE")
            empty.wait(EMPTY_SHOWS)
            console.settle(12)  # the first readings of every metric are news
            empty.settle(0.5)
            cpu, bytes_per_s = rest(console, given.seconds)
            empty_cpu, _ = rest(empty, given.seconds / 3)
            rss_mb, empty_rss_mb = console.rss_mb(), empty.rss_mb()
        finally:
            console.end()
            empty.end()
    print(
        json.dumps(
            {
                "benchmark": "console_idle",
                "cpu_share": round(cpu, 5),
                "baseline_cpu_share": round(empty_cpu, 5),
                "ratio": round(cpu / empty_cpu, 2) if empty_cpu else None,
                "bytes_per_s": round(bytes_per_s, 2),
                "rss_mb": round(rss_mb, 1),
                "baseline_rss_mb": round(empty_rss_mb, 1),
                "seconds": given.seconds,
                "baseline": "an empty Textual program",
            }
        )
    )


if __name__ == "__main__":
    main()
