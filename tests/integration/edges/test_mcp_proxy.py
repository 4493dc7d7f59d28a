"""The official client, the proxy, and a real MCP server behind it, in one process."""

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp.server import ServerRequestContext
from mcp_types import CallToolResult, TextContent

from core.actions import ActionStatus, Decision, OutcomeStatus
from core.adapters.system import SystemClock
from core.gateway.client import GatewayClient
from core.gateway.mcp.governed import GovernedCalls
from core.gateway.mcp.model import Caller
from core.gateway.mcp.proxy import make_proxy_server, run_proxy
from core.gateway.mcp.rules import SECRETS_NOTICE
from core.governance.screening.rules import screen
from core.ids import ActionId, TokenId
from tests.integration.edges.fakes import FakeGate, serving
from tests.integration.edges.shop_server import FORGED, NAMES, make_shop


@asynccontextmanager
async def proxied(home: Path, *, mode: str = "auto", **times: float) -> AsyncGenerator[Client]:
    """A client of the proxy in front of the shop, all in this process but the gateway's socket."""
    given: dict[str, Any] = {"wait_s": 30.0, **times}
    governed = GovernedCalls(screen=screen, clock=SystemClock(), **given)
    async with GatewayClient.connect(home) as gateway, Client(make_shop(), cache=None) as upstream:

        def read_caller(context: ServerRequestContext[Any]) -> Caller:
            return Caller(
                link=gateway,
                agent="coder",
                session="s-1",
                token_id=TokenId(""),
                tell=context.session.report_progress,
            )

        server = make_proxy_server(upstream, governed, read_caller, "shop")
        async with Client(server, mode=mode, cache=None) as client:
            yield client


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


@pytest.fixture
def gate() -> FakeGate:
    return FakeGate(rules={f"shop/{name}": Decision.ALLOW for name in NAMES if name != "refund"})


@pytest.fixture
async def home(gate: FakeGate, tmp_path: Path) -> AsyncIterator[Path]:
    async with serving(gate, tmp_path):
        yield tmp_path


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_held_call_is_answered_once_it_is_approved(
    gate: FakeGate, home: Path, mode: str
) -> None:
    async with proxied(home, mode=mode) as client:
        calling = asyncio.create_task(client.call_tool("refund", {"amount": 5}))
        action_id = await gate.wait_held()
        await gate.decide(action_id, ActionStatus.ALLOWED)
        result = await calling
    assert (text_of(result), result.is_error) == ("refunded 5", False)
    (proposal,) = gate.proposals
    assert (proposal.kind, proposal.resource) == ("mcp.call", "shop/refund")
    outcome, kept = gate.outcomes[action_id]
    assert (outcome.status, kept) == (OutcomeStatus.SUCCEEDED, "refunded 5")


async def test_the_operators_edit_is_what_runs(gate: FakeGate, home: Path) -> None:
    async with proxied(home) as client:
        calling = asyncio.create_task(client.call_tool("refund", {"amount": 5000}))
        edit = {"amount": 50}
        await gate.decide(await gate.wait_held(), ActionStatus.ALLOWED, arguments=edit)
        assert text_of(await calling) == "refunded 50"


async def test_a_denial_is_a_tool_error_with_reason_and_id(gate: FakeGate, home: Path) -> None:
    async with proxied(home) as client:
        calling = asyncio.create_task(client.call_tool("refund", {"amount": 5}))
        action_id = await gate.wait_held()
        await gate.decide(action_id, ActionStatus.DENIED, reason="too much")
        result = await calling
    assert result.is_error
    assert "too much" in text_of(result)
    assert action_id in text_of(result)
    assert gate.outcomes == {}


async def test_a_retry_after_the_deadline_gets_the_same_approval_once(
    gate: FakeGate, home: Path
) -> None:
    first = ActionId(f"{1:026d}")
    async with proxied(home, wait_s=0.0) as client:
        late = await client.call_tool("refund", {"amount": 5})
        assert late.is_error
        assert first in text_of(late)
        assert "retry" in text_of(late)
        await gate.decide(first, ActionStatus.ALLOWED)
        assert text_of(await client.call_tool("refund", {"amount": 5})) == "refunded 5"
        assert (await client.call_tool("refund", {"amount": 5})).is_error
    assert len(gate.proposals) == 2


