"""Protocols that the core needs from adapters, and that front ends need from the core."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.actions import (
    Action,
    ActionStatus,
    Decision,
    JsonObject,
    JsonValue,
    RiskLevel,
    Verdict,
)
from core.commands import Command
from core.ids import ActionId, AgentId, CorrelationId, OperatorId, SessionId
from core.records import (
    ActionQuery,
    ActionRecord,
    ApprovalRecord,
    AuditDraft,
    AuditEntry,
    AuditHead,
    AuditQuery,
    GrantRecord,
    Outcome,
    PrincipalRecord,
    SessionRecord,
    SpanRecord,
    TokenRecord,
    TrustRecord,
    WriteUnit,
)

Seal = Callable[[AuditHead, Sequence[AuditDraft]], Sequence[AuditEntry]]
"""Pure: gives drafts their place and hash after `head`. The store's one writer calls it."""


class Service(Protocol):
    """Something that runs under the supervisor until it is cancelled."""

    name: str

    async def run(self) -> None:
        """Live; an error is the supervisor's business."""
        ...


class Store(Protocol):
    """Durable state. `commit` is the only way to write; every read sees all acknowledged writes.

    Every method raises a `StorageError` subclass when the store cannot serve.
    """

    async def commit(self, unit: WriteUnit) -> AuditHead:
        """Write all of `unit`, return the chain's head after it, once it is durable.

        Raises WriteConflict when a transition found another state: then nothing was written.
        """
        ...

    async def get_action(self, action_id: ActionId) -> ActionRecord | None: ...
    async def find_idempotent(self, agent_id: AgentId, key: str) -> ActionRecord | None: ...
    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]: ...
    async def get_approval(self, action_id: ActionId) -> ApprovalRecord | None: ...
    async def list_pending(self) -> tuple[ApprovalRecord, ...]: ...
    async def list_principals(self) -> tuple[PrincipalRecord, ...]: ...
    async def list_tokens(self) -> tuple[TokenRecord, ...]: ...
    async def list_trust(self) -> tuple[TrustRecord, ...]: ...
    async def list_grants(self) -> tuple[GrantRecord, ...]: ...
    async def get_session(self, session_id: SessionId) -> SessionRecord | None: ...
    async def list_spans(
        self, *, trace_id: CorrelationId | None = None, action_id: ActionId | None = None
    ) -> tuple[SpanRecord, ...]: ...
    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]: ...
    async def audit_head(self) -> AuditHead: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What an edge (HTTP, hook, MCP) hands to the gate; validated in shape, not yet trusted."""

    agent: str
    kind: str
    resource: str
    arguments: JsonObject
    purpose: str = ""
    session: str | None = None
    untrusted: tuple[str, ...] = ()
    risk: RiskLevel | None = None
    correlation_id: str | None = None  # 32 hex digits; made when absent
    parent_span_id: str | None = None
    idempotency_key: str | None = None
    wait_s: float | None = None  # how long the caller can wait at most, when it says
    pickup: str = ""  # `ActionRecord.pickup`, should it be held


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The gate's answer to a caller. `arguments` may be the operator's edit."""

    id: ActionId
    decision: Decision
    status: ActionStatus
    reasons: tuple[str, ...]
    arguments: JsonObject
    digest: str
    correlation_id: CorrelationId
    decided_by: OperatorId | None = None


