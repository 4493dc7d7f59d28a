"""What an agent relies on."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from core.actions import RiskLevel
from core.errors import (
    ApprovalSettled,
    InvalidAction,
    MaestroError,
    Overloaded,
    PolicyInvalid,
    StorageBusy,
    StorageFull,
    StorageReadOnly,
    WriteConflict,
)
from core.gateway.http.limits import Limits
from core.records import TokenKind
from tests.fakes_gateway import Rig, make_rig

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"


async def _propose(
    client: httpx.AsyncClient, rig: Rig, headers: Mapping[str, str] | None = None, **body: Any
) -> httpx.Response:
    return await client.post(
        "/v1/actions", json={"kind": "read", **body}, headers={**rig.as_agent, **(headers or {})}
    )


async def test_an_allowed_action_is_answered_at_once(client: httpx.AsyncClient, rig: Rig) -> None:
    answer = await _propose(client, rig, arguments={"command": "ls"}, purpose="list the files")
    assert answer.status_code == 200
    ticket = answer.json()
    assert set(ticket) == {
        "id", "decision", "status", "reasons", "arguments", "digest", "correlation_id",
    }  # fmt: skip
    assert (ticket["decision"], ticket["status"]) == ("allow", "allowed")
    assert ticket["arguments"] == {"command": "ls"}
    assert answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"


async def test_every_field_reaches_the_gate(client: httpx.AsyncClient, rig: Rig) -> None:
    body: dict[str, Any] = {
        "agent": "coder",
        "session": "s-1",
        "resource": "/etc/hosts",
        "purpose": "look",
        "untrusted": ["from a tool"],
        "risk": "high",
        "correlation_id": TRACE,
        "idempotency_key": "k",
    }
    await _propose(client, rig, **body)
    (proposal,) = rig.gate.proposals
    assert proposal.risk is RiskLevel.HIGH
    assert proposal.untrusted == ("from a tool",)
    given = {name: getattr(proposal, name) for name in body if name not in ("risk", "untrusted")}
    assert given == {name: body[name] for name in given}
    assert proposal.wait_s is None


async def test_agent_and_resource_may_be_left_out(client: httpx.AsyncClient, rig: Rig) -> None:
    await _propose(client, rig)
    _, bound = await rig.tokens.make(TokenKind.AGENT, "label", bound_to="coder")
    await _propose(client, rig, {"Authorization": f"Bearer {bound}"})
    assert [(each.agent, each.resource) for each in rig.gate.proposals] == [
        ("agent", ""),
        ("coder", ""),
    ]


async def test_a_label_that_is_no_name_is_made_one(client: httpx.AsyncClient, rig: Rig) -> None:
    _, secret = await rig.tokens.make(TokenKind.AGENT, "my builder, the 2nd")
    await _propose(client, rig, {"Authorization": f"Bearer {secret}"})
    assert rig.gate.proposals[0].agent == "my-builder-the-2nd"


async def test_a_trace_id_of_zeros_is_none(client: httpx.AsyncClient, rig: Rig) -> None:
    await _propose(client, rig, correlation_id="0" * 32)
    assert rig.gate.proposals[0].correlation_id is None


async def test_a_bound_token_speaks_for_no_other_agent(client: httpx.AsyncClient, rig: Rig) -> None:
    _, bound = await rig.tokens.make(TokenKind.AGENT, "label", bound_to="coder")
    answer = await _propose(client, rig, {"Authorization": f"Bearer {bound}"}, agent="other")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        (PARENT, {}, (TRACE, SPAN)),
        (f"01-{TRACE}-{SPAN}-01-more", {}, (TRACE, SPAN)),
        (PARENT, {"correlation_id": TRACE}, (TRACE, SPAN)),
        (PARENT, {"correlation_id": "a" * 32}, ("a" * 32, None)),
        (f"ff-{TRACE}-{SPAN}-01", {}, (None, None)),
        (f"00-{'0' * 32}-{SPAN}-01", {}, (None, None)),
        (f"00-{TRACE}-{'0' * 16}-01", {}, (None, None)),
        ("nonsense", {}, (None, None)),
    ],
)
async def test_a_traceparent_places_the_action_in_its_trace(
    client: httpx.AsyncClient,
    rig: Rig,
    header: str,
    body: Mapping[str, str],
    expected: tuple[str | None, str | None],
) -> None:
    await _propose(client, rig, {"traceparent": header}, **body)
    (proposal,) = rig.gate.proposals
    assert (proposal.correlation_id, proposal.parent_span_id) == expected


async def test_the_idempotency_key_may_be_a_header(client: httpx.AsyncClient, rig: Rig) -> None:
    first = await _propose(client, rig, {"Idempotency-Key": '"k-1"'})
    again = await _propose(client, rig, {"Idempotency-Key": "k-1"}, idempotency_key="k-1")
    assert first.json()["id"] == again.json()["id"]


@pytest.mark.parametrize("key", ["", "with space", "é", "x" * 201])
async def test_an_odd_idempotency_key_is_refused(
    client: httpx.AsyncClient, rig: Rig, key: str
) -> None:
    answer = await _propose(client, rig, {"Idempotency-Key": key.encode()})  # type: ignore[dict-item]
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "header.idempotency-key"


async def test_two_different_idempotency_keys_are_refused(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    answer = await _propose(client, rig, {"Idempotency-Key": "a"}, idempotency_key="b")
    assert answer.status_code == 409
    assert rig.gate.proposals == []


async def test_without_wait_a_held_action_comes_back_pending(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    ticket = (await _propose(client, rig, kind="write")).json()
    assert (ticket["decision"], ticket["status"]) == ("ask", "pending")
    shown = await client.get(f"/v1/actions/{ticket['id']}", headers=rig.as_agent)
    assert shown.json() == ticket


async def test_a_wait_that_passes_comes_back_pending(client: httpx.AsyncClient, rig: Rig) -> None:
    answer = await client.post(
        "/v1/actions?wait=0.01", json={"kind": "write"}, headers=rig.as_agent
    )
    assert answer.json()["status"] == "pending"
    assert rig.gate.proposals[0].wait_s == 0.01


async def test_a_wait_is_cut_to_the_longest_allowed() -> None:
    rig = await make_rig(limits=Limits(wait_s_max=0.01))
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer = await client.post(
            "/v1/actions?wait=1e9", json={"kind": "write"}, headers=rig.as_agent
        )
    assert answer.json()["status"] == "pending"
    assert rig.gate.proposals[0].wait_s == 0.01


async def test_an_outcome_is_recorded_with_its_result(client: httpx.AsyncClient, rig: Rig) -> None:
    action_id = (await _propose(client, rig)).json()["id"]
    outcome = {"status": "failed", "error": "exit 1", "usage": {"ms": 3}, "result": ["text", None]}
    path = f"/v1/actions/{action_id}/outcome"
    answer = await client.post(path, json=outcome, headers=rig.as_agent)
    assert answer.json() == {"id": action_id, "status": "failed"}
    recorded = rig.gate.records[action_id].outcome
    assert recorded is not None
    assert (recorded.error, dict(recorded.usage)) == ("exit 1", {"ms": 3})
    assert recorded.reported_at == rig.clock.now()
    assert rig.gate.results[action_id] == ["text", None]
    again = await client.post(path, json=outcome, headers=rig.as_agent)
    assert again.status_code == 409


@pytest.mark.parametrize("action_id", ["0" * 26, "short", "O" * 26, "%00", "é"])
async def test_an_unknown_action_is_not_found(
    client: httpx.AsyncClient, rig: Rig, action_id: str
) -> None:
    answer = await client.get(f"/v1/actions/{action_id}", headers=rig.as_agent)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "case",
    [
        (ApprovalSettled("decided elsewhere"), 409, None),
        (WriteConflict("row 3"), 409, None),
        (InvalidAction("cannot be taken"), 422, None),
        (Overloaded("the queue is full"), 429, "retry-after"),
        (StorageFull("/home/ana/x.db"), 503, "retry-after"),
        (StorageReadOnly("/home/ana/x.db"), 503, "retry-after"),
        (StorageBusy("/home/ana/x.db"), 503, "retry-after"),
        (PolicyInvalid("/home/ana/x.cedar"), 500, None),
        (RuntimeError("secret-in-a-message"), 500, None),
    ],
)
async def test_an_error_of_the_gate_is_a_problem_without_internals(
    client: httpx.AsyncClient,
    rig: Rig,
    caplog: pytest.LogCaptureFixture,
    case: tuple[Exception, int, str | None],
) -> None:
    error, status, header = case
    rig.gate.fail_with = error
    answer = await _propose(client, rig)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["status"] == status
    assert header is None or header in answer.headers
    assert "/home" not in answer.text
    assert "secret" not in answer.text
    assert (str(error) in problem["detail"]) == (
        isinstance(error, MaestroError) and status < 500 and status != 409
    ) or isinstance(error, ApprovalSettled)
    assert (problem["request_id"] in caplog.text) == (status >= 500)


async def test_the_rate_of_one_token_is_limited() -> None:
    rig = await make_rig(limits=Limits(rate_per_s=1.0, burst_max=2))
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        seen = [(await _propose(client, rig)).status_code for _ in range(3)]
        assert seen == [200, 200, 429]
        rig.clock.advance(1)
        assert (await _propose(client, rig)).status_code == 200


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (Limits(waits_per_token_max=1), "1 waits open"),
        (Limits(in_flight_max=1), "1 requests are open"),
    ],
)
async def test_what_stays_open_is_limited(limits: Limits, told: str) -> None:
    rig = await make_rig(limits=limits)
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

        async def hold() -> httpx.Response:
            return await client.post(
                "/v1/actions?wait=60", json={"kind": "write"}, headers=rig.as_agent
            )

        async with asyncio.TaskGroup() as group:
            held = group.create_task(hold())
            await rig.gate.somebody_waits.wait()
            second = await hold()
            await rig.gate.decide_all()
        assert second.status_code == 429
        assert told in second.json()["detail"]
        assert len(rig.gate.proposals) == 1
        assert held.result().json()["status"] == "denied"
        assert (await _propose(client, rig)).status_code == 200
