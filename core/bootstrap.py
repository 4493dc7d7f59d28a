"""The composition root: settings and a home in, a running engine out."""

import asyncio
import contextlib
import os
import pwd
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.adapters.home import hold_home
from core.adapters.journal import AuditJournal
from core.adapters.logs import keep_logs
from core.adapters.sqlite.files import iter_audit_bytes
from core.adapters.sqlite.reading import LedgerReads, open_to_read
from core.adapters.sqlite.store import SqliteStore
from core.adapters.system import SystemClock, SystemIds
from core.adapters.telemetry import SpanExport, SpanKeeper, SpanTracer
from core.audit.home import verify_home
from core.audit.service import JournalKeeper
from core.bus import Bus
from core.clock import Clock
from core.errors import ConfigError, StorageError
from core.gateway.hook.routes import hook_routes
from core.gateway.http.app import make_app
from core.gateway.http.limits import Limits
from core.gateway.invitations import Invitations
from core.gateway.server import GatewayServer
from core.gateway.tokens import TokenBook
from core.governance.approvals import ApprovalQueue
from core.governance.desk import OperatorDesk
from core.governance.enforcement import Enforcement, JudgePort
from core.governance.ethics_counsel import RuleCounsellor
from core.governance.gate import Gate
from core.governance.grants import GrantBook
from core.governance.identities import PrincipalBook
from core.governance.policies.loading import load_packs
from core.governance.policies.model import PackLibrary
from core.governance.policy_judge import CedarJudge
from core.governance.sessions import SessionBook
from core.governance.settlement import Settlement
from core.ids import IdSource, OperatorId
from core.ports import Service, Tracer, VerifyReport
from core.records import AuditDraft, AuditEntry, WriteUnit
from core.risk.shell.catalog import shipped_catalog
from core.settings import GatewaySettings, Settings
from core.supervisor import Supervisor

if TYPE_CHECKING:
    from core.gateway.mcp.mount import McpMount

STORE_FILE: Final = "maestro.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A running engine. `gateway` is None when the settings switch it off."""

    home: Path
    settings: Settings
    operator: OperatorId
    clock: Clock
    bus: Bus
    gate: Gate
    desk: OperatorDesk
    judge: CedarJudge
    tokens: TokenBook
    supervisor: Supervisor
    gateway: GatewayServer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """What everything else stands on."""

    home: Path
    settings: Settings
    clock: Clock
    ids: IdSource
    bus: Bus
    store: SqliteStore
    journal: AuditJournal
    tracer: Tracer
    keeper: SpanKeeper


def find_operator(settings: Settings) -> OperatorId:
    """The name that decisions carry: from settings or MAESTRO_OPERATOR, else the login name."""
    named = settings.console.operator or os.environ.get("MAESTRO_OPERATOR")
    if not named:
        try:
            named = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            named = f"uid-{os.getuid()}"
    return OperatorId(named)


def verify_trail(home: Path) -> VerifyReport:
    """Verify the trail of a home, hosted or not. Blocks; run it in a thread."""
    return verify_home(home, rows=iter_audit_bytes(home / STORE_FILE))


def check_packs_named(settings: Settings, library: PackLibrary) -> None:
    """Raises ConfigError when the settings name a policy pack that there is not."""
    named = {"governance.default_pack": settings.governance.default_pack}
    named |= {
        f"agents.{name}.pack": each.pack for name, each in settings.agents.items() if each.pack
    }
    for key, pack in named.items():
        if pack not in library.packs:
            there = ", ".join(sorted(library.packs))
            raise ConfigError(f"{key}: there is no policy pack {pack!r}; there are {there}")


