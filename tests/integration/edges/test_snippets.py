"""The documented adapters, run against a real gateway."""

import asyncio
import importlib.util
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from pydantic_ai import Agent, DeferredToolRequests
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

from core.actions import ActionStatus, Decision, OutcomeStatus
from tests.integration.edges.fakes import FakeGate, serving

SNIPPETS = Path(__file__).parents[3] / "docs" / "snippets"
PURPOSE = "pay back 5 to Ann"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SNIPPETS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _beside_the_agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The shared part can be imported, as when it is copied beside an agent."""
    monkeypatch.setattr(sys, "path", [str(SNIPPETS), *sys.path])
    yield
    sys.modules.pop("maestro_gateway", None)


@pytest.fixture
def gate() -> FakeGate:
    return FakeGate()


@pytest.fixture
async def gateway(gate: FakeGate, tmp_path: Path) -> AsyncIterator[Any]:
    async with serving(gate, tmp_path), httpx.AsyncClient(trust_env=False) as http:
        shared: Any = load("maestro_gateway")
        yield shared.Gateway(tmp_path, agent="clerk", session="s-1", http=http)


async def refund(amount: int) -> str:
    if amount < 0:
        raise ValueError("a refund is positive")
    return f"refunded {amount}"


async def start_graph(gateway: Any, amount: int = 5000) -> asyncio.Task[str]:
    snippet: Any = load("langgraph_interrupt")
    graph = snippet.make_graph({"refund": refund}, gateway)
    state = {"purpose": PURPOSE, "tool": "refund", "arguments": {"amount": amount}}
    return asyncio.create_task(snippet.run(graph, state, gateway=gateway, thread="t-1"))


async def test_langgraph_runs_what_the_operator_approved(gate: FakeGate, gateway: Any) -> None:
    running = await start_graph(gateway)
    action_id = await gate.wait_held()
    await gate.decide(action_id, ActionStatus.ALLOWED, arguments={"amount": 5})
    assert await running == "refunded 5"
    (proposal,) = gate.proposals
    assert (proposal.agent, proposal.session, proposal.purpose) == ("clerk", "s-1", PURPOSE)
    outcome, result = gate.outcomes[action_id]
    assert (outcome.status, result) == (OutcomeStatus.SUCCEEDED, "refunded 5")


async def test_langgraph_does_not_run_what_was_denied(gate: FakeGate, gateway: Any) -> None:
    running = await start_graph(gateway)
    await gate.decide(await gate.wait_held(), ActionStatus.DENIED, reason="too much")
    assert "too much" in await running
    assert gate.outcomes == {}


async def test_langgraph_reports_a_tool_that_failed(gate: FakeGate, gateway: Any) -> None:
    gate.rules["refund"] = Decision.ALLOW
    with pytest.raises(ValueError, match="positive"):
        await (await start_graph(gateway, amount=-1))
    ((outcome, _),) = gate.outcomes.values()
    assert outcome.status is OutcomeStatus.FAILED


def clerk(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
    """A model that refunds once and then says what it heard."""
    heard = [
        part.content
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, ToolReturnPart)
    ]
    if heard:
        return ModelResponse(parts=[TextPart("; ".join(map(str, heard)))])
    return ModelResponse(parts=[ToolCallPart("refund", {"amount": 5000})])


def busy_clerk(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """A model that asks for two refunds at once."""
    once = clerk(messages, info)
    if isinstance(once.parts[0], ToolCallPart):
        return ModelResponse(parts=[*once.parts, ToolCallPart("refund", {"amount": 2})])
    return once


async def start_agent(gateway: Any, model: Any = clerk) -> asyncio.Task[str]:
    snippet: Any = load("pydantic_ai_deferred")
    agent = Agent(FunctionModel(model), output_type=[str, DeferredToolRequests])
    agent.tool_plain(requires_approval=True)(refund)
    return asyncio.create_task(snippet.run(agent, PURPOSE, gateway=gateway))


async def test_pydantic_ai_runs_what_the_operator_approved(gate: FakeGate, gateway: Any) -> None:
    running = await start_agent(gateway)
    action_id = await gate.wait_held()
    await gate.decide(action_id, ActionStatus.ALLOWED, arguments={"amount": 5})
    assert await running == "refunded 5"
    (proposal,) = gate.proposals
    assert (proposal.resource, proposal.arguments) == ("refund", {"amount": 5000})
    outcome, result = gate.outcomes[action_id]
    assert (outcome.status, result) == (OutcomeStatus.SUCCEEDED, "refunded 5")


async def test_pydantic_ai_tells_the_model_why_it_was_denied(gate: FakeGate, gateway: Any) -> None:
    running = await start_agent(gateway)
    await gate.decide(await gate.wait_held(), ActionStatus.DENIED, reason="too much")
    assert "too much" in await running
    assert gate.outcomes == {}


async def test_pydantic_ai_has_each_of_several_calls_decided(gate: FakeGate, gateway: Any) -> None:
    running = await start_agent(gateway, busy_clerk)
    last = await gate.wait_held(2)
    await gate.decide(last, ActionStatus.ALLOWED, arguments={"amount": 1})
    await gate.decide(await gate.wait_held(2), ActionStatus.DENIED, reason="too much")
    said = await running
    assert "refunded 1" in said
    assert "too much" in said
    assert list(gate.outcomes) == [last]


async def test_without_the_console_nothing_runs(gateway: Any, tmp_path: Path) -> None:
    (tmp_path / "gateway.json").write_text('{"url": "http://127.0.0.1:1"}')
    with pytest.raises(httpx.ConnectError):
        await (await start_agent(gateway))
