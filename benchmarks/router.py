"""Messages a second through the router, beside a bare queue and beside autogen-core's runtime.

    python -m benchmarks.router

A message's way is send, mailbox, take, done, with 1,000 agents registered and the router's loop
running. The bare queue is an `asyncio.PriorityQueue` that carries the same objects in the same
bursts of 50. Two ways of using them: `calls` never waits (put_nowait and get_nowait; send_nowait,
take_nowait, done), `tasks` has one task that sends and one that awaits each message. `figure` is
the way in which the router compares worse. All rates are per second of processor time, the best of
several rounds in turn, so that a busy machine is busy for all.

`us_by_agents` is the cost of a message that is addressed to one agent after another, and of one
that any agent with a capability may take, where all agents have it; in bursts of 10, so that a
burst meets as many different agents in each size. `waiting_cpu_share` is the share of one core that
is used while 1,000 messages wait and none is due.

The peer runs in an environment of its own: `.venv-oracles/bin/python` in the repository root, or
`MAESTRO_ORACLES_PYTHON`. Without it the JSON says "peer": null and why.
"""

import asyncio
import gc
import json
import os
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import process_time
from typing import Final

from core.adapters.system import SystemClock, SystemIds
from core.bus import Bus
from core.fleet import AgentSpec, Message
from core.ids import AgentId, MessageId
from core.orchestration.routing.service import Router

_MESSAGES: Final = 20_000
_BURST: Final = 50
_ROUNDS: Final = 7
_SIZES: Final = (10, 100, 1000)
_WAITING: Final = 1000
_IDLE_S: Final = 3.0
_PEER_S_MAX: Final = 120

Queue = asyncio.PriorityQueue[tuple[int, int, Message]]


def make_router(agents: int) -> Router:
    """A router with so many agents, all of them able to do the same."""
    router = Router(clock=SystemClock(), ids=SystemIds(), bus=Bus())
    for number in range(agents):
        name = AgentId(f"agent-{number}")
        router.register(AgentSpec(name=name, role="takes messages", capabilities=("work",)))
    return router


def make_messages(agents: int, *, capability: str = "") -> list[Message]:
    """To one agent after another, or to whoever has the capability."""
    clock, ids = SystemClock(), SystemIds()
    return [
        Message(
            id=MessageId(ids.next_id()),
            sender=AgentId("sender"),
            to=AgentId("" if capability else f"agent-{number % agents}"),
            type="task",
            payload={"n": number},
            priority=1 + number * 7 % 10,
            at=clock.now(),
            correlation_id=ids.next_trace_id(),
            capability=capability,
        )
        for number in range(_MESSAGES)
    ]


def call_router(
    router: Router, messages: list[Message], names: list[AgentId], *, burst: int = _BURST
) -> None:
    """Send a burst, take and finish it from those who have it."""
    for start in range(0, len(messages), burst):
        for message in messages[start : start + burst]:
            router.send_nowait(message)
        for name in names[start : start + burst]:
            taken = router.take_nowait(name)
            assert taken is not None
            router.done(taken)


def call_queue(queue: Queue, messages: list[Message]) -> None:
    """Put a burst, get it."""
    for start in range(0, len(messages), _BURST):
        for number, message in enumerate(messages[start : start + _BURST], start):
            queue.put_nowait((-message.priority, number, message))
        for _ in range(_BURST):
            queue.get_nowait()


async def task_router(router: Router, messages: list[Message], name: AgentId) -> None:
    """One task sends, one awaits each message."""

    async def send() -> None:
        for start in range(0, len(messages), _BURST):
            for message in messages[start : start + _BURST]:
                router.send_nowait(message)
            await asyncio.sleep(0)

    async def work() -> None:
        for _ in messages:
            router.done(await router.take(name))

    await asyncio.gather(send(), work())


async def task_queue(queue: Queue, messages: list[Message]) -> None:
    """The same over the bare queue."""

    async def send() -> None:
        for start in range(0, len(messages), _BURST):
            for number, message in enumerate(messages[start : start + _BURST], start):
                queue.put_nowait((-message.priority, number, message))
            await asyncio.sleep(0)

    async def work() -> None:
        for _ in messages:
            await queue.get()

    await asyncio.gather(send(), work())


def set_aside() -> None:
    """What was made beforehand is not to be looked at by the collector while others are timed."""
    gc.collect()
    gc.freeze()


