"""Kill hosted agents at random moments, 1,000 times: each recovers, or is in error by its budget.

Four ways to die: its work raises, hangs, cancels itself, or its task is cancelled from outside. A
stream of messages goes on meanwhile; each of them must end handled or dead, and none in between.
Beside it, in the same run: a bare loop that catches, waits the same back-off and goes on.
"""

import argparse
import asyncio
import json
import os
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from statistics import fmean

from benchmarks._load import percentile
from core.actions import JsonObject
from core.adapters.system import SystemClock, SystemIds
from core.bus import Bus
from core.commands import AgentChange
from core.errors import MaestroError
from core.events import CoreEvent, ServiceFailed
from core.fleet import AgentSpec, AgentStatus, Message
from core.fleet_ports import AgentContext, AgentWork
from core.ids import AgentId, MessageId
from core.orchestration.degradation import Degradation
from core.orchestration.fleet_view import Fleet
from core.orchestration.health.service import HealthMonitor
from core.orchestration.hosted import HostLimits
from core.orchestration.registry import AgentRegistry
from core.orchestration.routing.service import Router
from core.orchestration.runtime import AgentRuntime
from core.supervisor import Supervisor

WAYS = ("raise", "hang", "cancel itself", "cancelled from outside")
RESTARTS_MAX = 5
PERIOD_S = 60.0
HANG_S = 0.2
BAR_S = 1.0
KILLER = AgentId("killer")


class Mortal:
    """Work that dies as it is told."""

    async def handle(self, message: Message, context: AgentContext) -> JsonObject | None:  # noqa: ARG002
        match message.type:
            case "raise":
                raise RuntimeError("killed")
            case "hang":
                await asyncio.Event().wait()
            case "cancel itself":
                task = asyncio.current_task()
                if task is not None:
                    task.cancel()
            case _:
                pass
        await asyncio.sleep(0)
        return None

    async def tick(self, context: AgentContext) -> None: ...


class Silence:
    """Alerts that nobody looks at."""

    async def raise_alert(self, cause: str, **_: object) -> None: ...
    async def resolve(self, cause: str) -> None: ...


class Stage:
    """Agents on the real clock, wired as the program wires them."""

    def __init__(self, count: int, *, pulse_s: float, every_s: float | None = None) -> None:
        self.clock, self.ids, bus = SystemClock(), SystemIds(), Bus()
        self.failures: dict[AgentId, deque[ServiceFailed]] = {}
        self.router = Router(clock=self.clock, ids=self.ids, bus=bus)
        self.registry = AgentRegistry(clock=self.clock, publish=bus.publish)
        self.supervisor = Supervisor(
            clock=self.clock, report=bus.publish, restarts_max=RESTARTS_MAX, period_s=PERIOD_S
        )
        work: AgentWork = Mortal()
        self.names = [AgentId(f"mortal-{number}") for number in range(count)]
        self.failures = {name: deque() for name in self.names}
        self.runtime = AgentRuntime(
            [(AgentSpec(name=name, role="dies", every_s=every_s), work) for name in self.names],
            make_context=lambda _: NOTHING,
            mailroom=self.router,
            registry=self.registry,
            clock=self.clock,
            restart=self.supervisor.restart,
            limits=HostLimits(work_timeout_s=HANG_S),
            pulse_s=pulse_s,
        )
        self.health = HealthMonitor(self.registry, self.runtime, alerts=Silence(), clock=self.clock)
        self.degradation = Degradation(clock=self.clock, publish=bus.publish)
        for hear in (self.health.hear, self.degradation.hear, self._hear):
            bus.listen(hear)
        self.fleet = Fleet(self.registry, self.runtime)

    async def start(self) -> None:
        await self.supervisor.start(
            [
                self.router,
                self.runtime,
                self.health,
                self.degradation,
                *self.runtime.services,
            ]
        )

    def message(self, name: AgentId, kind: str, priority: int = 5) -> Message:
        return Message(
            id=MessageId(self.ids.next_id()),
            sender=KILLER,
            to=name,
            type=kind,
            priority=priority,
            at=self.clock.now(),
            correlation_id=self.ids.next_trace_id(),
        )

    def _hear(self, event: CoreEvent) -> None:
        if isinstance(event, ServiceFailed):
            name = AgentId(event.service.removeprefix("agent:"))
            if name in self.failures:
                self.failures[name].append(event)


class _Nothing:
    """These agents touch nothing."""


NOTHING: AgentContext = _Nothing()  # type: ignore[assignment]


class Toll:
    """What came of the kills."""

    def __init__(self, kills: int) -> None:
        self.left = kills
        self.ways: Counter[str] = Counter()
        self.recovered = 0
        self.in_error = 0
        self.wrong: list[str] = []
        self.after_backoff_s: list[float] = []


async def until(holds: Callable[[], bool], limit_s: float = 30.0) -> bool:
    """Whether it came true in time."""
    ends_s = time.perf_counter() + limit_s
    while not holds():
        if time.perf_counter() > ends_s:
            return False
        await asyncio.sleep(0.001)
    return True


