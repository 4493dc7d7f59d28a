"""`POST /hooks/claude-code`: what the hook command calls, and what an `http` hook calls itself.

Claude Code lets a tool call through when an HTTP hook answers anything but 2xx, unless the hook
says `onFailure: "block"`. So once an event is known to propose a tool call, every failure is a 200
that denies.
"""

import logging
import math
from collections import OrderedDict
from dataclasses import replace
from typing import Final, assert_never

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.actions import ActionStatus, JsonObject, text_of
from core.errors import InvalidAction, MaestroError
from core.gateway.hook.answers import deny_call
from core.gateway.hook.held import HeldCalls, Try, claim, digest_call
from core.gateway.hook.model import (
    EventIgnored,
    HookEvent,
    PromptSubmitted,
    SessionEnded,
    SessionStarted,
    ToolFinished,
    ToolProposed,
)
from core.gateway.hook.rules import AGENT, answer_ticket, propose_call, read_event
from core.gateway.http.body import read_json
from core.gateway.http.context import Gateway, authenticate, gateway_of
from core.gateway.http.hold import unless_gone
from core.ids import ActionId
from core.ports import Proposal, Ticket
from core.records import Outcome, TokenKind, TokenRecord

WAIT_S: Final = 540.0
RUNNING_MAX: Final = 4096
SESSIONS_MAX: Final = 1024
_log = logging.getLogger("maestro.gateway.hook")


def hook_routes(*, wait_s: float = WAIT_S, held: HeldCalls | None = None) -> list[Route]:
    """The hook endpoint, for `make_app(extra_routes=…)`.

    Args:
        wait_s: The longest a held call waits for an operator; `?wait=` can only shorten it.
        held: Calls of an earlier process whose answers nobody took.
    """
    endpoint = _HookEndpoint(wait_s, held or HeldCalls())
    return [Route("/hooks/claude-code", endpoint.handle, methods=["POST"])]


