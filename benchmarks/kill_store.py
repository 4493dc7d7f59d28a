"""Kills a process under load, again and again, and looks whether anything acknowledged is lost.

    python -m benchmarks.kill_store [--kills 100]

The child prints a line for each acknowledgement. After `kill -9` all of them must be in the
store, no approval decided twice, and the audit chain whole. Prints one JSON line; exits 1 when
anything is missing.
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
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.store_commit import make_unit
from core.adapters.sqlite.files import iter_audit_rows
from core.adapters.sqlite.store import SqliteStore
from core.adapters.system import SystemClock
from core.audit.rules import GENESIS, extend_head, seal_entries
from core.errors import WriteConflict
from core.ids import ActionId, OperatorId
from core.records import (
    ApprovalRecord,
    ApprovalStatus,
    ApprovalTransition,
    AuditEntry,
    WriteUnit,
)

_CALLERS: Final = 32
_ROOT: Final = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class Tally:
    """What all kills together gave."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    decided_twice: int = 0
    entries: int = 0


async def load_until_killed(path: Path) -> None:
    """The child: commit for ever, print `put ID SEQ` or `STATUS ID SEQ` for what is durable."""
    store = await SqliteStore.open(path, seal=seal_entries, clock=SystemClock())
    numbers = itertools.count()

    async def call() -> None:
        while True:
            unit = make_unit(next(numbers))
            head = await store.commit(unit)
            _acknowledge("put", unit.puts[0].id, head.length)
            for record in unit.puts:
                if isinstance(record, ApprovalRecord):
                    rivals = (ApprovalStatus.APPROVED, ApprovalStatus.DENIED)
                    await asyncio.gather(*(_decide(store, record, each) for each in rivals))

    await asyncio.gather(*(call() for _ in range(_CALLERS)))


async def _decide(store: SqliteStore, record: ApprovalRecord, status: ApprovalStatus) -> None:
    decided = replace(record, status=status, settled_by=OperatorId("ana"))
    move = ApprovalTransition(to=decided, digest_expected=record.digest, votes_expected=0)
    draft = make_unit(1).audit[0]
    draft = replace(draft, event="approval.decided", action_id=record.id, body={"to": status.value})
    try:
        head = await store.commit(WriteUnit(transitions=(move,), audit=(draft,)))
    except WriteConflict:
        return
    _acknowledge(status.value, record.id, head.length)


def _acknowledge(what: str, key: str, seq: int) -> None:
    os.write(1, f"{what} {key} {seq}\n".encode())


def kill_once(path: Path, *, acknowledged_min: int) -> list[str]:
    """Start the child, kill it when that much is acknowledged; all that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.kill_store", "--child", str(path)],
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
    """Reopen as after a crash and count what is missing. Raises AuditChainBroken."""
    store = await SqliteStore.open(path, seal=seal_entries, clock=SystemClock())
    try:
        head = await store.audit_head()
        for line in acknowledged:
            what, key, seq = line.split()
            action = await store.get_action(ActionId(key))
            approval = await store.get_approval(ActionId(key))
            kept = action is not None and int(seq) <= head.length
            if what != "put":
                kept = kept and approval is not None and approval.status == what
            tally.lost += not kept
    finally:
        await store.close()
    rows = list(iter_audit_rows(path))
    found = extend_head(GENESIS, (AuditEntry(seq=s, text=t, hash=h) for s, t, h in rows))
    tally.lost += found != head
    entries = (json.loads(text) for _, text, _ in rows)
    decided = [each["action_id"] for each in entries if each["event"] == "approval.decided"]
    tally.decided_twice = len(decided) - len(set(decided))
    tally.kills += 1
    tally.acknowledged += len(acknowledged)
    tally.entries = len(rows)


def run_kills(path: Path, *, kills: int, seed: int) -> Tally:
    """Kill `kills` times over one and the same store, each time at another moment."""
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
        asyncio.run(load_until_killed(given.child))
    with tempfile.TemporaryDirectory() as folder:
        tally = run_kills(Path(folder) / "store.db", kills=given.kills, seed=given.seed)
    print(json.dumps({"benchmark": "kill_store", "seed": given.seed, **asdict(tally)}))
    sys.exit(1 if tally.lost or tally.decided_twice else 0)


if __name__ == "__main__":
    main()