async def measure_rates() -> dict[str, dict[str, float]]:
    """Messages a second by the way of using them: the router's, the queue's, their ratio."""
    router, queue = make_router(1000), Queue()
    service = asyncio.ensure_future(router.run())
    messages = make_messages(1)
    name = messages[0].to
    set_aside()

    async def call(act: Callable[[], None]) -> None:
        act()

    ways: dict[str, Callable[[], Awaitable[None]]] = {
        "calls router": lambda: call(lambda: call_router(router, messages, [name] * _MESSAGES)),
        "calls queue": lambda: call(lambda: call_queue(queue, messages)),
        "tasks router": lambda: task_router(router, messages, name),
        "tasks queue": lambda: task_queue(queue, messages),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(_ROUNDS):
        for way, go in ways.items():
            started = process_time()
            await go()
            best[way] = min(best[way], process_time() - started)
    service.cancel()
    rates = {way: _MESSAGES / spent for way, spent in best.items()}
    return {
        kind: {
            "router": round(rates[f"{kind} router"]),
            "queue": round(rates[f"{kind} queue"]),
            "ratio": round(rates[f"{kind} router"] / rates[f"{kind} queue"], 3),
        }
        for kind in ("calls", "tasks")
    }


def spread(agents: int) -> list[AgentId]:
    """Who gets a burst by capability: the first of all idle agents by name, one after another."""
    names = sorted(f"agent-{number}" for number in range(agents))
    return [AgentId(names[number % _SIZES[0]]) for number in range(_MESSAGES)]


def measure_sizes() -> dict[str, dict[str, float]]:
    """Microseconds a message by the number of agents."""
    runs = {
        agents: (
            make_router(agents),
            (make_messages(agents), [each.to for each in make_messages(agents)]),
            (make_messages(agents, capability="work"), spread(agents)),
        )
        for agents in _SIZES
    }
    set_aside()
    best: dict[str, dict[str, float]] = {"addressed": {}, "by capability": {}}
    for _ in range(_ROUNDS):
        for agents, (router, *kinds) in runs.items():
            for spent, (messages, names) in zip(best.values(), kinds, strict=True):
                started = process_time()
                call_router(router, messages, names, burst=_SIZES[0])
                cost_us = (process_time() - started) / _MESSAGES * 1e6
                spent[str(agents)] = min(spent.get(str(agents), cost_us), cost_us)
    return {
        kind: {size: round(cost, 2) for size, cost in spent.items()} for kind, spent in best.items()
    }


async def measure_waiting() -> float:
    """Share of one core while messages wait for an agent that is not there."""
    router = make_router(1000)
    service = asyncio.ensure_future(router.run())
    for message in make_messages(1, capability="rest")[:_WAITING]:
        router.send_nowait(message)
    await asyncio.sleep(0.1)
    started = process_time()
    await asyncio.sleep(_IDLE_S)
    spent = process_time() - started
    assert router.statistics().waiting == _WAITING
    service.cancel()
    return round(spent / _IDLE_S, 5)


def run_peer() -> tuple[dict[str, float] | None, str]:
    """The peer's rates in its own environment, or why there are none."""
    given = os.environ.get("MAESTRO_ORACLES_PYTHON")
    python = Path(given or Path(__file__).parents[1] / ".venv-oracles" / "bin" / "python")
    if not python.exists():
        return None, f"no interpreter at {given or '.venv-oracles/bin/python'}"
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("_autogen_router.py"))],
        capture_output=True,
        text=True,
        timeout=_PEER_S_MAX,
        check=False,
    )
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["it failed without a word"])[-1]
    rates: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return rates, ""


def main() -> None:
    """Print one JSON line."""
    rates = asyncio.run(measure_rates())
    worse = min(rates.values(), key=lambda each: each["ratio"])
    costs = measure_sizes()
    peer, why = run_peer()
    report = {
        "benchmark": "router",
        "unit": "messages/s of processor time",
        "figure": worse["router"],
        "baseline": worse["queue"],
        "baseline_name": "asyncio.PriorityQueue with the same objects",
        "ratio": worse["ratio"],
        "ways": rates,
        "peer": peer and max(peer.values()),
        "peer_name": "autogen-core SingleThreadedAgentRuntime, its quickest way of sending",
        "peer_ways": peer,
        "peer_missing": why or None,
        "peer_ratio": peer and round(worse["router"] / max(peer.values()), 1),
        "us_by_agents": costs,
        "flatness": {kind: round(us["1000"] / us["10"], 2) for kind, us in costs.items()},
        "waiting_cpu_share": asyncio.run(measure_waiting()),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