class ActionGate(Protocol):
    """The one policy enforcement point. `token` is the caller's verified token."""

    async def propose(self, proposal: Proposal, *, token: TokenRecord) -> Ticket:
        """Judge; a held action comes back PENDING at once.

        Raises InvalidAction, PermissionDenied (token bound to another agent), Overloaded. A fault
        inside never raises: it is a deny with its reason.
        """
        ...

    async def wait(self, action_id: ActionId, *, timeout_s: float, token: TokenRecord) -> Ticket:
        """Return when settled or after `timeout_s`. Raises ActionNotFound."""
        ...

    async def claim(self, action_id: ActionId, *, key: str | None, token: TokenRecord) -> bool:
        """Take what an operator allowed for one call; False when another call has it already.

        `key` is the call's idempotency key: under it, and no other, the answer stays the same.
        Durable before it returns. Raises ActionNotFound, PermissionDenied, StorageError.
        """
        ...

    async def hand_out(self, action_id: ActionId, *, token: TokenRecord) -> Ticket:
        """What the caller is told of an action that an operator decided, as often as it asks.

        The first time it is judged once more: what is denied by now comes back DENIED, for good.
        Durable before it returns. Raises ActionNotFound, PermissionDenied, StorageError.
        """
        ...

    async def report_outcome(
        self, action_id: ActionId, outcome: Outcome, *, result: JsonValue, token: TokenRecord
    ) -> None:
        """Record what came of an allowed action; once. `result` is kept as untrusted text."""
        ...

    async def open_session(self, session: str, *, agent: str, cwd: str, token: TokenRecord) -> str:
        """Begin a session, or go on with one; its workspace, which is the first `cwd` told."""
        ...

    async def add_purpose(
        self, session: str, text: str, *, agent: str, token: TokenRecord
    ) -> None: ...
    async def add_untrusted(
        self, session: str, text: str, *, agent: str, token: TokenRecord
    ) -> None: ...
    async def close_session(self, session: str, *, agent: str, token: TokenRecord) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """All that an operator needs to decide one action; arguments redacted, never cut."""

    record: ActionRecord
    approval: ApprovalRecord | None
    arguments_shown: JsonObject  # secrets redacted
    session: SessionRecord | None
    recent: tuple[ActionRecord, ...]  # the session's last actions, newest first
    trust: TrustRecord | None
    shown_digest: str  # of what is served here and stays so while it waits; goes back as it is
    original_shown: JsonObject | None = None  # what an edit replaced, secrets redacted
    session_edited: bool = False  # the trail has not what the store says of it: it is not shown

    @property
    def verdict(self) -> Verdict:
        """Of what would run: an edit has its own, the original's faults are not the edit's."""
        own = self.approval.verdict_edited if self.approval else None
        return self.record.verdict if own is None else own


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """One agent as the panes show it; None where nothing measured it: "no source".

    Counts are of what happened since the engine's start, and of the newest 1,000 actions before.
    """

    principal: PrincipalRecord
    trust: TrustRecord | None
    actions: int
    asked: int
    denied: int
    expired: int = 0  # nobody answered in time: no refusal, though they did not run


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What verification of the trail found. `first_bad` is the entry to look at."""

    ok: bool
    entries: int
    head: str
    signed_length: int  # entries covered by the last good signed checkpoint
    problem: str = ""  # one sentence; "" when ok
    first_bad: int | None = None
    unproved: str = ""  # what even a trail that holds leaves open, one sentence
    key: str = ""  # id of the public key that all of it was held against
    key_note: str = ""  # what that key is worth where it was not compared with the signing key


class OperatorPort(Protocol):
    """What a front end may do: read views, send commands. In process now, over HTTP later."""

    async def dispatch(self, command: Command) -> None:
        """Carry a command out. Raises ApprovalSettled, ActionNotFound, InvalidAction,
        PermissionDenied, BlockedByFault, StorageError."""
        ...

    async def list_approvals(self) -> tuple[ApprovalRecord, ...]:
        """Pending ones, most urgent first: risk x age x what is blocked."""
        ...

    async def show_action(self, action_id: ActionId) -> Dossier: ...
    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]: ...
    async def list_agents(self) -> tuple[AgentView, ...]: ...
    async def list_grants(self) -> tuple[GrantRecord, ...]: ...
    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]: ...
    async def verify_audit(self) -> VerifyReport: ...
    async def load_trace(self, action_id: ActionId) -> tuple[SpanRecord, ...]: ...


class Span(Protocol):
    """An open span."""

    def set(self, name: str, value: str | float | bool) -> None:  # noqa: FBT001
        """Set one attribute."""
        ...


class Tracer(Protocol):
    """Opens spans under an action's correlation id."""

    def span(self, name: str, *, action: Action) -> AbstractContextManager[Span]:
        """A span around the block; an exception marks it failed and goes on."""
        ...

    def record(
        self, name: str, *, action: Action, started_at: datetime, ended_at: datetime, ok: bool
    ) -> None:
        """Keep a span that lasted from one event to another (waiting, execution)."""
        ...

    async def flush(self) -> None:
        """Have every span that has ended in the store; others are written about once a second."""
        ...
