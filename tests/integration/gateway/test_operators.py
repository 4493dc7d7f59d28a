"""What an operator relies on, and what no agent can reach."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from core.commands import ApproveAction, DeferAction, DenyAction, EditAction
from core.gateway.http.table import OPERATIONS, OPERATOR_OPERATIONS
from core.ids import ActionId, OperatorId
from core.records import TokenKind
from tests.fakes_gateway import Rig, digest_of


async def _hold(client: httpx.AsyncClient, rig: Rig, **body: Any) -> str:
    answer = await client.post("/v1/actions", json={"kind": "write", **body}, headers=rig.as_agent)
    return str(answer.json()["id"])


async def _decide(
    client: httpx.AsyncClient, rig: Rig, action_id: str, **body: Any
) -> httpx.Response:
    return await client.post(f"/v1/approvals/{action_id}", json=body, headers=rig.as_operator)


@pytest.mark.parametrize("row", OPERATOR_OPERATIONS, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("body", [{"decision": "approve"}, {"label": "x"}, {}])
async def test_an_agent_token_opens_nothing_of_the_operator(
    client: httpx.AsyncClient, rig: Rig, row: Any, body: Mapping[str, str]
) -> None:
    action_id = await _hold(client, rig)
    held, known = rig.gate.approvals[ActionId(action_id)], rig.tokens.list()
    path = row.path.replace("{id}", known[0].id if "tokens" in row.path else action_id)
    nobody: Mapping[str, str] = {}
    for headers, status in ((rig.as_agent, 403), (nobody, 401)):
        answer = await client.request(row.method, path, json=body, headers=headers)
        assert answer.status_code == status
    assert rig.gate.commands == []
    assert rig.gate.approvals[ActionId(action_id)] == held
    assert rig.tokens.list() == known


def test_every_operation_under_v1_names_who_may_call_it() -> None:
    open_ones = {row.path for row in OPERATIONS if row.open}
    assert open_ones == {"/healthz", "/readyz", "/metrics"}
    either = {row.path for row in OPERATIONS if row.kind is None and not row.open}
    assert either == {"/v1/actions/{id}"}


async def test_an_operator_token_proposes_nothing(client: httpx.AsyncClient, rig: Rig) -> None:
    answer = await client.post("/v1/actions", json={"kind": "read"}, headers=rig.as_operator)
    assert answer.status_code == 403
    assert rig.gate.proposals == []


async def test_what_is_held_is_listed_and_shown_in_full(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    long = "x" * 5000
    action_id = await _hold(client, rig, arguments={"text": long}, purpose="write it")
    listed = (await client.get("/v1/approvals", headers=rig.as_operator)).json()["approvals"]
    assert [each["id"] for each in listed] == [action_id]
    shown = (await client.get(f"/v1/approvals/{action_id}", headers=rig.as_operator)).json()
    assert shown["arguments"] == {"text": long}
    assert shown["purpose"] == "write it"
    assert shown["approval"] == listed[0]


async def test_approving_binds_to_the_digest_that_was_read(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    action_id = await _hold(client, rig)
    consent = {"digest": digest_of({}), "remember": {"resource_pattern": "git *", "duration_s": 60}}
    answer = await _decide(client, rig, action_id, decision="approve", **consent)
    assert answer.json()["status"] == "approved"
    (command,) = rig.gate.commands
    assert isinstance(command, ApproveAction)
    assert command.operator == OperatorId("ana")
    assert command.digest == digest_of({})
    assert command.remember is not None
    assert command.remember.duration_s == 60


async def test_consent_to_another_digest_is_a_conflict(client: httpx.AsyncClient, rig: Rig) -> None:
    action_id = await _hold(client, rig)
    other = digest_of({"else": 1})
    answer = await _decide(client, rig, action_id, decision="approve", digest=other)
    assert answer.status_code == 409


async def test_deny_edit_and_defer_reach_the_core(client: httpx.AsyncClient, rig: Rig) -> None:
    denied, edited, deferred = [await _hold(client, rig) for _ in range(3)]
    answers = [
        await _decide(client, rig, denied, decision="deny", reason="no"),
        await _decide(client, rig, edited, decision="edit", arguments={"a": 2}, reason="less"),
        await _decide(client, rig, deferred, decision="defer", duration_s=60),
    ]
    assert [each.json()["status"] for each in answers] == ["denied", "approved", "pending"]
    deny, edit, defer = rig.gate.commands
    assert isinstance(deny, DenyAction)
    assert deny.reason == "no"
    assert isinstance(edit, EditAction)
    assert edit.arguments == {"a": 2}
    assert isinstance(defer, DeferAction)
    assert (defer.until - rig.clock.now()).total_seconds() == 60
    ticket = (await client.get(f"/v1/actions/{edited}", headers=rig.as_agent)).json()
    assert (ticket["arguments"], ticket["digest"]) == ({"a": 2}, digest_of({"a": 2}))


async def test_a_second_decision_is_a_conflict(client: httpx.AsyncClient, rig: Rig) -> None:
    action_id = await _hold(client, rig)
    await _decide(client, rig, action_id, decision="deny", reason="no")
    late = await _decide(client, rig, action_id, decision="approve", digest=digest_of({}))
    assert late.status_code == 409
    ticket = (await client.get(f"/v1/actions/{action_id}", headers=rig.as_agent)).json()
    assert ticket["status"] == "denied"


async def test_what_was_never_held_cannot_be_decided(client: httpx.AsyncClient, rig: Rig) -> None:
    answer = await client.post("/v1/actions", json={"kind": "read"}, headers=rig.as_agent)
    digest = answer.json()["digest"]
    never = await _decide(client, rig, answer.json()["id"], decision="approve", digest=digest)
    assert never.status_code == 404
    assert "never held" in never.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"decision": "maybe"},
        {"decision": "deny"},
        {"decision": "deny", "reason": ""},
        {"decision": "edit"},
        {"decision": "edit", "arguments": []},
        {"decision": "approve"},
        {"decision": "approve", "digest": None},
        {"decision": "approve", "digest": "md5:0"},
        {"decision": "approve", "remember": {"resource_pattern": "*", "duration_s": 0}},
        {"decision": "approve", "remember": {"resource_pattern": "*", "duration_s": "60"}},
        {"decision": "defer", "duration_s": 1e300},
    ],
)
async def test_a_decision_that_is_not_clear_changes_nothing(
    client: httpx.AsyncClient, rig: Rig, body: Mapping[str, Any]
) -> None:
    action_id = await _hold(client, rig)
    answer = await _decide(client, rig, action_id, **body)
    assert answer.status_code == 422
    assert rig.gate.commands == []


async def test_the_nearest_name_is_told_inside_a_decision(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    remember = {"resource_patern": "*", "duration_s": 1}
    answer = await _decide(client, rig, "0" * 26, decision="approve", remember=remember)
    assert "did you mean 'resource_pattern'?" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"decision": "approve", "digest": digest_of({}), "arguments": {}},
            "arguments: this goes with the decision 'edit'",
        ),
        (
            {"decision": "edit", "arguments": {}, "remember": {}},
            "remember: this goes with the decision 'approve'",
        ),
        (
            {"decision": "deny", "reason": "no", "digest": "x"},
            "digest: this goes with the decision 'approve' or 'edit'",
        ),
        (
            {"decision": "defer", "duration": 60},
            "duration: this name is not known here; did you mean 'duration_s'?",
        ),
        ({"decision": "deny"}, "reason: Field required"),
    ],
)
async def test_a_field_of_another_decision_is_told_with_which_it_goes(
    client: httpx.AsyncClient, rig: Rig, body: Mapping[str, Any], said: str
) -> None:
    answer = await _decide(client, rig, "0" * 26, **body)
    assert answer.json()["detail"] == said


async def test_agents_are_listed_with_trust_and_counts(client: httpx.AsyncClient, rig: Rig) -> None:
    await _hold(client, rig, agent="coder")
    (agent,) = (await client.get("/v1/agents", headers=rig.as_operator)).json()["agents"]
    assert (agent["id"], agent["trust"], agent["asked"]) == ("coder", 0.5, 1)


async def test_the_trail_is_read_page_by_page_from_either_end(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    for _ in range(5):
        await _hold(client, rig)

    async def pages(query: str, cursor: str) -> list[int]:
        seen: list[int] = []
        while True:
            page = (await client.get(f"/v1/audit?limit=2&{query}", headers=rig.as_operator)).json()
            seen += [each["seq"] for each in page["entries"]]
            if page["next"] is None:
                return seen
            query = f"{cursor}={page['next']}"

    assert await pages("", "before") == [5, 4, 3, 2, 1]
    assert await pages("after=0", "after") == [1, 2, 3, 4, 5]


async def test_a_trace_is_shown_and_an_unknown_one_is_not_found(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    action_id = await _hold(client, rig)
    (span,) = (await client.get(f"/v1/traces/{action_id}", headers=rig.as_operator)).json()["spans"]
    assert (span["name"], span["duration_us"]) == ("gate", 1200)
    unknown = await client.get(f"/v1/traces/{'0' * 26}", headers=rig.as_operator)
    assert unknown.status_code == 404


async def test_tokens_are_made_rotated_and_revoked_without_showing_secrets(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    body = {"label": "builder", "bound_to": "coder"}
    made = (await client.post("/v1/tokens", json=body, headers=rig.as_operator)).json()
    assert made["token"]["kind"] == "agent"
    path = f"/v1/tokens/{made['token']['id']}"
    rotated = (await client.post(f"{path}/rotate", headers=rig.as_operator)).json()
    old, new = ({"Authorization": f"Bearer {each['secret']}"} for each in (made, rotated))
    probe = f"/v1/actions/{'0' * 26}"
    assert (await client.get(probe, headers=old)).status_code == 401
    assert (await client.get(probe, headers=new)).status_code == 404
    assert (await client.post(f"{path}/rotate", headers=rig.as_operator)).status_code == 409
    path = f"/v1/tokens/{rotated['token']['id']}"
    ended = await client.post(f"{path}/revoke", headers=rig.as_operator)
    assert ended.json()["revoked_at"] is not None
    assert (await client.get(probe, headers=new)).status_code == 401
    listed = (await client.get("/v1/tokens", headers=rig.as_operator)).text
    kept = json.dumps([each.body for each in rig.store.drafts])
    for each in (made, rotated):
        assert each["secret"] not in listed + kept
    assert {each.actor for each in rig.store.drafts} == {"maestro", "ana"}


async def test_no_operator_gets_a_second_identity_over_http(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    other, secret = await rig.tokens.make(TokenKind.OPERATOR, "bo", bound_to="bo")
    answer = await client.post(f"/v1/tokens/{other.id}/rotate", headers=rig.as_operator)
    assert answer.status_code == 403
    assert rig.tokens.verify(secret) == other
    body = {"label": "x", "kind": "operator"}
    assert (await client.post("/v1/tokens", json=body, headers=rig.as_operator)).status_code == 422
    own = rig.tokens.verify(rig.operator).id
    answer = await client.post(f"/v1/tokens/{own}/rotate", headers=rig.as_operator)
    assert answer.status_code == 200
