"""`POST /hooks/claude-code`: what the hook command calls, and what an `http` hook calls itself.

Claude Code lets a tool call through when an HTTP hook answers anything but 2xx, unless the hook
says `onFailure: "block"`. So once an event is known to propose a tool call, every failure is a 200
that denies.
"""

import asyncio
import json
import logging
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, assert_never

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.actions import ActionStatus, JsonObject, JsonValue
from core.clock import Clock
from core.errors import InvalidAction, MaestroError
from core.gateway.hook.answers import deny_call
from core.gateway.hook.held import HeldCalls, digest_call
from core.gateway.hook.model import (
    EventIgnored,
    HookEvent,
    PromptSubmitted,
    SessionEnded,
    SessionStarted,
    ToolFinished,
    ToolProposed,
)
from core.gateway.hook.rules import answer_ticket, propose_call, read_event
from core.ids import ActionId
from core.ports import ActionGate, Ticket
from core.records import Outcome, TokenRecord

Authenticate = Callable[[Request], Awaitable[TokenRecord]]
"""Verified token of a request; raises Unauthenticated or PermissionDenied."""

WAIT_S: Final = 540.0
RUNNING_MAX: Final = 4096
_log = logging.getLogger("maestro.gateway.hook")


def hook_routes(
    *,
    gate: ActionGate,
    authenticate: Authenticate,
    clock: Clock,
    wait_s: float = WAIT_S,
) -> list[Route]:
    """The hook endpoint. `wait_s`: the longest a held call waits; `?wait=` can only shorten it.

    Deliberate errors of other events are left to the app's handlers, bounds of bodies to its edge.
    """
    endpoint = _HookEndpoint(gate, authenticate, clock, wait_s)
    return [Route("/hooks/claude-code", endpoint.handle, methods=["POST"])]


class _HookEndpoint:
    # Which action a running tool call is, for its outcome; oldest dropped first.
    _running: OrderedDict[tuple[str, str, str], ActionId]

    def __init__(
        self,
        gate: ActionGate,
        authenticate: Authenticate,
        clock: Clock,
        wait_s: float,
    ) -> None:
        self._gate = gate
        self._authenticate = authenticate
        self._clock = clock
        self._wait_s = wait_s
        self._held = HeldCalls(clock)
        self._running = OrderedDict()

    async def handle(self, request: Request) -> Response:
        event: HookEvent | None = None
        try:
            token = await self._authenticate(request)
            event = read_event(_read_json(await request.body()))
            return JSONResponse(await self._answer(event, request, token))
        except Exception as error:
            if not isinstance(event, ToolProposed):
                raise
            if not isinstance(error, MaestroError):
                _log.exception("a hook event met a defect")
            told = error if isinstance(error, MaestroError) else "the gateway failed; see its log"
            return JSONResponse(deny_call(f"Maestro Console: {told}"))

    async def _answer(self, event: HookEvent, request: Request, token: TokenRecord) -> JsonObject:
        gate = self._gate
        match event:
            case ToolProposed():
                return await self._decide(event, request, token)
            case ToolFinished():
                await self._finish(event, token)
            case PromptSubmitted(session=session, agent=agent, prompt=prompt):
                await gate.add_purpose(session, prompt, agent=agent, token=token)
            case SessionStarted(session=session, agent=agent, cwd=cwd):
                await gate.open_session(session, agent=agent, cwd=cwd, token=token)
            case SessionEnded(session=session, agent=agent):
                await gate.close_session(session, agent=agent, token=token)
            case EventIgnored():
                pass
            case _:
                assert_never(event)
        return {}

    async def _decide(self, call: ToolProposed, request: Request, token: TokenRecord) -> JsonObject:
        wait_s = self._read_wait(request)
        traceparent = request.headers.get("traceparent", "")
        proposal = propose_call(call, wait_s=wait_s, traceparent=traceparent)
        digest = digest_call(proposal, token_id=token.id)
        action_id = self._held.take(digest)
        if action_id is None:
            ticket = await self._gate.propose(proposal, token=token)
        else:
            ticket = await self._gate.wait(action_id, timeout_s=0.0, token=token)
        if ticket.status is ActionStatus.PENDING:
            ticket = await self._wait(ticket, request, wait_s, token)
        if ticket.status is ActionStatus.PENDING:
            self._held.put(digest, ticket.id)
        elif ticket.status is ActionStatus.ALLOWED:
            self._running[token.id, call.session, call.tool_use_id] = ticket.id
            if len(self._running) > RUNNING_MAX:
                self._running.popitem(last=False)
        return answer_ticket(ticket, proposed=proposal.arguments)

    async def _wait(
        self, ticket: Ticket, request: Request, wait_s: float, token: TokenRecord
    ) -> Ticket:
        """Wait for an operator, at most `wait_s`; the pending ticket again when the caller went
        away, so that an approval is kept for the next try and not spent on nobody."""
        waiting = self._gate.wait(ticket.id, timeout_s=wait_s, token=token)
        async with asyncio.TaskGroup() as group:
            settled = group.create_task(_outcome_of(waiting))
            gone = group.create_task(_until_gone(request))
            await asyncio.wait({settled, gone}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            if not settled.done():
                settled.cancel()
                return ticket
        result = settled.result()
        if isinstance(result, MaestroError):
            raise result
        return result

    async def _finish(self, done: ToolFinished, token: TokenRecord) -> None:
        action_id = self._running.pop((token.id, done.session, done.tool_use_id), None)
        if action_id is not None:
            outcome = Outcome(status=done.status, error=done.error, reported_at=self._clock.now())
            await self._gate.report_outcome(action_id, outcome, result=done.result, token=token)
        elif done.result:
            # Allowed before a restart, or ungoverned: what it returned is untrusted all the same.
            text = done.result if isinstance(done.result, str) else json.dumps(done.result)
            await self._gate.add_untrusted(done.session, text, agent=done.agent, token=token)

    def _read_wait(self, request: Request) -> float:
        given = request.query_params.get("wait")
        try:
            wait_s = self._wait_s if given is None else float(given)
        except ValueError:
            wait_s = math.nan
        if not 0.0 <= wait_s < math.inf:
            raise InvalidAction(f"wait is not a number of seconds: {given!r}")
        return min(wait_s, self._wait_s)


async def _outcome_of(waiting: Awaitable[Ticket]) -> Ticket | MaestroError:
    """The error as a value: a task group would wrap a raised one."""
    try:
        return await waiting
    except MaestroError as error:
        return error


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _read_json(body: bytes) -> JsonValue:
    try:
        document: JsonValue = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidAction(f"the hook input is not JSON: {error}") from None
    return document


def _refuse_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is not JSON")
