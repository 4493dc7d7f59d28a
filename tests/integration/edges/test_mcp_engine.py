"""The official MCP client through a running engine: over stdio, and at `/mcp`."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from tests.integration.edges.operator import Operator
from tests.integration.engine.served import ROOT, Served, run_cli, serving, start

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
