"""What an operator sees and does of the fleet over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from core.commands import (
    AcknowledgeAlert,
    AgentChange,
    ControlAgent,
    DiscardMessage,
    ResendMessage,
    SilenceAlert,
)
from core.errors import PermissionDenied
from core.gateway.http.fleet_table import FLEET_OPERATIONS
from core.gateway.http.fleet_views import fleet_agent_answer
from core.ids import AgentId
from tests.factories import NOW, make_action_record, make_proposal
from tests.fake_fleet import FakeFleet
from tests.fakes_gateway import Rig, make_rig
from tests.fleet_day import identifier, make_agent, make_message

DEAD = identifier("m00005")
ALERT = identifier("a00002")
URL = "http://127.0.0.1"


@pytest.fixture
def fleet() -> FakeFleet:
    return FakeFleet()


@pytest.fixture
async def rig(fleet: FakeFleet) -> Rig:
    return await make_rig(fleet=fleet)


@pytest.fixture
async def client(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    """With the operator's token."""
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(
        transport=transport, base_url=URL, headers=rig.as_operator
    ) as each:
        yield each


async def get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_fleet_is_told_with_its_health(client: httpx.AsyncClient) -> None:
    answer = await get(client, "/v1/fleet")
    assert len(answer["agents"]) == 13
    video = next(each for each in answer["agents"] if each["name"] == "video")
    assert (video["status"], video["origin"], video["restarts"]) == ("error", "hosted", 5)
    assert answer["health"] == {
        "degraded": False,
        "reason": "",
        "waiting": 1,
        "dead": 2,
        "routed": 48_211,
    }
    assert answer["coordinators"][0]["name"] == "frontend-backend"


async def test_one_agent_is_told_whole(client: httpx.AsyncClient) -> None:
    answer = await get(client, "/v1/fleet/backend")
    assert answer["dependents"] == ["frontend", "data", "mobile"]
    assert answer["agent"]["degraded_by"] == ["video"]
    assert len(answer["metrics"]) == 5
    assert answer["trust"] == 0.76
    assert [each["status"] for each in answer["recent"]] == ["pending", "allowed", "denied"]
    sessions = (await get(client, "/v1/fleet/claude-code"))["sessions"]
    assert [each["totals"]["unpriced"] for each in sessions] == [2, 9]


async def test_a_name_with_a_slash_is_one_name(client: httpx.AsyncClient, fleet: FakeFleet) -> None:
    fleet.agents.append(make_agent("team/coder"))
    assert (await get(client, "/v1/fleet/team%2Fcoder"))["agent"]["name"] == "team/coder"


async def test_an_unknown_agent_is_not_found(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/fleet/nobody")
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "no agent 'nobody' is in the fleet",
    )


@pytest.mark.parametrize("change", list(AgentChange))
async def test_an_agent_is_steered_in_the_operators_name(
    client: httpx.AsyncClient, fleet: FakeFleet, change: AgentChange
) -> None:
    answer = await client.post("/v1/fleet/ai", json={"change": change, "reason": "too slow"})
    assert answer.json() == {"sentence": f"ai: {change} is done"}
    assert fleet.commands == [
        ControlAgent(
            operator=fleet.commands[0].operator,
            key="api",
            agent_id=AgentId("ai"),
            change=change,
            reason="too slow",
        )
    ]
    assert fleet.commands[0].operator == "ana"


@pytest.mark.parametrize("body", [{"change": "pause"}, {"change": "kill", "reason": "x"}, {}])
async def test_steering_without_a_reason_or_a_known_change_is_refused(
    client: httpx.AsyncClient, fleet: FakeFleet, body: dict[str, str]
) -> None:
    assert (await client.post("/v1/fleet/ai", json=body)).status_code == 422
    blank = await client.post("/v1/fleet/ai", json={"change": "pause", "reason": "  "})
    assert blank.status_code == 422
    assert fleet.commands == []


