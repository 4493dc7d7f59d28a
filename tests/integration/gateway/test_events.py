"""Server-sent events, read by a real client."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
from starlette.types import Message, Scope

from core.actions import RiskLevel
from core.events import ActionHeld
from core.gateway.http.context import gateway_of
from core.gateway.http.limits import Limits
from core.gateway.server import GatewayServer
from core.ids import ActionId, AgentId, CorrelationId
from tests.factories import NOW
from tests.fakes_gateway import Rig, make_rig


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, dict[str, object]]]:
    name = ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def _held(action_id: ActionId) -> ActionHeld:
    return ActionHeld(
        at=NOW,
        action_id=action_id,
        agent_id=AgentId("coder"),
        correlation_id=CorrelationId("0" * 32),
        session_id=None,
        kind="write",
        resource="",
        summary="",
        risk=RiskLevel.LOW,
        reasons=(),
        expires_at=NOW + timedelta(minutes=1),
    )


def _scope(rig: Rig) -> Scope:
    headers = {**rig.as_operator, "host": "127.0.0.1"}
    return {
        "type": "http",
        "method": "GET",
        "path": "/v1/events",
        "query_string": b"",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
    }


async def _propose(remote: httpx.AsyncClient, rig: Rig) -> str:
    answer = await remote.post("/v1/actions", json={"kind": "write"}, headers=rig.as_agent)
    return str(answer.json()["id"])


async def test_every_event_arrives_in_order_with_its_name(
    remote: httpx.AsyncClient, rig: Rig
) -> None:
    async with remote.stream("GET", "/v1/events", headers=rig.as_operator) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        made = [await _propose(remote, rig) for _ in range(3)]
        events = _events(answer)
        seen = [await anext(events) for _ in made]
    assert [name for name, _ in seen] == ["ActionHeld"] * 3
    assert [data["action_id"] for _, data in seen] == made
    assert seen[0][1]["at"] == rig.clock.now().isoformat()


async def test_a_reader_that_leaves_is_forgotten(remote: httpx.AsyncClient, rig: Rig) -> None:
    gateway = gateway_of(rig.app)
    async with remote.stream("GET", "/v1/events", headers=rig.as_operator):
        assert gateway.streams.taken == 1
    async with asyncio.timeout(10):
        while gateway.streams.taken:
            await remote.get("/healthz")


async def test_a_silent_stream_shows_that_it_lives() -> None:
    rig = await make_rig(limits=Limits(heartbeat_s=0.01))
    beats = asyncio.Semaphore(0)

    async def send(message: Message) -> None:
        if message.get("body") == b": still here\n\n":
            beats.release()

    async def receive() -> Message:
        await beats.acquire()
        await beats.acquire()
        return {"type": "http.disconnect"}

    await rig.app(_scope(rig), receive, send)
    assert gateway_of(rig.app).streams.taken == 0


async def test_stopping_ends_the_stream_cleanly(rig: Rig, server: GatewayServer) -> None:
    async with (
        httpx.AsyncClient(base_url=server.url) as client,
        client.stream("GET", "/v1/events", headers=rig.as_operator) as answer,
    ):
        gateway_of(rig.app).closing.set()
        assert "retry" in (await answer.aread()).decode()


async def test_a_reader_too_slow_for_its_queue_is_told_how_much_it_lost() -> None:
    rig = await make_rig()
    keys_max, lost = 4096, 3
    sent: list[bytes] = []
    written = asyncio.Event()

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))
        if message.get("body", b"").startswith(b"retry"):
            for number in range(keys_max + lost):
                action_id = ActionId(str(number))
                await rig.bus.publish(_held(action_id))
        elif message.get("body"):
            written.set()

    async def receive() -> Message:
        await written.wait()
        return {"type": "http.disconnect"}

    await rig.app(_scope(rig), receive, send)
    text = b"".join(sent).decode()
    assert f'event: Lost\ndata: {{"count":{lost}}}' in text
    assert text.count("event: ActionHeld") == keys_max


async def test_the_streams_of_one_token_are_limited(remote: httpx.AsyncClient, rig: Rig) -> None:
    slots_max = gateway_of(rig.app).limits.streams_per_token_max
    async with AsyncExitStack() as stack:
        for _ in range(slots_max):
            await stack.enter_async_context(
                remote.stream("GET", "/v1/events", headers=rig.as_operator)
            )
        more = await remote.get("/v1/events", headers=rig.as_operator)
    assert more.status_code == 429
