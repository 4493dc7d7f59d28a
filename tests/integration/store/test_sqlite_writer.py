"""The one writer: waiting, cancelling, closing, seals and followers that fail."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from core.adapters.sqlite.store import SqliteStore
from core.audit.rules import seal_entries
from core.errors import Overloaded, StorageError
from core.records import (
    ActionQuery,
    AuditDraft,
    AuditEntry,
    AuditHead,
    WriteUnit,
)
from tests.factories import make_token
from tests.fakes import FakeClock
from tests.integration.store.stores import chain_head, make_unit, open_sqlite


class GatedSeal:
    """Seals once it is let; `reached` tells that the writing thread waits in it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.let = threading.Event()

    def __call__(self, head: AuditHead, drafts: Sequence[AuditDraft]) -> Sequence[AuditEntry]:
        self.reached.set()
        self.let.wait()
        return seal_entries(head, drafts)


async def test_too_many_waiting_units_are_refused_and_none_is_lost(tmp_path: Path) -> None:
    seal = GatedSeal()
    store = await SqliteStore.open(
        tmp_path / "store.db", seal=seal, clock=FakeClock(), waiting_max=3
    )
    try:
        first = asyncio.ensure_future(store.commit(make_unit(0)))
        await asyncio.to_thread(seal.reached.wait)
        more = [asyncio.ensure_future(store.commit(make_unit(number))) for number in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="3 writes wait for the ledger"):
            await store.commit(make_unit(3))
        seal.let.set()
        await asyncio.gather(first, *more)
        statistics = store.statistics()
        assert (statistics.waiting, statistics.groups, statistics.units) == (0, 2, 3)
        assert statistics.units_per_group == 1.5
        assert statistics.commit_ms_p50 is not None
        assert len(await store.list_actions(ActionQuery())) == 3
    finally:
        seal.let.set()
        await store.close()


async def test_a_caller_that_is_cancelled_harms_no_other(tmp_path: Path) -> None:
    seal = GatedSeal()
    store = await open_sqlite(tmp_path, seal=seal)
    try:
        given_up = asyncio.ensure_future(store.commit(make_unit(0)))
        await asyncio.to_thread(seal.reached.wait)
        other = asyncio.ensure_future(store.commit(make_unit(1)))
        await asyncio.sleep(0)
        given_up.cancel()
        seal.let.set()
        assert (await other).length == 4
        assert await chain_head(store) == await store.audit_head()
        assert given_up.cancelled()
    finally:
        seal.let.set()
        await store.close()


async def test_closing_writes_what_still_waits(tmp_path: Path) -> None:
    seal = GatedSeal()
    store = await open_sqlite(tmp_path, seal=seal)
    waiting = [asyncio.ensure_future(store.commit(make_unit(0)))]
    await asyncio.to_thread(seal.reached.wait)
    waiting += [asyncio.ensure_future(store.commit(make_unit(number))) for number in (1, 2)]
    await asyncio.sleep(0)
    seal.let.set()
    await store.close()
    assert [each.length for each in await asyncio.gather(*waiting)] == [2, 4, 6]


def leave_a_gap(head: AuditHead, drafts: Sequence[AuditDraft]) -> Sequence[AuditEntry]:
    return seal_entries(AuditHead(length=head.length + 1, hash=head.hash), drafts)


def leave_out(head: AuditHead, drafts: Sequence[AuditDraft]) -> Sequence[AuditEntry]:
    return seal_entries(head, drafts[1:])


def write_no_json(head: AuditHead, _drafts: Sequence[AuditDraft]) -> Sequence[AuditEntry]:
    return [AuditEntry(seq=head.length + n, text="sealed, but no JSON", hash="0") for n in (1, 2)]


def fail(_head: AuditHead, _drafts: Sequence[AuditDraft]) -> Sequence[AuditEntry]:
    raise RuntimeError("the seal is broken")


@pytest.mark.parametrize("seal", [leave_a_gap, leave_out, write_no_json, fail])
async def test_without_a_sound_seal_nothing_is_written(
    tmp_path: Path, seal: Callable[[AuditHead, Sequence[AuditDraft]], Sequence[AuditEntry]]
) -> None:
    store = await open_sqlite(tmp_path, seal=seal)
    try:
        with pytest.raises(StorageError, match=r"seal|malformed JSON"):
            await store.commit(make_unit(1))
        await store.commit(WriteUnit(puts=(make_token(),)))
        assert await store.list_actions(ActionQuery()) == ()
        assert await store.list_tokens() == (make_token(),)
    finally:
        await store.close()
