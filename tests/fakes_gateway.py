"""A gate in memory that honours the ports, and a gateway around it."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import rfc8785
from starlette.applications import Starlette

from core.actions import Action, ActionStatus, Decision, JsonObject, JsonValue, RiskLevel, Verdict
from core.bus import Bus
from core.commands import ApproveAction, Command, DeferAction, DenyAction, EditAction
from core.errors import (
    ActionConflict,
    ActionNotFound,
    ApprovalSettled,
    InvalidAction,
    PermissionDenied,
)
from core.events import ActionHeld
from core.gateway.http.app import make_app
from core.gateway.http.limits import Limits
from core.gateway.tokens import TokenBook
from core.ids import ActionId, AgentId, CorrelationId, OperatorId, SessionId
from core.ports import AgentView, Dossier, Proposal, Ticket, VerifyReport
from core.records import (
    ActionQuery,
    ActionRecord,
    ApprovalRecord,
    ApprovalStatus,
    AuditEntry,
    AuditQuery,
    GrantRecord,
    Outcome,
    PrincipalRecord,
    Role,
    SpanRecord,
    TokenKind,
    TokenRecord,
    TrustRecord,
)
from tests.fake_store import FakeStore
from tests.fakes import FakeClock, FakeIds


def digest_of(arguments: JsonObject) -> str:
    return "sha256:" + hashlib.sha256(rfc8785.dumps(dict(arguments))).hexdigest()


class FakeGate:
    """Allows the kind "read", holds "write", denies every other one.

    Both ports: agents propose, operators decide. `fail_with` is raised by the next call.
    """

    def __init__(self, *, bus: Bus, ids: FakeIds, clock: FakeClock) -> None:
        self._bus = bus
        self._ids = ids
        self._clock = clock
        self._changed = asyncio.Event()
        self.records: dict[ActionId, ActionRecord] = {}
        self.approvals: dict[ActionId, ApprovalRecord] = {}
        self.proposals: list[Proposal] = []
        self.commands: list[Command] = []
        self.results: dict[ActionId, JsonValue] = {}
        self.somebody_waits = asyncio.Event()
        self.nobody_waits = asyncio.Event()
        self.waiting = 0
        self.fail_with: Exception | None = None
        self.verdicts = {"read": Decision.ALLOW, "write": Decision.ASK}

    async def propose(self, proposal: Proposal, *, token: TokenRecord) -> Ticket:
        self._fail()
        if token.bound_to not in (None, proposal.agent):
            raise PermissionDenied(f"this token speaks for {token.bound_to} alone")
        self.proposals.append(proposal)
        for record in self.records.values():
            key = record.action.idempotency_key
            if key is not None and key == proposal.idempotency_key:
                return _ticket(record)
        record = self._judge(proposal)
        self.records[record.id] = record
        if record.status is ActionStatus.PENDING:
            await self._hold(record)
        return _ticket(record)

    async def wait(self, action_id: ActionId, *, timeout_s: float, token: TokenRecord) -> Ticket:
        del token
        self._fail()
        self.waiting += 1
        self.somebody_waits.set()
        try:
            async with asyncio.timeout(timeout_s):
                while self._get(action_id).status is ActionStatus.PENDING:
                    await self._changed.wait()
        except TimeoutError:
            pass
        finally:
            self.waiting -= 1
            if not self.waiting:
                self.nobody_waits.set()
        return _ticket(self._get(action_id))

    async def claim(self, action_id: ActionId, *, key: str | None, token: TokenRecord) -> bool:
        raise AssertionError(action_id, key, token)  # over HTTP nobody does

    async def hand_out(self, action_id: ActionId, *, token: TokenRecord) -> Ticket:
        del token
        self._fail()
        return _ticket(self._get(action_id))

    async def report_outcome(
        self, action_id: ActionId, outcome: Outcome, *, result: JsonValue, token: TokenRecord
    ) -> None:
        del token
        self._fail()
        record = self._get(action_id)
        if record.status is not ActionStatus.ALLOWED or record.outcome is not None:
            raise ActionConflict("only an allowed action has an outcome, once")
        self.records[action_id] = replace(record, outcome=outcome)
        self.results[action_id] = result

    async def open_session(self, session: str, *, agent: str, cwd: str, token: TokenRecord) -> str:
        del session, agent, token
        return cwd

    async def add_purpose(
        self, session: str, text: str, *, agent: str, token: TokenRecord
    ) -> None: ...
    async def add_untrusted(
        self, session: str, text: str, *, agent: str, token: TokenRecord
    ) -> None: ...
    async def close_session(self, session: str, *, agent: str, token: TokenRecord) -> None: ...

    async def dispatch(self, command: Command) -> None:
        self._fail()
        self.commands.append(command)
        match command:
            case ApproveAction():
                held = self._held(command.action_id, command.digest)
                self._settle(held, command.operator, ActionStatus.ALLOWED, command.reason)
            case DenyAction():
                held = self._held(command.action_id, None)
                self._settle(held, command.operator, ActionStatus.DENIED, command.reason)
            case EditAction():
                held = self._held(command.action_id, command.digest)
                edited = replace(
                    held, digest=digest_of(command.arguments), arguments_edited=command.arguments
                )
                self._settle(edited, command.operator, ActionStatus.ALLOWED, command.reason)
            case DeferAction():
                held = self._held(command.action_id, None)
                self.approvals[held.id] = replace(held, deferred_until=command.until)
            case _:
                raise InvalidAction("this fake carries out decisions only")

    async def decide_all(self) -> None:
        """Deny whatever is held."""
        for held in await self.list_approvals():
            self._settle(held, OperatorId("ana"), ActionStatus.DENIED, "denied")

    async def list_approvals(self) -> tuple[ApprovalRecord, ...]:
        self._fail()
        return tuple(e for e in self.approvals.values() if e.status is ApprovalStatus.PENDING)

    async def show_action(self, action_id: ActionId) -> Dossier:
        self._fail()
        record = self._get(action_id)
        return Dossier(
            record=record,
            approval=self.approvals.get(action_id),
            arguments_shown=record.action.arguments,
            session=None,
            recent=(),
            trust=None,
            shown_digest="",
        )

    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]:
        return tuple(self.records.values())[: query.limit]

    async def list_agents(self) -> tuple[AgentView, ...]:
        self._fail()
        names = sorted({record.action.agent_id for record in self.records.values()})
        return tuple(self._agent(name) for name in names)

    async def list_grants(self) -> tuple[GrantRecord, ...]:
        return ()

    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        self._fail()
        entries = [
            AuditEntry(seq=seq, text=f'{{"action":"{each}"}}', hash=f"{seq:064x}")
            for seq, each in enumerate(self.records, start=1)
            if seq > query.after_seq and (query.before_seq is None or seq < query.before_seq)
        ]
        return tuple(entries if query.ascending else entries[::-1])[: query.limit]

    async def verify_audit(self) -> VerifyReport:
        return VerifyReport(ok=True, entries=0, head="", signed_length=0)

    async def load_trace(self, action_id: ActionId) -> tuple[SpanRecord, ...]:
        self._fail()
        record = self.records.get(action_id)
        if record is None:
            return ()
        return (
            SpanRecord(
                id="1" * 16,
                trace_id=record.action.correlation_id,
                parent_id=record.action.parent_span_id,
                action_id=action_id,
                name="gate",
                started_at=record.action.proposed_at,
                duration_us=1200,
                ok=True,
                attributes={"decision": record.verdict.decision},
            ),
        )

    def _fail(self) -> None:
        if self.fail_with is not None:
            raise self.fail_with

    def _get(self, action_id: ActionId) -> ActionRecord:
        try:
            return self.records[action_id]
        except KeyError:
            raise ActionNotFound(f"no action {action_id} is known here") from None

    def _judge(self, proposal: Proposal) -> ActionRecord:
        decision = self.verdicts.get(proposal.kind, Decision.DENY)
        action = Action(
            id=ActionId(self._ids.next_id()),
            agent_id=AgentId(proposal.agent),
            kind=proposal.kind,
            resource=proposal.resource,
            arguments=proposal.arguments,
            purpose=proposal.purpose,
            untrusted=proposal.untrusted,
            session_id=None if proposal.session is None else SessionId(proposal.session),
            correlation_id=CorrelationId(proposal.correlation_id or self._ids.next_trace_id()),
            parent_span_id=proposal.parent_span_id,
            idempotency_key=proposal.idempotency_key,
            proposed_at=self._clock.now(),
        )
        status = {
            Decision.ALLOW: ActionStatus.ALLOWED,
            Decision.DENY: ActionStatus.DENIED,
            Decision.ASK: ActionStatus.PENDING,
        }[decision]
        verdict = Verdict(
            decision=decision,
            risk=proposal.risk or RiskLevel.MEDIUM,
            reasons=(f"{proposal.kind} is for {decision}",),
            policies=(f"{decision}:{proposal.kind}",),
        )
        return ActionRecord(
            id=action.id,
            action=action,
            digest=digest_of(proposal.arguments),
            status=status,
            verdict=verdict,
        )

    async def _hold(self, record: ActionRecord) -> None:
        action, now = record.action, self._clock.now()
        self.approvals[record.id] = ApprovalRecord(
            id=record.id,
            agent_id=action.agent_id,
            session_id=action.session_id,
            kind=action.kind,
            resource=action.resource,
            risk=record.verdict.risk,
            digest=record.digest,
            digest_original=record.digest,
            status=ApprovalStatus.PENDING,
            created_at=now,
            expires_at=now + timedelta(minutes=10),
        )
        await self._bus.publish(
            ActionHeld(
                at=now,
                action_id=record.id,
                agent_id=action.agent_id,
                correlation_id=action.correlation_id,
                session_id=action.session_id,
                kind=action.kind,
                resource=action.resource,
                summary="",
                risk=record.verdict.risk,
                reasons=record.verdict.reasons,
                expires_at=now + timedelta(minutes=10),
            )
        )

    def _held(self, action_id: ActionId, digest: str | None) -> ApprovalRecord:
        self._get(action_id)
        approval = self.approvals.get(action_id)
        if approval is None or approval.status is not ApprovalStatus.PENDING:
            raise ApprovalSettled(f"{action_id} is settled already")
        if digest not in (None, approval.digest):
            raise ApprovalSettled(f"{action_id} is no longer what was consented to")
        return approval

    def _settle(
        self, held: ApprovalRecord, by: OperatorId, status: ActionStatus, reason: str
    ) -> None:
        allowed = status is ActionStatus.ALLOWED
        self.approvals[held.id] = replace(
            held,
            status=ApprovalStatus.APPROVED if allowed else ApprovalStatus.DENIED,
            settled_at=self._clock.now(),
            settled_by=by,
            reason=reason,
        )
        self.records[held.id] = replace(
            self.records[held.id],
            status=status,
            decision_reason=reason,
            arguments_released=held.arguments_edited,
            digest_released=held.digest,
        )
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _agent(self, name: AgentId) -> AgentView:
        now = self._clock.now()
        principal = PrincipalRecord(
            id=name,
            role=Role.AGENT,
            permissions=("read_files",),
            pack="coding-agent",
            first_seen=now,
            last_seen=now,
        )
        trust = TrustRecord(id=name, clean=1, violations=0, score=0.5, start=0.5, updated_at=now)
        return AgentView(principal=principal, trust=trust, actions=1, asked=1, denied=0)


def _ticket(record: ActionRecord) -> Ticket:
    decision = {
        ActionStatus.ALLOWED: Decision.ALLOW,
        ActionStatus.DENIED: Decision.DENY,
        ActionStatus.PENDING: Decision.ASK,
        ActionStatus.EXPIRED: Decision.DENY,
    }[record.status]
    reasons = (record.decision_reason,) if record.decision_reason else record.verdict.reasons
    released = record.arguments_released
    return Ticket(
        id=record.id,
        decision=decision,
        status=record.status,
        reasons=reasons,
        arguments=record.action.arguments if released is None else released,
        digest=record.digest_released or record.digest,
        correlation_id=record.action.correlation_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A gateway around the fake gate, with one token of each kind."""

    app: Starlette
    gate: FakeGate
    bus: Bus
    store: FakeStore
    tokens: TokenBook
    clock: FakeClock
    agent: str
    operator: str

    @property
    def as_agent(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.agent}"}

    @property
    def as_operator(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.operator}"}


async def make_rig(**changes: Any) -> Rig:
    """Build one; `changes` go to `make_app`, but `limits` fields may stand alone."""
    clock, ids, bus, store = FakeClock(), FakeIds(), Bus(), FakeStore()
    gate = FakeGate(bus=bus, ids=ids, clock=clock)
    tokens = await TokenBook.load(store, clock=clock, ids=ids)
    _, agent = await tokens.make(TokenKind.AGENT, "agent")
    _, operator = await tokens.make(TokenKind.OPERATOR, "operator", bound_to="ana")
    given: dict[str, Any] = {"limits": Limits(), **changes}
    app = make_app(gate=gate, operator=gate, tokens=tokens, bus=bus, ids=ids, clock=clock, **given)
    return Rig(
        app=app,
        gate=gate,
        bus=bus,
        store=store,
        tokens=tokens,
        clock=clock,
        agent=agent,
        operator=operator,
    )
