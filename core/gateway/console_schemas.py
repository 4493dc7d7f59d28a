"""The shapes of what an attached console asks: views and commands of the two ports, closed."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from core.actions import ActionStatus, Decision
from core.commands import AgentChange
from core.fleet import ActivitySpan
from core.gateway import patterns
from core.gateway.fleet_schemas import Reason
from core.gateway.schemas import (
    Choice,
    Digest,
    JsonAny,
    JsonMap,
    Plain,
    RememberBody,
    Seconds,
    Shape,
)

FORMS: Final = 2  # goes up when a view or a command of an older console would be misread
_END_S: Final = 32_503_680_000  # the year 3000


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError("this is no whole number")
    return int(value)


Id = Annotated[str, StringConstraints(pattern=patterns.ID)]
AgentName = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Page = Annotated[int, Field(ge=1, le=1000), BeforeValidator(_whole)]
Place = Annotated[int, Field(ge=0, le=10**15 - 1), BeforeValidator(_whole)]
Flag = Annotated[bool, Field(strict=True)]
Instant = Annotated[Seconds, Field(ge=0, le=_END_S, description="seconds since 1970, UTC")]


class GreetingAnswer(Shape):
    """Who asks, and what can be asked."""

    forms: int = Field(description="number of the views' and commands' forms")
    operator: str = Field(description="the name that decisions with this token carry")
    fleet: bool = Field(description="whether an orchestrator is hosted")
    office: bool = Field(description="whether log, settings and findings can be asked for")


class WholeView(Shape):
    """A view that takes no argument."""

    view: Literal[
        "approvals",
        "agents",
        "grants",
        "verification",
        "fleet",
        "health",
        "coordinators",
        "readings",
        "emitters",
        "sessions",
        "library",
        "cases",
        "replay",
        "rules",
    ]


class ActionView(Shape):
    """One action whole, or the spans of its correlation."""

    view: Literal["action", "trace"]
    id: Id


class ActionsView(Shape):
    """A page of actions, newest first."""

    view: Literal["actions"]
    status: ActionStatus | None = None
    agent_id: AgentName | None = None
    session_id: Plain | None = None
    decision: Decision | None = None
    before_id: Id | None = None
    limit: Page = 200


class AuditView(Shape):
    """A page of the trail, newest first unless `ascending`."""

    view: Literal["audit"]
    after_seq: Place = 0
    before_seq: Place | None = None
    limit: Page = 200
    ascending: Flag = False
    action_id: Id | None = None
    actor: Plain | None = None
    event: Plain | None = None
    text: Plain = ""


class AgentDetailView(Shape):
    """One agent of the fleet, whole."""

    view: Literal["agent"]
    agent: AgentName


class MessagesView(Shape):
    """Messages that fit, newest first."""

    view: Literal["messages"]
    agent: Plain = ""
    type: Plain = ""
    text: Plain = ""
    dead_only: Flag = False
    limit: Page = 200


class SeriesView(Shape):
    """One metric over time."""

    view: Literal["series"]
    key: Annotated[str, StringConstraints(pattern=patterns.METRIC)]
    since_s: Instant
    until_s: Instant
    points_max: Annotated[int, Field(ge=2, le=2000), BeforeValidator(_whole)] = 400


class AlertsView(Shape):
    """Open alerts; those of the last day too when asked for."""

    view: Literal["alerts"]
    resolved: Flag = False


class ActivityView(Shape):
    """What agents did over the last hour or day."""

    view: Literal["activity"]
    span: ActivitySpan = ActivitySpan.HOUR


class LogView(Shape):
    """The newest lines of the engine's own log."""

    view: Literal["log"]
    after: Annotated[str, StringConstraints(pattern=patterns.TRACE_ID_OR_NONE)] = Field(
        default="", description="the mark of the page before: only what came after it"
    )


class OfficeView(Shape):
    """The settings in force, or what the doctor finds."""

    view: Literal["settings", "findings"]


AnyView = (
    WholeView
    | ActionView
    | ActionsView
    | AuditView
    | AgentDetailView
    | MessagesView
    | SeriesView
    | AlertsView
    | ActivityView
    | LogView
    | OfficeView
)


class ViewBody(Choice[Annotated[AnyView, Field(discriminator="view")]]):
    """Which view, and what of it."""


class ViewAnswer(Shape):
    """The view in the JSON form of its records; secrets that agents sent are redacted."""

    value: JsonAny


class Shown(Shape):
    """What was on screen, and which key was pressed."""

    shown_digest: Digest | Literal[""] = ""
    key: Annotated[str, StringConstraints(pattern=patterns.PRESSED)] = ""
    pressed_at_s: Instant | None = None


class ApproveCommand(Shown):
    """Consent to exactly this digest."""

    command: Literal["approve"]
    id: Id
    digest: Digest
    reason: Annotated[str, StringConstraints(max_length=4096)] = ""
    remember: RememberBody | None = None


class DenyCommand(Shown):
    """Refuse; the agent is told the reason."""

    command: Literal["deny"]
    id: Id
    reason: Reason


class EditCommand(Shown):
    """Replace the arguments and approve the result."""

    command: Literal["edit"]
    id: Id
    digest: Digest
    arguments: JsonMap
    reason: Annotated[str, StringConstraints(max_length=4096)] = ""


class DeferCommand(Shown):
    """Not now."""

    command: Literal["defer"]
    id: Id
    until_s: Instant


class RevokeGrantCommand(Shown):
    """End a remembered approval now."""

    command: Literal["revoke_grant"]
    id: Id


class QuarantineCommand(Shown):
    """Put an agent into quarantine, or release it."""

    command: Literal["quarantine"]
    agent: AgentName
    quarantined: Flag
    reason: Reason


class AcceptRuleCommand(Shown):
    """Make a rule that decisions bear out; the answer's sentence ends with the rule's id."""

    command: Literal["accept_rule"]
    id: Annotated[str, StringConstraints(pattern=patterns.SPAN_ID)]


class ControlCommand(Shown):
    """Steer a hosted agent; goes through the gate."""

    command: Literal["control"]
    agent: AgentName
    change: AgentChange
    reason: Reason


class ResendCommand(Shown):
    """Send a dead letter again."""

    command: Literal["resend"]
    id: Id


class DiscardCommand(Shown):
    """Take a dead letter off the list."""

    command: Literal["discard"]
    id: Id
    reason: Reason


class AcknowledgeCommand(Shown):
    """Somebody looks after an alert."""

    command: Literal["acknowledge"]
    id: Id
    note: Annotated[str, StringConstraints(max_length=4096)] = ""


class SilenceCommand(Shown):
    """Do not show an alert's cause until then."""

    command: Literal["silence"]
    id: Id
    until_s: Instant
    reason: Reason


GateCommand = (
    ApproveCommand
    | DenyCommand
    | EditCommand
    | DeferCommand
    | RevokeGrantCommand
    | QuarantineCommand
)
OrchestratorCommand = (
    ControlCommand | ResendCommand | DiscardCommand | AcknowledgeCommand | SilenceCommand
)


class CommandBody(
    Choice[
        Annotated[
            GateCommand | OrchestratorCommand | AcceptRuleCommand, Field(discriminator="command")
        ]
    ]
):
    """One command of the operator whose token this is."""
