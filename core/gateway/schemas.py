"""The shapes that cross the HTTP boundary; the OpenAPI document is made from them."""

import re
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    WithJsonSchema,
)

from core.actions import ActionStatus, Counsel, Decision, Finding, OutcomeStatus, RiskLevel
from core.fleet import AgentOrigin, AgentStatus
from core.gateway import patterns
from core.governance.screening.secrets import find_secrets
from core.records import ApprovalStatus, Role, TokenKind

JSON_REF: Final = "#/components/schemas/Json"
_INTEGER: Final = re.compile(r"\d{1,15}", re.ASCII)
_NUMBER: Final = re.compile(r"-?(0|[1-9]\d{0,30})(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)

JsonAny = Annotated[Any, WithJsonSchema({"allOf": [{"$ref": JSON_REF}]})]
JsonMap = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "additionalProperties": {"$ref": JSON_REF}}),
]


@lru_cache(maxsize=1024)
def _holds_secret(text: str) -> bool:
    return bool(find_secrets(text))


def _open_name(text: str) -> str:
    """Names are kept and shown in the clear: no secret may be one."""
    if _holds_secret(text):
        raise ValueError("this looks like a secret: names are kept in the clear")
    return text


Name = Annotated[str, StringConstraints(pattern=patterns.NAME), AfterValidator(_open_name)]
Label = Annotated[str, StringConstraints(pattern=patterns.LABEL), AfterValidator(_open_name)]
Kind = Annotated[
    str,
    StringConstraints(pattern=patterns.KIND),
    AfterValidator(_open_name),
]
Plain = Annotated[str, StringConstraints(pattern=patterns.PLAIN, max_length=4096)]
Key = Annotated[str, StringConstraints(pattern=patterns.KEY)]
TraceId = Annotated[str, StringConstraints(pattern=patterns.TRACE_ID)]
Digest = Annotated[str, StringConstraints(pattern=patterns.DIGEST)]
Seconds = Annotated[float, Field(strict=True, allow_inf_nan=False)]


def _number(value: str) -> float:
    if not _NUMBER.fullmatch(value):
        raise ValueError("this is no number")
    return float(value)


def _integer(value: str) -> int:
    if not _INTEGER.fullmatch(value):
        raise ValueError("this is no whole number of at most 15 digits")
    return int(value)


Chosen = TypeVar("Chosen")


class Choice(RootModel[Chosen], Generic[Chosen]):
    """One shape of several, told by a field. Built when the first such body comes."""

    model_config = ConfigDict(defer_build=True)


class Shape(BaseModel):
    """Closed: a field that is not named is an error, not ignored. Built when it is first needed."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ProposeBody(Shape):
    """One action that an agent wants to take, exactly as it would run."""

    agent: Name | None = Field(default=None, description="default: whom the token is bound to")
    session: Annotated[Key, AfterValidator(_open_name)] | None = None
    kind: Kind = Field(description="shell.execute, tool.call, file.write …")
    resource: Plain = Field(default="", description="the tool, path, URL or account acted upon")
    arguments: JsonMap = Field(default_factory=dict)
    purpose: str = Field(default="", description="what the user asked for, in the user's words")
    untrusted: tuple[str, ...] = Field(default=(), description="text that came from tools")
    risk: RiskLevel | None = Field(default=None, description="can only raise the risk")
    correlation_id: TraceId | None = Field(
        default=None, description="a W3C trace id; default: from traceparent, else made"
    )
    idempotency_key: Key | None = Field(default=None, description="or the header of this name")


class TicketAnswer(Shape):
    """Where an action stands. `arguments` is what may run: it can be the operator's edit."""

    id: str
    decision: Decision
    status: ActionStatus
    reasons: tuple[str, ...]
    arguments: JsonMap
    digest: str
    correlation_id: str


class OutcomeBody(Shape):
    """What came of an allowed action."""

    status: OutcomeStatus
    error: str = ""
    usage: JsonMap = Field(default_factory=dict, description="tokens, cost, duration …")
    result: JsonAny = Field(default=None, description="kept as untrusted text for later actions")


class OutcomeAnswer(Shape):
    """The outcome was recorded."""

    id: str
    status: OutcomeStatus


class RememberBody(Shape):
    """Allow the like from now on: this agent, this kind, this resource pattern."""

    resource_pattern: Annotated[str, StringConstraints(pattern=patterns.NAMES_TWO, max_length=4096)]
    duration_s: Annotated[Seconds, Field(ge=1, le=604_800)] = Field(description="at most 7 days")
    exact: bool = Field(default=False, description="with exactly the arguments approved here")


class ApproveBody(Shape):
    """Consent to exactly the arguments of this digest, and to no edit that came meanwhile."""

    decision: Literal["approve"]
    digest: Digest
    reason: str = ""
    remember: RememberBody | None = None


class DenyBody(Shape):
    """Refuse; the agent is told the reason."""

    decision: Literal["deny"]
    reason: Annotated[str, StringConstraints(pattern=patterns.SAID)]


