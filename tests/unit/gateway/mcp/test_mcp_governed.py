"""One governed call whose tool or gate fails."""

import asyncio
from dataclasses import dataclass, field

import pytest
from mcp import MCPError
from mcp_types import CONNECTION_CLOSED, CallToolResult, TextContent

from core.actions import ActionStatus, Decision, JsonObject, JsonValue, OutcomeStatus
from core.errors import StorageError
from core.gateway.mcp.governed import GovernedCalls, ServerDownError
from core.gateway.mcp.model import Caller, Tell, ToolCall
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
    mine: bool = True
    proposals: list[Proposal] = field(default_factory=list[Proposal])
    reports: list[tuple[OutcomeStatus, str, JsonValue]] = field(
        default_factory=list[tuple[OutcomeStatus, str, JsonValue]]
    )

    async def propose(self, proposal: Proposal) -> Ticket:
        self.proposals.append(proposal)
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

    async def claim(self, ticket: Ticket) -> bool:
        assert ticket.id == "7" * 26
        return self.mine

    async def report_outcome(
        self, action_id: ActionId, *, status: OutcomeStatus, error: str, result: JsonValue
    ) -> None:
        assert action_id == "7" * 26
        if self.deaf:
            raise StorageError("the disk is full")
        self.reports.append((status, error, result))


def make_caller(link: FakeLink) -> Caller:
    return Caller(link=link, agent="coder", session=None, token_id=TokenId("t"), tell=ignore)


async def ignore(progress: float, total: float | None, message: str | None) -> None:
    del progress, total, message


def make_calls() -> GovernedCalls:
    return GovernedCalls(screen=screen, clock=FakeClock())


async def nothing(_tool: str) -> str:
    return ""


async def refund(arguments: JsonObject, _tell: Tell) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=f"refunded {arguments['amount']}")])


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (ServerDownError("gone"), OutcomeStatus.FAILED, "gone"),
        (
            MCPError(code=-32602, message="no\x1b[2J such tool"),
            OutcomeStatus.FAILED,
            "no such tool",
        ),
        (MCPError(code=CONNECTION_CLOSED, message="closed"), OutcomeStatus.UNKNOWN, "went away"),
        (KeyError("odd"), OutcomeStatus.FAILED, "odd"),
        (ValueError(), OutcomeStatus.FAILED, "ValueError"),
    ],
)
async def test_a_tool_that_fails_is_a_tool_error_and_reported(
    error: Exception, status: OutcomeStatus, told: str
) -> None:
    async def fail(_arguments: JsonObject, _tell: Tell) -> CallToolResult:
        raise error

    link = FakeLink()
    result = await make_calls().call(CALL, caller=make_caller(link), why_not=nothing, run=fail)
    assert result.is_error
    assert told in text_of(result)
    ((reported, _, _),) = link.reports
    assert reported is status


async def test_the_words_of_an_error_are_screened_too() -> None:
    async def fail(_arguments: JsonObject, _tell: Tell) -> CallToolResult:
        raise MCPError(code=-32603, message="bad key AKIAIOSFODNN7EXAMPLE")

    link = FakeLink()
    result = await make_calls().call(CALL, caller=make_caller(link), why_not=nothing, run=fail)
    assert "AKIAIOSFODNN7EXAMPLE" not in result.model_dump_json()
    assert "AKIAIOSFODNN7EXAMPLE" not in str(link.reports)


async def test_a_cancelled_tool_has_an_unknown_outcome() -> None:
    started = asyncio.Event()

    async def hang(_arguments: JsonObject, _tell: Tell) -> CallToolResult:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    link = FakeLink()
    calling = asyncio.create_task(
        make_calls().call(CALL, caller=make_caller(link), why_not=nothing, run=hang)
    )
    await started.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert link.reports == [(OutcomeStatus.UNKNOWN, "cancelled", "")]


async def test_a_result_reaches_the_agent_when_its_report_fails() -> None:
    link = FakeLink(deaf=True)
    result = await make_calls().call(CALL, caller=make_caller(link), why_not=nothing, run=refund)
    assert (text_of(result), result.is_error) == ("refunded 5", False)


async def test_what_another_call_was_given_does_not_run() -> None:
    link = FakeLink(mine=False)
    result = await make_calls().call(CALL, caller=make_caller(link), why_not=nothing, run=refund)
    assert result.is_error
    assert "another call" in text_of(result)
    assert link.reports == []


@pytest.mark.parametrize("decision", [Decision.DENY, Decision.ASK])
async def test_only_a_clear_yes_runs(decision: Decision) -> None:
    link = FakeLink(decision=decision)
    result = await make_calls().call(CALL, caller=make_caller(link), why_not=nothing, run=refund)
    assert result.is_error
    assert link.reports == []


async def test_what_cannot_run_is_proposed_to_nobody_and_its_reason_is_screened() -> None:
    async def gone(tool: str) -> str:
        return f"{tool} is gone: key AKIAIOSFODNN7EXAMPLE"

    link = FakeLink()
    result = await make_calls().call(CALL, caller=make_caller(link), why_not=gone, run=refund)
    assert link.proposals == []
    assert result.is_error
    assert "refund is gone" in result.model_dump_json()
    assert "AKIAIOSFODNN7EXAMPLE" not in result.model_dump_json()
