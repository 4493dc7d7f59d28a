"""OpenTelemetry's own exporter, as it is, against the gateway on a socket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from core.adapters.system import SystemClock
from core.adapters.usage_store import SqliteUsageStore
from core.gateway.otlp.routes import otlp_routes
from core.gateway.server import GatewayServer
from core.telemetry.service import TelemetryBook
from tests.fakes_gateway import Rig, make_rig

SPANS = 1_100  # two full batches and a bit
RESOURCE = Resource({"service.name": "office", "service.version": "2"})
ATTRIBUTES: dict[str, str | int] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.agent.name": "clerk",
    "gen_ai.conversation.id": "c-1",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.output_tokens": 2,
}


@dataclass
class Place:
    url: str
    rig: Rig
    book: TelemetryBook
    store: SqliteUsageStore


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    store = SqliteUsageStore(tmp_path, clock=SystemClock())
    book = TelemetryBook(store=store, clock=SystemClock())
    rig = await make_rig(extra_routes=otlp_routes(book))
    service = GatewayServer(rig.app, home=tmp_path, clock=rig.clock, port=0)
    running = asyncio.get_running_loop().create_task(service.run())
    async with asyncio.timeout(10):
        await service.wait_started()
    yield Place(service.url, rig, book, store)
    running.cancel()
    await asyncio.wait((running,))
    await store.close()


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
async def test_batches_of_spans_arrive_whole_and_once(
    place: Place, compression: Compression
) -> None:
    def send() -> None:
        exporter = OTLPSpanExporter(
            endpoint=f"{place.url}/v1/traces",
            headers=dict(place.rig.as_agent),
            compression=compression,
        )
        provider = TracerProvider(resource=RESOURCE)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        tracer = provider.get_tracer("pydantic-ai")
        for _ in range(SPANS):
            with tracer.start_as_current_span("chat gpt-4o-mini", attributes=ATTRIBUTES):
                pass
        provider.shutdown()

    await asyncio.to_thread(send)
    await place.book.flush()
    (session,) = await place.book.sessions()
    assert (session.agent, session.session, session.emitter) == ("~clerk", "c-1", "office")
    totals = session.totals
    assert (totals.calls, totals.input_tokens, totals.output_tokens) == (
        SPANS,
        SPANS * 10,
        SPANS * 2,
    )
    assert totals.unpriced == 0
    assert (await place.store.calls(limit=1))[0].model == "gpt-4o-mini"


async def test_cumulative_metrics_arrive_as_what_they_came_to(place: Place) -> None:
    def send() -> None:
        exporter = OTLPMetricExporter(
            endpoint=f"{place.url}/v1/metrics", headers=dict(place.rig.as_agent)
        )
        provider = MeterProvider([PeriodicExportingMetricReader(exporter)], resource=RESOURCE)
        meter = provider.get_meter("office")
        counter, lasting = meter.create_counter("papers"), meter.create_histogram("lasting", "ms")
        for number in range(3):
            counter.add(5, {"kind": "letter"})
            lasting.record(number * 100)
            provider.force_flush()
        provider.shutdown()

    await asyncio.to_thread(send)
    papers = place.book.lookup("papers", attributes={"kind": "letter"})
    lasting = place.book.lookup("lasting", agent="office", measure="p95")
    assert papers is not None
    assert papers.value == 15
    assert lasting is not None
    assert lasting.value is not None
    assert 100 <= lasting.value <= 250
