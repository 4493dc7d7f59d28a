"""From a key to its effect on a real terminal while the engine is in full flight.

`j` and `k` move through a queue of 1,000 held actions in a console that runs in tmux, 160 columns
by 45 rows, on a server of its own. The benchmark is the terminal of tmux's client: it writes the
key's byte there, reads what the client paints, and stops the time when the cursor stands before
another action than it did. So the way counts whole: terminal, tmux, console, tmux, terminal. The
same on a pseudo-terminal that the benchmark reads itself stands beside it, so that tmux's part is
seen. `_console_flood` says what is real and what is simulated.

The processor's time is the console's process alone (tmux has its own); `console_share` is without
making the events, which in the product agents do: that part is measured in the same run. Publishing
the events and counting them for the trail is in it. `at_10000_with_engine` has a real engine in the
same process besides, with its orchestrator, and real actions on its signed trail; `not_on_trail`
counts those that were answered and are not found there. The baseline for the keys is the same
console with no events.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks._load import percentile
from benchmarks._screen import Screen, open_in_tmux, open_screen

# The cursor's sign and the id behind it, whatever moves or colours between them on that row.
CURSOR = re.compile(rb"\xe2\x96\xb8(?:\x1b\[[0-9;]*[mCX]|[^\x1b\n])*?(\d{6})")
PATIENCE_S = 5.0
GAP_S = (0.06, 0.16)
GOVERNED_PER_S = 10
Open = Callable[..., Screen]


def flood(*more: str, rate: int, agents: int, report: Path) -> tuple[str, ...]:
    words = ("--rate", str(rate), "--agents", str(agents), "--report", str(report))
    return (sys.executable, "-m", "benchmarks._console_flood", *words, *more)


def wait_cursor(screen: Screen, besides: bytes) -> bytes:
    """The id of the action that the cursor stands before, once it is another."""
    end_s = time.perf_counter() + PATIENCE_S
    while not (found := [each[1] for each in CURSOR.finditer(screen.seen) if each[1] != besides]):
        screen.pump(0.005)
        if time.perf_counter() > end_s:
            raise RuntimeError(f"a key was never answered: {screen.seen[-2000:]!r}")
    return found[-1]


def press_and_wait(screen: Screen, key: str, at: bytes) -> tuple[float, bytes]:
    """Milliseconds until the cursor stood before another action than `at`, and which."""
    screen.seen = b""
    began_s = time.perf_counter()
    screen.press(key)
    at = wait_cursor(screen, at)
    return (time.perf_counter() - began_s) * 1000, at


def press_all(screen: Screen, seconds: float) -> list[float]:
    """Milliseconds from each key until the cursor was drawn elsewhere."""
    at = wait_cursor(screen, b"")
    taken: list[float] = []
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        took_ms, at = press_and_wait(screen, "jk"[len(taken) % 2], at)
        taken.append(took_ms)
        screen.settle(random.uniform(*GAP_S))  # noqa: S311 - no secret
    return taken


def drive(
    opened: Open, rate: int, agents: int, seconds: float, report: Path, *more: str
) -> dict[str, float]:
    screen = opened(*flood(*more, rate=rate, agents=agents, report=report))
    try:
        screen.wait("overview")
        screen.settle(1.5)
        screen.seen = b""
        screen.press("3")
        screen.settle(3)
        cpu_s, rss_mb, began_s = screen.cpu_s(), screen.rss_mb(), time.perf_counter()
        taken = press_all(screen, seconds)
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
        "console_share": round(cpu - told["making_share"], 3),
        "lag_ms_p99": told["lag_ms_p99"],
        "published": told["published"],
        "lost": told["published"] - told["kept"],
        "grown_mb_per_100k": round(grown_mb / max(1, rate * seconds) * 100_000, 2),
        **{name: told[name] for name in ("answered", "not_on_trail", "verified") if name in told},
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    figures: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        for way, opened in (("tmux", open_in_tmux), ("pty", open_screen)):
            figures[way] = {
                "at_0": drive(opened, 0, 500, seconds / 2, report),
                "at_1000": drive(opened, 1_000, 500, seconds, report),
                "at_10000": drive(opened, 10_000, 1_000, seconds, report),
            }
            report.unlink()
        governed = ("--governed", str(GOVERNED_PER_S))
        with_engine = drive(open_in_tmux, 10_000, 1_000, seconds, report, *governed)
        figures["tmux"]["at_10000_with_engine"] = with_engine
    tmux, pty = figures["tmux"], figures["pty"]
    print(
        json.dumps(
            {
                "benchmark": "console_keys",
                "p95_ms": tmux["at_1000"]["p95_ms"],
                "baseline_p95_ms": tmux["at_0"]["p95_ms"],
                "ratio": round(tmux["at_1000"]["p95_ms"] / tmux["at_0"]["p95_ms"], 2),
                "flood_p95_ms": tmux["at_10000"]["p95_ms"],
                "flood_cpu_share": tmux["at_10000"]["cpu_share"],
                "flood_console_share": tmux["at_10000"]["console_share"],
                "pty_p95_ms": pty["at_1000"]["p95_ms"],
                "pty_flood_p95_ms": pty["at_10000"]["p95_ms"],
                **figures,
                "baseline": "the same console and keys in tmux with no events",
            }
        )
    )


if __name__ == "__main__":
    main()