async def hunt(stage: Stage, name: AgentId, toll: Toll, dice: random.Random) -> None:
    """Kill this agent again and again, and hold what follows against its budget."""
    died_s: deque[float] = deque(maxlen=RESTARTS_MAX + 1)
    while toll.left > 0:
        toll.left -= 1
        await asyncio.sleep(dice.random() * 0.05)
        way = dice.choice(WAYS)
        toll.ways[way] += 1
        stage.failures[name].clear()
        if way == WAYS[-1]:
            for task in asyncio.all_tasks():
                if task.get_name() == f"agent:{name}" and "run" in repr(task.get_coro()):
                    task.cancel()
        else:
            await stage.router.send(stage.message(name, way, priority=10))
        if not await until(lambda: bool(stage.failures[name])):
            toll.wrong.append(f"{name}: {way}: nobody noticed")
            continue
        seen_s = time.perf_counter()
        died_s.append(seen_s)
        spent = len(died_s) > RESTARTS_MAX and died_s[-1] - died_s[0] <= PERIOD_S
        if stage.failures[name][0].restarting is spent:
            toll.wrong.append(f"{name}: {way}: against its budget after {len(died_s)} failures")
        if spent:
            toll.in_error += stage.fleet.state(name).status is AgentStatus.ERROR
            await stage.fleet.control(name, AgentChange.RESTART)
            died_s.clear()
        answered = await ask(stage, name)
        if answered is None:
            toll.wrong.append(f"{name}: {way}: it never came back")
        elif not spent:
            toll.recovered += 1
            backoff_s = 0.1 * 2 ** (len(died_s) - 1)
            toll.after_backoff_s.append(answered - seen_s - backoff_s)


async def ask(stage: Stage, name: AgentId) -> float | None:
    """When the agent answered, or None."""
    try:
        await stage.router.ask(stage.message(name, "ping", priority=10), 20.0)
    except MaestroError:
        return None
    return time.perf_counter()


async def chatter(stage: Stage, dice: random.Random) -> None:
    """Messages that have nothing to do with the killing."""
    while True:
        await stage.router.send(stage.message(dice.choice(stage.names), "work"))
        await asyncio.sleep(0.002)


async def bare_recovery_s(kills: int) -> float:
    """Mean recovery after back-off of a loop that catches, sleeps and goes on."""
    taken: list[float] = []

    async def live(count: int) -> None:
        for number in range(count):
            backoff_s = 0.1 * 2 ** (number % RESTARTS_MAX)
            try:
                raise RuntimeError("killed")  # noqa: TRY301 - the loop measured
            except RuntimeError:
                died_s = time.perf_counter()
                await asyncio.sleep(backoff_s)
            taken.append(time.perf_counter() - died_s - backoff_s)

    async with asyncio.TaskGroup() as group:
        for _ in range(max(1, kills // 10)):
            group.create_task(live(5))
    return fmean(taken)


async def idle_cpu_share(seconds: float) -> float:
    """CPU of ten idle agents with everything that watches them, as a share of one core."""
    stage = Stage(10, pulse_s=1.0)
    await stage.start()
    before_s, started_s = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    share = (time.process_time() - before_s) / (time.perf_counter() - started_s)
    await stage.supervisor.stop()
    return share


async def measure(kills: int, agents: int, seed: int, idle_s: float) -> dict[str, object]:
    """Everything, in one run."""
    idle = await idle_cpu_share(idle_s)
    bare = await bare_recovery_s(min(kills, 200))
    stage, toll, dice = Stage(agents, pulse_s=0.05), Toll(kills), random.Random(seed)  # noqa: S311
    await stage.start()
    talking = asyncio.create_task(chatter(stage, random.Random(seed + 1)))  # noqa: S311
    async with asyncio.TaskGroup() as group:
        for number, name in enumerate(stage.names):
            group.create_task(
                hunt(stage, name, toll, random.Random(f"{seed}-{number}-{dice.random()}"))  # noqa: S311
            )
    talking.cancel()
    counts = stage.router.statistics
    settled = await until(lambda: counts().waiting + counts().queued + counts().in_work == 0)
    end = counts()
    await stage.supervisor.stop()
    mean = fmean(toll.after_backoff_s)
    return {
        "benchmark": "supervision",
        "kills": kills,
        "agents": agents,
        "ways": dict(toll.ways),
        "recovered": toll.recovered,
        "in_error_by_budget": toll.in_error,
        "wrong": toll.wrong[:5],
        "wrong_count": len(toll.wrong),
        "recovery_after_backoff_s": {
            "mean": round(mean, 4),
            "p95": round(percentile(toll.after_backoff_s, 0.95), 4),
            "max": round(max(toll.after_backoff_s), 4),
        },
        "bar_mean_s": BAR_S,
        "baseline_bare_loop_mean_s": round(bare, 4),
        "ratio_to_baseline": round(mean / bare, 2),
        "messages": {
            "sent": end.sent,
            "handled": end.handled,
            "dead": end.dead,
            "lost": end.sent - end.handled - end.dead if settled else "some never ended",
        },
        "idle_cpu_share_10_agents": round(idle, 5),
        "idle_measured_s": idle_s,
        "cpus": os.cpu_count(),
        "seed": seed,
    }


def main() -> None:
    """Read the arguments and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--agents", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--idle-s", type=float, default=20.0)
    given = parser.parse_args()
    print(json.dumps(asyncio.run(measure(given.kills, given.agents, given.seed, given.idle_s))))


if __name__ == "__main__":
    main()
