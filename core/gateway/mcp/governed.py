"""One governed tool call: propose, wait, run what may run, screen, report."""

import asyncio
import logging
from dataclasses import replace
from typing import Final

from mcp import MCPError
from mcp_types import CONNECTION_CLOSED, REQUEST_TIMEOUT, CallToolResult

from core.actions import ActionStatus, Decision, OutcomeStatus
from core.clock import Clock
from core.errors import MaestroError
from core.gateway.hook.held import HeldCalls, digest_call
from core.gateway.hook.rules import read_traceparent
from core.gateway.mcp.model import Caller, RunTool, Screen, Tell, ToolCall, WhyNot
from core.gateway.mcp.rules import (
    clean_text,
    is_plain_name,
    refuse,
    refuse_ticket,
    screen_result,
)
from core.ids import ActionId
from core.ports import Proposal, Ticket

WAIT_S: Final = 280.0  # clients give a call some minutes; a retry goes on waiting where this ended
TELL_S: Final = 10.0  # between two signs of life; clients that ask for them wait a minute for one
RUN_S_MAX: Final = 600.0
REPORT_S_MAX: Final = 5.0
REPORTED_CHARS_MAX: Final = 64 * 1024
ERROR_CHARS_MAX: Final = 500
LOST: Final = "the MCP server went away while the tool ran: whether it did its work is not known"
_log = logging.getLogger("maestro.gateway.mcp")


class ServerDownError(MaestroError):
    """The MCP server behind cannot be reached, and was asked nothing. Retrying may help."""


class GovernedCalls:
    """Every call of one proxy or of `/mcp`. A call that may not run is a tool error.

    `wait_s`: how long a held call waits for an operator; `tell_s`: between two signs of life;
    `run_s_max`: how long a tool may take; `held`: calls whose answers nobody took yet.
    """

    def __init__(
        self,
        *,
        screen: Screen,
        clock: Clock,
        wait_s: float = WAIT_S,
        tell_s: float = TELL_S,
        run_s_max: float = RUN_S_MAX,
        held: HeldCalls | None = None,
    ) -> None:
        self.screen = screen
        self._clock = clock
        self._wait_s = wait_s
        self._tell_s = tell_s
        self._run_s_max = run_s_max
        self._held = held or HeldCalls()

    async def call(
        self, call: ToolCall, *, caller: Caller, why_not: WhyNot, run: RunTool
    ) -> CallToolResult:
        """Answer one call. Holds it until an operator decides, or the wait is over.

        What could not run anyway is refused before it is proposed: nobody is asked about it.
        """
        if not is_plain_name(call.tool):
            return refuse("there is no tool of this name")
        if problem := await why_not(call.tool):
            _log.warning("call of %s/%s refused: %s", call.server, call.tool, problem)
            return screen_result(refuse(problem), self.screen)[0]
        signs = _SignsOfLife(caller.tell)
        try:
            ticket = await self._decide(call, caller, signs)
        except MaestroError as error:
            return refuse(str(error))
        if ticket.decision is Decision.ALLOW and ticket.status is ActionStatus.ALLOWED:
            return await self._run(ticket, caller, run, signs)
        return refuse_ticket(ticket)

    async def _decide(self, call: ToolCall, caller: Caller, signs: "_SignsOfLife") -> Ticket:
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
        digest = digest_call(proposal, edge="mcp", token_id=caller.token_id)
        # Also when the client cancels, an approval is kept for the next try.
        with self._held.trying(digest, self._clock) as trial:
            if trial.action_id is None:
                ticket = await caller.link.propose(replace(proposal, pickup=digest))
            else:
                ticket = await caller.link.wait(trial.action_id, timeout_s=0.0)
            trial.note(ticket)
            until_s = self._clock.monotonic_s() + self._wait_s
            while ticket.status is ActionStatus.PENDING:
                left_s = until_s - self._clock.monotonic_s()
                if left_s <= 0.0:
                    break
                await signs.waiting(ticket.id)
                ticket = await caller.link.wait(ticket.id, timeout_s=min(left_s, self._tell_s))
                trial.note(ticket)
            if ticket.status is ActionStatus.ALLOWED:
                await trial.take(caller.link.claim(ticket))
        return ticket

    async def _run(
        self, ticket: Ticket, caller: Caller, run: RunTool, signs: "_SignsOfLife"
    ) -> CallToolResult:
        try:
            async with asyncio.timeout(self._run_s_max):
                result = await run(ticket.arguments, signs.running)
        except asyncio.CancelledError:
            # The tool may have done its work, or part of it: nobody knows.
            await asyncio.shield(self._report(ticket, caller, OutcomeStatus.UNKNOWN, "cancelled"))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, caller and trail are told
            status, told = self._read_failure(error)
            result = refuse(f"The tool failed: {told}")
        else:
            status = OutcomeStatus.FAILED if result.is_error else OutcomeStatus.SUCCEEDED
        # Also when the client leaves now, the trail learns what came of it.
        return await asyncio.shield(self._finish(ticket, caller, result, status))

    async def _finish(
        self, ticket: Ticket, caller: Caller, result: CallToolResult, status: OutcomeStatus
    ) -> CallToolResult:
        # A long result takes seconds to look through: not on the loop that answers everybody.
        shown, text = await asyncio.to_thread(screen_result, result, self.screen)
        await self._report(ticket, caller, status, text if result.is_error else "", text)
        return shown

    def _read_failure(self, error: Exception) -> tuple[OutcomeStatus, str]:
        if isinstance(error, TimeoutError):
            told = f"no answer within {self._run_s_max:g} s: whether it did its work is not known"
            return OutcomeStatus.UNKNOWN, told
        if isinstance(error, MCPError) and error.code in (CONNECTION_CLOSED, REQUEST_TIMEOUT):
            return OutcomeStatus.UNKNOWN, LOST
        return OutcomeStatus.FAILED, str(error) or type(error).__name__

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


class _SignsOfLife:
    """One call's: those of the wait, then the tool's own, which count on from there."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._waited = 0.0

    async def waiting(self, action_id: ActionId) -> None:
        self._waited += 1.0
        await self._tell(self._waited, None, f"waiting for an operator (request {action_id})")

    async def running(self, progress: float, total: float | None, message: str | None) -> None:
        total = None if total is None else self._waited + total
        await self._tell(self._waited + progress, total, message and clean_text(message))
