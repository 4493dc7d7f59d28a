"""Spans per core-second that the OTLP receiver maps, and that it keeps; protobuf and JSON.

Bodies hold 512 spans with 12 gen_ai attributes each. Baseline, in the same run: parse a protobuf
body and walk it into a dict for each span, mapping nothing.
Run: `.venv/bin/python -m benchmarks.otlp_receiver [--bodies N]`. Prints one JSON line.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from core.adapters.system import SystemClock
from core.adapters.usage_store import SqliteUsageStore
from core.gateway.otlp import decode_json, decode_protobuf
from core.gateway.otlp.routes import JSON, PROTOBUF, otlp_routes
from core.telemetry.service import TelemetryBook
from core.usage import ModelCall, ToolUse
from tests.fakes_gateway import make_rig
from tests.otlp import FakeUsageStore

SPANS: Final = 512
BARS: Final = {"mapped": 50_000, "kept": 25_000}
_START_NS: Final = 1_795_000_000_000_000_000


def _attributes(span: int) -> dict[str, str | int | float]:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.response.id": f"resp-{os.urandom(8).hex()}",
        "gen_ai.conversation.id": f"conversation-{span % 16}",
        "gen_ai.agent.name": f"agent-{span % 4}",
        "gen_ai.usage.input_tokens": 1_000 + span,
        "gen_ai.usage.output_tokens": 100 + span,
        "gen_ai.usage.cache_read.input_tokens": span,
        "gen_ai.request.temperature": 0.7,
        "server.address": "127.0.0.1",
    }


def make_json() -> bytes:
    """One body of 512 spans whose ids nobody else has."""

    def value(given: object) -> dict[str, object]:
        if isinstance(given, int):
            return {"intValue": str(given)}
        return {"doubleValue": given} if isinstance(given, float) else {"stringValue": given}

    trace_id = os.urandom(16).hex()
    spans = [
        {
            "traceId": trace_id,
            "spanId": os.urandom(8).hex(),
            "parentSpanId": "00000000000000aa",
            "name": "chat gpt-4o-mini",
            "kind": 3,
            "startTimeUnixNano": str(_START_NS + span * 1_000_000),
            "endTimeUnixNano": str(_START_NS + span * 1_000_000 + 250_000_000),
            "attributes": [
                {"key": key, "value": value(given)} for key, given in _attributes(span).items()
            ],
            "status": {},
        }
        for span in range(SPANS)
    ]
    named = [{"key": "service.name", "value": {"stringValue": "bench"}}]
    scope = {"scope": {"name": "bench"}, "spans": spans}
    body = {"resourceSpans": [{"resource": {"attributes": named}, "scopeSpans": [scope]}]}
    return json.dumps(body, separators=(",", ":")).encode()


def to_protobuf(body: bytes) -> bytes:
    """The same export in protobuf."""
    request = ExportTraceServiceRequest()
    for given in json.loads(body)["resourceSpans"]:
        resource = request.resource_spans.add()
        for pair in given["resource"]["attributes"]:
            added = resource.resource.attributes.add(key=pair["key"])
            added.value.string_value = pair["value"]["stringValue"]
        scope = resource.scope_spans.add()
        scope.scope.name = given["scopeSpans"][0]["scope"]["name"]
        for each in given["scopeSpans"][0]["spans"]:
            span = scope.spans.add(
                trace_id=bytes.fromhex(each["traceId"]),
                span_id=bytes.fromhex(each["spanId"]),
                parent_span_id=bytes.fromhex(each["parentSpanId"]),
                name=each["name"],
                kind=each["kind"],
                start_time_unix_nano=int(each["startTimeUnixNano"]),
                end_time_unix_nano=int(each["endTimeUnixNano"]),
            )
            for pair in each["attributes"]:
                kind, value = next(iter(pair["value"].items()))
                target = span.attributes.add(key=pair["key"]).value
                if kind == "intValue":
                    target.int_value = int(value)
                elif kind == "doubleValue":
                    target.double_value = value
                else:
                    target.string_value = value
    return request.SerializeToString()


def walk(body: bytes) -> list[dict[str, Any]]:
    """The baseline: parse, and a dict row for each span."""
    rows: list[dict[str, Any]] = []
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                row: dict[str, Any] = {
                    "trace_id": span.trace_id.hex(),
                    "span_id": span.span_id.hex(),
                    "parent_id": span.parent_span_id.hex(),
                    "name": span.name,
                    "start": span.start_time_unix_nano,
                    "end": span.end_time_unix_nano,
                }
                for pair in span.attributes:
                    kind = pair.value.WhichOneof("value")
                    row[pair.key] = getattr(pair.value, kind) if kind else None
                rows.append(row)
    return rows


async def _rate(bodies: list[bytes], work: Callable[[bytes], Awaitable[object]]) -> float:
    """By the median body, so that what else the machine does counts less."""
    taken: list[float] = []
    for body in bodies:
        start = time.process_time()
        await work(body)
        taken.append(time.process_time() - start)
    return SPANS / statistics.median(taken)


class _Nowhere(FakeUsageStore):
    """Keeps nothing: for what mapping alone takes."""

    async def add(self, calls: Sequence[ModelCall], tools: Sequence[ToolUse]) -> None:
        del calls, tools


async def _mapped(bodies: list[bytes], decode: Callable[[bytes], Any]) -> float:
    book = TelemetryBook(store=_Nowhere(), clock=SystemClock())

    async def take(body: bytes) -> None:
        await book.take(decode(body), bound_to=None)
        await book.flush()

    await take(make_json() if decode is decode_json.decode_traces else to_protobuf(make_json()))
    rate = await _rate(bodies, take)
    counted = book.statistics()
    assert counted.calls == (len(bodies) + 1) * SPANS, counted
    return rate


async def _kept(bodies: list[bytes], media: str, home: Path) -> float:
    """Through the gateway's routes in process, with authentication, to rows in the store."""
    store = SqliteUsageStore(home, clock=SystemClock())
    book = TelemetryBook(store=store, clock=SystemClock(), waiting_max=10**7)
    rig = await make_rig(extra_routes=otlp_routes(book))
    headers = {"authorization": f"Bearer {rig.agent}", "content-type": media}
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

        async def post(body: bytes) -> None:
            answer = await client.post("/v1/traces", content=body, headers=headers)
            assert answer.status_code == httpx.codes.OK, answer.text
            await book.flush()

        await post(make_json() if media == JSON else to_protobuf(make_json()))
        rate = await _rate(bodies, post)
    kept = sum(each.totals.calls for each in await store.sessions())
    await store.close()
    assert kept == (len(bodies) + 1) * SPANS, kept
    return rate


