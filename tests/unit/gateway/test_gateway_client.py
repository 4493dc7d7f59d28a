"""The HTTP client facing gateways that misbehave."""

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.adapters.home import hold_home
from core.errors import ActionNotFound, ConfigError
from core.gateway.client import GatewayClient, GatewayError
from core.ids import ActionId
from tests.factories import make_proposal

ID = ActionId("7" * 26)
TICKET: dict[str, Any] = {
    "id": ID,
    "decision": "allow",
    "status": "allowed",
    "reasons": ["fine"],
    "arguments": {"command": "ls"},
    "digest": "sha256:" + "0" * 64,
    "correlation_id": "1" * 32,
}


@pytest.fixture
def home(tmp_path: Path) -> Generator[Path]:
    with hold_home(tmp_path):
        (tmp_path / "gateway.json").write_text('{"url": "http://127.0.0.1:7717"}')
        (tmp_path / "agent.token").write_text("mst_agent_x\n")
        yield tmp_path


def make_client(home: Path, answer: Callable[[httpx.Request], httpx.Response]) -> GatewayClient:
    return GatewayClient(home, httpx.AsyncClient(transport=httpx.MockTransport(answer)))


async def test_a_proposal_is_sent_with_the_homes_token(home: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://127.0.0.1:7717/v1/actions"
        assert request.headers["authorization"] == "Bearer mst_agent_x"
        assert json.loads(request.content)["arguments"] == {"command": "ls"}
        return httpx.Response(200, json=TICKET)

    ticket = await make_client(home, answer).propose(make_proposal())
    assert (ticket.id, ticket.reasons) == (ID, ("fine",))


@pytest.mark.parametrize(
    ("response", "told"),
    [
        (httpx.Response(503, json={"detail": "the disk is full"}), "503: the disk is full"),
        (httpx.Response(500, json=[]), "500: no reason given"),
        (httpx.Response(200, json=7), "200: no reason given"),
        (httpx.Response(200, text="<html>"), "not JSON"),
        (httpx.Response(200, json={}), "no ticket"),
        (httpx.Response(200, json={**TICKET, "decision": "maybe"}), "no ticket"),
        (httpx.Response(200, json={**TICKET, "reasons": None}), "no ticket"),
    ],
)
async def test_an_answer_that_is_no_ticket_is_an_error(
    home: Path, response: httpx.Response, told: str
) -> None:
    with pytest.raises(GatewayError, match=told):
        await make_client(home, lambda _request: response).wait(ID, timeout_s=1.0)


async def test_an_action_that_the_console_does_not_know_is_told_from_other_failures(
    home: Path,
) -> None:
    gone = httpx.Response(404, json={"detail": "no such action"})
    with pytest.raises(ActionNotFound, match="404: no such action"):
        await make_client(home, lambda _request: gone).wait(ID, timeout_s=0.0)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (httpx.ConnectError("refused"), "Maestro Console is not running"),
        (httpx.ReadTimeout("late"), "gave no answer"),
        (httpx.RemoteProtocolError("cut"), "gave no answer"),
    ],
)
async def test_a_gateway_that_cannot_be_reached_is_an_error(
    home: Path, failure: httpx.HTTPError, told: str
) -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise failure

    with pytest.raises(GatewayError, match=told):
        await make_client(home, answer).propose(make_proposal())


async def test_a_home_without_a_console_is_an_error(tmp_path: Path) -> None:
    async with GatewayClient.connect(tmp_path) as client:
        with pytest.raises(ConfigError, match="not running"):
            await client.propose(make_proposal())
