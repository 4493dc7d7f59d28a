"""What everything else stands on: clock, bus, store, journal, spans."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.adapters.home import STORE_FILE
from core.adapters.journal import AuditJournal
from core.adapters.sqlite.files import iter_audit_bytes
from core.adapters.sqlite.standing import open_snapshot
from core.adapters.sqlite.store import SqliteStore
from core.adapters.system import SystemClock, SystemIds
from core.adapters.telemetry import SpanExport, SpanKeeper, SpanTracer
from core.audit.files import AuditFiles, load_private_key
from core.audit.home import verify_home
from core.audit.standing import describe_unfounded
from core.audit.verify import entry_signature_holds
from core.audit.whole import find_anchor, read_anchor, require_whole
from core.bus import Bus
from core.clock import Clock
from core.errors import AuditChainBroken, StorageError
from core.governance.own_entries import OwnEntries
from core.ids import IdSource
from core.ports import Tracer, VerifyReport
from core.records import AuditEntry, AuditHead
from core.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What everything else stands on."""

    home: Path
    folder: Path
    settings: Settings
    clock: Clock
    ids: IdSource
    bus: Bus
    store: SqliteStore
    journal: AuditJournal
    own: OwnEntries
    tracer: Tracer
    keeper: SpanKeeper


def verify_trail(home: Path, *, key_file: Path | None = None) -> VerifyReport:
    """Verify the trail of a home, hosted or not, and what rights stand beside it. Blocks; run it
    in a thread.
    """
    with open_snapshot(home / STORE_FILE) as ledger:
        return ledger.judge(verify_home(home, rows=ledger.rows(), key_file=key_file))


def verify_hosted(base: Foundation) -> VerifyReport:
    """The same of this process's home, with a checkpoint over what was written by now."""
    base.journal.sync()
    return verify_trail(base.home, key_file=base.settings.audit.key_file)


async def lay_foundation(
    home: Path, settings: Settings, stack: contextlib.AsyncExitStack, *, folder: Path, bus: Bus
) -> Foundation:
    """Open the store and the journal; `stack` closes them. Raises what `run_engine` raises."""
    clock = SystemClock()
    journal = await asyncio.to_thread(
        AuditJournal.open, home, clock, key_file=settings.audit.key_file
    )
    stack.callback(journal.close)

    def follow(entries: Sequence[AuditEntry]) -> None:
        # The entries are durable already. A copy that lags stands in `journal.problem`, and
        # from then on the gate denies.
        with contextlib.suppress(StorageError):
            journal.record(entries)

    path = home / STORE_FILE
    store = await SqliteStore.open(
        path,
        seal=journal.seal,
        clock=clock,
        busy_timeout_s=settings.store.busy_timeout_s,
        spans_max=settings.monitoring.spans_max,
        on_durable=follow,
    )
    stack.push_async_callback(store.close)
    head = await store.audit_head()
    await asyncio.to_thread(
        journal.catch_up, head, lambda after: iter_audit_bytes(path, after_seq=after)
    )
    files = AuditFiles(home, settings.audit.key_file)
    public_key = load_private_key(files.private_key).public_key()
    await asyncio.to_thread(_require_founded, path, head, files, public_key)
    ids = SystemIds()
    keeper = SpanKeeper(store=store, clock=clock, export=_open_export(settings, stack))
    return Foundation(
        home=home,
        folder=folder,
        settings=settings,
        clock=clock,
        ids=ids,
        bus=bus,
        store=store,
        journal=journal,
        own=OwnEntries(store, lambda before, text: entry_signature_holds(before, text, public_key)),
        tracer=SpanTracer(keeper, ids),
        keeper=keeper,
    )


def _require_founded(
    path: Path, head: AuditHead, files: AuditFiles, public_key: Ed25519PublicKey
) -> None:
    """Raises AuditChainBroken when the store says other than the trail, or the trail is edited."""
    with open_snapshot(path) as ledger:
        require_whole(
            ledger.rows(),
            anchor=read_anchor(files, public_key),
            head=head,
            find_older=partial(find_anchor, files, public_key),
        )
        if problems := ledger.find_problems(decided=False):
            raise AuditChainBroken(describe_unfounded(problems), position=head.length)


def _open_export(settings: Settings, stack: contextlib.AsyncExitStack) -> SpanExport | None:
    endpoint = settings.monitoring.otlp_endpoint
    if endpoint is None:
        return None
    from core.adapters.otlp import OtlpExport  # noqa: PLC0415 - 0.3 s that few need

    export = OtlpExport.to(endpoint)
    stack.callback(export.close)
    return export
