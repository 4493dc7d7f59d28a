"""What an attached console calls: the two ports over HTTP, in the JSON form of their records."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import ASGIApp

from core.actions import ActionStatus, Decision
from core.codec import encode_value
from core.commands import (
    AcknowledgeAlert,
    ApproveAction,
    Command,
    ControlAgent,
    DeferAction,
    DenyAction,
    DiscardMessage,
    EditAction,
    FleetCommand,
    Remember,
    ResendMessage,
    RevokeGrant,
    SetQuarantine,
    SilenceAlert,
)
from core.fleet import (
    Activity,
    ActivitySpan,
    AgentState,
    CoordinatorState,
    FleetHealth,
    MessageView,
)
from core.fleet_ports import AgentDetail, FleetPort, MessageQuery
from core.gateway.console_schemas import (
    FORMS,
    AcceptRuleCommand,
    AcknowledgeCommand,
    ActionsView,
    ActionView,
    ActivityView,
    AgentDetailView,
    AlertsView,
    ApproveCommand,
    AuditView,
    CommandBody,
    ControlCommand,
    DeferCommand,
    DenyCommand,
    DiscardCommand,
    EditCommand,
    GateCommand,
    GreetingAnswer,
    LogView,
    MessagesView,
    OfficeView,
    OrchestratorCommand,
    QuarantineCommand,
    ResendCommand,
    RevokeGrantCommand,
    SeriesView,
    SilenceCommand,
    ViewBody,
    WholeView,
)
from core.gateway.fleet_schemas import DoneAnswer
from core.gateway.http.console_views import (
    open_action,
    open_approval,
    open_detail,
    open_dossier,
    open_message,
)
from core.gateway.http.office_views import read_office
from core.gateway.http.operations import Call, answer_json
from core.gateway.http.problem import Refused
from core.ids import ActionId, AgentId, AlertId, GrantId, MessageId, OperatorId, SessionId
from core.measures import Alert, Bucket, Reading
from core.policy_ports import CaseView, LibraryView, PolicyPort, ReplayView, RuleProposal
from core.ports import AgentView, Dossier, OperatorPort, VerifyReport
from core.records import (
    ActionQuery,
    ActionRecord,
    ApprovalRecord,
    AuditEntry,
    AuditQuery,
    GrantRecord,
    SpanRecord,
)
from core.usage import EmitterView, SessionUsage

Shown = TypeVar("Shown")
Told = tuple[Any, object]
"""A value's type, and the value."""


def _operator(call: Call) -> OperatorId:
    return OperatorId(call.caller.bound_to or call.caller.label)


def _fleet(call: Call) -> FleetPort:
    """Raises Refused when no orchestrator is hosted."""
    if call.gateway.fleet is None:
        raise Refused(HTTPStatus.NOT_FOUND, "this engine hosts no orchestrator")
    return call.gateway.fleet


def _policies(call: Call) -> PolicyPort:
    """Raises Refused when they are out of reach."""
    if call.gateway.policies is None:
        raise Refused(HTTPStatus.NOT_FOUND, "this engine shows nothing of its policies")
    return call.gateway.policies


async def greet(call: Call) -> ASGIApp:
    """Who the token's operator is, and which forms are spoken."""
    return answer_json(
        GreetingAnswer(
            forms=FORMS,
            operator=_operator(call),
            fleet=call.gateway.fleet is not None,
            office=call.gateway.office.port is not None,
        )
    )


async def read_view(call: Call) -> ASGIApp:
    """One view of one of the ports."""
    asked = call.body_as(ViewBody).root
    if isinstance(asked, WholeView):
        kind, value = await _whole(call, asked.view)
    elif isinstance(asked, ActionView | ActionsView | AuditView):
        kind, value = await _ledger(call.gateway.operator, asked)
    elif isinstance(asked, LogView | OfficeView):
        kind, value = await read_office(call.gateway.office.port, asked)
    else:
        kind, value = await _of_fleet(_fleet(call), asked)
    text = f'{{"value":{encode_value(kind, value)}}}'
    return Response(text, media_type="application/json")


async def _whole(call: Call, view: str) -> Told:
    operator = call.gateway.operator
    match view:
        case "approvals":
            held = await operator.list_approvals()
            return tuple[ApprovalRecord, ...], await _open_all(open_approval, held)
        case "agents":
            return tuple[AgentView, ...], await operator.list_agents()
        case "grants":
            return tuple[GrantRecord, ...], await operator.list_grants()
        case "verification":
            return VerifyReport, await operator.verify_audit()
        case "library" | "cases" | "replay" | "rules":
            return await _of_policies(_policies(call), view)
        case _:
            return await _whole_of_fleet(_fleet(call), view)


async def _of_policies(policies: PolicyPort, view: str) -> Told:
    match view:
        case "library":
            return LibraryView, await policies.library()
        case "cases":
            return tuple[CaseView, ...], await policies.run_tests()
        case "replay":
            return ReplayView, await policies.replay()  # no folder of the caller's choice
        case _:
            return tuple[RuleProposal, ...], await policies.propose_rules()


async def _whole_of_fleet(fleet: FleetPort, view: str) -> Told:
    match view:
        case "fleet":
            return tuple[AgentState, ...], await fleet.fleet()
        case "health":
            return FleetHealth, await fleet.health()
        case "coordinators":
            return tuple[CoordinatorState, ...], await fleet.coordinators()
        case "readings":
            return tuple[Reading, ...], await fleet.readings()
        case "emitters":
            return tuple[EmitterView, ...], await fleet.emitters()
        case _:
            return tuple[SessionUsage, ...], await fleet.sessions()


