"""What outside agents' telemetry says: model calls, tool calls, sessions. Pure values.

None is "unknown": the emitter did not say. Nothing is filled in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from core.ids import AgentId, SessionId


class ModelCall(NamedTuple):
    """One call of a model: one authoritative record, however often the tool reports it.

    A tuple, because tens of thousands a second are made; name the fields when you make one.
    """

    id: str  # unique per emitter
    emitter: str  # service.name as sent
    agent: AgentId
    session: SessionId | None
    model: str | None
    provider: str | None
    started_at: datetime
    duration_ms: float | None
    first_token_ms: float | None = None
    input_tokens: int | None = None  # all of the prompt, cached parts included
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd_micros: int | None = None  # None: unpriced
    cost_basis: str = ""  # "reported", "genai-prices 2026-11-02", "unpriced: unknown model …"
    error: str | None = None


class ToolUse(NamedTuple):
    """One tool call of an outside agent, and who decided it. A tuple, like a model call."""

    id: str
    emitter: str
    agent: AgentId
    session: SessionId | None
    tool: str
    mcp_server: str | None
    started_at: datetime
    duration_ms: float | None
    ok: bool | None
    decision: str | None = None  # "accept", "reject", "auto_accept", "modify", as the tool says
    decided_by: str | None = None  # "config", "user_temporary", "hook", …
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageTotals:
    """Sums over calls. Tokens of calls that did not say are not in them."""

    calls: int = 0
    failed: int = 0
    tool_uses: int = 0
    tool_failures: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_usd_micros: int = 0
    unpriced: int = 0  # calls without a price


class AgentCost(NamedTuple):
    """What the model calls of one agent cost in some time."""

    agent: AgentId
    calls: int
    cost_usd_micros: int  # of those with a price
    unpriced: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUsage:
    """One session of one agent."""

    session: SessionId | None
    agent: AgentId
    emitter: str
    first_at: datetime
    last_at: datetime
    models: tuple[str, ...]
    totals: UsageTotals


@dataclass(frozen=True, slots=True, kw_only=True)
class EmitterView:
    """What arrived from one program, and what of it was understood."""

    emitter: str  # service.name, or "unknown"
    version: str
    kind: str  # which map reads it: "claude-code", "codex", "gemini-cli", "genai", "openinference"
    first_at: datetime
    last_at: datetime
    spans: int = 0
    logs: int = 0
    points: int = 0
    rejected: int = 0
    unmapped: Mapping[str, int] = field(default_factory=dict[str, int])  # key -> count, bounded
    content_dropped: int = 0  # prompts, outputs and arguments that were not kept
    totals: UsageTotals = UsageTotals()
