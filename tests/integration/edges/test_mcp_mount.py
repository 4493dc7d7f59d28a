"""The official client over streamable HTTP, `/mcp`, and real MCP servers behind it."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from core.actions import ActionStatus, Decision, OutcomeStatus
from core.adapters.system import SystemClock
from core.errors import ConfigError
from core.gateway.mcp import upstream
from core.gateway.mcp.mount import McpMount
from core.ids import ActionId
from core.settings import McpServerSettings
from tests.fakes import FakeClock
from tests.integration.edges.fakes import TOKEN, FakeGate, serving
from tests.integration.edges.shop_server import NAMES, make_shop

SHOP = McpServerSettings(
    command=sys.executable,
    args=("-m", "tests.integration.edges.shop_server"),
    env={"SHOP_NAME": "south", "PYTHONPATH": str(Path(__file__).parents[3])},
)
MISSING = McpServerSettings(command="no-such-command-anywhere")


@asynccontextmanager
async def connected(url: str, mode: str = "auto", **headers: str) -> AsyncGenerator[Client]:
    """A client with the agent's token."""
    sent = {"Authorization": f"Bearer {TOKEN}", **headers}
    async with (
        httpx2.AsyncClient(headers=sent, timeout=30) as http,
        Client(streamable_http_client(f"{url}/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


class Health:
    """What was told of the servers, and a wait for the next word."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self._heard = asyncio.Condition()

    async def tell(self, name: str, problem: str) -> None:
        async with self._heard:
            self.told.append((name, problem))
            self._heard.notify_all()

    async def wait_told(self, count: int) -> None:
        async with self._heard, asyncio.timeout(60):
            await self._heard.wait_for(lambda: len(self.told) >= count)


@asynccontextmanager
async def mounted(
    gate: FakeGate,
    home: Path,
    *,
    wait_s: float = 30.0,
    health: Health | None = None,
    **servers: McpServerSettings,
) -> AsyncGenerator[str]:
    """The real gateway with `/mcp` in front of `servers`."""
    health = Health() if health is None else health
    mount = McpMount(servers, clock=SystemClock(), tell_health=health.tell, wait_s=wait_s)
    service = asyncio.create_task(mount.run())
    try:
        await mount.wait_started()
        async with serving(gate, home, mount.routes) as url:
            yield url
    finally:
        service.cancel()
        await asyncio.wait([service])


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


@pytest.fixture
def gate() -> FakeGate:
    return FakeGate(rules={"shop/leak": Decision.ALLOW, "shop/crash": Decision.ALLOW})


async def test_several_servers_are_governed_behind_one_address(
    gate: FakeGate, tmp_path: Path
) -> None:
    async with mounted(gate, tmp_path, shop=SHOP, gone=MISSING) as url:
        for count, mode in enumerate(("auto", "legacy"), start=1):
            async with connected(url, mode) as client:
                tools = (await client.list_tools()).tools
                assert [tool.name for tool in tools] == [f"shop__{name}" for name in NAMES]
                calling = asyncio.create_task(client.call_tool("shop__refund", {"amount": 5}))
                action_id = await gate.wait_held(count)
                edit = {"amount": count}
                await gate.decide(action_id, ActionStatus.ALLOWED, arguments=edit)
                assert text_of(await calling) == f"refunded {count} south"
        assert {each.resource for each in gate.proposals} == {"shop/refund"}
        assert {each.agent for each in gate.proposals} == {"mcp-client"}
        assert len(gate.outcomes) == 2
        await refuses_without_a_good_token(url)
        await names_its_caller(gate, url)
        await tells_what_is_down(url)
        await comes_back_after_a_crash(gate, url)


async def refuses_without_a_good_token(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            assert (await http.post(f"{url}/mcp", json={}, headers=headers)).status_code == 401


async def names_its_caller(gate: FakeGate, url: str) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    headers = {"Maestro-Agent": "clerk", "Maestro-Session": "s-9", "traceparent": trace}
    async with connected(url, **headers) as client:
        await client.call_tool("shop__leak")
    proposal = gate.proposals[-1]
    assert (proposal.agent, proposal.session) == ("clerk", "s-9")
    assert (proposal.correlation_id, proposal.parent_span_id) == ("a" * 32, "b" * 16)


async def tells_what_is_down(url: str) -> None:
    async with connected(url) as client:
        unknown = await client.call_tool("refund")
        assert unknown.is_error
        assert "shop, gone" in text_of(unknown)


async def comes_back_after_a_crash(gate: FakeGate, url: str) -> None:
    async with connected(url) as client:
        crashed = await client.call_tool("shop__crash")
        assert crashed.is_error
        assert list(gate.outcomes.values())[-1][0].status is OutcomeStatus.UNKNOWN
        assert len((await client.list_tools()).tools) == len(NAMES)  # waits for the new connection
        assert "balance" in text_of(await client.call_tool("shop__leak"))


async def test_a_server_with_an_address_is_governed_too(gate: FakeGate, tmp_path: Path) -> None:
    gate.rules["web/leak"] = Decision.ALLOW
    listener = socket.create_server(("127.0.0.1", 0))
    app = make_shop().streamable_http_app()
    shop = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none", lifespan="on"))
    serving_shop = asyncio.create_task(shop.serve([listener]))
    web = McpServerSettings(url=f"http://127.0.0.1:{listener.getsockname()[1]}/mcp")
    async with mounted(gate, tmp_path, web=web) as url, connected(url) as client:
        assert (await client.list_tools()).tools[0].name == "web__refund"
        assert "balance" in text_of(await client.call_tool("web__leak"))
    shop.should_exit = shop.force_exit = True
    await serving_shop


@pytest.mark.parametrize(
    ("name", "told"),
    [("gone__tool", "the MCP server 'gone' is down"), ("shop__refnd", "has no tool 'refnd'")],
)
async def test_a_call_that_cannot_run_is_refused_before_anybody_is_asked(
    gate: FakeGate, tmp_path: Path, name: str, told: str
) -> None:
    async with (
        mounted(gate, tmp_path, shop=SHOP, gone=MISSING) as url,
        connected(url) as client,
    ):
        result = await client.call_tool(name)
    assert result.is_error
    assert told in text_of(result)
    assert gate.proposals == []


async def test_a_server_that_dies_while_nobody_calls_is_told_until_it_is_back(
    gate: FakeGate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream, "LOOK_EVERY_S", 0.01)
    pid, health = tmp_path / "pid", Health()
    tells_its_pid = (
        f"import os, runpy; open({str(pid)!r}, 'w').write(str(os.getpid()));"
        " runpy.run_module('tests.integration.edges.shop_server', run_name='__main__')"
    )
    shop = SHOP.model_copy(update={"args": ("-c", tells_its_pid)})
    async with mounted(gate, tmp_path, health=health, shop=shop):
        await health.wait_told(1)
        os.kill(int(pid.read_text()), signal.SIGKILL)
        await health.wait_told(3)
    assert health.told[0] == ("shop", "")
    assert health.told[1] == ("shop", "the connection broke")
    assert health.told[2] == ("shop", "")


async def test_a_server_that_does_one_thing_at_a_time_is_not_down_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upstream, "LOOK_EVERY_S", 0.01)
    blocks = (
        "import time; from tests.integration.edges import shop_server as shop\n"
        "call = shop.call_tool\n"
        "async def block(*given): time.sleep(1); return await call(*given)\n"
        "shop.call_tool = block; shop.asyncio.run(shop.main())"
    )
    health = Health()
    shop = SHOP.model_copy(update={"args": ("-c", blocks)})
    server = upstream.Upstream("shop", shop, clock=SystemClock(), tell_health=health.tell)
    running = asyncio.create_task(server.run())
    try:
        await health.wait_told(1)
        monkeypatch.setattr(upstream, "CONNECT_S_MAX", 0.1)
        result = await server.call("refund", {"amount": 1}, say_nothing)
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert text_of(result) == "refunded 1 south"
    assert health.told == [("shop", "")]


async def say_nothing(progress: float, total: float | None, message: str | None) -> None:
    """For a caller that wants to hear of no progress."""


async def test_a_retry_after_the_deadline_gets_the_same_approval(
    gate: FakeGate, tmp_path: Path
) -> None:
    async with mounted(gate, tmp_path, wait_s=0.0, shop=SHOP) as url:
        async with connected(url) as client:
            late = await client.call_tool("shop__refund", {"x": 1})
            assert "Still waiting for an operator" in text_of(late)
        await gate.decide(ActionId(f"{1:026d}"), ActionStatus.DENIED, reason="no")
        async with connected(url) as client:
            assert "Denied" in text_of(await client.call_tool("shop__refund", {"x": 1}))
    assert len(gate.proposals) == 1


async def test_a_request_before_the_start_is_told_to_come_again(
    gate: FakeGate, tmp_path: Path
) -> None:
    mount = McpMount({}, clock=FakeClock(), tell_health=Health().tell)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        serving(gate, tmp_path, mount.routes) as url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        answer = await http.post(f"{url}/mcp", json={}, headers=headers)
    assert answer.status_code == 429
    assert "try again" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("shop", McpServerSettings()),
        ("shop", McpServerSettings(command="x", url="http://127.0.0.1:1")),
        ("a__b", MISSING),
        ("", MISSING),
        ("a b", MISSING),
    ],
)
def test_a_server_that_cannot_be_one_is_refused(name: str, settings: McpServerSettings) -> None:
    with pytest.raises(ConfigError):
        McpMount({name: settings}, clock=FakeClock(), tell_health=Health().tell)