async def _ledger(operator: OperatorPort, asked: ActionView | ActionsView | AuditView) -> Told:
    match asked:
        case ActionView(view="action"):
            dossier = await operator.show_action(ActionId(asked.id))
            return Dossier, await asyncio.to_thread(open_dossier, dossier)
        case ActionView():
            return tuple[SpanRecord, ...], await operator.load_trace(ActionId(asked.id))
        case ActionsView():
            query = ActionQuery(
                status=None if asked.status is None else ActionStatus(asked.status),
                agent_id=None if asked.agent_id is None else AgentId(asked.agent_id),
                session_id=None if asked.session_id is None else SessionId(asked.session_id),
                decision=None if asked.decision is None else Decision(asked.decision),
                before_id=None if asked.before_id is None else ActionId(asked.before_id),
                limit=asked.limit,
            )
            found = await operator.list_actions(query)
            return tuple[ActionRecord, ...], await _open_all(open_action, found)
        case AuditView():
            entries = await operator.read_audit(
                AuditQuery(
                    after_seq=asked.after_seq,
                    before_seq=asked.before_seq,
                    limit=asked.limit,
                    ascending=asked.ascending,
                    action_id=None if asked.action_id is None else ActionId(asked.action_id),
                    actor=asked.actor,
                    event=asked.event,
                    text=asked.text,
                )
            )
            return tuple[AuditEntry, ...], entries


async def _of_fleet(
    fleet: FleetPort,
    asked: AgentDetailView | MessagesView | SeriesView | AlertsView | ActivityView,
) -> Told:
    match asked:
        case AgentDetailView():
            detail = await fleet.show_agent(AgentId(asked.agent))
            return AgentDetail, await asyncio.to_thread(open_detail, detail)
        case MessagesView():
            query = MessageQuery(
                agent=asked.agent,
                type=asked.type,
                text=asked.text,
                dead_only=asked.dead_only,
                limit=asked.limit,
            )
            views = await fleet.messages(query)
            return tuple[MessageView, ...], await _open_all(open_message, views)
        case SeriesView():
            found = await fleet.series(
                asked.key,
                since=_instant(asked.since_s),
                until=_instant(asked.until_s),
                points_max=asked.points_max,
            )
            return tuple[Bucket, ...], found
        case AlertsView():
            return tuple[Alert, ...], await fleet.alerts(resolved=asked.resolved)
        case ActivityView():
            return Activity, await fleet.activity(ActivitySpan(asked.span))


async def _open_all(make: Callable[[Shown], Shown], records: Sequence[Shown]) -> tuple[Shown, ...]:
    """Many may be long, and looking through them takes long: beside the loop."""
    return await asyncio.to_thread(lambda: tuple(map(make, records)))


def _instant(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


async def send_command(call: Call) -> ASGIApp:
    """Carry one command out, as the operator whose token this is."""
    asked = call.body_as(CommandBody).root
    shown = {
        "operator": _operator(call),
        "shown_digest": asked.shown_digest,
        "key": asked.key or "api",
        "pressed_at": None if asked.pressed_at_s is None else _instant(asked.pressed_at_s),
    }
    if isinstance(asked, AcceptRuleCommand):
        by, key = _operator(call), shown["key"]
        grant = await _policies(call).accept(asked.id, operator=by, key=str(key))
        return answer_json(DoneAnswer(sentence=f"made the rule {grant.id}"))
    if isinstance(asked, OrchestratorCommand):
        said = await _fleet(call).dispatch(_fleet_command(asked, shown))
        return answer_json(DoneAnswer(sentence=said))
    await call.gateway.operator.dispatch(_gate_command(asked, shown))
    return answer_json(DoneAnswer(sentence=""))


def _gate_command(asked: GateCommand, shown: dict[str, Any]) -> Command:
    match asked:
        case ApproveCommand():
            remember = asked.remember
            return ApproveAction(
                **shown,
                action_id=ActionId(asked.id),
                digest=asked.digest,
                reason=asked.reason,
                remember=None if remember is None else Remember(**remember.model_dump()),
            )
        case DenyCommand():
            return DenyAction(**shown, action_id=ActionId(asked.id), reason=asked.reason)
        case EditCommand():
            return EditAction(
                **shown,
                action_id=ActionId(asked.id),
                digest=asked.digest,
                arguments=asked.arguments,
                reason=asked.reason,
            )
        case DeferCommand():
            until = _instant(asked.until_s)
            return DeferAction(**shown, action_id=ActionId(asked.id), until=until)
        case RevokeGrantCommand():
            return RevokeGrant(**shown, grant_id=GrantId(asked.id))
        case QuarantineCommand():
            return SetQuarantine(
                **shown,
                agent_id=AgentId(asked.agent),
                quarantined=asked.quarantined,
                reason=asked.reason,
            )


def _fleet_command(asked: OrchestratorCommand, shown: dict[str, Any]) -> FleetCommand:
    match asked:
        case ControlCommand():
            agent = AgentId(asked.agent)
            return ControlAgent(**shown, agent_id=agent, change=asked.change, reason=asked.reason)
        case ResendCommand():
            return ResendMessage(**shown, message_id=MessageId(asked.id))
        case DiscardCommand():
            return DiscardMessage(**shown, message_id=MessageId(asked.id), reason=asked.reason)
        case AcknowledgeCommand():
            return AcknowledgeAlert(**shown, alert_id=AlertId(asked.id), note=asked.note)
        case SilenceCommand():
            return SilenceAlert(
                **shown,
                alert_id=AlertId(asked.id),
                until=_instant(asked.until_s),
                reason=asked.reason,
            )
