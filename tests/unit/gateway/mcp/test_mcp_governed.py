"""One governed call whose tool or gate fails."""

import asyncio
from dataclasses import dataclass, field

import pytest
from mcp_types import CallToolResult, TextContent

from core.actions import ActionStatus, Decision, JsonObject, JsonValue, OutcomeStatus
from core.errors import StorageError
from core.gateway.mcp.governed import GovernedCalls, ServerDownError
from core.gateway.mcp.model import Caller, ToolCall
from core.governance.screening.rules import screen
from core.ids import ActionId, CorrelationId, TokenId
from core.ports import Proposal, Ticket
from tests.fakes import FakeClock

CALL = ToolCall(server="shop", tool="refund", arguments={"amount": 5})


@dataclass
class FakeLink:
    """Allows everything and keeps what is reported."""

    status: ActionStatus = ActionStatus.ALLOWED
    decision: Decision = Decision.ALLOW
    deaf: bool = False
    reports: list[tuple[OutcomeStatus, str, JsonValue]] = field(
        default_factory=list[tuple[OutcomeStatus, str, JsonValue]]
    )

    async def propose(self, proposal: Proposal) -> Ticket:
        return Ticket(
            id=ActionId("7" * 26),
            decision=self.decision,
            status=self.status,
            reasons=(),
            arguments=proposal.arguments,
            digest="sha256:" + "0" * 64,
            correlation_id=CorrelationId("1" * 32),
        )

    async def wait(self, action_id: ActionId, *, timeout_s: float) -> Ticket:
        raise AssertionError(action_id, timeout_s)

    async def report_outcome(
        self, action_id: ActionId, *, status: OutcomeStatus, error: str, result: JsonValue
    ) -> None:
        assert action_id == "7" * 26
        if self.deaf:
            raise StorageError("the disk is full")
        self.reports.append((status, error, result))


def make_caller(link: FakeLink) -> Caller:
    return Caller(link=link, agent="coder", session=None, token_id=TokenId("t"))


def make_calls() -> GovernedCalls:
    return GovernedCalls(screen=screen, clock=FakeClock())


async def refund(arguments: JsonObject) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=f"refunded {arguments['amount']}")])


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


async def test_a_tool_that_fails_is_a_tool_error_and_reported() -> None:
    async def fail(_arguments: JsonObject) -> CallToolResult:
        raise ServerDownError("gone")

    link = FakeLink()
    result = await make_calls().call(CALL, caller=make_caller(link), run=fail)
    assert result.is_error
    assert "gone" in text_of(result)
    assert link.reports == [(OutcomeStatus.FAILED, "gone", "")]


async def test_a_cancelled_tool_has_an_unknown_outcome() -> None:
    started = asyncio.Event()

    async def hang(_arguments: JsonObject) -> CallToolResult:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    link = FakeLink()
    calling = asyncio.create_task(make_calls().call(CALL, caller=make_caller(link), run=hang))
    await started.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert link.reports == [(OutcomeStatus.UNKNOWN, "cancelled", "")]


async def test_a_result_reaches_the_agent_when_its_report_fails() -> None:
    link = FakeLink(deaf=True)
    result = await make_calls().call(CALL, caller=make_caller(link), run=refund)
    assert (text_of(result), result.is_error) == ("refunded 5", False)


@pytest.mark.parametrize("decision", [Decision.DENY, Decision.ASK])
async def test_only_a_clear_yes_runs(decision: Decision) -> None:
    link = FakeLink(decision=decision)
    result = await make_calls().call(CALL, caller=make_caller(link), run=refund)
    assert result.is_error
    assert link.reports == []
