"""The contract: one row an operation. Routes, rights and the OpenAPI document come from it."""

from http import HTTPStatus
from typing import Final

from core.gateway import patterns
from core.gateway.http import agent_routes, operator_routes, probes, sse, token_routes
from core.gateway.http.console_table import CONSOLE_OPERATIONS
from core.gateway.http.fleet_table import FLEET_OPERATIONS
from core.gateway.http.operations import Operation
from core.gateway.schemas import (
    AgentsAnswer,
    ApprovalAnswer,
    ApprovalsAnswer,
    AuditAnswer,
    AuditQueryString,
    DecideBody,
    DossierAnswer,
    OutcomeAnswer,
    OutcomeBody,
    ProbeAnswer,
    ProposeBody,
    SecretAnswer,
    TicketAnswer,
    TokenAnswer,
    TokenBody,
    TokensAnswer,
    TraceAnswer,
    WaitQuery,
)
from core.records import TokenKind

_AGENT: Final = TokenKind.AGENT
_OPERATOR: Final = TokenKind.OPERATOR
_GONE: Final = (HTTPStatus.NOT_FOUND,)

AGENT_OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/actions",
        name="proposeAction",
        summary="Propose an action; with wait, hold until it is decided",
        handler=agent_routes.propose,
        kind=_AGENT,
        body=ProposeBody,
        query=WaitQuery,
        answer=TicketAnswer,
        refusals=(HTTPStatus.CONFLICT,),
        headers=(("Idempotency-Key", patterns.KEY), ("traceparent", "")),
    ),
    Operation(
        method="GET",
        path="/v1/actions/{id}",
        name="showAction",
        summary="Where an action stands; with wait, once it is decided",
        handler=agent_routes.show,
        query=WaitQuery,
        answer=TicketAnswer,
        refusals=_GONE,
    ),
    Operation(
        method="POST",
        path="/v1/actions/{id}/outcome",
        name="reportOutcome",
        summary="Tell what came of an allowed action",
        handler=agent_routes.report,
        kind=_AGENT,
        body=OutcomeBody,
        answer=OutcomeAnswer,
        refusals=(*_GONE, HTTPStatus.CONFLICT),
    ),
)

OPERATOR_OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/v1/approvals",
        name="listApprovals",
        summary="What waits for an operator, most urgent first",
        handler=operator_routes.list_approvals,
        kind=_OPERATOR,
        answer=ApprovalsAnswer,
    ),
    Operation(
        method="GET",
        path="/v1/approvals/{id}",
        name="showApproval",
        summary="All that is needed to decide one action",
        handler=operator_routes.show_approval,
        kind=_OPERATOR,
        answer=DossierAnswer,
        refusals=_GONE,
    ),
    Operation(
        method="POST",
        path="/v1/approvals/{id}",
        name="decideApproval",
        summary="Approve, deny, edit then approve, or defer",
        handler=operator_routes.decide,
        kind=_OPERATOR,
        body=DecideBody,
        answer=ApprovalAnswer,
        refusals=(*_GONE, HTTPStatus.CONFLICT),
    ),
    Operation(
        method="GET",
        path="/v1/agents",
        name="listAgents",
        summary="Every agent with its trust and counts",
        handler=operator_routes.list_agents,
        kind=_OPERATOR,
        answer=AgentsAnswer,
    ),
    Operation(
        method="GET",
        path="/v1/events",
        name="streamEvents",
        summary="Events from now on, or after the last one seen, as server-sent events",
        handler=sse.stream_events,
        kind=_OPERATOR,
        media=sse.MEDIA_TYPE,
        headers=(("Last-Event-ID", ""),),
    ),
    Operation(
        method="GET",
        path="/v1/audit",
        name="readAudit",
        summary="A page of the trail: newest first, or oldest first from after",
        handler=operator_routes.read_audit,
        kind=_OPERATOR,
        query=AuditQueryString,
        answer=AuditAnswer,
    ),
    Operation(
        method="GET",
        path="/v1/traces/{id}",
        name="loadTrace",
        summary="The spans of one action",
        handler=operator_routes.load_trace,
        kind=_OPERATOR,
        answer=TraceAnswer,
        refusals=_GONE,
    ),
    Operation(
        method="GET",
        path="/v1/tokens",
        name="listTokens",
        summary="Every token, without secrets",
        handler=token_routes.list_tokens,
        kind=_OPERATOR,
        answer=TokensAnswer,
    ),
    Operation(
        method="POST",
        path="/v1/tokens",
        name="makeToken",
        summary="Make an agent token; its secret is told once",
        handler=token_routes.make_token,
        kind=_OPERATOR,
        body=TokenBody,
        answer=SecretAnswer,
    ),
    Operation(
        method="POST",
        path="/v1/tokens/{id}/rotate",
        name="rotateToken",
        summary="Replace a token: the old one ends, the new secret is told once",
        handler=token_routes.rotate_token,
        kind=_OPERATOR,
        answer=SecretAnswer,
        refusals=(*_GONE, HTTPStatus.CONFLICT),
    ),
    Operation(
        method="POST",
        path="/v1/tokens/{id}/revoke",
        name="revokeToken",
        summary="End a token now",
        handler=token_routes.revoke_token,
        kind=_OPERATOR,
        answer=TokenAnswer,
        refusals=_GONE,
    ),
)

OPEN_OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/healthz",
        name="checkHealth",
        summary="Whether the gateway answers",
        handler=probes.healthz,
        open=True,
        answer=ProbeAnswer,
    ),
    Operation(
        method="GET",
        path="/readyz",
        name="checkReady",
        summary="Whether actions can be decided",
        handler=probes.readyz,
        open=True,
        answer=ProbeAnswer,
    ),
    Operation(
        method="GET",
        path="/metrics",
        name="readMetrics",
        summary="Counts in Prometheus text format",
        handler=probes.metrics,
        open=True,
        media="text/plain",
    ),
)

OPERATIONS: Final = (
    *AGENT_OPERATIONS,
    *OPERATOR_OPERATIONS,
    *FLEET_OPERATIONS,
    *CONSOLE_OPERATIONS,
    *OPEN_OPERATIONS,
)
