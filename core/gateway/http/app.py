"""The application: the table's routes, the edge around them, and what others mount."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import groupby
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from core.bus import Bus
from core.clock import Clock
from core.errors import MaestroError
from core.fleet_ports import FleetPort
from core.gateway.http.context import FindProblem, Gateway, Statistics, find_none
from core.gateway.http.edge import Edge
from core.gateway.http.limits import Limits, RateLimit, Slots
from core.gateway.http.openapi import make_document
from core.gateway.http.operations import Call, Operation, Resource
from core.gateway.http.problem import answer_error, answer_http
from core.gateway.http.table import OPERATIONS
from core.gateway.http.tape import Tape
from core.gateway.tokens import TokenBook
from core.ids import IdSource
from core.office_ports import OfficeDoor
from core.policy_ports import PolicyPort
from core.ports import ActionGate, OperatorPort

_NO_STATISTICS: Statistics = MappingProxyType({})


def make_app(
    *,
    gate: ActionGate,
    operator: OperatorPort,
    tokens: TokenBook,
    bus: Bus,
    ids: IdSource,
    clock: Clock,
    fleet: FleetPort | None = None,
    policies: PolicyPort | None = None,
    office: OfficeDoor | None = None,
    limits: Limits | None = None,
    extra_routes: Sequence[BaseRoute] = (),
    statistics: Statistics = _NO_STATISTICS,
    trail_problem: Callable[[], str] = lambda: "",
    store_problem: FindProblem = find_none,
) -> Starlette:
    """Build the gateway; `Gateway` says what is not said here.

    `extra_routes` are served before the table's own, by the same edge; they authenticate
    themselves. `statistics` are by the name of a service, for /metrics.
    """
    bounds = limits or Limits()
    gateway = Gateway(
        gate=gate,
        operator=operator,
        tokens=tokens,
        tape=Tape(bus, epoch=ids.next_id(), events_max=bounds.events_kept_max),
        ids=ids,
        clock=clock,
        limits=bounds,
        rate=RateLimit(rate_per_s=bounds.rate_per_s, burst_max=bounds.burst_max, clock=clock),
        uploads=Slots(bounds.uploads_per_token_max, what="uploads"),
        waits=Slots(bounds.waits_per_token_max, what="waits"),
        streams=Slots(bounds.streams_per_token_max, what="event streams"),
        statistics={"bus": bus.statistics, **statistics},
        fleet=fleet,
        policies=policies,
        trail_problem=trail_problem,
        store_problem=store_problem,
        office=office or OfficeDoor(),
    )
    app = Starlette(
        routes=[*extra_routes, *_routes((*OPERATIONS, _DOCUMENT_ROW))],
        middleware=[Middleware(Edge, gateway=gateway)],
        exception_handlers={MaestroError: answer_error, HTTPException: answer_http},
    )
    app.router.redirect_slashes = False
    app.state.gateway = gateway
    return app


def _routes(operations: Sequence[Operation]) -> Iterator[Route]:
    by_path = sorted(operations, key=_path)
    for path, rows in groupby(by_path, key=_path):
        # Names of agents may hold a slash.
        yield Route(path.replace("{agent}", "{agent:path}"), Resource(tuple(rows)))


def _path(operation: Operation) -> str:
    return operation.path


@cache
def _document() -> str:
    return json.dumps(make_document(OPERATIONS))


async def _show_document(call: Call) -> ASGIApp:
    del call
    return Response(_document(), media_type="application/json")


_DOCUMENT_ROW = Operation(
    method="GET",
    path="/openapi.json",
    name="readOpenApi",
    summary="The OpenAPI document",
    handler=_show_document,
    open=True,
)