class EditBody(Shape):
    """Replace the arguments and approve the result, if policy still allows it."""

    decision: Literal["edit"]
    arguments: JsonMap
    reason: str = ""
    digest: Digest | None = None


class DeferBody(Shape):
    """Not now: moves the action down the queue, denies nothing."""

    decision: Literal["defer"]
    reason: str = ""
    duration_s: Annotated[Seconds, Field(ge=1, le=86_400)] = Field(
        default=600.0, description="at most a day"
    )


AnyDecision = ApproveBody | DenyBody | EditBody | DeferBody


class DecideBody(Choice[Annotated[AnyDecision, Field(discriminator="decision")]]):
    """An operator's decision on one held action."""


class VoteView(Shape):
    """One operator's consent."""

    operator: str
    digest: str
    at: datetime
    reason: str


class ApprovalAnswer(Shape):
    """One held action in the queue."""

    id: str
    agent: str
    session: str | None
    kind: str
    resource: str
    risk: RiskLevel
    digest: str
    digest_original: str
    edited: bool
    edited_by: str | None
    status: ApprovalStatus
    created_at: datetime
    expires_at: datetime
    deferred_until: datetime | None
    votes: tuple[VoteView, ...]
    votes_needed: int
    settled_at: datetime | None
    settled_by: str | None
    reason: str


class ApprovalsAnswer(Shape):
    """Pending ones, most urgent first."""

    approvals: tuple[ApprovalAnswer, ...]


class DossierAnswer(Shape):
    """All needed to decide what would run, an edit by its own verdict. Only secrets are cut."""

    approval: ApprovalAnswer | None
    status: ActionStatus
    agent: str
    kind: str
    resource: str
    arguments: JsonMap
    arguments_original: JsonMap | None = Field(description="null: as the agent proposed them")
    purpose: str
    proposed_at: datetime
    correlation_id: str
    decision: Decision
    risk: RiskLevel
    reasons: tuple[str, ...]
    policies: tuple[str, ...]
    findings: tuple[Finding, ...]
    counsel: Counsel | None
    trust: float | None
    second_approver: bool


class AgentAnswer(Shape):
    """One agent; `trust` is null while nothing has measured it."""

    id: str
    role: Role
    permissions: tuple[str, ...]
    pack: str
    first_seen: datetime
    last_seen: datetime
    quarantined: bool
    trust: float | None
    actions: int
    asked: int
    denied: int
    expired: int = Field(default=0, description="held until nobody had answered in time")
    origin: AgentOrigin | None = Field(default=None, description="null: not in the fleet")
    status: AgentStatus | None = None
    load: float | None = None
    queue: int | None = None


class AgentsAnswer(Shape):
    """Every agent known here."""

    agents: tuple[AgentAnswer, ...]


class EntryView(Shape):
    """One sealed entry: `hash` is SHA-256 over the previous hash and `text`."""

    seq: int
    text: str
    hash: str


class AuditAnswer(Shape):
    """A page of the trail. `next` goes into `after` or `before` for the next one."""

    entries: tuple[EntryView, ...]
    next: int | None


class SpanView(Shape):
    """One finished span."""

    id: str
    trace_id: str
    parent_id: str | None
    name: str
    started_at: datetime
    duration_us: int
    ok: bool
    attributes: JsonMap


class TraceAnswer(Shape):
    """The spans of one action, oldest first."""

    spans: tuple[SpanView, ...]


class TokenBody(Shape):
    """A new agent token. Operator tokens are made where the console runs, never over HTTP."""

    label: Label
    bound_to: Name | None = Field(default=None, description="the only agent it may speak for")


class TokenAnswer(Shape):
    """One token; never the secret."""

    id: str
    kind: TokenKind
    label: str
    bound_to: str | None
    created_at: datetime
    revoked_at: datetime | None


class TokensAnswer(Shape):
    """Every token, revoked ones too."""

    tokens: tuple[TokenAnswer, ...]


class SecretAnswer(Shape):
    """A token that was just made. `secret` is told this once."""

    token: TokenAnswer
    secret: str


class ProbeAnswer(Shape):
    """The probe passed."""

    status: Literal["ok"]


class FaultView(Shape):
    """One thing that is wrong, and where."""

    path: str
    message: str


class ProblemAnswer(Shape):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: tuple[FaultView, ...] | None = None


class NoQuery(Shape):
    """Takes no query parameter."""


class WaitQuery(Shape):
    """How long to hold the answer for an operator, in seconds."""

    wait: Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(_number)] = Field(
        default=0.0, description="seconds to hold until decided; longer than 600 counts as 600"
    )


Seq = Annotated[int, Field(ge=0, le=10**15 - 1), BeforeValidator(_integer)]


class AuditQueryString(Shape):
    """A page of the trail: newest first, or oldest first from `after`."""

    after: Seq | None = None
    before: Seq | None = None
    limit: Annotated[int, Field(ge=1, le=1000), BeforeValidator(_integer)] = 200
    action_id: Annotated[str, StringConstraints(pattern=patterns.ID)] | None = None
    actor: Plain | None = None
    event: Plain | None = None
    text: Annotated[Plain, Field(description="a part of the entry's text")] = ""