@contextlib.asynccontextmanager
async def run_engine(home: Path, settings: Settings) -> AsyncGenerator[Engine]:
    """Host `home` until the block ends, then stop everything in reverse order.

    Raises: HomeInUse, ConfigError, PolicyInvalid, StorageError, AuditChainBroken.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(hold_home(home))
        library = load_packs(settings.governance.packs_dir)
        check_packs_named(settings, library)
        shipped_catalog()  # read now, not while the first command of an agent waits
        stack.enter_context(keep_logs(home))
        base = await _lay_foundation(home, settings, stack)
        engine, services = await compose(base, library)
        await engine.supervisor.start(services)
        stack.push_async_callback(engine.supervisor.stop)
        if engine.gateway is not None:
            await engine.gateway.wait_started()
        yield engine


@contextlib.asynccontextmanager
async def open_store_to_read(home: Path) -> AsyncGenerator[LedgerReads]:
    """The store of a home for reading, hosted or not. Raises ConfigError when there is none."""
    path = home / STORE_FILE
    if not path.exists():
        raise ConfigError(f"no store in {home}: nothing was governed there yet")
    async with open_to_read(path) as store:
        yield store


async def _lay_foundation(
    home: Path, settings: Settings, stack: contextlib.AsyncExitStack
) -> Foundation:
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
    ids = SystemIds()
    keeper = SpanKeeper(store=store, clock=clock, export=_open_export(settings, stack))
    return Foundation(
        home=home,
        settings=settings,
        clock=clock,
        ids=ids,
        bus=Bus(),
        store=store,
        journal=journal,
        tracer=SpanTracer(keeper, ids),
        keeper=keeper,
    )


def _open_export(settings: Settings, stack: contextlib.AsyncExitStack) -> SpanExport | None:
    endpoint = settings.monitoring.otlp_endpoint
    if endpoint is None:
        return None
    from core.adapters.otlp import OtlpExport  # noqa: PLC0415 - 0.3 s that few need

    export = OtlpExport.to(endpoint)
    stack.callback(export.close)
    return export


async def compose(base: Foundation, library: PackLibrary) -> tuple[Engine, tuple[Service, ...]]:
    """Wire the parts; the services come in the order in which they start."""
    governance, clock, bus = base.settings.governance, base.clock, base.bus
    judge = CedarJudge(library)
    principals = PrincipalBook(
        settings=governance,
        agents=base.settings.agents,
        permissions_of=library.permissions_of,
    )
    await principals.load(base.store)
    grants = GrantBook(store=base.store, clock=clock)
    await grants.load()
    queue = ApprovalQueue(store=base.store, clock=clock, bus=bus, tracer=base.tracer)
    await queue.load()
    gate = _make_gate(base, judge, principals, grants, queue)
    desk = _make_desk(base, gate, principals, grants, queue)
    operator = find_operator(base.settings)
    tokens = await TokenBook.load(base.store, clock=clock, ids=base.ids)
    await tokens.ensure_files(base.home, operator=operator)
    await _audit_start(base, judge)
    mcp = _make_mcp(base)
    server = _make_server(base, gate, desk, tokens, mcp) if base.settings.gateway.enabled else None
    engine = Engine(
        home=base.home,
        settings=base.settings,
        operator=operator,
        clock=clock,
        bus=bus,
        gate=gate,
        desk=desk,
        judge=judge,
        tokens=tokens,
        supervisor=Supervisor(clock=clock, report=bus.publish),
        gateway=server,
    )
    keeper = JournalKeeper(base.journal, clock, bus)
    invitations = Invitations(tokens, home=base.home, clock=clock)
    edges = tuple(each for each in (mcp, server) if each is not None)
    return engine, (keeper, base.keeper, queue, invitations, *edges)


def _make_gate(
    base: Foundation,
    judge: CedarJudge,
    principals: PrincipalBook,
    grants: GrantBook,
    queue: ApprovalQueue,
) -> Gate:
    governance = base.settings.governance
    enforcement = Enforcement(
        judge=JudgePort(judge),
        counsellor=RuleCounsellor(),
        clock=base.clock,
        tracer=base.tracer,
        judge_timeout_s=governance.judge_timeout_s,
        counsel_timeout_s=governance.counsel_timeout_s,
    )
    return Gate(
        settings=governance,
        store=base.store,
        enforcement=enforcement,
        principals=principals,
        sessions=SessionBook(base.store),
        grants=grants,
        queue=queue,
        clock=base.clock,
        ids=base.ids,
        bus=base.bus,
        tracer=base.tracer,
        trail_problem=lambda: base.journal.problem,
    )


def _make_desk(
    base: Foundation,
    gate: Gate,
    principals: PrincipalBook,
    grants: GrantBook,
    queue: ApprovalQueue,
) -> OperatorDesk:
    settlement = Settlement(
        queue=queue,
        clock=base.clock,
        ids=base.ids,
        bus=base.bus,
        reevaluate=gate.reevaluate,
        keep_grant=grants.keep,
    )
    return OperatorDesk(
        store=base.store,
        queue=queue,
        settlement=settlement,
        principals=principals,
        grants=grants,
        clock=base.clock,
        bus=base.bus,
        verify=lambda: asyncio.to_thread(verify_trail, base.home),
    )


def _make_mcp(base: Foundation) -> "McpMount | None":
    if not base.settings.mcp or not base.settings.gateway.enabled:
        return None
    from core.gateway.mcp.mount import McpMount  # noqa: PLC0415 - the MCP library is large

    return McpMount(base.settings.mcp, clock=base.clock, limits=_limits(base.settings.gateway))


def _limits(given: GatewaySettings) -> Limits:
    return Limits(
        body_bytes_max=given.body_bytes_max,
        wait_s_max=given.wait_s_max,
        waits_per_token_max=given.waits_max,
        rate_per_s=given.requests_per_s,
        burst_max=round(2 * given.requests_per_s),
    )


def _make_server(
    base: Foundation,
    gate: Gate,
    desk: OperatorDesk,
    tokens: TokenBook,
    mcp: "McpMount | None",
) -> GatewayServer:
    given = base.settings.gateway
    app = make_app(
        gate=gate,
        operator=desk,
        tokens=tokens,
        bus=base.bus,
        ids=base.ids,
        clock=base.clock,
        limits=_limits(given),
        extra_routes=[*hook_routes(), *(mcp.routes if mcp else ())],
        statistics={
            "gate": lambda: gate.statistics,
            "store": base.store.statistics,
        },
    )
    return GatewayServer(app, home=base.home, clock=base.clock, port=given.port)


async def _audit_start(base: Foundation, judge: CedarJudge) -> None:
    """The trail says when governing began, under which policies, and what opening had to mend."""
    started = AuditDraft(
        event="engine.started",
        at=base.clock.now(),
        actor="engine",
        action_id=None,
        body={"policy_version": judge.version, "pid": os.getpid()},
    )
    await base.store.commit(WriteUnit(audit=(*base.journal.take_notes(), started)))
