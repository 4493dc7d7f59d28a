"""Requests, in the imperative: what an operator may ask of the core."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.actions import JsonObject
from core.ids import ActionId, AgentId, AlertId, GrantId, MessageId, OperatorId


@dataclass(frozen=True, slots=True, kw_only=True)
class Remember:
    """Ask for a rule: this agent, this kind, this resource pattern, for so long."""

    resource_pattern: str
    duration_s: float
    exact: bool = False  # with exactly the arguments that are approved


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCommand:
    """A request of one operator, with what was on screen when it was made."""

    operator: OperatorId
    shown_digest: str = ""  # `Dossier.shown_digest` as it was served; "" for a call without one
    key: str = ""  # key pressed, or "api"
    pressed_at: datetime | None = None  # when, if the console held the decision back for a while


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveAction(OperatorCommand):
    """Consent to exactly `digest`; refused when the action is no longer that."""

    action_id: ActionId
    digest: str
    reason: str = ""
    remember: Remember | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DenyAction(OperatorCommand):
    """Refuse, with a reason that the agent is told."""

    action_id: ActionId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditAction(OperatorCommand):
    """Replace the arguments and approve the result, if policy still allows it."""

    action_id: ActionId
    digest: str  # of what the operator saw before the edit
    arguments: JsonObject
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferAction(OperatorCommand):
    """Not now: moves the action down the queue until then; denies nothing."""

    action_id: ActionId
    until: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeGrant(OperatorCommand):
    """End a remembered approval now."""

    grant_id: GrantId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetQuarantine(OperatorCommand):
    """Put an agent into quarantine, or release it."""

    agent_id: AgentId
    quarantined: bool
    reason: str


Command = ApproveAction | DenyAction | EditAction | DeferAction | RevokeGrant | SetQuarantine


class AgentChange(StrEnum):
    """What an operator, or an agent through the gate, may ask of a hosted agent."""

    PAUSE = "pause"
    RESUME = "resume"
    DRAIN = "drain"
    RESTART = "restart"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAgent(OperatorCommand):
    """Pause, resume, drain or restart a hosted agent; goes through the gate."""

    agent_id: AgentId
    change: AgentChange
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendMessage(OperatorCommand):
    """Send a dead letter again, as a new message with the same content."""

    message_id: MessageId


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardMessage(OperatorCommand):
    """Take a dead letter off the list, for good."""

    message_id: MessageId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeAlert(OperatorCommand):
    """Somebody looks after it."""

    alert_id: AlertId
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceAlert(OperatorCommand):
    """Do not show this cause until then; it goes on being measured."""

    alert_id: AlertId
    until: datetime
    reason: str


FleetCommand = ControlAgent | ResendMessage | DiscardMessage | AcknowledgeAlert | SilenceAlert
