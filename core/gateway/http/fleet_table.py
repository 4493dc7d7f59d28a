"""The contract's rows of the orchestrator; they answer 404 where none is hosted."""

from http import HTTPStatus
from typing import Final

from core.gateway.fleet_schemas import (
    AlertBody,
    AlertsAnswer,
    AlertsQuery,
    ControlBody,
    DoneAnswer,
    FleetAgentAnswer,
    FleetAnswer,
    MessageBody,
    MessagesAnswer,
    MessagesQuery,
    MetricsAnswer,
    SeriesAnswer,
    SeriesQuery,
    UsageAnswer,
)
from core.gateway.http import fleet_routes
from core.gateway.http.operations import Operation
from core.records import TokenKind

_OPERATOR: Final = TokenKind.OPERATOR
_GONE: Final = (HTTPStatus.NOT_FOUND,)
_REFUSED: Final = (*_GONE, HTTPStatus.CONFLICT)

FLEET_OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/v1/fleet",
        name="showFleet",
        summary="Every agent of the orchestrator, its health and its coordinators",
        handler=fleet_routes.show_fleet,
        kind=_OPERATOR,
        answer=FleetAnswer,
        refusals=_GONE,
    ),
    Operation(
        method="GET",
        path="/v1/fleet/{agent}",
        name="showFleetAgent",
        summary="One agent with its mailbox, actions, metrics and sessions",
        handler=fleet_routes.show_agent,
        kind=_OPERATOR,
        answer=FleetAgentAnswer,
        refusals=_GONE,
    ),
    Operation(
        method="POST",
        path="/v1/fleet/{agent}",
        name="controlFleetAgent",
        summary="Pause, resume, drain or restart a hosted agent; goes through the gate",
        handler=fleet_routes.control_agent,
        kind=_OPERATOR,
        body=ControlBody,
        answer=DoneAnswer,
        refusals=_REFUSED,
    ),
    Operation(
        method="GET",
        path="/v1/metrics",
        name="listMetrics",
        summary="The metric catalogue with what was measured",
        handler=fleet_routes.list_metrics,
        kind=_OPERATOR,
        answer=MetricsAnswer,
        refusals=_GONE,
    ),
    Operation(
        method="GET",
        path="/v1/metrics/{key}/series",
        name="showSeries",
        summary="One metric over time, at the resolution that fits",
        handler=fleet_routes.show_series,
        kind=_OPERATOR,
        query=SeriesQuery,
        answer=SeriesAnswer,
        refusals=_GONE,
    ),
    Operation(
        method="GET",
        path="/v1/alerts",
        name="listAlerts",
        summary="Open alerts, worst first",
        handler=fleet_routes.list_alerts,
        kind=_OPERATOR,
        query=AlertsQuery,
        answer=AlertsAnswer,
        refusals=_GONE,
    ),
    Operation(
        method="POST",
        path="/v1/alerts/{id}",
        name="decideAlert",
        summary="Acknowledge an alert, or silence its cause",
        handler=fleet_routes.decide_alert,
        kind=_OPERATOR,
        body=AlertBody,
        answer=DoneAnswer,
        refusals=_REFUSED,
    ),
    Operation(
        method="GET",
        path="/v1/messages",
        name="listMessages",
        summary="Messages between agents, newest first",
        handler=fleet_routes.list_messages,
        kind=_OPERATOR,
        query=MessagesQuery,
        answer=MessagesAnswer,
        refusals=_GONE,
    ),
    Operation(
        method="POST",
        path="/v1/messages/{id}",
        name="decideMessage",
        summary="Send a dead letter again, or discard it",
        handler=fleet_routes.decide_message,
        kind=_OPERATOR,
        body=MessageBody,
        answer=DoneAnswer,
        refusals=_REFUSED,
    ),
    Operation(
        method="GET",
        path="/v1/usage",
        name="showUsage",
        summary="What outside agents' telemetry tells, by sender and by session",
        handler=fleet_routes.show_usage,
        kind=_OPERATOR,
        answer=UsageAnswer,
        refusals=_GONE,
    ),
)
