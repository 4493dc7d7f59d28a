"""What an operator calls of the orchestrator: look at the fleet, steer it, deal with alerts."""

from datetime import timedelta
from http import HTTPStatus

from starlette.types import ASGIApp

from core.commands import (
    AcknowledgeAlert,
    ControlAgent,
    DiscardMessage,
    FleetCommand,
    ResendMessage,
    SilenceAlert,
)
from core.fleet_ports import FleetPort, MessageQuery
from core.gateway.fleet_schemas import (
    AcknowledgeBody,
    AlertBody,
    AlertsAnswer,
    AlertsQuery,
    ControlBody,
    DoneAnswer,
    FleetAnswer,
    MessageBody,
    MessagesAnswer,
    MessagesQuery,
    MetricsAnswer,
    ResendBody,
    SeriesAnswer,
    SeriesQuery,
    UsageAnswer,
)
from core.gateway.http.fleet_views import (
    alert_answer,
    bucket_view,
    coordinator_view,
    emitter_answer,
    fleet_agent_answer,
    fleet_agent_view,
    health_view,
    message_answer,
    reading_view,
    session_view,
)
from core.gateway.http.operations import Call, answer_json
from core.gateway.http.problem import Refused
from core.ids import AgentId, AlertId, MessageId, OperatorId

_VIA = "api"  # what stands in the trail where the console writes the key pressed


def _fleet(call: Call) -> FleetPort:
    """Raises Refused when no orchestrator is hosted."""
    if call.gateway.fleet is None:
        raise Refused(HTTPStatus.NOT_FOUND, "this engine hosts no orchestrator")
    return call.gateway.fleet


def _operator(call: Call) -> OperatorId:
    return OperatorId(call.caller.bound_to or call.caller.label)


async def _carry_out(call: Call, command: FleetCommand) -> ASGIApp:
    return answer_json(DoneAnswer(sentence=await _fleet(call).dispatch(command)))


async def show_fleet(call: Call) -> ASGIApp:
    """Every agent, the health of coordination, the pair coordinators."""
    fleet = _fleet(call)
    return answer_json(
        FleetAnswer(
            agents=tuple(map(fleet_agent_view, await fleet.fleet())),
            health=health_view(await fleet.health()),
            coordinators=tuple(map(coordinator_view, await fleet.coordinators())),
        )
    )


def _agent(call: Call) -> AgentId:
    return AgentId(str(call.request.path_params["agent"]))


async def show_agent(call: Call) -> ASGIApp:
    """One agent, whole."""
    return answer_json(fleet_agent_answer(await _fleet(call).show_agent(_agent(call))))


async def control_agent(call: Call) -> ASGIApp:
    """Pause, resume, drain or restart it, if the gate lets that through."""
    asked = call.body_as(ControlBody)
    command = ControlAgent(
        operator=_operator(call),
        key=_VIA,
        agent_id=_agent(call),
        change=asked.change,
        reason=asked.reason,
    )
    return await _carry_out(call, command)


async def list_metrics(call: Call) -> ASGIApp:
    """The whole catalogue with what was measured."""
    readings = await _fleet(call).readings()
    return answer_json(MetricsAnswer(metrics=tuple(map(reading_view, readings))))


async def show_series(call: Call) -> ASGIApp:
    """One metric over time."""
    fleet, asked = _fleet(call), call.query_as(SeriesQuery)
    key = str(call.request.path_params["key"])
    units = {each.spec.key: each.spec.unit for each in await fleet.readings()}
    if key not in units:
        raise Refused(HTTPStatus.NOT_FOUND, "no metric of this name is in the catalogue")
    until = call.gateway.clock.now()
    since = until - timedelta(seconds=asked.span_s)
    found = await fleet.series(key, since=since, until=until, points_max=asked.points)
    return answer_json(
        SeriesAnswer(key=key, unit=units[key], points=tuple(map(bucket_view, found)))
    )


async def list_alerts(call: Call) -> ASGIApp:
    """Open alerts, worst first; resolved ones too when asked for."""
    found = await _fleet(call).alerts(resolved=call.query_as(AlertsQuery).resolved)
    return answer_json(AlertsAnswer(alerts=tuple(map(alert_answer, found))))


async def decide_alert(call: Call) -> ASGIApp:
    """Acknowledge or silence one."""
    alert_id, asked = AlertId(call.path_id("alert")), call.body_as(AlertBody).root
    operator = _operator(call)
    if isinstance(asked, AcknowledgeBody):
        return await _carry_out(
            call, AcknowledgeAlert(operator=operator, key=_VIA, alert_id=alert_id, note=asked.note)
        )
    until = call.gateway.clock.now() + timedelta(seconds=asked.duration_s)
    return await _carry_out(
        call,
        SilenceAlert(
            operator=operator, key=_VIA, alert_id=alert_id, until=until, reason=asked.reason
        ),
    )


async def list_messages(call: Call) -> ASGIApp:
    """Messages that fit, newest first."""
    asked = call.query_as(MessagesQuery)
    query = MessageQuery(
        agent=asked.agent,
        type=asked.type,
        text=asked.text,
        dead_only=asked.dead,
        limit=asked.limit,
    )
    found = await _fleet(call).messages(query)
    return answer_json(MessagesAnswer(messages=tuple(map(message_answer, found))))


async def decide_message(call: Call) -> ASGIApp:
    """Send a dead letter again, or discard it."""
    message_id, asked = MessageId(call.path_id("message")), call.body_as(MessageBody).root
    operator = _operator(call)
    if isinstance(asked, ResendBody):
        return await _carry_out(
            call, ResendMessage(operator=operator, key=_VIA, message_id=message_id)
        )
    return await _carry_out(
        call,
        DiscardMessage(operator=operator, key=_VIA, message_id=message_id, reason=asked.reason),
    )


async def show_usage(call: Call) -> ASGIApp:
    """What outside agents' telemetry tells."""
    fleet = _fleet(call)
    return answer_json(
        UsageAnswer(
            emitters=tuple(map(emitter_answer, await fleet.emitters())),
            sessions=tuple(map(session_view, await fleet.sessions())),
        )
    )
