"""The gate's service: admits proposals, has them judged, writes first and answers then."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from core.actions import Action, ActionStatus, JsonValue
from core.bus import Bus
from core.clock import Clock
from core.errors import (
    ActionNotFound,
    BlockedByFault,
    InvalidAction,
    MaestroError,
    Overloaded,
    PermissionDenied,
    StorageError,
    Unauthenticated,
)
from core.governance.announce import GateStatistics, Herald
from core.governance.approvals import ApprovalQueue
from core.governance.claims import Claims
from core.governance.enforcement import Enforcement, Evaluation
from core.governance.grants import GrantBook
from core.governance.identities import Admission, PrincipalBook
from core.governance.outcomes import OutcomeBook
from core.governance.own_entries import OwnEntries
from core.governance.record import ticket_of
from core.governance.released import Releases
from core.governance.rules import digest_action
from core.governance.sessions import TEXT_MAX, SessionBook
from core.governance.writing import JudgedWriter, require_same
from core.ids import ActionId, AgentId, CorrelationId, IdSource, SessionId
from core.ports import Proposal, Store, Ticket, Tracer
from core.records import (
    ActionRecord,
    Outcome,
    SessionRecord,
    TokenKind,
    TokenRecord,
)
from core.settings import GovernanceSettings

_KEY_MAX: Final = 200
_SESSION_MAX: Final = 200
_KIND_MAX: Final = 100
_RESOURCE_MAX: Final = 10_000


class Gate:
    """The one way in for agents. Implements `core.ports.ActionGate`."""

    def __init__(
        self,
        *,
        settings: GovernanceSettings,
        store: Store,
        enforcement: Enforcement,
        principals: PrincipalBook,
        sessions: SessionBook,
        grants: GrantBook,
        queue: ApprovalQueue,
        clock: Clock,
        ids: IdSource,
        bus: Bus,
        tracer: Tracer,
        own: OwnEntries,
        trail_problem: Callable[[], str] = lambda: "",
        is_revoked: Callable[[TokenRecord], bool],
    ) -> None:
        """`is_revoked`: whether a token that was verified before has been revoked since."""
        self._is_revoked = is_revoked
        self._trail_problem = trail_problem
        self._settings = settings
        self._store = store
        self._enforcement = enforcement
        self._principals = principals
        self._sessions = sessions
        self._grants = grants
        self._queue = queue
        self._clock = clock
        self._ids = ids
        self._bus = bus
        self._tracer = tracer
        self._herald = Herald(bus)
        self._releases = Releases(store=store, clock=clock, bus=bus, own=own)
        self._outcomes = OutcomeBook(
            store=store,
            principals=principals,
            sessions=sessions,
            clock=clock,
            bus=bus,
            tracer=tracer,
        )
        self._claims = Claims(
            store=store, clock=clock, bus=bus, releases=self._releases, judge_again=self.reevaluate
        )
        self._writer = self._make_writer()
        self._last_now = datetime.min.replace(tzinfo=UTC)

    def _make_writer(self) -> JudgedWriter:
        return JudgedWriter(
            store=self._store,
            principals=self._principals,
            queue=self._queue,
            grants=self._grants,
            herald=self._herald,
            releases=self._releases,
            tracer=self._tracer,
            approval_timeout_s=self._settings.approval_timeout_s,
        )

    @property
    def statistics(self) -> GateStatistics:
        """Counts since the start."""
        return self._herald.statistics

    async def propose(self, proposal: Proposal, *, token: TokenRecord) -> Ticket:
        """Judge one action; a held one comes back PENDING at once.

        Raises InvalidAction, PermissionDenied, Overloaded before anything is judged. From then on
        every fault is a deny with its reason.
        """
        self._require_agent(token)
        known = await self._find_again(proposal, token)
        if known is not None:
            return ticket_of(known)
        at, clock_fault = self._read_clock()
        action = self._to_action(proposal, at)
        admission = self._principals.admit(proposal.agent, token=token, at=at)
        digest = digest_action(action, action.arguments)
        if len(self._queue) >= self._settings.pending_max:
            raise Overloaded("too many actions wait for an operator; decide some, or try later")
        with self._tracer.span("gate", action=action) as span:
            if clock_fault:
                evaluation = self._enforcement.block(action, "clock", clock_fault)
            else:
                action, evaluation = await self._evaluate(action, admission)
                while self._ended_since(admission, evaluation):
                    admission = self._principals.renew(admission)
                    action, evaluation = await self._evaluate(action, admission)
            span.set("maestro.decision", evaluation.verdict.decision.value)
            return await self._writer.write(
                action, digest, admission, evaluation, pickup=proposal.pickup
            )

    def _ended_since(self, admission: Admission, evaluation: Evaluation) -> bool:
        """Whether what it was judged by was taken away meanwhile: judging may take its time."""
        ended = evaluation.grant is not None and not self._grants.holds(evaluation.grant)
        return ended or self._principals.fell_since(admission)

    async def _evaluate(self, action: Action, admission: Admission) -> tuple[Action, Evaluation]:
        try:
            if problem := self._trail_problem():
                return action, self._enforcement.block(action, "audit", problem)
            session, action = await self._join_session(action)
            return action, await self._enforcement.evaluate(
                action, admission=admission, session=session, grants=self._grants.in_force()
            )
        except StorageError as error:
            return action, self._enforcement.block(action, "store", str(error))
        except MaestroError:
            raise  # the caller's mistake, and told so
        except Exception as error:  # noqa: BLE001 - whatever fails, the action is blocked
            return action, self._enforcement.block(
                action, "gate", f"{type(error).__name__}: {error}"
            )

    def _read_clock(self) -> tuple[datetime, str]:
        """The time and "", or the last one known and what is wrong with the clock."""
        try:
            self._last_now = self._clock.now()
        except Exception as error:  # noqa: BLE001 - any fault of the clock blocks, and is audited
            return self._last_now, f"{type(error).__name__}: {error}"
        return self._last_now, ""

    async def wait(self, action_id: ActionId, *, timeout_s: float, token: TokenRecord) -> Ticket:
        """Return when settled or after `timeout_s`. Raises ActionNotFound, PermissionDenied."""
        await self._queue.wait(action_id, timeout_s)
        return ticket_of(await self._get_to_give(action_id, token))

    async def claim(self, action_id: ActionId, *, key: str | None, token: TokenRecord) -> bool:
        """Take what an operator allowed for one call; False when another call has it already.

        `key` is the call's idempotency key: under it, and no other, the answer stays the same.
        Raises PermissionDenied when it would be denied by now, as by a quarantine since.
        """
        async with self._outcomes.turn(action_id):
            record = await self._get_to_give(action_id, token)
            if record.status is not ActionStatus.ALLOWED:
                return False
            return await self._claims.take(record, key)

    async def hand_out(self, action_id: ActionId, *, token: TokenRecord) -> Ticket:
        """The answer for who asks by the id: one that an operator gave is held against today."""
        async with self._outcomes.turn(action_id):
            record = await self._get_to_give(action_id, token)
            if record.status is ActionStatus.ALLOWED and record.decided_by is not None:
                record = await self._claims.hand_out(record)
            return ticket_of(record)

    async def reevaluate(
        self, action: Action, *, approved: bool, step: str = "decision"
    ) -> Evaluation:
        """Judge a held action again; its agent is known by now. See `settlement.Reevaluate`."""
        principal = self._principals.find(action.agent_id)
        if principal is None:
            raise ActionNotFound(f"the agent {action.agent_id!r} is no longer registered")
        if problem := self._trail_problem():
            return self._enforcement.block(action, "audit", problem)
        at = self._clock.now()
        trust = self._principals.trust_now(action.agent_id, at)
        admission = Admission(principal=principal, trust_now=trust, new=False)
        session = await self._sessions.find(action.session_id, agent=action.agent_id)
        with self._tracer.span(step, action=action):
            return await self._enforcement.evaluate(
                action, admission=admission, session=session, approved=approved
            )

    async def report_outcome(
        self, action_id: ActionId, outcome: Outcome, *, result: JsonValue, token: TokenRecord
    ) -> None:
        """Record once what came of an allowed action. Raises InvalidAction when it cannot be."""

        async def in_turn() -> None:
            async with self._outcomes.turn(action_id):
                await self._outcomes.report(await self._get(action_id, token), outcome, result)

        await asyncio.shield(in_turn())

    async def open_session(self, session: str, *, agent: str, cwd: str, token: TokenRecord) -> str:
        """Begin a session, or go on with one; its folder."""
        agent_id, at = await self._speaker(agent, token)
        opened = await self._sessions.open(SessionId(session), agent=agent_id, cwd=cwd, at=at)
        return opened.cwd

    async def add_purpose(self, session: str, text: str, *, agent: str, token: TokenRecord) -> None:
        """Add what the user said to the agent."""
        agent_id, at = await self._speaker(agent, token)
        await self._sessions.add_purpose(SessionId(session), text, agent=agent_id, at=at)

    async def add_untrusted(
        self, session: str, text: str, *, agent: str, token: TokenRecord
    ) -> None:
        """Add text that came from a tool."""
        agent_id, at = await self._speaker(agent, token)
        await self._sessions.add_untrusted(SessionId(session), text, agent=agent_id, at=at)

    async def close_session(self, session: str, *, agent: str, token: TokenRecord) -> None:
        """End a session."""
        agent_id, at = await self._speaker(agent, token)
        await self._sessions.close(SessionId(session), agent=agent_id, at=at)

    async def _speaker(self, agent: str, token: TokenRecord) -> tuple[AgentId, datetime]:
        self._require_agent(token)
        at = self._clock.now()
        admission = self._principals.admit(agent, token=token, at=at)
        if admission.puts:
            await self._writer.keep(admission)
        return admission.principal.id, at

    async def _get(self, action_id: ActionId, token: TokenRecord) -> ActionRecord:
        record = await self._store.get_action(action_id)
        if record is None:
            raise ActionNotFound(f"no action {action_id!r} is known here")
        if token.bound_to is not None and token.bound_to != record.action.agent_id:
            raise PermissionDenied(f"action {action_id!r} belongs to another agent")
        return await self._releases.require(record)

    async def _get_to_give(self, action_id: ActionId, token: TokenRecord) -> ActionRecord:
        self._require_live(token)  # a call may have waited for minutes
        return self._require_trail(await self._get(action_id, token))

    def _require_live(self, token: TokenRecord) -> None:
        if self._is_revoked(token):
            raise Unauthenticated(f"token {token.label!r} was revoked: ask the operator for one")

    def _require_agent(self, token: TokenRecord) -> None:
        self._require_live(token)
        if token.kind is not TokenKind.AGENT:
            raise PermissionDenied(
                "an operator token decides and never proposes; use an agent token for this call"
            )

    def _require_trail(self, record: ActionRecord) -> ActionRecord:
        """Raises BlockedByFault for what may run: not while the trail cannot follow."""
        problem = self._trail_problem() if record.status is ActionStatus.ALLOWED else ""
        if problem:
            raise BlockedByFault(
                f"blocked because audit failed: {problem}; nothing is given, and the answer stays:"
                " try again"
            )
        return record

    async def _find_again(self, proposal: Proposal, token: TokenRecord) -> ActionRecord | None:
        """The action that this idempotency key stands for already, if it is the same call."""
        key = proposal.idempotency_key
        if key is None:
            return None
        if not 0 < len(key) <= _KEY_MAX:
            raise InvalidAction(f"idempotency_key: give 1 to {_KEY_MAX} characters")
        known = await self._store.find_idempotent(AgentId(proposal.agent), key)
        if known is None:
            return None
        if token.bound_to is not None and token.bound_to != proposal.agent:
            raise PermissionDenied(f"agent {proposal.agent!r}: this token is bound to another")
        session = SessionId(proposal.session) if proposal.session else None
        again = replace(
            known.action, resource=proposal.resource, kind=proposal.kind, session_id=session
        )
        require_same(known, again, proposal.arguments)
        return self._require_trail(await self._releases.require(known))

    def _to_action(self, proposal: Proposal, at: datetime) -> Action:
        limits = (
            ("kind", proposal.kind, _KIND_MAX),
            ("resource", proposal.resource, _RESOURCE_MAX),
            ("session", proposal.session or "", _SESSION_MAX),
        )
        for name, text, longest in limits:
            if len(text) > longest:
                raise InvalidAction(f"{name}: {len(text)} characters, at most {longest} are taken")
        if not proposal.kind:
            raise InvalidAction("kind: say what this is, such as shell.execute or tool.call")
        wait_s = proposal.wait_s
        return Action(
            id=ActionId(self._ids.next_id()),
            agent_id=AgentId(proposal.agent),
            kind=proposal.kind,
            resource=proposal.resource,
            arguments=proposal.arguments,
            purpose=proposal.purpose,
            untrusted=tuple(text[:TEXT_MAX] for text in proposal.untrusted),
            session_id=SessionId(proposal.session) if proposal.session else None,
            risk_claimed=proposal.risk,
            correlation_id=CorrelationId(proposal.correlation_id)
            if proposal.correlation_id
            else self._ids.next_trace_id(),
            parent_span_id=proposal.parent_span_id,
            idempotency_key=proposal.idempotency_key,
            proposed_at=at,
            deadline=at + timedelta(seconds=wait_s) if wait_s else None,
        )

    async def _join_session(self, action: Action) -> tuple[SessionRecord | None, Action]:
        """The session's words are the purpose where the proposal brings none of its own."""
        session = await self._sessions.find(action.session_id, agent=action.agent_id)
        if session is not None and not action.purpose:
            action = replace(action, purpose="\n".join(session.purposes))
        return session, action
