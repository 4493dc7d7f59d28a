"""Real homes with a trail: the sqlite store and the journal, wired as the engine wires them."""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from core.adapters.journal import AuditJournal
from core.adapters.sqlite.files import iter_audit_bytes
from core.adapters.sqlite.store import SqliteStore
from core.audit.home import verify_home
from core.clock import Clock
from core.errors import StorageError
from core.ports import VerifyReport
from core.records import AuditDraft, AuditEntry, AuditHead, WriteUnit
from tests.factories import make_draft
from tests.fakes import FakeClock

STORE = "maestro.db"


@dataclass(slots=True)
class Trail:
    """An open trail. While it is not `followed`, the journal is not told of commits."""

    home: Path
    journal: AuditJournal
    followed: bool = True
    store: SqliteStore = field(init=False)

    def follow(self, entries: Sequence[AuditEntry]) -> None:
        if self.followed:
            with contextlib.suppress(StorageError):
                self.journal.record(entries)

    async def write(self, *drafts: AuditDraft) -> AuditHead:
        return await self.store.commit(WriteUnit(audit=drafts))


@contextlib.asynccontextmanager
async def open_trail(
    home: Path,
    *,
    clock: Clock | None = None,
    key_file: Path | None = None,
    clean: bool = True,
    notes: bool = True,
) -> AsyncGenerator[Trail]:
    """Open as the engine does; without `clean` the end leaves the files as a kill would."""
    clock = clock or FakeClock()
    journal = AuditJournal.open(home, clock, key_file=key_file)
    trail = Trail(home, journal)
    trail.store = store = await SqliteStore.open(
        home / STORE, seal=journal.seal, clock=clock, on_durable=trail.follow, busy_timeout_s=1
    )
    try:
        journal.catch_up(
            await store.audit_head(), lambda after: iter_audit_bytes(home / STORE, after_seq=after)
        )
        mended = journal.take_notes() if notes else ()
        if mended:
            await store.commit(WriteUnit(audit=mended))
        yield trail
    finally:
        await store.close()
        if not clean:
            journal.problem = "killed"  # so that no clean end is signed
        journal.close()


async def write_days(home: Path, *, days: int = 3, writes: int = 4, clean: bool = True) -> None:
    """Some writes of one to three entries on each day, the engine started anew every day.

    The journal is flushed after each write, as it is once a second in the engine.
    """
    clock = FakeClock()
    for day in range(days):
        async with open_trail(home, clock=clock, clean=clean or day < days - 1) as trail:
            for number in range(writes):
                at = clock.now() + timedelta(seconds=number)
                drafts = [
                    make_draft(at=at, body={"day": day, "number": number, "part": part})
                    for part in range(1 + number % 3)
                ]
                await trail.write(*drafts)
                trail.journal.sync()
        clock.advance(86_400)


def verify(home: Path, **options: Any) -> VerifyReport:
    return verify_home(home, rows=iter_audit_bytes(home / STORE), **options)
