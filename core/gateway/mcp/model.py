"""What the proxy and `/mcp` have in common: who calls, and how the gate is reached."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from mcp_types import CallToolResult

from core.actions import JsonObject, JsonValue, OutcomeStatus
from core.governance.model import Screening
from core.ids import ActionId, TokenId
from core.ports import Proposal, Ticket


class GateLink(Protocol):
    """The gate, in this process or over HTTP. Every method raises MaestroError subclasses."""

    async def propose(self, proposal: Proposal) -> Ticket:
        """Judge one action; a held one comes back PENDING at once."""
        ...

    async def wait(self, action_id: ActionId, *, timeout_s: float) -> Ticket:
        """Return when settled or after `timeout_s`."""
        ...

    async def claim(self, ticket: Ticket) -> bool:
        """Take an allowed action for one run; False when another call has it already."""
        ...

    async def report_outcome(
        self, action_id: ActionId, *, status: OutcomeStatus, error: str, result: JsonValue
    ) -> None:
        """Record what came of an allowed action; once."""
        ...


class Screen(Protocol):
    """Looks through any JSON for secrets and injections; raises nothing."""

    def __call__(self, value: JsonValue, *, path: str) -> Screening:
        """Screen `value`, which stands at `path`."""
        ...


class Tell(Protocol):
    """Tells a caller that asked for it how far its call is."""

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        """`progress` grows from one call to the next."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls a tool."""

    link: GateLink
    agent: str
    session: str | None
    token_id: TokenId  # callers with different tokens never share an approval
    tell: Tell
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """One call, exactly as the client sent it."""

    server: str
    tool: str
    arguments: JsonObject


RunTool = Callable[[JsonObject, Tell], Awaitable[CallToolResult]]
"""Calls the tool behind with the arguments that may run, and tells what it tells."""

WhyNot = Callable[[str], Awaitable[str]]
"""Why a tool of the server behind cannot be called; "" when it can."""
