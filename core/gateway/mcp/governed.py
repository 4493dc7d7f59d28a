"""One governed tool call: propose, wait, run what may run, screen, report."""

import asyncio
import logging
from typing import Final

from mcp import MCPError
from mcp_types import CallToolResult
from pydantic import ValidationError

from core.actions import ActionStatus, Decision, OutcomeStatus
from core.clock import Clock
from core.errors import MaestroError
from core.gateway.hook.held import HeldCalls, digest_call
from core.gateway.hook.rules import read_traceparent
from core.gateway.mcp.model import Caller, RunTool, Screen, ToolCall
from core.gateway.mcp.rules import refuse, refuse_ticket, screen_result
from core.ports import Proposal, Ticket

WAIT_S: Final = 280.0  # clients give a call some minutes; a retry goes on waiting where this ended
REPORT_S_MAX: Final = 5.0
REPORTED_CHARS_MAX: Final = 64 * 1024
ERROR_CHARS_MAX: Final = 500
_log = logging.getLogger("maestro.gateway.mcp")


class ServerDownError(MaestroError):
    """The MCP server behind cannot be reached. Retrying may help."""


class GovernedCalls:
    """Every call of one proxy or of `/mcp`. A call that may not run is a tool error."""

    def __init__(self, *, screen: Screen, clock: Clock, wait_s: float = WAIT_S) -> None:
        self._screen = screen
        self._clock = clock
        self._wait_s = wait_s
        self._held = HeldCalls()

    async def call(self, call: ToolCall, *, caller: Caller, run: RunTool) -> CallToolResult:
        """Answer one call. Holds it until an operator decides, or the wait is over."""
        try:
            ticket = await self._decide(call, caller)
        except MaestroError as error:
            return refuse(str(error))
        if ticket.decision is Decision.ALLOW and ticket.status is ActionStatus.ALLOWED:
            return await self._run(ticket, caller, run)
        return refuse_ticket(ticket)

    async def _decide(self, call: ToolCall, caller: Caller) -> Ticket:
        correlation_id, parent_span_id = read_traceparent(caller.traceparent)
        proposal = Proposal(
            agent=caller.agent,
            kind="mcp.call",
            resource=f"{call.server}/{call.tool}",
            arguments=call.arguments,
            session=caller.session,
            correlation_id=correlation_id,
            parent_span_id=parent_span_id,
            wait_s=self._wait_s,
        )
        digest = digest_call(proposal, token_id=caller.token_id)
        held = self._held.take(digest, now_s=self._clock.monotonic_s())
        if held is None:
            ticket = await caller.link.propose(proposal)
        else:
            ticket = await caller.link.wait(held, timeout_s=0.0)
        try:
            if ticket.status is ActionStatus.PENDING:
                ticket = await caller.link.wait(ticket.id, timeout_s=self._wait_s)
        finally:
            # Also when the client cancels: an approval is kept for the next try.
            if ticket.status is ActionStatus.PENDING:
                self._held.put(digest, ticket.id, at_s=self._clock.monotonic_s())
        return ticket

    async def _run(self, ticket: Ticket, caller: Caller, run: RunTool) -> CallToolResult:
        try:
            result = await run(ticket.arguments)
        except asyncio.CancelledError:
            # The tool may have done its work, or part of it: nobody knows.
            await asyncio.shield(self._report(ticket, caller, OutcomeStatus.UNKNOWN, "cancelled"))
            raise
        except (MCPError, MaestroError, ValidationError, RuntimeError) as error:
            await self._report(ticket, caller, OutcomeStatus.FAILED, str(error))
            return refuse(f"The tool failed: {error}")
        shown, text = screen_result(result, self._screen)
        status = OutcomeStatus.FAILED if result.is_error else OutcomeStatus.SUCCEEDED
        await self._report(ticket, caller, status, text if result.is_error else "", text)
        return shown

    async def _report(
        self, ticket: Ticket, caller: Caller, status: OutcomeStatus, error: str, result: str = ""
    ) -> None:
        """Tell the gate. When it cannot hear, the outcome stays unknown in the trail, as it is."""
        try:
            async with asyncio.timeout(REPORT_S_MAX):
                await caller.link.report_outcome(
                    ticket.id,
                    status=status,
                    error=error[:ERROR_CHARS_MAX],
                    result=result[:REPORTED_CHARS_MAX],
                )
        except (MaestroError, TimeoutError) as failure:
            _log.warning("the outcome of %s could not be reported: %s", ticket.id, failure)
