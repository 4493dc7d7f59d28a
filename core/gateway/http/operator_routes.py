"""What an operator calls: read what is held, decide, look around."""

import asyncio
from datetime import timedelta

from starlette.types import ASGIApp

from core.commands import ApproveAction, Command, DeferAction, DenyAction, EditAction, Remember
from core.errors import ActionNotFound
from core.gateway.http.operations import Call, answer_json
from core.gateway.http.views import agent_answer, approval_answer, dossier_answer, span_view
from core.gateway.schemas import (
    AgentsAnswer,
    AnyDecision,
    ApprovalsAnswer,
    ApproveBody,
    AuditAnswer,
    AuditQueryString,
    DecideBody,
    DeferBody,
    DenyBody,
    EditBody,
    EntryView,
    TraceAnswer,
)
from core.ids import ActionId, OperatorId
from core.ports import Dossier
from core.records import ApprovalRecord, AuditQuery

_VIA = "api"  # what stands in the trail where the console writes the key pressed


async def list_approvals(call: Call) -> ASGIApp:
    """What waits for an operator, most urgent first."""
    held = await call.gateway.operator.list_approvals()
    # Looking through what many agents wrote takes long: beside the loop.
    shown = await asyncio.to_thread(lambda: tuple(map(approval_answer, held)))
    return answer_json(ApprovalsAnswer(approvals=shown))


async def show_approval(call: Call) -> ASGIApp:
    """All that is needed to decide one action."""
    dossier = await call.gateway.operator.show_action(call.action_id)
    return answer_json(await asyncio.to_thread(dossier_answer, dossier))


async def decide(call: Call) -> ASGIApp:
    """Carry an operator's decision out and tell what came of it."""
    action_id, decision = call.action_id, call.body_as(DecideBody).root
    held = _approval(await call.gateway.operator.show_action(action_id))
    await call.gateway.operator.dispatch(_command(call, action_id, decision, held))
    settled = _approval(await call.gateway.operator.show_action(action_id))
    return answer_json(approval_answer(settled))


def _approval(dossier: Dossier) -> ApprovalRecord:
    if dossier.approval is None:
        raise ActionNotFound(
            f"action {dossier.record.id} was never held: only held actions can be decided"
        )
    return dossier.approval


def _command(
    call: Call, action_id: ActionId, decision: AnyDecision, held: ApprovalRecord
) -> Command:
    operator = OperatorId(call.caller.bound_to or call.caller.label)
    match decision:
        case ApproveBody():
            return ApproveAction(
                operator=operator,
                key=_VIA,
                action_id=action_id,
                digest=decision.digest,
                reason=decision.reason,
                remember=_remember(decision),
            )
        case DenyBody():
            return DenyAction(
                operator=operator, key=_VIA, action_id=action_id, reason=decision.reason
            )
        case EditBody():
            return EditAction(
                operator=operator,
                key=_VIA,
                action_id=action_id,
                digest=decision.digest or held.digest,
                arguments=decision.arguments,
                reason=decision.reason,
            )
        case DeferBody():
            until = call.gateway.clock.now() + timedelta(seconds=decision.duration_s)
            return DeferAction(
                operator=operator,
                key=_VIA,
                action_id=action_id,
                until=until,
                reason=decision.reason,
            )


def _remember(decision: ApproveBody) -> Remember | None:
    if decision.remember is None:
        return None
    return Remember(
        resource_pattern=decision.remember.resource_pattern,
        duration_s=decision.remember.duration_s,
        exact=decision.remember.exact,
    )


async def list_agents(call: Call) -> ASGIApp:
    """Every agent that the gate knows, with its trust and counts, and its state in the fleet."""
    views, fleet = await call.gateway.operator.list_agents(), call.gateway.fleet
    states = {} if fleet is None else {each.spec.name: each for each in await fleet.fleet()}
    agents = tuple(agent_answer(each, states.get(each.principal.id)) for each in views)
    return answer_json(AgentsAnswer(agents=agents))


async def read_audit(call: Call) -> ASGIApp:
    """A page of the trail."""
    asked = call.query_as(AuditQueryString)
    ascending = asked.after is not None
    entries = await call.gateway.operator.read_audit(
        AuditQuery(
            after_seq=asked.after or 0,
            before_seq=asked.before,
            limit=asked.limit,
            ascending=ascending,
            action_id=None if asked.action_id is None else ActionId(asked.action_id),
            actor=asked.actor,
            event=asked.event,
            text=asked.text,
        )
    )
    full = len(entries) == asked.limit
    page = tuple(EntryView(seq=each.seq, text=each.text, hash=each.hash) for each in entries)
    return answer_json(AuditAnswer(entries=page, next=page[-1].seq if full else None))


async def load_trace(call: Call) -> ASGIApp:
    """The spans of one action."""
    spans = await call.gateway.operator.load_trace(call.action_id)
    if not spans:
        raise ActionNotFound(
            f"no spans of {call.action_id} are kept: the id is unknown, or they were rotated out"
        )
    return answer_json(TraceAnswer(spans=tuple(span_view(each) for each in spans)))
