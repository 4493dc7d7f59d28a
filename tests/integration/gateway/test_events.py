"""Server-sent events, read by a real client."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import pytest
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


async def _publish(rig: Rig, count: int) -> None:
    for number in range(count):
        await rig.bus.publish(_held(ActionId(str(number))))


async def _ids(answer: httpx.Response) -> AsyncIterator[str]:
    async for line in answer.aiter_lines():
        if line.startswith("id: "):
            yield line.removeprefix("id: ")


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


async def test_a_reader_too_slow_for_what_is_kept_is_told_how_much_it_lost() -> None:
    rig = await make_rig(limits=Limits(events_kept_max=600))
    lost = 3
    sent: list[bytes] = []
    written = asyncio.Event()

    async def send(message: Message) -> None:
        sent.append(message.get("body", b""))
        if message.get("body", b"").startswith(b"retry"):
            await _publish(rig, 600 + lost)
        elif b'"action_id":"602"' in message.get("body", b""):
            written.set()

    async def receive() -> Message:
        await written.wait()
        return {"type": "http.disconnect"}

    await rig.app(_scope(rig), receive, send)
    text = b"".join(sent).decode()
    assert text.count(f'event: Lost\ndata: {{"count":{lost}}}') == 1
    assert text.count("event: ActionHeld") == 600


async def test_who_comes_back_gets_what_happened_meanwhile(
    remote: httpx.AsyncClient, rig: Rig
) -> None:
    async with remote.stream("GET", "/v1/events", headers=rig.as_operator) as answer:
        await _publish(rig, 2)
        last_id = await anext(_ids(answer))
    await _publish(rig, 300)
    again = {**rig.as_operator, "Last-Event-ID": last_id}
    async with remote.stream("GET", "/v1/events", headers=again) as answer:
        await _publish(rig, 1)
        events = _events(answer)
        seen = [await anext(events) for _ in range(302)]
    assert {name for name, _ in seen} == {"ActionHeld"}
    assert [data["action_id"] for _, data in seen] == ["1", *map(str, range(300)), "0"]


async def test_who_has_seen_all_gets_nothing_twice(remote: httpx.AsyncClient, rig: Rig) -> None:
    await _publish(rig, 3)
    tape = gateway_of(rig.app).tape
    again = {**rig.as_operator, "Last-Event-ID": tape.id_of(3)}
    async with remote.stream("GET", "/v1/events", headers=again) as answer:
        await rig.bus.publish(_held(ActionId("new")))
        name, data = await anext(_events(answer))
    assert (name, data["action_id"]) == ("ActionHeld", "new")


@pytest.mark.parametrize(
    "last_id", ["", "x", "-1", "0-1", "{epoch}-9999", "{epoch}-x", "{epoch}-²"]
)
async def test_after_a_restart_the_reader_is_told_that_it_may_have_missed_some(
    remote: httpx.AsyncClient, rig: Rig, last_id: str
) -> None:
    await _publish(rig, 1)
    epoch = gateway_of(rig.app).tape.id_of(0).rpartition("-")[0]
    again = {**rig.as_operator, "Last-Event-ID": last_id.format(epoch=epoch).encode()}
    async with remote.stream("GET", "/v1/events", headers=again) as answer:  # type: ignore[arg-type]
        events = _events(answer)
        seen = [await anext(events), await anext(events)]
    assert seen[0] == ("Lost", {"count": None})
    assert (seen[1][0], seen[1][1]["action_id"]) == ("ActionHeld", "0")


async def test_a_stream_ends_with_its_token(remote: httpx.AsyncClient, rig: Rig) -> None:
    token = rig.tokens.verify(rig.operator)
    async with remote.stream("GET", "/v1/events", headers=rig.as_operator) as answer:
        await rig.tokens.revoke(token.id)
        await _publish(rig, 1)
        assert "ActionHeld" not in (await answer.aread()).decode()


async def test_the_streams_of_one_token_are_limited(remote: httpx.AsyncClient, rig: Rig) -> None:
    slots_max = gateway_of(rig.app).limits.streams_per_token_max
    async with AsyncExitStack() as stack:
        for _ in range(slots_max):
            await stack.enter_async_context(
                remote.stream("GET", "/v1/events", headers=rig.as_operator)
            )
        more = await remote.get("/v1/events", headers=rig.as_operator)
    assert more.status_code == 429
