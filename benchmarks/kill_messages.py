"""Kills a process that sends, takes and handles durable messages, again and again.

    python -m benchmarks.kill_messages [--kills 100]

The child prints a line for each message that was sent, each that an agent took, each that was
handled. After `kill -9` a new process takes up the same file. Every message that was sent has to be
handled, or there again, or among the dead letters: lost counts those that are not. Twice counts
those that an agent got more than once. Prints one JSON line; exits 1 when either is not 0.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from core.adapters.messages import SqliteMessages
from core.adapters.system import SystemClock, SystemIds
from core.bus import Bus
from core.fleet import AgentSpec, Message, MessageState
from core.ids import AgentId, MessageId
from core.orchestration.routing.service import Router

_AGENTS: Final = tuple(AgentId(f"agent-{number}") for number in range(4))
_OPEN: Final = 60  # messages that are sent and not handled
_ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class Tally:
    """What all kills together gave."""

    kills: int = 0
    acknowledged: int = 0  # lines that the children printed
    handled: int = 0
    again: int = 0  # there again after a kill
    dead: int = 0  # reported: may have run
    lost: int = 0
    twice: int = 0
    sent_ids: set[str] = field(default_factory=set[str])
    handled_ids: set[str] = field(default_factory=set[str])
    taken_ids: Counter[str] = field(default_factory=Counter[str])


async def open_router(path: Path) -> Router:
    """A router over the messages in `path`, with agents."""
    store = await SqliteMessages.open(path)
    router = Router(clock=SystemClock(), ids=SystemIds(), bus=Bus(), store=store)
    await router.restore()
    for name in _AGENTS:
        router.register(AgentSpec(name=name, role="takes messages", capacity=20))
    return router


async def work_until_killed(path: Path) -> None:
    """The child: send, take and handle for ever, and print what is acknowledged."""
    router = await open_router(path)
    clock, ids = SystemClock(), SystemIds()
    places = asyncio.Semaphore(_OPEN)

    async def send(name: AgentId) -> None:
        while True:
            message = Message(
                id=MessageId(ids.next_id()),
                sender=AgentId("sender"),
                to=name,
                type="task",
                at=clock.now(),
                correlation_id=ids.next_trace_id(),
                durable=True,
            )
            await places.acquire()
            await router.send(message)
            _acknowledge("sent", message.id)

    async def work(name: AgentId) -> None:
        while True:
            message = await router.take(name)
            _acknowledge("taken", message.id)
            await asyncio.sleep(0)
            router.done(message)
            _acknowledge("handled", message.id)
            places.release()

    await asyncio.gather(
        router.run(), *(each(name) for name in _AGENTS for each in (send, send, work))
    )


def _acknowledge(what: str, key: str) -> None:
    os.write(1, f"{what} {key}\n".encode())


def kill_once(path: Path, *, acknowledged_min: int) -> list[str]:
    """Start the child, kill it when that much is acknowledged; all that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.kill_messages", "--child", str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    ) as child:
        assert child.stdout is not None
        lines = list(itertools.islice(child.stdout, acknowledged_min))
        child.kill()
        lines.extend(child.stdout)
    if child.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the child ended by itself with {child.returncode}")
    return [line for line in lines if line.endswith("\n")]


async def check(path: Path, acknowledged: list[str], tally: Tally) -> None:
    """What the file holds after a kill, against all that was ever acknowledged."""
    for what, key in (line.split() for line in acknowledged):
        if what == "sent":
            tally.sent_ids.add(key)
        elif what == "taken":
            tally.taken_ids[key] += 1
        else:
            tally.handled_ids.add(key)
    store = await SqliteMessages.open(path)
    kept = {view.message.id: view.state for view in await store.load()}
    await store.close()
    again = {key for key, state in kept.items() if state is not MessageState.IN_WORK}
    again -= {key for key, state in kept.items() if state is MessageState.DEAD}
    tally.kills += 1
    tally.acknowledged += len(acknowledged)
    tally.handled = len(tally.handled_ids)
    tally.again += len(again)
    tally.dead = len(kept) - len(again)
    tally.lost = len(tally.sent_ids - tally.handled_ids - kept.keys())
    would_be = tally.taken_ids + Counter(again)
    tally.twice = sum(count > 1 for count in would_be.values())


def run_kills(path: Path, *, kills: int, seed: int) -> Tally:
    """Kill `kills` times over one and the same file, each time at another moment."""
    tally = Tally()
    moments = random.Random(seed)  # noqa: S311 - chooses moments, guards nothing
    for _ in range(kills):
        acknowledged = kill_once(path, acknowledged_min=moments.randint(1, 400))
        asyncio.run(check(path, acknowledged, tally))
    return tally


def main() -> None:
    """Be the child, or kill it and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        asyncio.run(work_until_killed(given.child))
    with tempfile.TemporaryDirectory() as folder:
        tally = run_kills(Path(folder) / "messages.db", kills=given.kills, seed=given.seed)
    counts = {name: value for name, value in asdict(tally).items() if not name.endswith("_ids")}
    print(json.dumps({"benchmark": "kill_messages", "seed": given.seed, **counts}))
    sys.exit(1 if tally.lost or tally.twice else 0)


if __name__ == "__main__":
    main()
