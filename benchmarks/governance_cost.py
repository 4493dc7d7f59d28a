"""Cost of governance in process: 100 policies, durable audit, 200 actions/s in an open loop.

    python -m benchmarks.governance_cost

The whole way of an action that is allowed: identity, screening, judge beside counsel, one durable
commit with its audit entry and signed checkpoint, spans. Baseline: one fsync of the same disk in
the same run. Processor time is of the whole process, less what the load loop costs by itself; the
p50 over fsync is less the delay with which the load loop starts a call that does nothing. Both are
taken second by second in turns with the actions. `floor` is the smallest durable write, in the same
turns: one hop to a thread, 4 KiB appended, one fdatasync. What that takes, and what processor time,
is the machine's doing, as is `stolen`: time in which this machine's cores waited for another one on
the same host. `python_loop` is a fixed loop in each of these turns: how quick the host is. `awake`
is with an idle-priority process on each core: on a virtual machine the kernel's waking of a halted
core counts as our processor time. `in_memory` is the same load with the home on a disk that is
memory: what is ours, where no disk stalls. `parallel` compares judge beside counsel with one after
the other when counsel waits 5 ms and the judge 5 ms (a remote policy decision point).
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
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NamedTuple

from benchmarks._governed import propose
from benchmarks._load import (
    MEMORY,
    Call,
    closed_loop,
    fsync_ms,
    make_settings,
    open_loop,
    percentile,
    smallest_write,
    stolen_s,
    write_pack,
)
from core.bootstrap import Engine, run_engine
from core.governance.enforcement import JudgePort
from core.governance.ethics_counsel import RuleCounsellor
from core.governance.model import Counsellor, PolicyAnswer, PolicyRequest
from core.records import TokenKind, TokenRecord

RATE_PER_S = 200.0
SECONDS = 10
WAIT_S = 0.005
_COMPARED = 100


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
            act = _proposing(engine, token)
            await open_loop(act, rate_per_s=RATE_PER_S, seconds=1)
            stolen = stolen_s()
            turns = await _measure_by_turns(engine, act, place)
            stolen = stolen_s() - stolen
            with _awake_cores():
                awake = await _measure_by_turns(engine, act, place, seconds=SECONDS // 2)
            per_s = await closed_loop(act, callers=64, seconds=5)
            fsync = max(fsync, fsync_ms(place))
            together, apart = await _compare_parallel(engine, token)
    in_memory = await _measure_in_memory()
    p50, p99 = percentile(turns.taken, 0.5), percentile(turns.taken, 0.99)
    late_ms = percentile(turns.late, 0.5)
    report = {
        "benchmark": "governance_cost",
        "p50_ms": round(p50, 3),
        "p99_ms": round(p99, 3),
        "fsync_ms": round(fsync, 3),
        "floor_p50_ms": round(percentile(turns.floor, 0.5), 3),
        "floor_p99_ms": round(percentile(turns.floor, 0.99), 3),
        "stolen_ms_per_s": round(stolen * 1000 / (3 * SECONDS), 1),
        "generator_p50_ms": round(late_ms, 3),
        "p50_over_fsync_ms": round(p50 - late_ms - fsync, 3),
        "p99_over_3_fsync_ms": round(p99 - 3 * fsync, 3),
        "cpu_ms_per_action": round(turns.used_ms, 3),
        "cpu_ms_per_action_awake": round(awake.used_ms, 3),
        "p99_ms_awake": round(percentile(awake.taken, 0.99), 3),
        "generator_cpu_ms": round(turns.idle_ms, 3),
        "floor_cpu_ms": round(turns.floor_used_ms, 3),
        **in_memory,
        "python_loop_ms": round(percentile(turns.loops, 0.5), 2),
        "closed_loop_64_per_s": round(per_s),
        "parallel_ms": round(together, 2),
        "sequence_ms": round(apart, 2),
        "ratio": round(p50 / fsync, 2),
    }
    print(json.dumps(report))


def _proposing(engine: Engine, token: TokenRecord) -> Call:
    """Goes on from command to command, whoever calls: none comes again as it is repeated."""
    numbers = count()

    async def act(_number: int) -> None:
        await propose(engine, token, next(numbers))

    return act


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


class _Turns(NamedTuple):
    taken: list[float]  # milliseconds of each action
    floor: list[float]  # of each smallest durable write
    late: list[float]  # and of a call that does nothing: the loop's timer counts whole ones
    used_ms: float  # processor milliseconds an action, less those of the load loop
    floor_used_ms: float  # and a smallest write
    idle_ms: float  # those of the load loop
    loops: list[float]  # milliseconds of the fixed loop


async def _measure_by_turns(
    engine: Engine, act: Call, folder: Path, *, seconds: int = SECONDS
) -> _Turns:
    flush = engine.gate._tracer.flush  # noqa: SLF001
    loops: list[float] = []
    with smallest_write(folder) as write:

        async def nothing(_number: int) -> None:
            await asyncio.sleep(0)

        works = (nothing, write, act)
        taken: tuple[list[float], ...] = ([], [], [])
        used_s = [0.0, 0.0, 0.0]
        for _ in range(seconds):
            loops.append(_loop_ms())
            for place, work in enumerate(works):
                cpu = _cpu_s()
                taken[place].extend(await open_loop(work, rate_per_s=RATE_PER_S, seconds=1))
                await flush()  # spans are written later, and would count as another turn's
                used_s[place] += _cpu_s() - cpu
    idle, floor, used = (each * 1000 / len(taken[0]) for each in used_s)
    return _Turns(taken[2], taken[1], taken[0], used - idle, floor - idle, idle, loops)


async def _measure_in_memory() -> dict[str, float]:
    if not os.access(MEMORY, os.W_OK):
        return {}
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        place = Path(folder)
        async with run_engine(place / "home", make_settings(write_pack(place / "packs"))) as engine:
            token = next(each for each in engine.tokens.list() if each.kind is TokenKind.AGENT)
            act = _proposing(engine, token)
            await open_loop(act, rate_per_s=RATE_PER_S, seconds=1)
            turns = await _measure_by_turns(engine, act, place, seconds=SECONDS // 2)
    return {
        "p99_ms_in_memory": round(percentile(turns.taken, 0.99), 3),
        "cpu_ms_per_action_in_memory": round(turns.used_ms, 3),
    }


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
    """Median milliseconds of an action with both waiting at the same time, and in sequence.

    Taken in turns: a disk that stalls meets both.
    """
    enforcement = engine.gate._enforcement  # noqa: SLF001 - the benchmark slows its parts
    slow: Counsellor = _SlowCounsel()  # type: ignore[assignment]
    enforcement._judge = _SlowJudge(engine.judge)  # noqa: SLF001
    enforcement._counsellor = slow  # noqa: SLF001
    judge, counsel = enforcement._ask_judge, enforcement._ask_counsel  # noqa: SLF001
    lock = asyncio.Lock()

    async def judge_alone(*given: object) -> object:
        async with lock:
            return await judge(*given)  # type: ignore[arg-type]

    async def counsel_alone(*given: object) -> object:
        async with lock:
            return await counsel(*given)  # type: ignore[arg-type]

    ways = ((judge, counsel), (judge_alone, counsel_alone))
    taken: tuple[list[float], ...] = ([], [])
    for number in range(_COMPARED):
        for place, (ask_judge, ask_counsel) in enumerate(ways):
            enforcement._ask_judge = ask_judge  # type: ignore[method-assign,assignment]  # noqa: SLF001
            enforcement._ask_counsel = ask_counsel  # type: ignore[method-assign,assignment]  # noqa: SLF001
            started = time.perf_counter()
            await propose(engine, token, len(ways) * number + place)
            taken[place].append((time.perf_counter() - started) * 1000)
    together, apart = (percentile(each, 0.5) for each in taken)
    return together, apart


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    asyncio.run(main())