async def test_what_the_gate_denies_stays_denied(
    client: httpx.AsyncClient, fleet: FakeFleet
) -> None:
    fleet.failure = PermissionDenied("policy deny:agent-control forbids this")
    answer = await client.post("/v1/fleet/ai", json={"change": "drain", "reason": "x"})
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "policy deny:agent-control forbids this",
    )


async def test_metrics_without_a_source_have_no_value(client: httpx.AsyncClient) -> None:
    metrics = (await get(client, "/v1/metrics"))["metrics"]
    assert len(metrics) == 54
    bare = [each for each in metrics if each["state"] == "no source"]
    assert len(bare) == 45
    assert {each["value"] for each in bare} == {None}


async def test_what_is_no_number_is_null(client: httpx.AsyncClient, fleet: FakeFleet) -> None:
    fleet.metrics = [replace(fleet.metrics[0], value=float("nan"))]
    assert (await get(client, "/v1/metrics"))["metrics"][0]["value"] is None


async def test_a_series_is_as_long_and_fine_as_asked(client: httpx.AsyncClient) -> None:
    path = "/v1/metrics/backend.api_throughput/series"
    answer = await get(client, f"{path}?span_s=86400&points=40")
    assert answer["unit"] == "per_s"
    assert 0 < len(answer["points"]) <= 40
    assert answer["points"][0]["at"].startswith("2026-11-20T09:00")
    for query in ("span_s=1", "points=0", "points=x", "span_s=-5", "hours=3"):
        assert (await client.get(f"{path}?{query}")).status_code == 422
    assert (await client.get("/v1/metrics/no.metric/series")).status_code == 404


async def test_alerts_are_listed_with_and_without_resolved_ones(
    client: httpx.AsyncClient,
) -> None:
    worst = (await get(client, "/v1/alerts"))["alerts"]
    assert [each["severity"] for each in worst] == ["critical", "warning", "warning", "info"]
    every = (await get(client, "/v1/alerts?resolved=true"))["alerts"]
    assert every[-1]["state"] == "resolved"
    assert (await client.get("/v1/alerts?resolved=1")).status_code == 422


async def test_an_alert_is_acknowledged_and_silenced(
    client: httpx.AsyncClient, fleet: FakeFleet
) -> None:
    first = await client.post(
        f"/v1/alerts/{ALERT}", json={"decision": "acknowledge", "note": "on it"}
    )
    assert first.json() == {"sentence": "alert a00002 is acknowledged"}
    body = {"decision": "silence", "duration_s": 900, "reason": "known"}
    assert (await client.post(f"/v1/alerts/{ALERT}", json=body)).status_code == 200
    acknowledged, silenced = fleet.commands
    assert isinstance(acknowledged, AcknowledgeAlert)
    assert acknowledged.note == "on it"
    assert isinstance(silenced, SilenceAlert)
    assert (silenced.until - NOW).total_seconds() == 900
    gone = await client.post(f"/v1/alerts/{identifier('zz')}", json=body)
    assert gone.status_code == 404
    assert (await client.post("/v1/alerts/short", json=body)).status_code == 404


async def test_messages_are_filtered(client: httpx.AsyncClient, fleet: FakeFleet) -> None:
    dead = (await get(client, "/v1/messages?dead=true"))["messages"]
    assert [each["id"] for each in dead] == [DEAD, identifier("m00001")]
    found = (await get(client, "/v1/messages?agent=security&type=policy&limit=1"))["messages"]
    assert [each["type"] for each in found] == ["policy.changed"]
    fleet.ring = []
    assert (await get(client, "/v1/messages"))["messages"] == []


async def test_secrets_in_a_payload_are_not_told(
    client: httpx.AsyncClient, fleet: FakeFleet
) -> None:
    secret = "sk-ant-api03-" + "A" * 40
    fleet.ring = [make_message("m1", payload={"note": f"use {secret}"})]
    answer = await client.get("/v1/messages")
    assert secret not in answer.text
    assert "redacted" in answer.text