async def measure(bodies: int) -> dict[str, object]:
    """All figures, in spans per core-second of this process."""
    texts = [make_json() for _ in range(bodies)]
    messages = [to_protobuf(text) for text in texts]

    async def baseline(body: bytes) -> None:
        walk(body)

    await baseline(messages[0])
    gc.collect()
    gc.freeze()  # as the host does
    figures: dict[str, float] = {"baseline_protobuf_walk": await _rate(messages, baseline)}
    with tempfile.TemporaryDirectory() as folder:
        for name, given, decode, media in (
            ("protobuf", messages, decode_protobuf.decode_traces, PROTOBUF),
            ("json", texts, decode_json.decode_traces, JSON),
        ):
            home = Path(folder) / name
            home.mkdir()
            figures[f"mapped_{name}"] = await _mapped(given, decode)
            figures[f"kept_{name}"] = await _kept(given, media, home)
    base = figures["baseline_protobuf_walk"]
    return {
        "benchmark": "otlp_receiver",
        "unit": "spans per core-second",
        **{name: round(each) for name, each in figures.items()},
        "mapped_protobuf_over_baseline": round(figures["mapped_protobuf"] / base, 3),
        "bars": BARS,
        "met": {
            f"{what}_{form}": figures[f"{what}_{form}"] >= BARS[what]
            for what in BARS
            for form in ("protobuf", "json")
        },
        "spans": bodies * SPANS,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bodies", type=int, default=60)
    print(json.dumps(asyncio.run(measure(parser.parse_args().bodies))))
