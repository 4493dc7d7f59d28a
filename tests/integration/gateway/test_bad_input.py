"""Whatever is sent: a clear 4xx, and nothing reaches the gate."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, cast

import httpx
import pytest

from core.gateway import patterns
from core.gateway.http.limits import Limits
from core.gateway.http.openapi import make_document
from core.gateway.http.table import OPERATIONS
from tests.fakes_gateway import Rig, make_rig

JSON = {"Content-Type": "application/json"}


async def _send(
    client: httpx.AsyncClient, rig: Rig, content: bytes, headers: Mapping[str, str] = JSON
) -> httpx.Response:
    return await client.post("/v1/actions", content=content, headers={**rig.as_agent, **headers})


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [
        (b"", 400, "not acceptable JSON"),
        (b"{", 400, "not acceptable JSON"),
        (b"\xff\xfe", 400, "not valid UTF-8"),
        (b'{"kind":"read","kind":"write"}', 400, "stands twice"),
        (b'{"kind":"read","arguments":' + b"[" * 3000 + b"]" * 3000 + b"}", 400, "nested deeper"),
        (b'{"kind":"read","arguments":{"n":NaN}}', 400, "NaN"),
        (b'{"kind":"read","arguments":{"n":9007199254740993}}', 422, "arguments.n"),
        (b'{"kind":"read","arguments":{"n":"\\ud800"}}', 422, "lone surrogate"),
        (b"[]", 422, "the body: this is no JSON object"),
        (b"null", 422, "the body: this is no JSON object"),
        (b"{}", 422, "kind: Field required"),
        (b'{"kind":"read","argumets":{}}', 422, "did you mean 'arguments'?"),
        (b'{"kind":"read","zzz":1}', 422, "known are agent, session, kind"),
        (b'{"kind":7}', 422, "kind"),
        (b'{"kind":"a b"}', 422, "kind: wanted is 1 to 100 letters, digits and . _ : / -, "),
        (b'{"kind":"read","agent":"co\\u202eder"}', 422, "agent"),
        (b'{"kind":"read","agent":"coder\\u001b[31m"}', 422, "agent"),
        (b'{"kind":"read","agent":"coder\\n"}', 422, "agent"),
        (b'{"kind":"read","agent":""}', 422, "agent: wanted is 1 to 128 letters, digits"),
        (b'{"kind":"read","resource":"a\\u0000b"}', 422, "resource: wanted is one line of text"),
        (b'{"kind":"read","resource":"a\\u2066b"}', 422, "resource"),
        (b'{"kind":"read","session":"a b"}', 422, "session"),
        (b'{"kind":"read","arguments":[]}', 422, "arguments: this is no JSON object"),
        (b'{"kind":"read","untrusted":"text"}', 422, "untrusted: this is no JSON array"),
        (b'{"kind":"read","agent":"ghp_' + b"a1B2" * 9 + b'"}', 422, "agent: this looks like a"),
        (b'{"kind":"read","risk":"huge"}', 422, "risk"),
        (b'{"kind":"read","correlation_id":"ABC"}', 422, "correlation_id"),
    ],
)
async def test_a_bad_body_is_refused_with_its_place(
    client: httpx.AsyncClient, rig: Rig, content: bytes, status: int, told: str
) -> None:
    answer = await _send(client, rig, content)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]
    assert answer.content.isascii()
    assert "\x1b" not in answer.text
    assert rig.gate.proposals == []


async def test_a_body_that_does_not_say_what_it_asks_for_is_told_which_name_is_missing(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    answer = await client.post(f"/v1/approvals/{'0' * 26}", json={}, headers=rig.as_operator)
    assert answer.status_code == 422
    assert "'decision' is missing: it says what is asked for" in answer.json()["detail"]


@pytest.mark.parametrize(
    "text", ["\x1b[2J\x1b]0;owned\x07", "\u202egnp.exe", "a\x00b\x9b31m", "\U0001f600\ufeff"]
)
async def test_odd_text_in_arguments_is_bound_exactly_and_answered_escaped(
    client: httpx.AsyncClient, rig: Rig, text: str
) -> None:
    answer = await client.post(
        "/v1/actions",
        json={"kind": "read", "arguments": {"command": text}, "purpose": text},
        headers=rig.as_agent,
    )
    assert answer.json()["arguments"] == {"command": text}
    assert rig.gate.proposals[0].arguments == {"command": text}
    assert answer.content.isascii()
    assert b"\x1b" not in answer.content


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=utf-16"},
        {**JSON, "Content-Encoding": "gzip"},
    ],
)
async def test_only_plain_json_is_taken(
    client: httpx.AsyncClient, rig: Rig, headers: Mapping[str, str]
) -> None:
    answer = await _send(client, rig, b'{"kind":"read"}', headers)
    assert answer.status_code == 415
    assert rig.gate.proposals == []


async def test_a_charset_of_utf_8_is_fine(client: httpx.AsyncClient, rig: Rig) -> None:
    headers = {"Content-Type": 'Application/JSON; charset="UTF-8"'}
    assert (await _send(client, rig, b'{"kind":"read"}', headers)).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("wait=-1", 422),
        ("wait=soon", 422),
        ("wait=NaN", 422),
        ("wait=1_0", 422),
        ("wait=inf", 422),
        ("wait=", 422),
        ("wait=0&wait=0", 422),
        ("wiat=3", 422),
        ("wait=%ff", 400),
    ],
)
async def test_a_bad_query_is_refused(
    client: httpx.AsyncClient, rig: Rig, query: str, status: int
) -> None:
    answer = await client.post(f"/v1/actions?{query}", json={"kind": "read"}, headers=rig.as_agent)
    assert answer.status_code == status
    assert rig.gate.proposals == []


async def test_a_misspelt_parameter_is_told_the_right_one(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    answer = await client.post("/v1/actions?wiat=3", json={"kind": "read"}, headers=rig.as_agent)
    assert answer.json()["errors"] == [
        {"path": "query.wiat", "message": "this name is not known here; did you mean 'wait'?"}
    ]
    none = await client.get("/v1/agents?x=1", headers=rig.as_operator)
    assert none.json()["detail"] == "query.x: nothing is taken here"


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer wrong", "Bearer é"]
)
async def test_without_a_good_token_nothing_is_done(
    client: httpx.AsyncClient, rig: Rig, authorization: str | None
) -> None:
    headers = {} if authorization is None else {b"Authorization": authorization.encode()}
    answer = await client.post("/v1/actions", json={"kind": "read"}, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert rig.gate.proposals == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "attacker.example"}, 421),
        ({"Host": "127.0.0.1.attacker.example"}, 421),
        ({"Host": "attacker.example:7717"}, 421),
        ({"Host": ""}, 421),
        ({"Origin": "https://attacker.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:8080"}, 403),
        ({"Origin": "https://127.0.0.1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"X-Long": "x" * 20_000}, 431),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "[::1]:7717"}, 200),
        ({"Origin": "http://127.0.0.1"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
    ],
)
async def test_web_pages_and_rebound_names_are_kept_out(
    client: httpx.AsyncClient, headers: Mapping[str, str], status: int
) -> None:
    assert (await client.get("/healthz", headers=headers)).status_code == status


async def test_a_slow_sender_cannot_take_every_place() -> None:
    rig = await make_rig(limits=Limits(uploads_per_token_max=1))
    sends = asyncio.Event()

    async def stream() -> AsyncIterator[bytes]:
        yield b'{"kind":'
        sends.set()
        await asyncio.Event().wait()

    transport = httpx.ASGITransport(rig.app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        asyncio.TaskGroup() as group,
    ):
        headers = {**rig.as_agent, **JSON}
        slow = group.create_task(client.post("/v1/actions", content=stream(), headers=headers))
        await sends.wait()
        assert (await _send(client, rig, b'{"kind":"read"}')).status_code == 429
        assert (await client.get("/v1/agents", headers=rig.as_operator)).status_code == 200
        slow.cancel()


@pytest.mark.parametrize("name", ["Origin", "Authorization", "Content-Type", "Idempotency-Key"])
async def test_a_header_that_decides_stands_once(
    client: httpx.AsyncClient, rig: Rig, name: str
) -> None:
    twice = [(name, "a"), (name, "a")]
    answer = await client.post("/v1/actions", json={"kind": "read"}, headers=twice)
    assert (answer.status_code, name.lower() in answer.json()["detail"]) == (400, True)
    assert rig.gate.proposals == []


async def test_paths_and_methods_that_are_not_served(client: httpx.AsyncClient, rig: Rig) -> None:
    nowhere = await client.get("/v2/actions", headers=rig.as_agent)
    assert (nowhere.status_code, "openapi.json" in nowhere.json()["detail"]) == (404, True)
    wrong = await client.put("/v1/approvals/x", headers=rig.as_operator)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, POST")
    long = await client.get("/v1/actions/" + "x" * 9000, headers=rig.as_agent)
    assert long.status_code == 414


async def test_a_body_over_the_limit_is_refused_before_it_is_read(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    answer = await _send(client, rig, b" " * 1_000_001)
    assert answer.status_code == 413
    assert "1000000 bytes" in answer.json()["detail"]


async def test_the_largest_body_is_taken(client: httpx.AsyncClient, rig: Rig) -> None:
    content = b'{"kind":"read","purpose":"' + b"x" * (1_000_000 - 28) + b'"}'
    assert len(content) == 1_000_000
    assert (await _send(client, rig, content)).status_code == 200


@pytest.mark.parametrize("length", [{"Content-Length": "100000000"}, {}])
async def test_a_hundred_megabytes_are_refused_and_the_sender_learns_why(
    remote: httpx.AsyncClient, rig: Rig, length: Mapping[str, str]
) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1_000_000

    answer = await remote.post(
        "/v1/actions", content=stream(), headers={**rig.as_agent, **JSON, **length}
    )
    assert answer.status_code == 413
    assert (await remote.get("/healthz")).status_code == 200


async def test_a_body_that_does_not_arrive_times_out() -> None:
    rig = await make_rig(limits=Limits(body_timeout_s=0.01))

    async def stream() -> AsyncIterator[bytes]:
        yield b'{"kind":'
        await asyncio.Event().wait()

    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.post(
            "/v1/actions", content=stream(), headers={**rig.as_agent, **JSON}
        )
    assert answer.status_code == 408


async def test_a_caller_that_leaves_in_its_body_does_no_harm(rig: Rig) -> None:
    sent: list[Any] = []
    messages = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = {**rig.as_agent, **JSON, "host": "127.0.0.1"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/actions",
        "query_string": b"",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
    }
    await rig.app(scope, receive, send)
    assert sent[0]["status"] == 400
    assert rig.gate.proposals == []


def _patterns(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        found: object = cast("Mapping[str, object]", part).get("pattern")
        if isinstance(found, str):
            yield found
        for each in cast("Mapping[str, object]", part).values():
            yield from _patterns(each)
    elif isinstance(part, list):
        for each in cast("list[object]", part):
            yield from _patterns(each)


def test_what_every_text_may_hold_can_be_said_in_words() -> None:
    found = set(_patterns(make_document(OPERATIONS)))
    assert patterns.KIND in found
    assert found <= set(patterns.WANTED)
