"""How fast a whole home is verified: store, entry signatures, checkpoints and daily copy.

    python -m benchmarks.audit_verify [--entries 300000] [--per-write 2]

The home is written with the real seal and journal, one checkpoint for every write; only the
store's commits are gathered in one transaction. The baseline walks the chain alone in the plain
way: one row at a time from sqlite3, parsed, written canonically again, hashed. `hash_only` is
bare SHA-256 over the same bytes in memory. Prints one JSON line.
"""

import argparse
import json
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Final

from core.actions import JsonObject
from core.adapters.journal import AuditJournal
from core.adapters.sqlite.files import iter_audit_bytes, open_file
from core.adapters.sqlite.migrations import LEDGER_STEPS
from core.adapters.sqlite.schema import INSERT_AUDIT
from core.adapters.system import SystemClock
from core.audit.home import verify_home
from core.audit.rules import GENESIS
from core.ids import ActionId
from core.records import AuditDraft, AuditEntry, AuditHead

_ROUNDS: Final = 3
_BODY: Final[JsonObject] = {
    "kind": "shell.execute",
    "resource": "bash",
    "session": "0" * 26,
    "correlation": "a" * 32,
    "arguments": {"command": "python -m pytest -q tests/unit && git status --short"},
    "digest": "sha256:" + "b" * 64,
    "purpose": "run the unit tests and tell me what fails",
    "decision": "allow",
    "risk": "low",
    "reasons": ["reads and runs inside the workspace"],
    "policies": ["allow:workspace-commands"],
    "policy_version": "c" * 16,
    "facts": {"finding_codes": [], "grounded": True, "risk": 0.12, "writes": False},
    "trust": 0.91,
    "latency_us": 1240,
}


def write_home(home: Path, *, entries: int, per_write: int) -> None:
    """A home as the engine leaves it after a clean stop."""
    clock = SystemClock()
    journal = AuditJournal.open(home, clock)
    with closing(
        open_file(home / "maestro.db", LEDGER_STEPS, synchronous="NORMAL", busy_timeout_s=1)
    ) as db:
        journal.catch_up(
            GENESIS, lambda after: iter_audit_bytes(home / "maestro.db", after_seq=after)
        )
        head = GENESIS
        db.execute("BEGIN")
        for first in range(0, entries, per_write):
            drafts = [
                AuditDraft(
                    event="action.judged",
                    at=clock.now(),
                    actor="coder",
                    action_id=ActionId(f"{number:026d}"),
                    body=_BODY,
                )
                for number in range(first, min(first + per_write, entries))
            ]
            sealed: tuple[AuditEntry, ...] = journal.seal(head, drafts)
            head = AuditHead(length=sealed[-1].seq, hash=sealed[-1].hash)
            db.executemany(INSERT_AUDIT, [(each.seq, each.text, each.hash) for each in sealed])
            journal.record(sealed)
        db.execute("COMMIT")
    journal.close()


def verify(home: Path) -> int:
    """What `maestro audit verify` does."""
    report = verify_home(home, rows=iter_audit_bytes(home / "maestro.db"))
    assert report.ok, report.problem
    assert report.signed_length == report.entries
    return report.entries


def verify_plainly(home: Path) -> int:
    """The chain and nothing else, entry by entry."""
    count, last = 0, GENESIS.hash
    with closing(sqlite3.connect(home / "maestro.db")) as db:
        for _, text, stored in db.execute("SELECT seq, text, hash FROM audit ORDER BY seq"):
            canonical = json.dumps(
                json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False
            )
            last = sha256((last + canonical).encode()).hexdigest()
            assert last == stored
            count += 1
    return count


def measure(work: Callable[[], object], *, entries: int) -> dict[str, int]:
    """Entries a second, of the wall clock and of the processor: the best of some rounds."""
    wall_s: list[float] = []
    cpu_s: list[float] = []
    for _ in range(_ROUNDS):
        started, used = time.perf_counter(), time.process_time()
        work()
        wall_s.append(time.perf_counter() - started)
        cpu_s.append(time.process_time() - used)
    return {
        "entries_per_s": round(entries / min(wall_s)),
        "entries_per_cpu_s": round(entries / min(cpu_s)),
    }


def run(home: Path, *, entries: int, per_write: int) -> dict[str, object]:
    """All measurements on one home."""
    write_home(home, entries=entries, per_write=per_write)
    ours = measure(lambda: verify(home), entries=entries)
    plain = measure(lambda: verify_plainly(home), entries=entries)
    texts = [text for _, text, _ in iter_audit_bytes(home / "maestro.db")]
    bare = measure(lambda: [sha256(text).digest() for text in texts], entries=entries)
    return {
        "benchmark": "audit_verify",
        "entries": entries,
        "checkpoints": -(-entries // per_write) + 2,
        "bytes_per_entry": round(sum(map(len, texts)) / entries),
        "verify": ours,
        "baseline": plain,
        "hash_only": bare,
        "ratio": round(ours["entries_per_cpu_s"] / plain["entries_per_cpu_s"], 2),
    }


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=300_000)
    parser.add_argument("--per-write", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        found = run(Path(folder), entries=given.entries, per_write=given.per_write)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
