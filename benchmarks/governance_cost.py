"""Cost of governance in process: 100 policies, durable audit, 200 actions/s in an open loop.

    python -m benchmarks.governance_cost

The whole way of an action that is allowed: identity, screening, judge beside counsel, one durable
commit with its audit entry and signed checkpoint, spans. Baseline: one fsync of the same disk in
the same run. Processor time is of the whole process, less what the load loop costs by itself; the
p50 over fsync is less the delay with which the load loop starts a call that does nothing. `awake`
is the same with an idle-priority process on each core: on a virtual machine the kernel's waking of
a halted core counts as our processor time, about half a millisecond an action at this rate.
`floor` is the smallest durable write in the same open loop, second by second in turns with the
actions: one hop to a thread, 4 KiB appended, one fdatasync. What that takes, and what processor
time, is the machine's doing, as is `stolen`: time in which this machine's cores waited for another
one on the same host. `python_loop` is a fixed loop in each of these turns: how quick the host is.
`parallel` compares judge beside counsel with one after the other when counsel waits 5 ms and the
judge 5 ms (a remote policy decision point).
"""

import asyncio
import contextlib
import gc
import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from benchmarks._governed import propose
from benchmarks._load import (
    closed_loop,
    fsync_ms,
    make_settings,
    open_loop,
    percentile,
    stolen_s,
    write_pack,
)
from core.bootstrap import Engine, run_engine
from core.governance.enforcement import JudgePort
from core.governance.ethics_counsel import RuleCounsellor
from core.governance.model import Counsellor, PolicyAnswer, PolicyRequest
from core.records import TokenKind, TokenRecord

RATE_PER_S = 200.0
SECONDS = 10.0
WAIT_S = 0.005


