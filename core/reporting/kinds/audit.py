"""Evidence that the trail is whole, and what stands in it."""

import json
from collections import Counter
from datetime import datetime
from typing import Final

from core.records import AuditEntry, AuditQuery
from core.reporting.model import Column, Fact, Kind, Section, Table
from core.reporting.ports import LedgerReads, Period, Sources

_PAGE: Final = 1_000
_ROWS_MAX: Final = 50_000
_ENTRIES: Final = (
    Column("seq", "entry", Kind.COUNT),
    Column("at", "at", Kind.TIME),
    Column("event", "event"),
    Column("actor", "actor"),
    Column("action_id", "action", Kind.CODE),
    Column("hash", "hash", Kind.CODE),
)
_HOW: Final = (
    "Each entry's hash covers the entry and the hash before it. The last entry of each write is"
    " signed with the home's Ed25519 key. To check this without the program, take an export"
    " (maestro audit export) and follow docs/audit.md."
)


async def build_audit(sources: Sources, period: Period) -> tuple[Section, ...]:
    """The trail verified now, and its entries of the period."""
    report = await sources.ledger.verify_audit()
    entries = await _read(sources.ledger, period)
    counts = Counter(event for _, _, event, _, _ in entries)
    proof = Section(
        title="Is the trail whole?",
        words=(_HOW,),
        facts=(
            Fact(name="ok", title="verifies", value=report.ok),
            Fact(name="problem", title="problem", value=report.problem or "none"),
            Fact(name="first_bad", title="first bad entry", value=report.first_bad)
            if report.first_bad is not None
            else Fact(name="entries", title="entries", value=report.entries, kind=Kind.COUNT),
            Fact(
                name="signed_length",
                title="entries under a signed head",
                value=report.signed_length,
                kind=Kind.COUNT,
            ),
            Fact(name="head", title="head", value=report.head, kind=Kind.CODE),
        ),
    )
    kinds = Table(
        name="events",
        title="Events",
        columns=(Column("event", "event"), Column("count", "entries", Kind.COUNT)),
        rows=tuple(sorted(counts.items())),
        note="" if counts else "No entry of this time.",
    )
    full = len(entries) == _ROWS_MAX
    listed = Table(
        name="entries",
        title="Entries",
        columns=_ENTRIES,
        rows=tuple(
            (entry.seq, at, event, actor, action or None, entry.hash)
            for entry, at, event, actor, action in entries
        ),
        note=f"The first {_ROWS_MAX:,} of this time; an export has all." if full else "",
    )
    return proof, Section(title="What stands in it", tables=(kinds, listed))


_Read = tuple[AuditEntry, datetime, str, str, str]


async def _read(ledger: LedgerReads, period: Period) -> list[_Read]:
    """Newest pages first until the period's start, so that a long trail costs what is asked for."""
    found: list[_Read] = []
    before: int | None = None
    while len(found) < _ROWS_MAX:
        page = await ledger.read_audit(AuditQuery(before_seq=before, limit=_PAGE))
        if not page:
            break
        read = [_split(entry) for entry in page]
        found += [each for each in read if period.holds(each[1])]
        if read[-1][1] < period.since:
            break
        before = page[-1].seq
    return found[:_ROWS_MAX][::-1]


def _split(entry: AuditEntry) -> _Read:
    content = json.loads(entry.text)
    return (
        entry,
        datetime.fromisoformat(content["at"]),
        str(content["event"]),
        str(content["actor"]),
        str(content.get("action_id") or ""),
    )
