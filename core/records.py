"""What is kept: one frozen record a table row. Stores map fields to columns by name."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.actions import (
    Action,
    ActionStatus,
    Decision,
    JsonObject,
    JsonValue,
    OutcomeStatus,
    RiskLevel,
    Verdict,
)
from core.ids import ActionId, AgentId, CorrelationId, GrantId, OperatorId, SessionId, TokenId


class Durability(StrEnum):
    """FULL survives a power cut once acknowledged; NORMAL may lose the last moments."""

    FULL = "full"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the agent reported after running an allowed action."""

    status: OutcomeStatus
    error: str = ""
    usage: JsonObject = field(default_factory=dict[str, JsonValue])
    reported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRecord:
    """An action and where it stands. `arguments_released` is what may run: original or edit."""

    id: ActionId
    action: Action
    digest: str  # "sha256:…" over the RFC 8785 form of what is bound
    status: ActionStatus
    verdict: Verdict
    decided_at: datetime | None = None
    decided_by: OperatorId | None = None
    decision_reason: str = ""
    arguments_released: JsonObject | None = None
    digest_released: str | None = None
    outcome: Outcome | None = None
    pickup: str = ""  # digest of the call whose next try may take the answer; "" once it was taken


class ApprovalStatus(StrEnum):
    """Only PENDING can change; every other one is terminal."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One operator's consent to one exact digest."""

    operator: OperatorId
    digest: str
    at: datetime
    shown_digest: str = ""  # of what the engine had served to the operator: `Dossier.shown_digest`
    key: str = ""  # the key or call that decided
    reason: str = ""  # in the operator's words, without secrets


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRecord:
    """One held action in the queue. Its id is the action's id."""

    id: ActionId
    agent_id: AgentId
    session_id: SessionId | None
    kind: str
    resource: str
    risk: RiskLevel
    digest: str  # of what would run now: the original or the latest edit
    digest_original: str
    arguments_edited: JsonObject | None = None
    verdict_edited: Verdict | None = None  # None also for an edit of an older engine
    status: ApprovalStatus
    created_at: datetime
    expires_at: datetime
    deferred_until: datetime | None = None
    votes: tuple[Vote, ...] = ()
    votes_needed: int = 1
    settled_at: datetime | None = None
    settled_by: OperatorId | None = None
    reason: str = ""
    awaited_until: datetime | None = None  # by a caller that waits now; known to the queue alone

    @property
    def edited_by(self) -> OperatorId | None:
        """Whose edit it is: an edit takes earlier consent away, so its author voted first."""
        edited = self.arguments_edited is not None and bool(self.votes)
        return self.votes[0].operator if edited else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalTransition:
    """Replace an approval only while the stored one is PENDING with this digest and vote count."""

    to: ApprovalRecord
    digest_expected: str
    votes_expected: int


class Role(StrEnum):
    """Roles of principals; permissions per role are data of the policy pack."""

    AGENT = "agent"
    OPERATOR = "operator"
    ORCHESTRATOR = "orchestrator"
    JUDGE = "judge"
    COUNSELLOR = "counsellor"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalRecord:
    """One identity with a role and the least permissions."""

    id: AgentId
    role: Role
    permissions: tuple[str, ...]
    pack: str  # policy pack that judges it
    first_seen: datetime
    last_seen: datetime
    quarantined: bool = False
    registered_by: str = ""  # token id or operator


class TokenKind(StrEnum):
    """An agent token proposes and reports; only an operator token decides."""

    AGENT = "agent"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRecord:
    """A bearer token's hash; the token itself is never kept."""

    id: TokenId
    kind: TokenKind
    hash: str  # SHA-256 hex of a 256-bit random token
    label: str
    bound_to: str | None = None  # agent name, or operator name
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRecord:
    """Trust of one agent and the events that made it."""

    id: AgentId
    clean: int
    violations: int
    score: float  # 0..1
    start: float
    updated_at: datetime
    history: tuple[tuple[datetime, float, str], ...] = ()  # newest last, bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRecord:
    """A remembered approval: this agent, this kind, this resource pattern, until."""

    id: GrantId
    agent_id: AgentId
    kind: str
    resource_pattern: str  # shell-style, over the resource and, for commands, the command line
    created_by: OperatorId
    created_at: datetime
    expires_at: datetime
    from_action: ActionId
    risk_max: RiskLevel
    arguments_digest: str = ""  # of the only arguments that it fits; "" for any
    others_digest: str = ""  # of what stands beside the target of a command or file; "" for nothing
    used: int = 0  # times since the engine's start
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """An agent's session: the user's words, and text that came back from tools."""

    id: SessionId
    agent_id: AgentId
    purposes: tuple[str, ...]
    untrusted: tuple[str, ...]  # bounded; oldest dropped first
    cwd: str = ""
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRecord:
    """One finished OpenTelemetry span, as the local bounded store keeps it."""

    id: str  # span id, 16 hex digits
    trace_id: CorrelationId
    parent_id: str | None
    action_id: ActionId | None
    name: str
    started_at: datetime
    duration_us: int
    ok: bool
    attributes: JsonObject


Record = (
    ActionRecord
    | ApprovalRecord
    | PrincipalRecord
    | TokenRecord
    | TrustRecord
    | GrantRecord
    | SessionRecord
    | SpanRecord
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDraft:
    """An audit entry before the writer gives it its place and hash. Redacted already."""

    event: str  # "action.judged", "approval.decided", "action.outcome", …
    at: datetime
    actor: str  # agent, operator or service
    action_id: ActionId | None
    body: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A sealed entry: `hash` = SHA-256(previous hash + `text`), text is the canonical JSON."""

    seq: int  # 1, 2, 3 … without gaps
    text: str
    hash: str  # 64 hex digits


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHead:
    """Length of the chain and its last hash."""

    length: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteUnit:
    """All that one step makes true: written in one transaction, or not at all."""

    durability: Durability = Durability.FULL
    puts: tuple[Record, ...] = ()  # insert or replace by id
    transitions: tuple[ApprovalTransition, ...] = ()
    audit: tuple[AuditDraft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """A page of the trail, newest first unless `ascending`."""

    after_seq: int = 0
    before_seq: int | None = None
    limit: int = 200
    ascending: bool = False
    action_id: ActionId | None = None
    actor: str | None = None
    event: str | None = None
    text: str = ""  # substring of the entry's text


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionQuery:
    """A page of actions, newest first."""

    status: ActionStatus | None = None
    agent_id: AgentId | None = None
    session_id: SessionId | None = None
    decision: Decision | None = None
    before_id: ActionId | None = None
    limit: int = 200
