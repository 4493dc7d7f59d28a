"""What monitors call: alive, ready, counts, and the description of it all."""

import dataclasses
from collections.abc import Iterator
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp

from core.gateway.http.context import Gateway
from core.gateway.http.operations import Call, answer_json
from core.gateway.http.problem import Refused
from core.gateway.schemas import ProbeAnswer
from core.records import AuditQuery

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def healthz(call: Call) -> ASGIApp:
    """The loop turns: this answer is the proof."""
    del call
    return answer_json(ProbeAnswer(status="ok"))


async def readyz(call: Call) -> ASGIApp:
    """Actions can be decided: the trail can be read and written, the gateway is not stopping."""
    if call.gateway.closing.is_set():
        raise Refused(
            HTTPStatus.SERVICE_UNAVAILABLE, "the console is stopping", headers={"Retry-After": "5"}
        )
    if problem := call.gateway.trail_problem() or await call.gateway.store_problem():
        raise Refused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"every action is denied: {problem}",
            headers={"Retry-After": "5"},
        )
    await call.gateway.operator.read_audit(AuditQuery(limit=1))
    return answer_json(ProbeAnswer(status="ok"))


async def metrics(call: Call) -> ASGIApp:
    """Counts only, in Prometheus text format: no name of an agent, a person or a resource."""
    return Response("".join(_lines(call.gateway)), media_type=METRICS_TYPE)


def _lines(gateway: Gateway) -> Iterator[str]:
    counts = gateway.counts
    yield "# TYPE maestro_http_requests_total counter\n"
    for (route, status), number in sorted(counts.answers.items()):
        yield f'maestro_http_requests_total{{route="{route}",status="{status}"}} {number}\n'
    yield "# TYPE maestro_http_tickets_total counter\n"
    for decision, number in sorted(counts.decisions.items()):
        yield f'maestro_http_tickets_total{{decision="{decision}"}} {number}\n'
    yield from _gauge("http_requests_in_flight", counts.in_flight)
    yield from _gauge("http_waits_open", gateway.waits.taken)
    yield from _gauge("http_streams_open", gateway.streams.taken)
    for service, statistics in gateway.statistics.items():
        found = statistics()
        if dataclasses.is_dataclass(found):
            for field in dataclasses.fields(found):
                yield from _gauge(f"{service}_{field.name}", getattr(found, field.name))


def _gauge(name: str, value: object) -> Iterator[str]:
    if isinstance(value, int | float):
        yield f"# TYPE maestro_{name} gauge\nmaestro_{name} {value!r}\n"