async def main() -> None:
    """Run all of it and print one JSON line."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        settings = make_settings(write_pack(place / "packs"))
        async with run_engine(place / "home", settings) as engine:
            token = next(each for each in engine.tokens.list() if each.kind is TokenKind.AGENT)
            fsync = fsync_ms(place)
            gc.collect()
            gc.freeze()  # as the host does

            async def act(number: int) -> None:
                await propose(engine, token, number)

            await open_loop(act, rate_per_s=RATE_PER_S, seconds=1)
            idle_ms, late_ms = await _measure_generator()
            stolen = stolen_s()
            turns = await _measure_by_turns(act, place)
            stolen = stolen_s() - stolen
            taken, floor, cpu_ms = turns.taken, turns.floor, turns.used_ms - idle_ms
            with _awake_cores():
                idle_awake_ms, _ = await _measure_generator()
                cpu = _cpu_s()
                calls = await open_loop(act, rate_per_s=RATE_PER_S, seconds=SECONDS / 2)
                awake_ms = (_cpu_s() - cpu) * 1000 / len(calls) - idle_awake_ms
            per_s = await closed_loop(act, callers=64, seconds=5)
            fsync = max(fsync, fsync_ms(place))
            together, apart = await _compare_parallel(engine, token)
    p50, p99 = percentile(taken, 0.5), percentile(taken, 0.99)
    report = {
        "benchmark": "governance_cost",
        "p50_ms": round(p50, 3),
        "p99_ms": round(p99, 3),
        "fsync_ms": round(fsync, 3),
        "floor_p50_ms": round(percentile(floor, 0.5), 3),
        "floor_p99_ms": round(percentile(floor, 0.99), 3),
        "stolen_ms_per_s": round(stolen * 1000 / (2 * SECONDS), 1),
        "generator_p50_ms": round(late_ms, 3),
        "p50_over_fsync_ms": round(p50 - late_ms - fsync, 3),
        "p99_over_3_fsync_ms": round(p99 - 3 * fsync, 3),
        "cpu_ms_per_action": round(cpu_ms, 3),
        "cpu_ms_per_action_awake": round(awake_ms, 3),
        "p99_ms_awake": round(percentile(calls, 0.99), 3),
        "generator_cpu_ms": round(idle_ms, 3),
        "floor_cpu_ms": round(turns.floor_used_ms - idle_ms, 3),
        "python_loop_ms": round(percentile(turns.loops, 0.5), 2),
        "closed_loop_64_per_s": round(per_s),
        "parallel_ms": round(together, 2),
        "sequence_ms": round(apart, 2),
        "ratio": round(p50 / fsync, 2),
    }
    print(json.dumps(report))


@contextlib.contextmanager
def _awake_cores() -> Iterator[None]:
    """Keep every core from halting, with processes that give way to any other."""
    spin = ("nice", "-n", "19", "sh", "-c", "while :; do :; done")
    spinning = [subprocess.Popen(spin) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for each in spinning:
            each.kill()
            each.wait()


async def _measure_generator() -> tuple[float, float]:
    """Processor milliseconds of the load loop for a call that does nothing, and its median delay.

    The loop's timer counts whole milliseconds, so that calls start late whoever is called.
    """

    async def nothing(_number: int) -> None:
        await asyncio.sleep(0)

    cpu = _cpu_s()
    taken = await open_loop(nothing, rate_per_s=RATE_PER_S, seconds=2)
    return (_cpu_s() - cpu) * 1000 / len(taken), percentile(taken, 0.5)


class _Turns(NamedTuple):
    taken: list[float]  # milliseconds of each action
    floor: list[float]  # of each smallest durable write
    used_ms: float  # processor milliseconds an action
    floor_used_ms: float  # and a smallest write
    loops: list[float]  # milliseconds of the fixed loop


async def _measure_by_turns(act: Callable[[int], Awaitable[None]], folder: Path) -> _Turns:
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    floor: list[float] = []
    loops: list[float] = []
    used_s = floor_used_s = 0.0
    with ThreadPoolExecutor(1) as thread, (folder / "floor").open("ab", buffering=0) as file:

        def append() -> None:
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())

        async def write(_number: int) -> None:
            await loop.run_in_executor(thread, append)

        for turn in range(int(SECONDS)):
            loops.append(_loop_ms())
            cpu = _cpu_s()
            floor += await open_loop(write, rate_per_s=RATE_PER_S, seconds=1)
            floor_used_s += _cpu_s() - cpu

            async def act_anew(number: int, first: int = turn * int(RATE_PER_S)) -> None:
                await act(first + number)

            cpu = _cpu_s()
            taken += await open_loop(act_anew, rate_per_s=RATE_PER_S, seconds=1)
            used_s += _cpu_s() - cpu
    each_ms = 1000 / len(taken)
    return _Turns(taken, floor, used_s * each_ms, floor_used_s * each_ms, loops)


def _loop_ms() -> float:
    started, total = time.perf_counter(), 0
    for number in range(100_000):
        total += number * number
    return (time.perf_counter() - started) * 1000


class _SlowJudge(JudgePort):
    waits = True

    async def judge(self, request: PolicyRequest) -> PolicyAnswer:
        await asyncio.sleep(WAIT_S)
        return await super().judge(request)


class _SlowCounsel(RuleCounsellor):
    waits = True

    async def counsel(self, *given: object) -> object:  # type: ignore[override]
        await asyncio.sleep(WAIT_S)
        return await super().counsel(*given)  # type: ignore[arg-type]


async def _compare_parallel(engine: Engine, token: TokenRecord) -> tuple[float, float]:
    """Milliseconds an action with both waiting at the same time, and one after the other."""
    enforcement = engine.gate._enforcement  # noqa: SLF001 - the benchmark slows its parts
    slow: Counsellor = _SlowCounsel()  # type: ignore[assignment]
    enforcement._judge = _SlowJudge(engine.judge)  # noqa: SLF001
    enforcement._counsellor = slow  # noqa: SLF001
    together = await _mean_ms(engine, token)
    judge, counsel = enforcement._ask_judge, enforcement._ask_counsel  # noqa: SLF001
    lock = asyncio.Lock()

    async def judge_alone(*given: object) -> object:
        async with lock:
            return await judge(*given)  # type: ignore[arg-type]

    async def counsel_alone(*given: object) -> object:
        async with lock:
            return await counsel(*given)  # type: ignore[arg-type]

    enforcement._ask_judge = judge_alone  # type: ignore[method-assign,assignment]  # noqa: SLF001
    enforcement._ask_counsel = counsel_alone  # type: ignore[method-assign,assignment]  # noqa: SLF001
    return together, await _mean_ms(engine, token)


async def _mean_ms(engine: Engine, token: TokenRecord, *, count: int = 100) -> float:
    started = time.perf_counter()
    for number in range(count):
        await propose(engine, token, number)
    return (time.perf_counter() - started) * 1000 / count


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    asyncio.run(main())
