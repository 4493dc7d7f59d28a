"""The back ends that one contract holds: add a row, and every contract test runs on it too."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from core.adapters.sqlite.store import SqliteStore
from core.audit.rules import GENESIS, extend_head, seal_entries
from core.clock import Clock
from core.ids import ActionId, CorrelationId
from core.ports import Seal, Store
from core.records import AuditHead, AuditQuery, SpanRecord, WriteUnit
from tests.factories import NOW, make_action_record, make_draft
from tests.fakes import FakeClock


class OpenStore(Store, Protocol):
    """A store that a test opened and closes again."""

    async def close(self) -> None: ...


async def open_sqlite(
    folder: Path,
    *,
    seal: Seal = seal_entries,
    clock: Clock | None = None,
    busy_timeout_s: float = 5.0,
) -> SqliteStore:
    return await SqliteStore.open(
        folder / "store.db",
        seal=seal,
        clock=clock or FakeClock(),
        busy_timeout_s=busy_timeout_s,
    )


STORES: Final[dict[str, Callable[[Path], Awaitable[OpenStore]]]] = {"sqlite": open_sqlite}


def make_unit(number: int) -> WriteUnit:
    """One action and two audit entries about it."""
    action_id = ActionId(f"{number:026d}")
    record = make_action_record(action={"id": action_id})
    judged = make_draft(action_id=action_id)
    settled = make_draft(action_id=action_id, event="action.settled")
    return WriteUnit(puts=(record,), audit=(judged, settled))


def make_span(number: int, **changes: object) -> SpanRecord:
    span = SpanRecord(
        id=f"{number:016x}",
        trace_id=CorrelationId("a" * 32),
        parent_id=None,
        action_id=None,
        name="gate",
        started_at=NOW + timedelta(milliseconds=number),
        duration_us=10,
        ok=True,
        attributes={"n": number},
    )
    return replace(span, **changes)  # type: ignore[arg-type]


async def chain_head(store: Store) -> AuditHead:
    """Walk the whole trail; AuditChainBroken when any entry does not follow."""
    head = GENESIS
    while page := await store.read_audit(AuditQuery(after_seq=head.length, ascending=True)):
        head = extend_head(head, page)
    return head
