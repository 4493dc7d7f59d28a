"""The receiver's edge: who may send, in what form, how much, and what the answer says."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from core.errors import StorageError
from core.gateway.otlp import decode_protobuf
from core.gateway.otlp.routes import JSON, PROTOBUF, OtlpLimits, otlp_routes
from core.records import TokenKind
from core.telemetry.service import TelemetryBook
from tests.fakes import FakeClock
from tests.fakes_gateway import Rig, make_rig
from tests.otlp import FakeUsageStore, export, make_log, make_span, make_sum, to_protobuf

LIMITS = OtlpLimits(body_bytes_max=20_000, inflated_bytes_max=40_000, thread_bytes_min=3_000)
ROWS = {"traces": make_span(), "logs": make_log("x", {}), "metrics": make_sum("m", 1)}


@dataclass
class Place:
    rig: Rig
    client: httpx.AsyncClient
    book: TelemetryBook
    store: FakeUsageStore

    async def post(
        self, body: bytes, signal: str = "traces", *, media: str = JSON, **headers: str
    ) -> httpx.Response:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        return await self.client.post(
            f"/v1/{signal}",
            content=body,
            headers={"authorization": f"Bearer {self.rig.agent}", "content-type": media, **named},
        )


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    store = FakeUsageStore()
    book = TelemetryBook(store=store, clock=FakeClock(), waiting_max=50)
    rig = await make_rig(extra_routes=otlp_routes(book, limits=LIMITS))
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield Place(rig, client, book, store)


@pytest.mark.parametrize("signal", sorted(ROWS))
@pytest.mark.parametrize("packed", [False, True])
async def test_both_forms_of_every_signal_are_taken(
    place: Place, signal: str, *, packed: bool
) -> None:
    text = export(signal, [ROWS[signal]])
    for media, body, empty in ((JSON, text, b"{}"), (PROTOBUF, to_protobuf(signal, text), b"")):
        sent = gzip.compress(body) if packed else body
        encoding = {"content_encoding": "gzip"} if packed else {}
        answer = await place.post(sent, signal, media=media, **encoding)
        assert (answer.status_code, answer.content) == (200, empty)
        assert answer.headers["content-type"] == media
    (view,) = place.book.emitters()
    assert view.spans + view.logs + view.points == 2


@pytest.mark.parametrize("media", [JSON, PROTOBUF])
async def test_an_empty_body_is_an_export_of_nothing(place: Place, media: str) -> None:
    answer = await place.post(b"", media=media)
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)


async def test_tokens_of_both_kinds_may_send_and_nobody_else(place: Place) -> None:
    body = export("traces", [make_span()])
    as_operator = f"Bearer {place.rig.operator}"
    assert (await place.post(body, authorization=as_operator)).status_code == 200
    assert (await place.post(body, authorization="Bearer guess")).status_code == 401
    assert (await place.client.post("/v1/traces", content=body)).status_code == 401
    assert (await place.client.put("/v1/traces", content=body)).status_code == 405


async def test_an_operator_token_vouches_for_no_agent(place: Place) -> None:
    nameless = make_span(attributes={"gen_ai.agent.name": None})
    _, bound = await place.rig.tokens.make(TokenKind.AGENT, "x", bound_to="coder")
    await place.post(export("traces", [nameless]), authorization=f"Bearer {place.rig.operator}")
    other = {**nameless, "spanId": "00000000000000ff"}
    await place.post(export("traces", [other]), authorization=f"Bearer {bound}")
    assert set(place.book.agents()) == {"~office", "coder"}


REFUSALS: list[tuple[dict[str, str], bytes, int]] = [
    ({"media": "text/plain"}, b"{}", 415),
    ({"media": ""}, b"{}", 415),
    ({"content_encoding": "br"}, b"{}", 415),
    ({}, b"{", 400),
    ({}, b"\x00\xff", 400),
    ({"media": PROTOBUF}, b"\xff\xff", 400),
    ({"content_encoding": "gzip"}, b"no gzip", 400),
    ({"content_encoding": "gzip"}, gzip.compress(b"{}")[:-4], 400),
    ({}, b" " * 20_001, 413),
    ({"content_encoding": "gzip"}, gzip.compress(b" " * 40_001), 413),
    ({"content_encoding": "gzip"}, gzip.compress(b" " * 30_000) * 2, 413),
    ({"media": "Application/JSON; charset=utf-8"}, b"{}", 200),
    ({"content_encoding": "gzip"}, gzip.compress(b"{") + gzip.compress(b"}"), 200),
]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    REFUSALS,
    ids=range(len(REFUSALS)),  # packed bytes hold the time: no two workers would agree
)
async def test_what_cannot_be_taken_is_refused_with_the_right_status(
    place: Place, headers: dict[str, str], body: bytes, status: int
) -> None:
    answer = await place.post(body, **headers)
    assert answer.status_code == status
    assert answer.json() == {} if status == 200 else answer.json()["detail"]


async def test_what_is_taken_in_part_says_how_much_was_not(place: Place) -> None:
    body = export("traces", [make_span(), {"spanId": "?"}, {"spanId": "!"}])
    partial = (await place.post(body)).json()["partialSuccess"]
    assert partial["rejectedSpans"] == "2"
    message = to_protobuf("traces", export("traces", [make_span(), make_span(spanId="aa")]))
    answer = await place.post(message, media=PROTOBUF)
    told = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert (told.rejected_spans, answer.status_code) == (1, 200)
    assert told.error_message


@pytest.mark.parametrize(
    ("signal", "name"), [("logs", "rejected_log_records"), ("metrics", "rejected_data_points")]
)
def test_every_signal_can_be_taken_in_part(signal: str, name: str) -> None:
    answer = decode_protobuf.encode_partial(signal, 3, "why")
    assert b"why" in answer
    assert b"\x08\x03" in answer, name


async def test_a_full_book_tells_senders_to_come_back(place: Place) -> None:
    spans = [make_span(number) for number in range(1, 51)]
    place.store.fail_with = StorageError("the disk is full")
    assert (
        await place.post(to_protobuf("traces", export("traces", spans)), media=PROTOBUF)
    ).is_success
    answer = await place.post(export("traces", [make_span(99)]))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    place.store.fail_with = None
    await place.book.flush()
    assert (await place.post(export("traces", [make_span(99)]))).is_success


async def test_too_many_bodies_at_once_are_told_to_come_back() -> None:
    store = FakeUsageStore()
    book = TelemetryBook(store=store, clock=FakeClock())
    limits = OtlpLimits(bodies_max=1)
    rig = await make_rig(extra_routes=otlp_routes(book, limits=limits))
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        begun.set()
        await go_on.wait()
        yield b"{}"

    headers = {**rig.as_agent, "content-type": JSON}
    transport = httpx.ASGITransport(rig.app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        asyncio.TaskGroup() as group,
    ):
        first = group.create_task(client.post("/v1/logs", content=slowly(), headers=headers))
        await begun.wait()
        second = await client.post("/v1/logs", content=b"{}", headers=headers)
        go_on.set()
    assert (second.status_code, first.result().status_code) == (429, 200)


async def test_a_large_body_is_parsed_in_a_thread_and_counts_the_same(place: Place) -> None:
    body = export("traces", [make_span(number) for number in range(1, 20)])
    assert len(body) > LIMITS.thread_bytes_min
    assert (await place.post(body)).is_success
    assert place.book.statistics().calls == 19
    assert (await place.post(b"{" + b" " * 5_000)).status_code == 400


async def test_content_is_neither_kept_nor_answered_nor_logged(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    prompt = make_span(attributes={"gen_ai.input.messages": "the hidden prompt"}, name="hidden")
    answer = await place.post(export("traces", [prompt, {"spanId": "the hidden prompt"}]))
    broken = await place.post(b'{"the hidden prompt"')
    await place.book.flush()
    kept = json.dumps([repr(each) for each in place.store.by_id.values()])
    for text in (answer.text, broken.text, kept, caplog.text):
        assert "hidden" not in text
