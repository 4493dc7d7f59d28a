"""The composition root: settings and a home in, a running engine out."""

import contextlib
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from core.adapters.home import STORE_FILE, hold_home
from core.adapters.login import name_operator
from core.adapters.logs import keep_logs
from core.adapters.sqlite.reading import LedgerReads, open_to_read
from core.assembly.edges import make_mcp, make_server, recall_held_calls
from core.assembly.foundation import Foundation, lay_foundation
from core.assembly.governance import Governance, govern
from core.assembly.ground import Ground
from core.assembly.orchestrator import assemble
from core.assembly.reports import report_sources, schedule_reports
from core.audit.service import JournalKeeper
from core.bus import Bus
from core.clock import Clock
from core.errors import ConfigError
from core.gateway.invitations import Invitations
from core.gateway.server import GatewayServer
from core.gateway.tokens import TokenBook
from core.governance.desk import OperatorDesk
from core.governance.gate import Gate
from core.governance.policies.desk import PolicyDesk
from core.governance.policies.loading import load_packs
from core.governance.policies.model import PackLibrary
from core.governance.policy_judge import CedarJudge
from core.ids import OperatorId
from core.office_ports import OfficeDoor
from core.orchestration.desk import FleetDesk
from core.ports import Service
from core.records import AuditDraft, WriteUnit
from core.risk.shell.catalog import shipped_catalog
from core.settings import Settings
from core.supervisor import Supervisor
from core.telemetry.service import TelemetryBook


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
    policies: PolicyDesk
    judge: CedarJudge
    tokens: TokenBook
    supervisor: Supervisor
    gateway: GatewayServer | None
    fleet: FleetDesk
    telemetry: TelemetryBook
    office: OfficeDoor


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
async def run_engine(
    home: Path, settings: Settings, *, folder: Path | None = None, bus: Bus | None = None
) -> AsyncGenerator[Engine]:
    """Host `home` until the block ends, then stop everything in reverse order.

    Relative paths of the settings start at `folder`: that of the configuration, else the present.
    `bus` is one that somebody listens to already.
    Raises: HomeInUse, ConfigError, PolicyInvalid, StorageError, AuditChainBroken.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(hold_home(home))
        library = load_packs(settings.governance.packs_dir)
        check_packs_named(settings, library)
        shipped_catalog()  # read now, not while the first command of an agent waits
        stack.enter_context(keep_logs(home))
        base = await lay_foundation(
            home, settings, stack, folder=folder or Path.cwd(), bus=bus or Bus()
        )
        engine, services = await compose(base, library, stack)
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


async def compose(
    base: Foundation, library: PackLibrary, stack: contextlib.AsyncExitStack
) -> tuple[Engine, tuple[Service, ...]]:
    """Wire the parts; the services come in the order in which they start."""
    clock, bus = base.clock, base.bus
    tokens = await TokenBook.load(base.store, clock=clock, ids=base.ids)
    operator = name_operator(base.settings.console.operator)
    governance = await govern(base, library, tokens, operator)
    await tokens.ensure_files(base.home, operator=operator)
    await _audit_start(base, governance.judge)
    supervisor = Supervisor(clock=clock, report=bus.publish)
    orchestrator = await assemble(_ground(base, governance, supervisor), stack)
    sources = report_sources(base, governance, orchestrator, operator)
    reports = schedule_reports(base, sources, orchestrator)
    held = await recall_held_calls(base)
    mcp = await make_mcp(base, held, orchestrator)
    gateway, office = None, OfficeDoor()
    if base.settings.gateway.enabled:
        gateway = make_server(
            base,
            governance,
            orchestrator,
            tokens=tokens,
            mcp=mcp,
            sources=sources,
            office=office,
            held=held,
        )
    engine = Engine(
        home=base.home,
        settings=base.settings,
        operator=operator,
        clock=clock,
        bus=bus,
        gate=governance.gate,
        desk=governance.desk,
        policies=governance.policies,
        judge=governance.judge,
        tokens=tokens,
        supervisor=supervisor,
        gateway=gateway,
        fleet=orchestrator.desk,
        telemetry=orchestrator.telemetry,
        office=office,
    )
    keeper = JournalKeeper(base.journal, clock, bus, alerts=orchestrator.alerts)
    invitations = Invitations(tokens, home=base.home, clock=clock)
    edges = tuple(each for each in (mcp, gateway) if each is not None)
    first = (keeper, base.keeper, governance.queue, invitations)
    return engine, (*first, *orchestrator.services, reports, *edges)


def _ground(base: Foundation, governance: Governance, supervisor: Supervisor) -> Ground:
    principals = governance.principals
    return Ground(
        home=base.home,
        base=base.folder,
        settings=base.settings,
        clock=base.clock,
        ids=base.ids,
        bus=base.bus,
        store=base.store,
        own=base.own,
        gate=governance.gate,
        degradation=governance.degradation,
        supervisor=supervisor,
        principals=principals.list,
        find_trust=principals.find_trust,
        list_agents=governance.desk.list_agents,
    )


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
