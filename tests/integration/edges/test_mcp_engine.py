"""The official MCP client through a running engine: over stdio, and at `/mcp`."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from tests.integration.edges.operator import Operator
from tests.integration.engine.served import (
    PATIENCE_S,
    ROOT,
    Served,
    run_cli,
    serving,
    start,
    wait_until,
)

SHOP = "tests.integration.edges.shop_server"
CONFIG = f"""
[mcp.shop]
command = "{sys.executable}"
args = ["-m", "{SHOP}"]
env = {{ PYTHONPATH = "{ROOT}" }}
"""


def stdio(home: Path, *options: str) -> StdioServerParameters:
    """`maestro mcp-proxy -- COMMAND…` as it stands in a client's settings."""
    proxy = ["-m", "console", "mcp-proxy", "--home", str(home), "--agent", "clerk", *options]
    return StdioServerParameters(
        command=sys.executable,
        args=[*proxy, "--", sys.executable, "-m", SHOP],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SHOP_NAME": "north"},
        cwd=ROOT,
    )


@asynccontextmanager
async def over_http(engine: Served) -> AsyncGenerator[Client]:
    """A client of `/mcp` with the agent's token."""
    token = (engine.home / "agent.token").read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Maestro-Agent": "clerk"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(f"{engine.url}/mcp", http_client=http)) as client,
    ):
        yield client


@asynccontextmanager
async def connected(way: str, engine: Served) -> AsyncGenerator[tuple[Client, str]]:
    """A client, and what stands before a tool's name."""
    if way == "stdio":
        async with Client(stdio(engine.home)) as client:
            yield client, ""
    else:
        async with over_http(engine) as client:
            yield client, "shop__"


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    (home / "maestro.toml").write_text(CONFIG)
    with serving(home) as running:
        yield running


@pytest.mark.parametrize("way", ["stdio", "http"])
async def test_the_operator_decides_what_an_mcp_client_runs(engine: Served, way: str) -> None:
    operator, heard = Operator(engine), list[str]()

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        heard.append(message or "")

    async with connected(way, engine) as (client, before):
        refund = f"{before}refund"
        assert refund in [tool.name for tool in (await client.list_tools()).tools]
        calling = asyncio.create_task(
            client.call_tool(refund, {"amount": 5}, progress_callback=hear)
        )
        approved = await operator.approve()
        assert text_of(await calling) == ("refunded 5 north" if way == "stdio" else "refunded 5")
        assert heard[0] == f"waiting for an operator (request {approved})"

        calling = asyncio.create_task(client.call_tool(refund, {"amount": 6}))
        denied = await operator.deny("not this one")
        result = await calling
        assert result.is_error
        assert "not this one" in text_of(result)
        assert denied in text_of(result)

        calling = asyncio.create_task(client.call_tool(refund, {"amount": 700}))
        await operator.edit({"amount": 7})
        assert text_of(await calling).startswith("refunded 7")

        leaving = asyncio.create_task(client.call_tool(refund, {"amount": 8}))
        await operator.wait_held()
        leaving.cancel()
        await asyncio.wait([leaving])
        await operator.approve()
        again = await client.call_tool(refund, {"amount": 8})
        assert text_of(again).startswith("refunded 8")

        crashing = asyncio.create_task(client.call_tool(f"{before}crash"))
        await operator.approve()
        assert "went away while the tool ran" in text_of(await crashing)
    assert run_cli("audit", "verify", home=engine.home).returncode == 0


@contextmanager
def ended_by(how: int, home: Path) -> Generator[Served]:
    """A running engine that gets the signal `how` at the end."""
    process = start(home)
    try:
        yield Served(home, process)
        process.send_signal(how)
        process.wait(30)
    finally:
        process.kill()
        process.communicate()


async def call_once(engine: Served, tool: str, **arguments: int) -> CallToolResult:
    """One call of a client that then leaves."""
    async with asyncio.timeout(PATIENCE_S), over_http(engine) as client:
        return await client.call_tool(tool, arguments)


