"""From a key to its effect on the terminal while the engine is in full flight.

`j` and `k` move through a queue of 1,000 held actions; the time is from writing the key into a real
pseudo-terminal until the moved cursor comes out of it. `_console_flood` says what is simulated. The
baseline for the processor is the same flood with no console listening, in the same run; for the
keys it is the same console with no flood.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks._load import percentile
from benchmarks._screen import Screen, open_screen

CURSOR = re.compile(rb"\xe2\x96\xb8(?:\x1b\[[0-9;]*m|[^\x1b])*?(\d{6})")
PATIENCE_S = 5.0
GAP_S = (0.06, 0.16)


def flood(*more: str, rate: int, agents: int, report: Path) -> tuple[str, ...]:
    words = ("--rate", str(rate), "--agents", str(agents), "--report", str(report))
    return (sys.executable, "-m", "benchmarks._console_flood", *words, *more)


def press_and_wait(screen: Screen, key: str) -> float:
    """Milliseconds until the cursor stands elsewhere."""
    screen.seen = b""
    began_s = time.perf_counter()
    screen.press(key)
    while not CURSOR.search(screen.seen):
        screen.pump(0.005)
        if time.perf_counter() - began_s > PATIENCE_S:
            raise RuntimeError("a key was never answered")
    return (time.perf_counter() - began_s) * 1000


def drive(rate: int, agents: int, seconds: float, report: Path) -> dict[str, float]:
    screen = open_screen(*flood(rate=rate, agents=agents, report=report))
    try:
        screen.wait("overview")
        screen.settle(1.5)
        screen.press("3")
        screen.settle(3)
        taken: list[float] = []
        cpu_s, rss_mb, began_s = screen.cpu_s(), screen.rss_mb(), time.perf_counter()
        while time.perf_counter() - began_s < seconds:
            taken.append(press_and_wait(screen, "jk"[len(taken) % 2]))
            screen.settle(random.uniform(*GAP_S))  # noqa: S311 - no secret
        cpu = (screen.cpu_s() - cpu_s) / (time.perf_counter() - began_s)
        grown_mb = screen.rss_mb() - rss_mb
    finally:
        screen.end()
    told = json.loads(report.read_text(encoding="ascii"))
    return {
        "p50_ms": round(percentile(taken, 0.5), 1),
        "p95_ms": round(percentile(taken, 0.95), 1),
        "keys": len(taken),
        "cpu_share": round(cpu, 3),
        "lag_ms_p99": told["lag_ms_p99"],
        "published": told["published"],
        "lost": told["published"] - told["kept"],
        "grown_mb_per_100k": round(grown_mb / max(1, rate * seconds) * 100_000, 2),
    }


def alone(rate: int, agents: int, seconds: float, report: Path) -> float:
    """Share of a core that making the events takes."""
    command = flood("--alone", str(seconds), rate=rate, agents=agents, report=report)
    code = "import resource,subprocess,sys; subprocess.run(sys.argv[1:], check=True);"
    code += "u=resource.getrusage(resource.RUSAGE_CHILDREN); print(u.ru_utime+u.ru_stime)"

    def cpu_s(*words: str) -> float:
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True
        )
        return float(done.stdout)

    loading = flood("--alone", "0.01", rate=rate, agents=agents, report=report)
    return (cpu_s(*command) - cpu_s(*loading)) / seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        calm = drive(0, 500, given.seconds / 2, report)
        busy = drive(1_000, 500, given.seconds, report)
        flooded = drive(10_000, 1_000, given.seconds, report)
        makers = alone(10_000, 1_000, min(5.0, given.seconds), report)
    print(
        json.dumps(
            {
                "benchmark": "console_keys",
                "p95_ms": busy["p95_ms"],
                "baseline_p95_ms": calm["p95_ms"],
                "ratio": round(busy["p95_ms"] / calm["p95_ms"], 2),
                "flood_p95_ms": flooded["p95_ms"],
                "flood_cpu_share": flooded["cpu_share"],
                "flood_made_by_share": round(makers, 3),
                "flood_console_share": round(flooded["cpu_share"] - makers, 3),
                "at_0": calm,
                "at_1000": busy,
                "at_10000": flooded,
                "baseline": "the same console and keys with no events",
            }
        )
    )


if __name__ == "__main__":
    main()