class _HookEndpoint:
    # Which action a running tool call is, for its outcome; oldest dropped first.
    _running: OrderedDict[tuple[str, str, str], ActionId]

    def __init__(self, wait_s: float, held: HeldCalls) -> None:
        self._wait_s = wait_s
        self._held = held
        self._running = OrderedDict()
        # Sessions by token and name, each with its workspace.
        self._opened: OrderedDict[tuple[str, str], str] = OrderedDict()

    async def handle(self, request: Request) -> Response:
        event: HookEvent | None = None
        try:
            gateway = gateway_of(request.app)
            token = await authenticate(request, TokenKind.AGENT)
            with gateway.uploads.take(token.id):
                body = await read_json(request.receive, request.headers, gateway.limits)
            event = read_event(body)
            if isinstance(event, ToolProposed):
                return JSONResponse(await self._decide(event, request, gateway, token))
            await self._note(event, gateway, token)
        except Exception as error:
            if not isinstance(event, ToolProposed):
                raise
            if not isinstance(error, MaestroError):
                _log.exception("a hook event met a defect")
            told = error if isinstance(error, MaestroError) else "the gateway failed; see its log"
            return JSONResponse(deny_call(f"Maestro Console: {told}"))
        return JSONResponse({})

    async def _note(
        self,
        event: PromptSubmitted | SessionStarted | SessionEnded | ToolFinished | EventIgnored,
        gateway: Gateway,
        token: TokenRecord,
    ) -> None:
        gate = gateway.gate
        match event:
            case PromptSubmitted(session=session, agent=agent, prompt=prompt):
                await self._join(event, gateway, token)
                add = gate.add_purpose if event.by_user else gate.add_untrusted
                await add(session, prompt, agent=agent, token=token)
            case SessionStarted():
                await self._open(event, gateway, token)
            case SessionEnded(session=session, agent=agent):
                await gate.close_session(session, agent=agent, token=token)
            case ToolFinished():
                await self._finish(event, gateway, token)
            case EventIgnored():
                pass
            case _:
                assert_never(event)

    async def _join(
        self, event: PromptSubmitted | ToolProposed, gateway: Gateway, token: TokenRecord
    ) -> None:
        """Make the session and its folder known if this is the first that is heard of it: Claude
        Code sends no SessionStart to an http hook, nor to hooks installed meanwhile."""
        if event.cwd and (token.id, event.session) not in self._opened:
            await self._open(event, gateway, token)

    async def _open(
        self,
        event: SessionStarted | PromptSubmitted | ToolProposed,
        gateway: Gateway,
        token: TokenRecord,
    ) -> None:
        workspace = await gateway.gate.open_session(
            event.session, agent=event.agent, cwd=event.cwd, token=token
        )
        if event.cwd:
            self._opened[token.id, event.session] = workspace
        if len(self._opened) > SESSIONS_MAX:
            self._opened.popitem(last=False)

    async def _decide(
        self, call: ToolProposed, request: Request, gateway: Gateway, token: TokenRecord
    ) -> JsonObject:
        wait_s = self._read_wait(request)
        traceparent = request.headers.get("traceparent", "")
        await self._join(call, gateway, token)
        workspace = self._opened.get((token.id, call.session))
        proposal = propose_call(call, wait_s=wait_s, traceparent=traceparent, workspace=workspace)
        proposal = replace(proposal, pickup=digest_call(proposal, edge=AGENT, token_id=token.id))
        with self._held.trying(proposal.pickup, gateway.clock) as trial:
            ticket = await self._propose(proposal, trial, gateway, token)
            if ticket.status is ActionStatus.PENDING:
                with gateway.waits.take(token.id):
                    settled = await unless_gone(
                        gateway.gate.wait(ticket.id, timeout_s=wait_s, token=token),
                        receive=request.receive,
                        closing=gateway.closing,
                    )
                ticket = settled or ticket
                trial.note(ticket)
            if ticket.status is ActionStatus.ALLOWED:
                key = proposal.idempotency_key
                await trial.take(claim(gateway.gate, ticket, key=key, token=token))
        if ticket.status is ActionStatus.ALLOWED:
            self._running[token.id, call.session, call.tool_use_id] = ticket.id
            if len(self._running) > RUNNING_MAX:
                self._running.popitem(last=False)
        closing = gateway.closing.is_set()
        return answer_ticket(
            ticket, call=call.tool_input, proposed=proposal.arguments, closing=closing
        )

    async def _propose(
        self, proposal: Proposal, trial: Try, gateway: Gateway, token: TokenRecord
    ) -> Ticket:
        """The ticket that an earlier try of this very call left, or a new one."""
        if trial.action_id is None:
            ticket = await gateway.gate.propose(proposal, token=token)
        else:
            ticket = await gateway.gate.wait(trial.action_id, timeout_s=0.0, token=token)
        trial.note(ticket)
        return ticket

    async def _finish(self, done: ToolFinished, gateway: Gateway, token: TokenRecord) -> None:
        gate, result = gateway.gate, text_of(done.result)
        action_id = self._running.pop((token.id, done.session, done.tool_use_id), None)
        if action_id is not None:
            now = gateway.clock.now()
            outcome = Outcome(status=done.status, error=done.error, reported_at=now)
            await gate.report_outcome(action_id, outcome, result=result, token=token)
        elif result:
            # Allowed before a restart, or ungoverned: what it returned is untrusted all the same.
            await gate.add_untrusted(done.session, result, agent=done.agent, token=token)

    def _read_wait(self, request: Request) -> float:
        given = request.query_params.get("wait")
        try:
            wait_s = self._wait_s if given is None else float(given)
        except ValueError:
            wait_s = math.nan
        if not 0.0 <= wait_s < math.inf:
            raise InvalidAction(f"wait is not a number of seconds: {given!r}")
        return min(wait_s, self._wait_s)
