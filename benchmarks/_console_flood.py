"""A console under a flood, for `console_keys`: run as a program on a terminal.

Real: the console whole, its bus, its bridge. Simulated: the engine behind it. The queue is held in
memory, and one task makes the events of AGENTS agents, RATE a second, in bursts of ten
milliseconds; the processor's time that making them takes is measured by the thread's own clock, in
the run itself, and publishing them is not in it. A lossless subscriber stands for the trail and
counts what reaches it: in the product an entry is on the trail, signed and flushed, before its
event is published, so that no flood can lose one; `kill_engine` and `governance_cost` measure that.
With `--governed` a real engine runs on the same loop, and so many actions a second go through its
gate onto its signed trail, which is read back and verified at the end.
"""

import argparse
import asyncio
import gc
import json
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks._governed import propose_steadily, read_back
from console.app import MaestroApp
from core.actions import Decision, OutcomeStatus, RiskLevel
from core.adapters.system import SystemClock, SystemIds
from core.bus import Bus
from core.events import ActionJudged, CoreEvent, OutcomeReported
from core.ids import ActionId, AgentId, CorrelationId
from tests.console.fakes import MARIA, FakeOperator

BURST_S = 0.01
LAG_LOOK_S = 0.01


class Flood:
    """Publishes events, and knows what became of them."""

    def __init__(self, bus: Bus, *, rate: int, agents: int) -> None:
        self._bus = bus
        self._rate = rate
        self._agents = agents
        self._ids = SystemIds()
        self._trail = bus.subscribe_lossless()
        self.published = 0
        self.kept = 0
        self.lags_s: list[float] = []
        self.making_s = 0.0  # of the processor, since the screen was built
        self._anew_s = time.monotonic()

    async def run(self) -> None:
        """Until cancelled, at the rate asked for however late a burst is."""
        started_s = time.monotonic()
        while True:
            await asyncio.sleep(BURST_S)
            due = int((time.monotonic() - started_s) * self._rate)
            began_s = time.thread_time()
            made = [self._make(number) for number in range(self.published, due)]
            self.making_s += time.thread_time() - began_s
            for event in made:
                await self._bus.publish(event)
                self.published += 1

    def _make(self, number: int) -> CoreEvent:
        at, agent = datetime.now(UTC), AgentId(f"agent-{number % self._agents}")
        action_id, trace = ActionId(self._ids.next_id()), CorrelationId("0" * 32)
        if number % 2:
            return OutcomeReported(
                at=at,
                action_id=action_id,
                agent_id=agent,
                correlation_id=trace,
                status=OutcomeStatus.SUCCEEDED,
                error="",
            )
        return ActionJudged(
            at=at,
            action_id=action_id,
            agent_id=agent,
            correlation_id=trace,
            session_id=None,
            kind="shell.exec",
            resource=f"/srv/{number % 97}",
            summary=f"ls -la /srv/{number % 97}",
            decision=Decision.ALLOW,
            risk=RiskLevel.LOW,
            reasons=(),
            latency_us=900,
        )

    async def keep(self) -> None:
        """What reaches the trail."""
        async for _ in self._trail:
            self.kept += 1

    async def look(self) -> None:
        """How late the loop is."""
        while True:
            began_s = time.monotonic()
            await asyncio.sleep(LAG_LOOK_S)
            self.lags_s.append(time.monotonic() - began_s - LAG_LOOK_S)

    def start_anew(self) -> None:
        """Forget what was while the screen was built."""
        self.lags_s.clear()
        self.making_s, self._anew_s = 0.0, time.monotonic()

    def report(self) -> dict[str, float]:
        ordered = sorted(self.lags_s) or [0.0]
        return {
            "published": self.published,
            "kept": self.kept,
            "making_share": self.making_s / (time.monotonic() - self._anew_s),
            "lag_ms_p99": round(ordered[int(0.99 * (len(ordered) - 1))] * 1000, 2),
        }


def hold_many(operator: FakeOperator, count: int) -> None:
    now = datetime.now(UTC)
    for number in range(count):
        operator.hold(f"{number:06d}", arguments={"command": f"make target-{number}"})
    operator.pending = [
        replace(each, created_at=now - timedelta(seconds=at), expires_at=now + timedelta(hours=2))
        for at, each in enumerate(operator.pending)
    ]


async def run(given: argparse.Namespace, folder: Path) -> dict[str, float]:
    bus = Bus()
    flood = Flood(bus, rate=given.rate, agents=given.agents)
    answered: list[str] = []
    async with asyncio.TaskGroup() as group:
        beside = [group.create_task(work()) for work in (flood.run, flood.keep, flood.look)]
        if given.governed:
            governed = propose_steadily(folder, given.governed, answered)
            beside.append(group.create_task(governed))
        await show(bus, flood, given)
        for task in beside:
            task.cancel()
    return {**flood.report(), **(read_back(folder, answered) if given.governed else {})}


async def show(bus: Bus, flood: Flood, given: argparse.Namespace) -> None:
    operator = FakeOperator(bus)
    hold_many(operator, given.pending)
    app = MaestroApp(operator, bus, SystemClock(), MARIA)
    gc.collect()
    gc.freeze()
    asyncio.get_running_loop().call_later(given.settle, flood.start_anew)
    asyncio.get_running_loop().add_signal_handler(15, app.exit)
    await app.run_async()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=int, required=True)
    parser.add_argument("--agents", type=int, required=True)
    parser.add_argument("--pending", type=int, default=1_000)
    parser.add_argument("--settle", type=float, default=4.0)
    parser.add_argument("--governed", type=float, default=0.0, help="real actions a second")
    parser.add_argument("--report", required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(run(given, Path(folder)))
    Path(given.report).write_text(json.dumps(told), encoding="ascii")


if __name__ == "__main__":
    main()