async def is_held(engine: Served, tool: str, **arguments: int) -> str:
    """The id of what an operator is asked about when this tool is called; then deny it."""
    calling = asyncio.create_task(call_once(engine, tool, **arguments))
    async with asyncio.timeout(PATIENCE_S):
        action_id = await Operator(engine).deny("no")
    assert (await calling).is_error
    return action_id


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_an_approval_that_nobody_fetched_serves_the_next_try_after_a_restart_once(
    tmp_path: Path, how: int
) -> None:
    (tmp_path / "maestro.toml").write_text(CONFIG)
    with ended_by(how, tmp_path) as engine:
        calling = asyncio.create_task(call_once(engine, "shop__refund", amount=8))
        held = await Operator(engine).wait_held()
        engine.process.send_signal(how)
        await asyncio.gather(calling, return_exceptions=True)
    with ended_by(how, tmp_path) as engine:
        assert await Operator(engine).approve() == held["id"]
    with ended_by(how, tmp_path) as engine:
        assert await is_held(engine, "shop__refund", amount=9) != held["id"]
        both = [asyncio.create_task(call_once(engine, "shop__refund", amount=8)) for _ in range(2)]
        async with asyncio.timeout(PATIENCE_S):
            assert await Operator(engine).deny("no") != held["id"]
        assert sorted([text_of(await each) == "refunded 8" for each in both]) == [False, True]
    with serving(tmp_path) as engine:
        assert await is_held(engine, "shop__refund", amount=8) != held["id"]
    assert run_cli("audit", "verify", home=tmp_path).returncode == 0


async def test_an_approval_is_used_up_before_its_tool_runs(tmp_path: Path) -> None:
    (tmp_path / "maestro.toml").write_text(CONFIG)
    runs = asyncio.Event()

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        del progress, total
        if message == "hanging":
            runs.set()

    with ended_by(signal.SIGKILL, tmp_path) as engine:
        async with over_http(engine) as client:
            calling = asyncio.create_task(client.call_tool("shop__hang", progress_callback=hear))
            approved = await Operator(engine).approve()
            await runs.wait()
            engine.process.kill()
            await asyncio.gather(calling, return_exceptions=True)
    with serving(tmp_path) as engine:
        assert await is_held(engine, "shop__hang") != approved


async def test_a_proxy_keeps_a_held_call_while_the_console_is_away(tmp_path: Path) -> None:
    async with Client(stdio(tmp_path)) as client:
        with ended_by(signal.SIGKILL, tmp_path) as engine:
            calling = asyncio.create_task(client.call_tool("refund", {"amount": 5}))
            held = await Operator(engine).wait_held()
            engine.process.kill()
            assert (await calling).is_error
        assert "is not running" in text_of(await client.call_tool("refund", {"amount": 5}))
        with serving(tmp_path) as engine:
            assert await Operator(engine).approve() == held["id"]
            async with asyncio.timeout(PATIENCE_S):
                again = await client.call_tool("refund", {"amount": 5})
            assert text_of(again) == "refunded 5 north"
            calling = asyncio.create_task(client.call_tool("refund", {"amount": 5}))
            assert await Operator(engine).deny("no") != held["id"]
            assert (await calling).is_error


@pytest.mark.parametrize("way", ["stdio", "http"])
async def test_nothing_runs_once_the_engine_stops(tmp_path: Path, way: str) -> None:
    (tmp_path / "maestro.toml").write_text(CONFIG)
    process = await asyncio.to_thread(start, tmp_path)
    try:
        engine = Served(tmp_path, process)
        async with connected(way, engine) as (client, before):
            calling = asyncio.create_task(client.call_tool(f"{before}refund", {"amount": 5}))
            await Operator(engine).wait_held()
            process.terminate()
            result = (await asyncio.gather(calling, return_exceptions=True))[0]
            assert isinstance(result, BaseException) or result.is_error
            await asyncio.to_thread(process.wait, 30)
            assert process.returncode == 0
            if way == "stdio":
                later = await client.call_tool("refund", {"amount": 5})
                assert later.is_error
                assert "Maestro Console is not running" in text_of(later)
    finally:
        process.kill()
        process.communicate()


def mcp_alerts(engine: Served) -> list[tuple[str, str]]:
    """Title and state of each alert about an MCP server, of the last day."""
    _, told = engine.call("GET", "/v1/alerts?resolved=true", token="operator")
    return [(e["title"], e["state"]) for e in told["alerts"] if e["cause"].startswith("mcp:")]


def test_a_server_that_is_down_is_an_alert_until_it_is_configured_no_more(tmp_path: Path) -> None:
    down = "the MCP server gone is down"
    settings = tmp_path / "maestro.toml"
    settings.write_text('[mcp.gone]\ncommand = "no-such-command"\n')
    settings.chmod(0o600)
    with serving(tmp_path) as engine:
        wait_until(lambda: mcp_alerts(engine) == [(down, "firing")])
        told = run_cli("doctor", home=tmp_path)
        assert "there is no program 'no-such-command' on the PATH of this process" in told.stdout
        assert "[mcp.gone] the running engine says: " in told.stdout
    settings.write_text("")
    with serving(tmp_path) as engine:
        assert mcp_alerts(engine) == [(down, "resolved")]
