"""Ends that no clock set back can move."""

import json
from datetime import UTC, datetime

from core.clock import Clock
from core.ports import Store
from core.records import ApprovalRecord, AuditEntry, AuditQuery, GrantRecord


async def time_at_start(store: Store, clock: Clock) -> datetime:
    """Now, and no earlier than the newest entry of the trail: time has come so far already.

    Raises StorageError.
    """
    newest = await store.read_audit(AuditQuery(limit=1))
    return max((clock.now(), *map(_time_of, newest)))


def _time_of(entry: AuditEntry) -> datetime:
    try:
        return datetime.fromisoformat(json.loads(entry.text)["at"]).astimezone(UTC)
    except (ValueError, LookupError, TypeError):  # edited: verifying the trail tells of it
        return datetime.min.replace(tzinfo=UTC)


def seconds_left(record: ApprovalRecord | GrantRecord, now: datetime) -> float:
    """Until its end, and never more than it was given."""
    return (record.expires_at - max(now, record.created_at)).total_seconds()
