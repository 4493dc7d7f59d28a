"""How soon `maestro` is there: to its first picture, and until it shows what the engine holds.

Against an empty Textual program, started in turn with it on the same terminal. The first picture
is the overview with its keys, marked STARTING; LIVE is drawn once the engine is up and read.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks._screen import EMPTY, EMPTY_SHOWS, maestro, open_screen
from core.bootstrap import run_engine
from core.ports import Proposal
from core.records import TokenKind
from core.settings import Settings

FIRST = "STARTING"
LIVE = "LIVE"


async def fill(home: Path, actions: int) -> None:
    """A home in which so many actions were governed."""
    settings = Settings.model_validate({"gateway": {"enabled": False}})
    async with run_engine(home, settings) as engine:
        token = next(each for each in engine.tokens.list() if each.kind is TokenKind.AGENT)
        for first in range(0, actions, 100):
            await asyncio.gather(
                *(
                    engine.gate.propose(
                        Proposal(
                            agent=f"agent-{number % 50}",
                            kind="shell.execute",
                            resource="bash",
                            arguments={"command": "ls -la"},
                            purpose="benchmark",
                        ),
                        token=token,
                    )
                    for number in range(first, min(first + 100, actions))
                )
            )


def start(command: tuple[str, ...], *marks: str) -> dict[str, float]:
    """Milliseconds to each mark, and processor milliseconds to the first."""
    screen = open_screen(*command)
    try:
        taken = {marks[0]: screen.wait(marks[0])}
        taken["cpu"] = screen.cpu_s() * 1000
        taken |= {mark: screen.wait(mark) for mark in marks[1:]}
        screen.settle(0.2)
    finally:
        screen.end()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--actions", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        full, fresh = Path(folder, "full"), Path(folder, "fresh")
        asyncio.run(fill(full, given.actions))
        runs: dict[str, list[dict[str, float]]] = {"empty": [], "fresh": [], "full": []}
        for number in range(given.rounds):
            home = fresh / str(number)
            home.mkdir(parents=True)
            runs["empty"].append(start((sys.executable, "-c", EMPTY), EMPTY_SHOWS))
            runs["fresh"].append(start(tuple(maestro(home)), FIRST, LIVE))
            runs["full"].append(start(tuple(maestro(full)), FIRST, LIVE))

    def middle(kind: str, what: str) -> float:
        return round(statistics.median(each[what] for each in runs[kind]), 1)

    empty, first = middle("empty", EMPTY_SHOWS), middle("full", FIRST)
    print(
        json.dumps(
            {
                "benchmark": "console_start",
                "first_paint_ms": first,
                "baseline_ms": empty,
                "ratio": round(first / empty, 2),
                "fresh_home_first_paint_ms": middle("fresh", FIRST),
                "cpu_ms": middle("full", "cpu"),
                "baseline_cpu_ms": middle("empty", "cpu"),
                "cpu_ratio": round(middle("full", "cpu") / middle("empty", "cpu"), 2),
                "live_ms": middle("full", LIVE),
                "fresh_home_live_ms": middle("fresh", LIVE),
                "actions": given.actions,
                "rounds": given.rounds,
                "baseline": "an empty Textual program",
            }
        )
    )


if __name__ == "__main__":
    main()
