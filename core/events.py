"""Facts, in the past tense: the only vocabulary that the core and the console share."""

from dataclasses import dataclass
from datetime import datetime

from core.actions import Decision, OutcomeStatus, RiskLevel
from core.fleet import AgentMode, AgentStatus
from core.ids import (
    ActionId,
    AgentId,
    AlertId,
    CorrelationId,
    GrantId,
    MessageId,
    OperatorId,
    SessionId,
)
from core.measures import AlertState, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. `key` is what latest-wins delivery keeps one of."""

    at: datetime

    @property
    def key(self) -> str:
        """Events of one key replace each other where only the latest matters."""
        return type(self).__name__


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionEvent(Event):
    """Something that happened to one action."""

    action_id: ActionId
    agent_id: AgentId
    correlation_id: CorrelationId

    @property
    def key(self) -> str:
        """One per action and type."""
        return f"{type(self).__name__}:{self.action_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionJudged(ActionEvent):
    """The gate decided; durable and audited before this is published."""

    session_id: SessionId | None
    kind: str
    resource: str
    summary: str  # redacted, control characters stripped, at most 200 characters
    decision: Decision
    risk: RiskLevel
    reasons: tuple[str, ...]
    latency_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionHeld(ActionEvent):
    """Governance stopped an action; only an operator's decision releases it."""

    session_id: SessionId | None
    kind: str
    resource: str
    summary: str
    risk: RiskLevel
    reasons: tuple[str, ...]
    expires_at: datetime  # denied when this passes with no answer


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalChanged(ActionEvent):
    """A pending approval was deferred, edited, or got the first of two votes."""

    change: str  # "deferred", "edited", "voted"
    by: OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSettled(ActionEvent):
    """A held action was approved, denied or expired; final."""

    decision: Decision  # ALLOW or DENY
    status: str  # ApprovalStatus value
    by: OperatorId | None  # None when it expired
    reason: str
    edited: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionWithdrawn(ActionEvent):
    """What an operator approved is denied for good: not allowed any more as it was fetched."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeReported(ActionEvent):
    """The agent told what came of an allowed action."""

    status: OutcomeStatus
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSeen(Event):
    """An agent was registered at first contact or its state changed."""

    agent_id: AgentId
    trust: float  # 0..1
    quarantined: bool
    new: bool

    @property
    def key(self) -> str:
        """One per agent."""
        return f"AgentSeen:{self.agent_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantChanged(Event):
    """A remembered approval was made, or revoked."""

    grant_id: GrantId
    revoked: bool
    by: OperatorId

    @property
    def key(self) -> str:
        """One per grant."""
        return f"GrantChanged:{self.grant_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAdvanced(Event):
    """The trail grew to this length; told once a second at most."""

    length: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditBroken(Event):
    """The trail does not hold from this entry on, or a record beside it is not what it tells of."""

    position: int  # 0: no entry, but a record
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFailed(Event):
    """A supervised service failed; `restarting` tells whether it is tried again."""

    service: str
    message: str
    restarting: bool

    @property
    def key(self) -> str:
        """One per service."""
        return f"ServiceFailed:{self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecovered(Event):
    """A service that had failed has run for long enough to be believed again."""

    service: str

    @property
    def key(self) -> str:
        """Replaces the failure, where only the latest matters."""
        return f"ServiceFailed:{self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanged(Event):
    """An agent of the fleet joined, or its status or mode changed."""

    agent_id: AgentId
    status: AgentStatus
    mode: AgentMode
    note: str  # why, one sentence

    @property
    def key(self) -> str:
        """One per agent."""
        return f"AgentChanged:{self.agent_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDied(Event):
    """A message could not be delivered or handled; it is among the dead letters."""

    message_id: MessageId
    to: AgentId
    reason: str

    @property
    def key(self) -> str:
        """One per message."""
        return f"MessageDied:{self.message_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChanged(Event):
    """An alert was raised, acknowledged, silenced or resolved."""

    alert_id: AlertId
    cause: str
    agent: str
    severity: Severity
    state: AlertState
    title: str
    silenced: bool

    @property
    def key(self) -> str:
        """One per alert."""
        return f"AlertChanged:{self.alert_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DegradationChanged(Event):
    """Coordination failed, and risky actions are blocked; or it works again."""

    degraded: bool
    reason: str


CoreEvent = (
    ActionJudged
    | ActionHeld
    | ApprovalChanged
    | ActionSettled
    | ActionWithdrawn
    | OutcomeReported
    | AgentSeen
    | GrantChanged
    | AuditAdvanced
    | AuditBroken
    | ServiceFailed
    | ServiceRecovered
    | AgentChanged
    | MessageDied
    | AlertChanged
    | DegradationChanged
)