async def test_a_call_that_the_client_gave_up_keeps_its_approval(
    gate: FakeGate, home: Path
) -> None:
    async with proxied(home) as client:
        calling = asyncio.create_task(client.call_tool("refund", {"amount": 5}))
        action_id = await gate.wait_held()
        calling.cancel()
        await asyncio.wait([calling])
        await gate.wait_nobody_waits()
        await gate.decide(action_id, ActionStatus.ALLOWED)
        assert text_of(await client.call_tool("refund", {"amount": 5})) == "refunded 5"
    assert len(gate.proposals) == 1


async def test_a_result_is_cleaned_before_the_agent_sees_it(gate: FakeGate, home: Path) -> None:
    async with proxied(home) as client:
        result = await client.call_tool("leak")
    assert text_of(result).startswith(f"{SECRETS_NOTICE}\nbalance 5 ")
    ((_, kept),) = gate.outcomes.values()
    for text in (text_of(result), str(kept)):
        assert "AKIAIOSFODNN7EXAMPLE" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text


async def test_a_tools_own_error_is_passed_on_and_reported(gate: FakeGate, home: Path) -> None:
    async with proxied(home) as client:
        result = await client.call_tool("complain")
    assert (text_of(result), result.is_error) == ("no such customer", True)
    ((outcome, _),) = gate.outcomes.values()
    assert (outcome.status, outcome.error) == (OutcomeStatus.FAILED, "no such customer")


async def test_a_client_that_asks_hears_that_its_call_is_held(gate: FakeGate, home: Path) -> None:
    heard: list[tuple[float, str]] = []
    heard_three = asyncio.Event()

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        del total
        heard.append((progress, message or ""))
        if len(heard) == 3:
            heard_three.set()

    del gate.rules["shop/count"]
    async with proxied(home, tell_s=0.01) as client:
        calling = asyncio.create_task(client.call_tool("count", progress_callback=hear))
        action_id = await gate.wait_held()
        await heard_three.wait()
        await gate.decide(action_id, ActionStatus.ALLOWED)
        assert text_of(await calling) == "counted"
    assert heard[0][1] == f"waiting for an operator (request {action_id})"
    assert [words for _, words in heard[-2:]] == ["part 1", "part 2"]
    assert [progress for progress, _ in heard] == [*range(1, len(heard) + 1)]


async def test_a_server_that_hangs_is_given_up_with_an_unknown_outcome(
    gate: FakeGate, home: Path
) -> None:
    async with proxied(home, run_s_max=0.05) as client:
        result = await client.call_tool("hang")
    assert result.is_error
    assert "no answer within 0.05 s" in text_of(result)
    ((outcome, _),) = gate.outcomes.values()
    assert outcome.status is OutcomeStatus.UNKNOWN


async def test_a_tool_with_a_forged_name_is_neither_shown_nor_called(
    gate: FakeGate, home: Path
) -> None:
    async with proxied(home) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == list(NAMES)
        assert (await client.call_tool(FORGED)).is_error
    assert gate.proposals == []


async def test_only_tools_pass(home: Path) -> None:
    async with proxied(home) as client:
        with pytest.raises(MCPError, match="Method not found"):
            await client.list_resources()
        with pytest.raises(MCPError, match="Method not found"):
            await client.list_prompts()


async def test_without_the_console_no_call_runs(tmp_path: Path) -> None:
    async with proxied(tmp_path) as client:
        assert len((await client.list_tools()).tools) == len(NAMES)
        result = await client.call_tool("refund", {"amount": 5})
    assert result.is_error
    assert "Maestro Console is not running" in text_of(result)


async def test_a_console_started_later_is_found(gate: FakeGate, tmp_path: Path) -> None:
    async with proxied(tmp_path) as client:
        assert (await client.call_tool("complain")).is_error
        async with serving(gate, tmp_path):
            assert text_of(await client.call_tool("complain")) == "no such customer"
        assert "not running" in text_of(await client.call_tool("complain"))


async def test_a_fault_of_the_gate_blocks(gate: FakeGate, home: Path) -> None:
    gate.failure = RuntimeError("secret detail")
    async with proxied(home) as client:
        result = await client.call_tool("leak")
    assert result.is_error
    assert "secret detail" not in text_of(result)


async def test_a_command_that_cannot_start_is_told(tmp_path: Path) -> None:
    stderr = io.StringIO()
    async with GatewayClient.connect(tmp_path) as gateway:
        code = await run_proxy(
            ["no-such-command-anywhere"],
            gateway=gateway,
            clock=SystemClock(),
            environ={},
            stderr=stderr,
        )
    assert code == 1
    assert stderr.getvalue().startswith("mcp-proxy: no-such-command-anywhere: ")
