"""What one durable write costs: group commit against one unit a commit, beside a bare fsync.

    python -m benchmarks.store_commit [--units 6400] [--callers 64]

A unit is what the gate writes for one action: the action, two audit entries, for every fourth
one an approval. Prints one JSON line; times as the callers see them.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from core.actions import Action, ActionStatus, Decision, RiskLevel, Verdict
from core.adapters.sqlite.store import SqliteStore
from core.adapters.system import SystemClock, SystemIds
from core.audit.rules import seal_entries
from core.ids import ActionId, AgentId, SessionId
from core.records import ActionRecord, ApprovalRecord, ApprovalStatus, AuditDraft, WriteUnit

_RATE_PER_S: Final = 200
_CLOCK: Final = SystemClock()
_IDS: Final = SystemIds()
_DIGEST: Final = "sha256:" + "5" * 64

Commit = Callable[[WriteUnit], Awaitable[object]]


def make_unit(number: int) -> WriteUnit:
    """A unit as the gate makes it."""
    now = _CLOCK.now()
    action = Action(
        id=ActionId(_IDS.next_id()),
        agent_id=AgentId(f"agent-{number % 8}"),
        kind="shell.execute",
        resource="bash",
        arguments={"command": f"git -C /srv/shop log --oneline -n {number}", "timeout": 120},
        purpose="Find out which change broke the checkout page and tell me.",
        session_id=SessionId(f"session-{number % 16}"),
        correlation_id=_IDS.next_trace_id(),
        proposed_at=now,
    )
    held = number % 4 == 0
    verdict = Verdict(
        decision=Decision.ASK if held else Decision.ALLOW,
        risk=RiskLevel.MEDIUM,
        reasons=("the command reads outside the workspace",),
        policies=("ask:shell-risk",),
        facts={"trust_permille": 500, "read_only": True, "shell_level": 1, "grounded": True},
        policy_version=_DIGEST,
    )
    status = ActionStatus.PENDING if held else ActionStatus.ALLOWED
    record = ActionRecord(
        id=action.id, action=action, digest=_DIGEST, status=status, verdict=verdict
    )
    judged = AuditDraft(
        event="action.judged",
        at=now,
        actor=action.agent_id,
        action_id=action.id,
        body={"arguments": action.arguments, "verdict": verdict.decision, "facts": verdict.facts},
    )
    drafts = (judged, replace(judged, event="action.settled", body={"status": status}))
    if not held:
        return WriteUnit(puts=(record,), audit=drafts)
    return WriteUnit(puts=(record, _make_approval(record, now)), audit=drafts)


def _make_approval(record: ActionRecord, now: datetime) -> ApprovalRecord:
    action = record.action
    return ApprovalRecord(
        id=record.id,
        agent_id=action.agent_id,
        session_id=action.session_id,
        kind=action.kind,
        resource=action.resource,
        risk=record.verdict.risk,
        digest=record.digest,
        digest_original=record.digest,
        status=ApprovalStatus.PENDING,
        created_at=now,
        expires_at=now + timedelta(minutes=10),
    )


def measure_fsync_ms(folder: Path, *, count: int = 300) -> float:
    """Median of one bare fdatasync after a 4 KiB append."""
    took: list[float] = []
    fd = os.open(folder / "bare", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for _ in range(count):
        os.write(fd, b"x" * 4096)
        started = time.perf_counter()
        os.fdatasync(fd)
        took.append(time.perf_counter() - started)
    os.close(fd)
    return median(took) * 1000


async def closed_loop(commit: Commit, *, units: int, callers: int) -> dict[str, float]:
    """Every caller commits, waits, commits again."""
    made = [make_unit(number) for number in range(units)]
    took: list[float] = []

    async def call(mine: list[WriteUnit]) -> None:
        for unit in mine:
            started = time.perf_counter()
            await commit(unit)
            took.append(time.perf_counter() - started)

    cpu_s, started_s = time.process_time(), time.perf_counter()
    await asyncio.gather(*(call(made[first::callers]) for first in range(callers)))
    elapsed_s = time.perf_counter() - started_s
    return {
        "units_per_s": round(units / elapsed_s),
        "cpu_ms_per_unit": round((time.process_time() - cpu_s) / units * 1000, 3),
        **_percentiles(took),
    }


async def open_loop(commit: Commit, *, units: int) -> dict[str, float]:
    """Units come at a steady rate, whether or not the ones before are done."""
    made = [make_unit(number) for number in range(units)]
    took: list[float] = []

    async def call(unit: WriteUnit, due_s: float) -> None:
        await commit(unit)
        took.append(time.perf_counter() - due_s)

    cpu_s, first_s = time.process_time(), time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number, unit in enumerate(made):
            due_s = first_s + number / _RATE_PER_S
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            tasks.create_task(call(unit, due_s))
    return {
        "rate_per_s": _RATE_PER_S,
        "cpu_ms_per_unit": round((time.process_time() - cpu_s) / units * 1000, 3),
        **_percentiles(took),
    }


def _percentiles(took: list[float]) -> dict[str, float]:
    cuts = quantiles(took, n=100)
    return {"ms_p50": round(cuts[49] * 1000, 3), "ms_p99": round(cuts[98] * 1000, 3)}


async def run(folder: Path, *, units: int, callers: int) -> dict[str, object]:
    """All measurements on one disk, one after the other."""
    fsync_before = measure_fsync_ms(folder)
    store = await SqliteStore.open(folder / "store.db", seal=seal_entries, clock=_CLOCK)
    one_at_a_time = asyncio.Lock()

    async def commit_alone(unit: WriteUnit) -> None:
        async with one_at_a_time:
            await store.commit(unit)

    try:
        await closed_loop(store.commit, units=callers * 4, callers=callers)  # warm
        single = await closed_loop(commit_alone, units=units // 4, callers=callers)
        group = await closed_loop(store.commit, units=units, callers=callers)
        steady = await open_loop(store.commit, units=_RATE_PER_S * 10)
    finally:
        await store.close()
    return {
        "benchmark": "store_commit",
        "callers": callers,
        "group_commit": group,
        "one_unit_a_commit": single,
        "ratio_units_per_s": round(group["units_per_s"] / single["units_per_s"], 1),
        "ratio_ms_p50": round(single["ms_p50"] / group["ms_p50"], 1),
        "open_loop": steady,
        "fsync_ms_p50": round(median((fsync_before, measure_fsync_ms(folder))), 3),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=6_400)
    parser.add_argument("--callers", type=int, default=64)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        print(json.dumps(asyncio.run(run(Path(folder), units=given.units, callers=given.callers))))


if __name__ == "__main__":
    main()
