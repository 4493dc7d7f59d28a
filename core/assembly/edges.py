"""What the outside calls: the HTTP gateway with all that is mounted on it."""

from typing import TYPE_CHECKING

from core.actions import ActionStatus
from core.assembly.foundation import Foundation
from core.assembly.governance import Governance
from core.assembly.orchestrator import Orchestrator
from core.assembly.reports import local_zone
from core.gateway.hook.held import CALLS_MAX, HeldCalls, recall_calls
from core.gateway.hook.routes import hook_routes
from core.gateway.hook.rules import KEY_PREFIX
from core.gateway.http.app import make_app
from core.gateway.http.limits import Limits
from core.gateway.otlp.routes import otlp_routes
from core.gateway.reports import report_routes
from core.gateway.server import GatewayServer
from core.gateway.tokens import TokenBook
from core.office_ports import OfficeDoor
from core.records import ActionQuery
from core.reporting.ports import Sources
from core.settings import GatewaySettings

if TYPE_CHECKING:
    from core.gateway.mcp.mount import McpMount


def make_mcp(base: Foundation) -> "McpMount | None":
    """`/mcp`, when the settings name servers for it."""
    if not base.settings.mcp or not base.settings.gateway.enabled:
        return None
    from core.gateway.mcp.mount import McpMount  # noqa: PLC0415 - the MCP library is large

    return McpMount(base.settings.mcp, clock=base.clock, limits=_limits(base.settings.gateway))


async def recall_hook_calls(base: Foundation) -> HeldCalls:
    """Claude Code's calls that wait since before; asked before anybody can decide on them."""
    pending = ActionQuery(status=ActionStatus.PENDING, limit=CALLS_MAX)
    return recall_calls(
        await base.store.list_actions(pending),
        key_prefix=KEY_PREFIX,
        at_s=base.clock.monotonic_s(),
    )


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
        statistics={
            "gate": lambda: gate.statistics,
            "store": base.store.statistics,
            "router": orchestrator.router.statistics,
            "metrics": orchestrator.metrics.statistics,
            "telemetry": orchestrator.telemetry.statistics,
        },
    )
    return GatewayServer(app, home=base.home, clock=base.clock, port=given.port)