async def test_secrets_in_what_an_agent_acted_upon_are_not_told(fleet: FakeFleet) -> None:
    record = make_action_record(action={"resource": "https://ana:hunter2Xy9@db.example.com"})
    detail = replace(await fleet.show_agent(AgentId("backend")), recent=(record,))
    (shown,) = fleet_agent_answer(detail).recent
    assert shown.resource == "https://ana:[redacted:url-password]@db.example.com"


async def test_a_dead_letter_is_sent_again_or_discarded(
    client: httpx.AsyncClient, fleet: FakeFleet
) -> None:
    path = f"/v1/messages/{DEAD}"
    assert (await client.post(path, json={"decision": "discard"})).status_code == 422
    again = await client.post(path, json={"decision": "resend"})
    assert again.json() == {"sentence": "message m00005 was sent again"}
    assert (await client.post(path, json={"decision": "resend"})).status_code == 404
    other = f"/v1/messages/{identifier('m00001')}"
    body = {"decision": "discard", "reason": "too late"}
    assert (await client.post(other, json=body)).status_code == 200
    assert [type(each) for each in fleet.commands] == [
        ResendMessage,
        ResendMessage,
        DiscardMessage,
    ]


async def test_usage_tells_senders_and_sessions(client: httpx.AsyncClient) -> None:
    answer = await get(client, "/v1/usage")
    assert answer["emitters"][0]["unmapped"] == {"terminal.type": 812}
    assert {each["agent"] for each in answer["sessions"]} == {"claude-code", "codex"}


async def test_agents_of_the_gate_say_how_they_do_in_the_fleet(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    token = rig.tokens.list()[0]
    for name in ("backend", "stranger"):
        await rig.gate.propose(make_proposal(agent=name, kind="read"), token=token)
    backend, stranger = (await get(client, "/v1/agents"))["agents"]
    assert (backend["status"], backend["load"], backend["trust"]) == ("busy", 0.71, 0.5)
    assert (stranger["status"], stranger["origin"]) == (None, None)


@pytest.mark.parametrize("row", FLEET_OPERATIONS, ids=lambda row: row.name)
async def test_an_agent_token_opens_nothing_of_it(rig: Rig, fleet: FakeFleet, row: Any) -> None:
    transport = httpx.ASGITransport(rig.app)
    path = row.path.replace("{id}", ALERT).replace("{agent}", "ai").replace("{key}", "ai.x")
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        answer = await client.request(row.method, path, json={}, headers=rig.as_agent)
        assert answer.status_code == 403
        assert (await client.request(row.method, path, json={})).status_code == 401
    assert fleet.reads == []


@pytest.mark.parametrize("row", FLEET_OPERATIONS, ids=lambda row: row.name)
async def test_an_engine_without_an_orchestrator_says_so(row: Any) -> None:
    rig = await make_rig()
    bodies: dict[str, dict[str, str]] = {
        "controlFleetAgent": {"change": "pause", "reason": "x"},
        "decideAlert": {"decision": "acknowledge"},
        "decideMessage": {"decision": "resend"},
    }
    path = row.path.replace("{id}", ALERT).replace("{agent}", "ai").replace("{key}", "ai.x")
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        answer = await client.request(
            row.method, path, json=bodies.get(row.name), headers=rig.as_operator
        )
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "this engine hosts no orchestrator",
    )


async def test_a_receiver_may_share_a_path_with_the_table() -> None:
    """Metrics are read with GET and received with POST, at the same address."""

    async def receive(_: Any) -> PlainTextResponse:
        return PlainTextResponse("received")

    route = Route("/v1/metrics", receive, methods=["POST"])
    rig = await make_rig(fleet=FakeFleet(), extra_routes=[route])
    transport = httpx.ASGITransport(rig.app)
    async with httpx.AsyncClient(
        transport=transport, base_url=URL, headers=rig.as_operator
    ) as client:
        assert (await client.post("/v1/metrics")).text == "received"
        assert len((await client.get("/v1/metrics")).json()["metrics"]) == 54
