"""What an Action is: anything with an effect outside its agent. Shared by every subsystem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.ids import ActionId, AgentId, CorrelationId, SessionId

JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"]
JsonObject = Mapping[str, JsonValue]


class RiskLevel(StrEnum):
    """How bad it could be, from least to worst; `rank` orders them."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for LOW to 3 for CRITICAL."""
        return _RANKS[self]


_RANKS = {level: rank for rank, level in enumerate(RiskLevel)}


class Decision(StrEnum):
    """What the gate says."""

    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"


class ActionStatus(StrEnum):
    """Where an action stands. Only PENDING can still change."""

    ALLOWED = "allowed"
    DENIED = "denied"
    PENDING = "pending"
    EXPIRED = "expired"


class OutcomeStatus(StrEnum):
    """What came of an allowed action. UNKNOWN is not FAILED: the agent never told."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One proposed act, exactly as it would run."""

    id: ActionId
    agent_id: AgentId
    kind: str  # "shell.execute", "tool.call", "file.write", …
    resource: str  # the tool, path, URL, account … acted upon
    arguments: JsonObject
    purpose: str = ""  # what the user asked for, in the user's words
    untrusted: tuple[str, ...] = ()  # text that came from tools in this session
    session_id: SessionId | None = None
    risk_claimed: RiskLevel | None = None  # what the agent says; it can only raise the risk
    correlation_id: CorrelationId
    parent_span_id: str | None = None  # from an incoming traceparent
    idempotency_key: str | None = None
    proposed_at: datetime
    deadline: datetime | None = None  # the caller stops waiting then


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One explained observation about an action, by the part that made it."""

    code: str  # stable, kebab-case: "reads-secret-file", "recipient-not-in-purpose"
    source: str  # "shell", "grounding", "screening", "policy", "trust", "counsel"
    level: RiskLevel
    message: str  # for the operator, one sentence
    path: str = ""  # where in the action: "arguments.command", "arguments.recipients[0]"
    start: int | None = None  # character offsets into the string at `path`: what to mark
    end: int | None = None
    evidence: str = ""  # the text found, redacted


@dataclass(frozen=True, slots=True, kw_only=True)
class Counsel:
    """What the counsellor says. It advises and never blocks."""

    called_for: bool
    types: tuple[str, ...] = ()  # "ethical", "privacy", "irreversible", "financial", …
    confidence: float = 0.0  # 0..1
    basis: str = ""  # what the confidence rests on
    advice: str = ""
    questions: tuple[str, ...] = ()  # for the operator
    professional: str | None = None  # "legal", "medical", "financial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The gate's answer, with everything that it rests on."""

    decision: Decision
    risk: RiskLevel
    reasons: tuple[str, ...]  # sentences for operator and agent
    policies: tuple[str, ...]  # @id of each determining policy, or "default-deny", "fail-safe:…"
    findings: tuple[Finding, ...] = ()
    facts: JsonObject = field(default_factory=dict[str, JsonValue])  # the policy context, redacted
    policy_version: str = ""  # digest of the policy sets in force
    counsel: Counsel | None = None
    trust: float | None = None  # 0..1, at the time
    second_approver: bool = False  # CRITICAL: two different people


def text_of(value: JsonValue) -> str:
    """All the text in a tool's result, a line for each piece: what later targets are sought in."""
    pieces: list[str] = []
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            pieces.append(each)
        elif isinstance(each, Mapping):
            left.extend(reversed(list(each.values())))
        elif isinstance(each, Sequence):
            left.extend(reversed(each))
    return "\n".join(filter(None, pieces))
