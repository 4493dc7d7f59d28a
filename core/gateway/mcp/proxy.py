"""`maestro mcp-proxy -- COMMAND…`: any stdio MCP server, with the gate in front of its tools."""

from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, Final

from mcp import Client, MCPError, StdioServerParameters, stdio_client, stdio_server
from mcp.server import Server, ServerRequestContext
from mcp_types import (
    CONNECTION_CLOSED,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
)

from core.actions import JsonObject
from core.clock import Clock
from core.gateway.mcp.governed import WAIT_S, GovernedCalls
from core.gateway.mcp.listing import Listing
from core.gateway.mcp.model import Caller, GateLink, Screen, Tell, ToolCall
from core.gateway.mcp.rules import announce, clean_tools, plain_name
from core.gateway.mcp.upstream import first_cause
from core.governance.screening.rules import screen as screen_json
from core.ids import TokenId

AGENT: Final = "mcp-client"
_NO_TOKEN: Final = TokenId("")  # one proxy has one token


async def run_proxy(
    command: Sequence[str],
    *,
    gateway: GateLink,
    clock: Clock,
    environ: Mapping[str, str],
    stderr: IO[str],
    session: str | None = None,
    agent: str = AGENT,
    name: str | None = None,
    screen: Screen = screen_json,
    wait_s: float = WAIT_S,
) -> int:
    """Serve on stdin and stdout what `command` serves on its own, until either side ends.

    Args:
        environ: What the server behind gets as its environment.
        session: Groups the calls of this run, so that results count as untrusted text later.
        agent: Who the calls are from.
        name: The server's name in resources (`name/tool`); default: what it calls itself.
        wait_s: How long a held call waits before its client is told to come again.

    Returns 0, or 1 when the server behind cannot be started; the reason is on stderr.
    """
    parameters = StdioServerParameters(
        command=command[0], args=list(command[1:]), env=dict(environ)
    )
    governed = GovernedCalls(screen=screen, clock=clock, wait_s=wait_s)
    try:
        # Stale tool lists would hide what the server behind offers now: no cache.
        async with Client(stdio_client(parameters), cache=None) as upstream:
            shown_as = plain_name(name or _own_name(upstream) or command[0])

            def read_caller(context: ServerRequestContext[Any]) -> Caller:
                return Caller(
                    link=gateway,
                    agent=agent,
                    session=session,
                    token_id=_NO_TOKEN,
                    tell=context.session.report_progress,
                )

            server = make_proxy_server(upstream, governed, read_caller, shown_as)
            async with stdio_server() as (read, write):
                await server.run(read, write, server.create_initialization_options())
    except (OSError, ValueError, MCPError, ExceptionGroup) as error:
        print(f"mcp-proxy: {command[0]}: {first_cause(error)}", file=stderr)
        return 1
    return 0


ReadCaller = Callable[[ServerRequestContext[Any]], Caller]


def make_proxy_server(
    upstream: Client, governed: GovernedCalls, read_caller: ReadCaller, name: str
) -> Server[Any]:
    """The server that the client sees: `upstream`'s tools, each call governed as its caller's."""
    listing = Listing(f"the MCP server {name!r}")

    async def why_not(tool: str) -> str:
        try:
            return await listing.why_not(tool, upstream)
        except MCPError as error:
            if error.code == CONNECTION_CLOSED:
                return f"the MCP server {name!r} has ended: start it again in the client"
            return f"the MCP server {name!r} gives no list of its tools: {error}"

    async def list_tools(
        _context: ServerRequestContext[Any], params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        page = await upstream.list_tools(cursor=params.cursor if params else None)
        return ListToolsResult(
            tools=clean_tools(page.tools, governed.screen), next_cursor=page.next_cursor
        )

    async def call_tool(
        context: ServerRequestContext[Any], params: CallToolRequestParams
    ) -> CallToolResult:
        async def run(arguments: JsonObject, tell: Tell) -> CallToolResult:
            return await upstream.call_tool(params.name, dict(arguments), progress_callback=tell)

        call = ToolCall(server=name, tool=params.name, arguments=params.arguments or {})
        return await governed.call(call, caller=read_caller(context), why_not=why_not, run=run)

    return Server(
        name,
        version=upstream.server_info.version if upstream.server_info else "",
        instructions=announce(upstream.instructions or "", governed.screen) or None,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _own_name(upstream: Client) -> str:
    return upstream.server_info.name if upstream.server_info else ""
