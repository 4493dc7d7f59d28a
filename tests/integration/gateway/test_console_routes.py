"""What an attached console calls: for operators alone, in closed forms."""

from typing import Any

import httpx
import pytest

from core.commands import DenyAction
from core.gateway.console_schemas import FORMS
from core.gateway.http.console_table import CONSOLE_OPERATIONS
from core.ids import OperatorId
from tests.fakes_gateway import Rig

NOBODY = "0" * 26


async def _hold(client: httpx.AsyncClient, rig: Rig) -> str:
    answer = await client.post("/v1/actions", json={"kind": "write"}, headers=rig.as_agent)
    return str(answer.json()["id"])


async def _ask(client: httpx.AsyncClient, rig: Rig, **body: Any) -> httpx.Response:
    return await client.post("/v1/console/views", json=body, headers=rig.as_operator)


async def _command(client: httpx.AsyncClient, rig: Rig, **body: Any) -> httpx.Response:
    return await client.post("/v1/console/commands", json=body, headers=rig.as_operator)


async def test_the_greeting_names_the_tokens_operator(client: httpx.AsyncClient, rig: Rig) -> None:
    answer = await client.get("/v1/console", headers=rig.as_operator)
    told = {"forms": FORMS, "operator": "ana", "fleet": False, "office": False}
    assert answer.json() == told


@pytest.mark.parametrize("row", CONSOLE_OPERATIONS, ids=lambda row: f"{row.method} {row.path}")
async def test_agents_and_strangers_get_nothing(
    client: httpx.AsyncClient, rig: Rig, row: Any
) -> None:
    held = await _hold(client, rig)
    body = {"view": "approvals"}
    if "commands" in row.path:
        body = {"command": "deny", "id": held, "reason": "x"}
    for headers, status in ((dict(rig.as_agent), 403), ({}, 401)):
        answer = await client.request(row.method, row.path, json=body, headers=headers)
        assert answer.status_code == status
    assert rig.gate.commands == []


async def test_a_command_carries_the_tokens_operator_and_no_other(
    client: httpx.AsyncClient, rig: Rig
) -> None:
    held = await _hold(client, rig)
    wanted = {"command": "deny", "id": held, "reason": "no", "key": "d"}
    forged = await _command(client, rig, **wanted, operator="paul")
    assert forged.status_code == 422
    assert (await _command(client, rig, **wanted)).json() == {"sentence": ""}
    (command,) = rig.gate.commands
    assert isinstance(command, DenyAction)
    assert (command.operator, command.key, command.reason) == (OperatorId("ana"), "d", "no")


@pytest.mark.parametrize(
    "view",
    ["fleet", "health", "coordinators", "readings", "emitters", "sessions", "alerts", "messages"],
)
async def test_an_engine_without_an_orchestrator_says_so(
    client: httpx.AsyncClient, rig: Rig, view: str
) -> None:
    answer = await _ask(client, rig, view=view)
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "this engine hosts no orchestrator",
    )


@pytest.mark.parametrize("view", ["library", "cases", "replay", "rules"])
async def test_an_engine_that_shows_no_policies_says_so(
    client: httpx.AsyncClient, rig: Rig, view: str
) -> None:
    answer = await _ask(client, rig, view=view)
    assert (answer.status_code, answer.json()["type"]) == (404, "about:blank")


@pytest.mark.parametrize(
    "body",
    [
        {"view": "tokens"},
        {"view": "action"},
        {"view": "action", "id": "../x"},
        {"view": "audit", "limit": 0},
        {"view": "audit", "limit": 1001},
        {"view": "audit", "limit": True},
        {"view": "audit", "limit": 2.5},
        {"view": "audit", "limit": "5"},
        {"view": "audit", "ascending": "true"},
        {"view": "series", "key": "../x", "since_s": 0, "until_s": 1},
        {"view": "series", "key": "a.b", "since_s": -1, "until_s": 1},
        {"view": "series", "key": "a.b", "since_s": "0", "until_s": 1e300},
        {"view": "replay", "folder": "/etc"},
        {},
    ],
)
async def test_a_question_that_does_not_fit_is_refused(
    client: httpx.AsyncClient, rig: Rig, body: dict[str, Any]
) -> None:
    assert (await _ask(client, rig, **body)).status_code == 422


async def test_errors_name_their_kind(client: httpx.AsyncClient, rig: Rig) -> None:
    answer = await _ask(client, rig, view="action", id=NOBODY)
    assert (answer.status_code, answer.json()["type"]) == (
        404,
        "urn:maestro:problem:action-not-found",
    )
