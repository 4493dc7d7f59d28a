"""OTLP exports for tests: built as JSON, and the same in protobuf."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeGuard

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from core.ids import AgentId
from core.usage import AgentCost, ModelCall, SessionUsage, ToolUse

AT_NS = 1_795_248_000_000_000_000  # an hour before the fake clock's start
REQUESTS: dict[str, type[Message]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
Value = str | int | float | bool | None


def pairs(attributes: Mapping[str, Value]) -> list[dict[str, Any]]:
    def value(given: Value) -> dict[str, Any]:
        match given:
            case None:
                return {}
            case bool():
                return {"boolValue": given}
            case int():
                return {"intValue": str(given)}
            case float():
                return {"doubleValue": given}
            case _:
                return {"stringValue": given}

    return [{"key": key, "value": value(given)} for key, given in attributes.items()]


def make_span(
    number: int = 1, *, parent: int = 0, trace: int = 1, failed: bool = False, **changes: Any
) -> dict[str, Any]:
    """A chat span of agent "coder"; `attributes` replace and add, None removes."""
    given: dict[str, Value] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.agent.name": "coder",
        "gen_ai.conversation.id": "s-1",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 100,
        **changes.pop("attributes", {}),
    }
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": "chat",
        "startTimeUnixNano": str(AT_NS),
        "endTimeUnixNano": str(AT_NS + 250_000_000),
        "attributes": pairs({key: value for key, value in given.items() if value is not None}),
        "status": {"code": 2} if failed else {},
        **changes,
    }


def make_log(event: str, attributes: Mapping[str, Value], *, at_ns: int = AT_NS) -> dict[str, Any]:
    return {
        "timeUnixNano": str(at_ns),
        "attributes": pairs({"event.name": event, **attributes}),
    }


def make_sum(
    name: str,
    value: float,
    *,
    at_s: float = 0.0,
    start_s: float = 0.0,
    delta: bool = False,
    labels: Mapping[str, Value] | None = None,
) -> dict[str, Any]:
    point = {
        "startTimeUnixNano": str(AT_NS + int(start_s * 1e9)),
        "timeUnixNano": str(AT_NS + int(at_s * 1e9)),
        "asDouble": value,
        "attributes": pairs(labels or {}),
    }
    temporality = 1 if delta else 2
    data = {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": [point]}
    return {"name": name, "sum": data}


def export(
    signal: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    service: str = "office",
    scope: str = "pydantic-ai",
    version: str = "1.0",
) -> bytes:
    """An export in JSON of "traces", "logs" or "metrics"."""
    outer, inner, name = {
        "traces": ("resourceSpans", "scopeSpans", "spans"),
        "logs": ("resourceLogs", "scopeLogs", "logRecords"),
        "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
    }[signal]
    resource = {"attributes": pairs({"service.name": service, "service.version": version})}
    scoped = {"scope": {"name": scope}, name: list(rows)}
    return json.dumps({outer: [{"resource": resource, inner: [scoped]}]}).encode()


def to_protobuf(signal: str, body: bytes) -> bytes:
    """The same export in protobuf."""
    request = REQUESTS[signal]()
    _fill(request, json.loads(body))
    return request.SerializeToString()


def is_list(given: object) -> TypeGuard[list[Any]]:
    return isinstance(given, list)


def _fill(message: Any, given: Mapping[str, Any]) -> None:
    for field in message.DESCRIPTOR.fields:
        if field.json_name not in given:
            continue
        value: Any = given[field.json_name]
        if field.type == field.TYPE_MESSAGE:
            target = getattr(message, field.name)
            if is_list(value):
                for each in value:
                    _fill(target.add(), each)
            else:
                target.SetInParent()
                _fill(target, value)
        elif is_list(value):
            kind = float if field.type == field.TYPE_DOUBLE else int
            getattr(message, field.name).extend(kind(each) for each in value)
        elif field.type == field.TYPE_BYTES:
            setattr(message, field.name, bytes.fromhex(value))
        elif field.type == field.TYPE_DOUBLE:
            setattr(message, field.name, float(value))
        elif field.type in (field.TYPE_STRING, field.TYPE_BOOL):
            setattr(message, field.name, value)
        else:
            setattr(message, field.name, int(value))


def sum_costs(
    calls: Iterable[ModelCall], since: datetime, until: datetime
) -> tuple[AgentCost, ...]:
    """What a usage store answers when it is asked what calls cost."""
    found: dict[AgentId, list[int | None]] = {}
    for each in calls:
        if since <= each.started_at <= until:
            found.setdefault(each.agent, []).append(each.cost_usd_micros)
    return tuple(
        AgentCost(agent, len(costs), sum(each or 0 for each in costs), costs.count(None))
        for agent, costs in found.items()
    )


class FakeUsageStore:
    """Keeps in memory, by emitter and id. `fail_with` is raised by `add` until it is None."""

    def __init__(self) -> None:
        self.by_id: dict[tuple[str, str], ModelCall] = {}
        self.tools_by_id: dict[tuple[str, str], ToolUse] = {}
        self.fail_with: Exception | None = None
        self.wrote = asyncio.Event()

    async def add(self, calls: Sequence[ModelCall], tools: Sequence[ToolUse]) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.wrote.set()
        self.by_id.update({(each.emitter, each.id): each for each in calls})
        self.tools_by_id.update({(each.emitter, each.id): each for each in tools})

    async def calls(
        self, *, agent: str | None = None, session: str | None = None, limit: int = 500
    ) -> tuple[ModelCall, ...]:
        found = [
            each
            for each in self.by_id.values()
            if agent in (None, each.agent) and session in (None, each.session)
        ]
        return tuple(found[:limit])

    async def tool_uses(
        self, *, agent: str | None = None, session: str | None = None, limit: int = 500
    ) -> tuple[ToolUse, ...]:
        found = [
            each
            for each in self.tools_by_id.values()
            if agent in (None, each.agent) and session in (None, each.session)
        ]
        return tuple(found[:limit])

    async def costs(self, *, since: datetime, until: datetime) -> tuple[AgentCost, ...]:
        return sum_costs(self.by_id.values(), since, until)

    async def sessions(self, *, limit: int = 200) -> tuple[SessionUsage, ...]:
        del limit
        return ()
