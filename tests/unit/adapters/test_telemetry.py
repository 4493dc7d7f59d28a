import asyncio
import sys
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from core.adapters.otlp import OtlpExport
from core.adapters.system import SystemIds
from core.adapters.telemetry import NoTracer, SpanKeeper, SpanTracer
from core.errors import ConfigError, StorageFull
from core.ids import CorrelationId
from core.records import AuditHead, SpanRecord, WriteUnit
from tests.factories import NOW, make_action
from tests.fake_store import FakeStore
from tests.fakes import FakeClock

TRACE = CorrelationId("4bf92f3577b34da6a3ce929d0e0e4736")


class Bench:
    """A tracer whose spans end in a store in memory."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.clock = FakeClock()
        self.keeper = SpanKeeper(store=self.store, clock=self.clock)
        self.tracer = SpanTracer(self.keeper, SystemIds())

    async def spans(self) -> dict[str, SpanRecord]:
        await self.keeper.flush()
        return {span.name: span for span in await self.store.list_spans()}


async def test_spans_nest_under_the_actions_correlation_id() -> None:
    bench, action = Bench(), make_action(correlation_id=TRACE)
    with bench.tracer.span("gate", action=action) as gate:
        gate.set("maestro.decision", "allow")
        with bench.tracer.span("judge", action=action):
            pass
    spans = await bench.spans()
    assert {span.trace_id for span in spans.values()} == {TRACE}
    assert spans["judge"].parent_id == spans["gate"].id
    assert spans["gate"].parent_id is None
    assert spans["gate"].attributes["maestro.decision"] == "allow"
    assert spans["judge"].action_id == action.id


async def test_spans_at_the_same_time_stay_apart() -> None:
    bench = Bench()
    other = CorrelationId("a" * 32)

    async def work(trace: CorrelationId) -> None:
        action = make_action(correlation_id=trace)
        with bench.tracer.span(f"gate {trace}", action=action):
            await asyncio.sleep(0)
            with bench.tracer.span(f"judge {trace}", action=action):
                await asyncio.sleep(0)

    await asyncio.gather(work(TRACE), work(other))
    spans = await bench.spans()
    for trace in (TRACE, other):
        assert spans[f"judge {trace}"].parent_id == spans[f"gate {trace}"].id
        assert spans[f"judge {trace}"].trace_id == trace


async def test_an_incoming_parent_is_honoured() -> None:
    bench = Bench()
    action = make_action(correlation_id=TRACE, parent_span_id="00f067aa0ba902b7")
    with bench.tracer.span("gate", action=action):
        pass
    assert (await bench.spans())["gate"].parent_id == "00f067aa0ba902b7"


async def test_a_failure_marks_its_span_and_goes_on() -> None:
    bench = Bench()
    with (
        pytest.raises(RuntimeError),
        bench.tracer.span("judge", action=make_action(correlation_id=TRACE)),
    ):
        raise RuntimeError("broke")
    assert not (await bench.spans())["judge"].ok


async def test_what_lasted_between_events_is_kept_with_its_times() -> None:
    bench, action = Bench(), make_action(correlation_id=TRACE)
    ended = NOW + timedelta(seconds=90)
    bench.tracer.record("wait", action=action, started_at=NOW, ended_at=ended, ok=False)
    span = (await bench.spans())["wait"]
    assert (span.started_at, span.duration_us, span.ok) == (NOW, 90_000_000, False)


async def test_a_store_that_fails_costs_spans_and_nothing_else() -> None:
    bench = Bench()
    bench.store.fail_with = StorageFull("the disk is full")
    with bench.tracer.span("gate", action=make_action(correlation_id=TRACE)):
        pass
    await bench.keeper.flush()
    assert bench.keeper.lost == 1


async def test_the_keeper_writes_what_waits_when_it_is_stopped() -> None:
    bench = Bench()
    running = asyncio.ensure_future(bench.keeper.run())
    await asyncio.sleep(0)
    with bench.tracer.span("gate", action=make_action(correlation_id=TRACE)):
        pass
    running.cancel()
    await asyncio.wait([running])
    assert len(await bench.store.list_spans()) == 1


async def test_what_comes_while_spans_are_written_waits_for_the_next_time() -> None:
    bench, action = Bench(), make_action(correlation_id=TRACE)

    class Busy(FakeStore):
        async def commit(self, unit: WriteUnit) -> AuditHead:
            bench.tracer.record("wait", action=action, started_at=NOW, ended_at=NOW, ok=True)
            return await super().commit(unit)

    store = Busy()
    bench.keeper = SpanKeeper(store=store, clock=bench.clock)
    bench.tracer = SpanTracer(bench.keeper, SystemIds())
    with bench.tracer.span("gate", action=action):
        pass
    await bench.keeper.flush()
    assert [span.name for span in await store.list_spans()] == ["gate"]


async def test_who_asks_for_what_is_being_written_waits_until_it_is() -> None:
    bench, action = Bench(), make_action(correlation_id=TRACE)
    go_on = asyncio.Event()

    class Slow(FakeStore):
        async def commit(self, unit: WriteUnit) -> AuditHead:
            await go_on.wait()
            return await super().commit(unit)

    store = Slow()
    bench.keeper = SpanKeeper(store=store, clock=bench.clock)
    bench.tracer = SpanTracer(bench.keeper, SystemIds())
    bench.tracer.record("wait", action=action, started_at=NOW, ended_at=NOW, ok=True)
    writing = asyncio.ensure_future(bench.keeper.flush())
    await asyncio.sleep(0)
    asking = asyncio.ensure_future(bench.tracer.flush())
    await asyncio.sleep(0)
    go_on.set()
    await asking
    assert [span.name for span in await store.list_spans()] == ["wait"]
    await writing


async def test_no_tracer_keeps_nothing() -> None:
    tracer, action = NoTracer(), make_action()
    await tracer.flush()
    with tracer.span("gate", action=action) as span:
        span.set("x", 1)
    tracer.record("wait", action=action, started_at=NOW, ended_at=NOW, ok=True)


async def test_spans_are_exported_in_opentelemetrys_own_form() -> None:
    sent = InMemorySpanExporter()
    export = OtlpExport(sent)
    store, clock = FakeStore(), FakeClock()
    keeper = SpanKeeper(store=store, clock=clock, export=export)
    action = make_action(correlation_id=TRACE, parent_span_id="00f067aa0ba902b7")
    with SpanTracer(keeper, SystemIds()).span("gate", action=action):
        pass
    await keeper.flush()
    export.close()
    (span,) = sent.get_finished_spans()
    context, parent = span.get_span_context(), span.parent
    assert context is not None
    assert parent is not None
    assert f"{context.trace_id:032x}" == TRACE
    assert f"{parent.span_id:016x}" == "00f067aa0ba902b7"
    assert span.name == "gate"
    assert span.status.is_ok


def test_exporting_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ConfigError, match=r"maestro-console\[otlp\]"):
        OtlpExport.to("http://127.0.0.1:1")
