"""What an agent calls: propose, ask again, report."""

import re
from contextlib import nullcontext
from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp

from core.actions import ActionStatus
from core.gateway import patterns
from core.gateway.http.hold import unless_gone
from core.gateway.http.operations import Call, answer_json
from core.gateway.http.problem import Fault, Refused
from core.gateway.schemas import (
    OutcomeAnswer,
    OutcomeBody,
    ProposeBody,
    TicketAnswer,
    WaitQuery,
)
from core.ports import Proposal, Ticket
from core.records import Outcome

_TRACEPARENT = re.compile(
    "(?!ff)[0-9a-f]{2}-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})(?P<span>[0-9a-f]{16})"
    "-[0-9a-f]{2}(?:-.*)?"
)
_KEY = re.compile(patterns.KEY)
_NO_TRACE = "0" * 32  # what W3C Trace Context calls invalid: as good as none
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._:@/+-]+")


async def propose(call: Call) -> ASGIApp:
    """Judge an action; with `wait`, hold the answer until an operator has decided."""
    body = call.body_as(ProposeBody)
    wait_s = _wait_s(call)
    proposal = _proposal(call, body, wait_s)
    with call.gateway.waits.take(call.caller.id) if wait_s else nullcontext():
        ticket = await call.gateway.gate.propose(proposal, token=call.caller)
        if wait_s and ticket.status is ActionStatus.PENDING:
            ticket = await _held(call, ticket, wait_s)
    return _answer(call, await _hand_out(call, ticket))


async def show(call: Call) -> ASGIApp:
    """Where an action stands; with `wait`, once it is decided."""
    gate, action_id, wait_s = call.gateway.gate, call.action_id, _wait_s(call)
    ticket = await gate.wait(action_id, timeout_s=0.0, token=call.caller)
    if wait_s and ticket.status is ActionStatus.PENDING:
        with call.gateway.waits.take(call.caller.id):
            ticket = await _held(call, ticket, wait_s)
    return _answer(call, await _hand_out(call, ticket))


async def report(call: Call) -> ASGIApp:
    """Record what came of an allowed action."""
    body = call.body_as(OutcomeBody)
    outcome = Outcome(
        status=body.status,
        error=body.error,
        usage=body.usage,
        reported_at=call.gateway.clock.now(),
    )
    await call.gateway.gate.report_outcome(
        call.action_id, outcome, result=body.result, token=call.caller
    )
    return answer_json(OutcomeAnswer(id=call.action_id, status=body.status))


async def _held(call: Call, ticket: Ticket, wait_s: float) -> Ticket:
    """Wait for the operator. The action stays held when the caller goes or the console stops."""
    settled = await unless_gone(
        call.gateway.gate.wait(ticket.id, timeout_s=wait_s, token=call.caller),
        receive=call.request.receive,
        closing=call.gateway.closing,
    )
    return ticket if settled is None else settled


async def _hand_out(call: Call, ticket: Ticket) -> Ticket:
    """Since an operator's yes the agent may have been quarantined, or a policy made stricter."""
    if ticket.status is not ActionStatus.ALLOWED or ticket.decided_by is None:
        return ticket
    return await call.gateway.gate.hand_out(ticket.id, token=call.caller)


def _wait_s(call: Call) -> float:
    return min(call.query_as(WaitQuery).wait, call.gateway.limits.wait_s_max)


def _proposal(call: Call, body: ProposeBody, wait_s: float) -> Proposal:
    given = None if body.correlation_id == _NO_TRACE else body.correlation_id
    correlation_id, parent_span_id = _trace(call.request, given)
    return Proposal(
        agent=body.agent or call.caller.bound_to or _NOT_IN_NAMES.sub("-", call.caller.label),
        kind=body.kind,
        resource=body.resource,
        arguments=body.arguments,
        purpose=body.purpose,
        session=body.session,
        untrusted=body.untrusted,
        risk=body.risk,
        correlation_id=correlation_id,
        parent_span_id=parent_span_id,
        idempotency_key=_idempotency_key(call.request, body.idempotency_key),
        wait_s=wait_s or None,
    )


def _trace(request: Request, correlation_id: str | None) -> tuple[str | None, str | None]:
    """Trace and parent span; a malformed header counts as none (W3C Trace Context 3.2.2)."""
    found = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    if found is None or correlation_id not in (None, found["trace"]):
        return correlation_id, None
    return found["trace"], found["span"]


def _idempotency_key(request: Request, in_body: str | None) -> str | None:
    header = request.headers.get("idempotency-key")
    if header is None:
        return in_body
    if not _KEY.fullmatch(header):
        raise _bad_key(HTTPStatus.UNPROCESSABLE_ENTITY, "1 to 200 visible ASCII characters")
    quoted = len(header) > len('""') and header[0] == header[-1] == '"'
    key = header[1:-1] if quoted else header
    if in_body not in (None, key):
        raise _bad_key(HTTPStatus.CONFLICT, "the body's idempotency_key is another: send one")
    return key


def _bad_key(status: HTTPStatus, message: str) -> Refused:
    fault = Fault(path="header.idempotency-key", message=message)
    return Refused(status, f"{fault.path}: {message}", faults=(fault,))


def _answer(call: Call, ticket: Ticket) -> ASGIApp:
    call.gateway.counts.decisions[ticket.decision.value] += 1
    return answer_json(
        TicketAnswer(
            id=ticket.id,
            decision=ticket.decision,
            status=ticket.status,
            reasons=ticket.reasons,
            arguments=dict(ticket.arguments),
            digest=ticket.digest,
            correlation_id=ticket.correlation_id,
        )
    )
