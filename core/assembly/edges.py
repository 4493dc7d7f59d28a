"""What the outside calls: the HTTP gateway with all that is mounted on it."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from core.assembly.foundation import Foundation
from core.assembly.governance import Governance
from core.assembly.mcp_health import McpHealth
from core.assembly.orchestrator import Orchestrator
from core.assembly.reports import local_zone
from core.gateway.hook.held import CALLS_MAX, RETRY_S_MAX, HeldCalls, recall_calls
from core.gateway.hook.routes import hook_routes
from core.gateway.http.app import make_app
from core.gateway.http.limits import Limits
from core.gateway.otlp.routes import otlp_routes
from core.gateway.reports import report_routes
from core.gateway.server import GatewayServer
from core.gateway.tokens import TokenBook
from core.ids import ActionId
from core.office_ports import OfficeDoor
from core.ports import Store
from core.records import AuditQuery
from core.reporting.ports import Sources
from core.settings import GatewaySettings

if TYPE_CHECKING:
    from core.gateway.mcp.mount import McpMount


async def make_mcp(
    base: Foundation, held: HeldCalls, orchestrator: Orchestrator
) -> "McpMount | None":
    """`/mcp`, when the settings name servers for it."""
    servers = base.settings.mcp if base.settings.gateway.enabled else {}
    health = McpHealth(clock=base.clock, bus=base.bus, alerts=orchestrator.alerts)
    await health.forget_all_but(servers)
    if not servers:
        return None
    from core.gateway.mcp.mount import McpMount  # noqa: PLC0415 - the MCP library is large

    limits = _limits(base.settings.gateway)
    return McpMount(servers, clock=base.clock, tell_health=health.tell, limits=limits, held=held)


async def recall_held_calls(base: Foundation) -> HeldCalls:
    """Calls whose answers nobody took before; asked before anybody can call or decide."""
    now, now_s = base.clock.now(), base.clock.monotonic_s()
    waiting = [each.id for each in await base.store.list_pending()]
    ids = (*waiting[-CALLS_MAX:], *await _allowed_lately(base.store, now))
    records = [await base.store.get_action(each) for each in ids]
    return recall_calls(filter(None, records), now=now, now_s=now_s)


async def _allowed_lately(store: Store, now: datetime) -> list[ActionId]:
    """What operators allowed so lately that a next try may take it, as the trail has it."""
    query = AuditQuery(event="approval.approved", limit=CALLS_MAX)
    since = now - timedelta(seconds=RETRY_S_MAX)
    contents = [json.loads(entry.text) for entry in await store.read_audit(query)]
    return [
        ActionId(each["action_id"])
        for each in contents
        if datetime.fromisoformat(each["at"]) >= since
    ]


def _limits(given: GatewaySettings) -> Limits:
    return Limits(
        body_bytes_max=given.body_bytes_max,
        wait_s_max=given.wait_s_max,
        waits_per_token_max=given.waits_max,
        rate_per_s=given.requests_per_s,
        burst_max=round(2 * given.requests_per_s),
    )


def make_server(
    base: Foundation,
    governance: Governance,
    orchestrator: Orchestrator,
    *,
    tokens: TokenBook,
    mcp: "McpMount | None",
    sources: Sources,
    office: OfficeDoor,
    held: HeldCalls,
) -> GatewayServer:
    """The gateway; it listens once it is run."""
    given, gate = base.settings.gateway, governance.gate
    app = make_app(
        gate=gate,
        operator=governance.desk,
        tokens=tokens,
        bus=base.bus,
        ids=base.ids,
        clock=base.clock,
        limits=_limits(given),
        fleet=orchestrator.desk,
        policies=governance.policies,
        office=office,
        extra_routes=[
            *hook_routes(held=held),
            *otlp_routes(orchestrator.telemetry),
            *report_routes(sources, clock=base.clock, zone=local_zone(base.clock)),
            *(mcp.routes if mcp else ()),
        ],
        trail_problem=lambda: base.journal.problem,
        store_problem=base.store.find_problem,
        statistics={
            "gate": lambda: gate.statistics,
            "store": base.store.statistics,
            "router": orchestrator.router.statistics,
            "metrics": orchestrator.metrics.statistics,
            "telemetry": orchestrator.telemetry.statistics,
        },
    )
    return GatewayServer(app, home=base.home, clock=base.clock, port=given.port)
