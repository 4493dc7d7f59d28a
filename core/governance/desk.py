"""What operators see and do: implements `core.ports.OperatorPort` in process."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from core.bus import Bus
from core.clock import Clock
from core.commands import (
    ApproveAction,
    Command,
    DeferAction,
    DenyAction,
    EditAction,
    RevokeGrant,
    SetQuarantine,
)
from core.errors import ActionNotFound, InvalidAction, PermissionDenied
from core.events import AgentSeen, AuditBroken, GrantChanged
from core.governance.approvals import ApprovalQueue
from core.governance.grants import GrantBook
from core.governance.identities import PrincipalBook
from core.governance.screening.texts import redact_text
from core.governance.served import make_shown
from core.governance.sessions import SessionBook
from core.governance.settlement import Settlement
from core.governance.tallies import TallyBook
from core.ids import ActionId, AgentId, SessionId
from core.ports import AgentView, Dossier, Store, Tracer, VerifyReport
from core.records import (
    ActionQuery,
    ActionRecord,
    ApprovalRecord,
    AuditEntry,
    AuditQuery,
    GrantRecord,
    PrincipalRecord,
    SessionRecord,
    SpanRecord,
    WriteUnit,
)

_RECENT_MAX: Final = 10

Verify = Callable[[], Awaitable[VerifyReport]]


class OperatorDesk:
    """Views and commands for front ends; decisions go through `Settlement`."""

    def __init__(
        self,
        *,
        store: Store,
        queue: ApprovalQueue,
        settlement: Settlement,
        principals: PrincipalBook,
        sessions: SessionBook,
        grants: GrantBook,
        tallies: TallyBook,
        clock: Clock,
        bus: Bus,
        verify: Verify,
        tracer: Tracer,
    ) -> None:
        self._store = store
        self._queue = queue
        self._settlement = settlement
        self._principals = principals
        self._sessions = sessions
        self._grants = grants
        self._tallies = tallies
        self._clock = clock
        self._bus = bus
        self._verify = verify
        self._tracer = tracer

    async def dispatch(self, command: Command) -> None:
        """Carry a command out; see `OperatorPort.dispatch` for what it raises."""
        match command:
            case ApproveAction() | EditAction() | DenyAction() | DeferAction():
                await self._settlement.decide(command)
            case RevokeGrant():
                await self._revoke(command)
            case _:
                await self._quarantine(command)

    async def list_approvals(self) -> tuple[ApprovalRecord, ...]:
        """Pending ones, most urgent first."""
        return self._queue.list()

    async def show_action(self, action_id: ActionId) -> Dossier:
        """Everything needed to decide. Raises ActionNotFound."""
        # What an operator sees is what the queue carries out: the store can be edited meanwhile.
        held = self._queue.peek(action_id)
        record = held.record if held else await self._store.get_action(action_id)
        if record is None:
            raise ActionNotFound(f"no action {action_id!r} is known here")
        approval = held.approval if held else await self._store.get_approval(action_id)
        action = record.action
        shown = await make_shown(record, approval)
        session, edited = None, False
        recent: tuple[ActionRecord, ...] = ()
        if action.session_id is not None:
            session, edited = await self._find_session(action.session_id, action.agent_id)
            found = await self._store.list_actions(
                ActionQuery(session_id=action.session_id, limit=_RECENT_MAX + 1)
            )
            recent = tuple(each for each in found if each.id != action_id)[:_RECENT_MAX]
        return Dossier(
            record=record,
            approval=approval,
            arguments_shown=shown.arguments,
            session=session,
            recent=recent,
            trust=self._principals.find_trust(action.agent_id),
            shown_digest=shown.digest,
            original_shown=shown.original,
            session_edited=edited,
        )

    async def _find_session(
        self, session_id: SessionId, agent: AgentId
    ) -> tuple[SessionRecord | None, bool]:
        """Words that the trail does not bear out are no reason to approve: none are shown."""
        try:
            return await self._sessions.find(session_id, agent=agent), False
        except PermissionDenied:
            return None, True

    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]:
        """Actions, newest first."""
        return await self._store.list_actions(query)

    async def list_agents(self) -> tuple[AgentView, ...]:
        """All principals with what they did."""
        return tuple(self._view(principal) for principal in self._principals.list())

    def _view(self, principal: PrincipalRecord) -> AgentView:
        tally = self._tallies.find(principal.id)
        return AgentView(
            principal=principal,
            trust=self._principals.find_trust(principal.id),
            actions=tally.actions,
            asked=tally.asked,
            denied=tally.denied,
            expired=tally.expired,
        )

    async def list_grants(self) -> tuple[GrantRecord, ...]:
        """Remembered approvals, newest first."""
        return self._grants.list()

    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        """A page of the trail."""
        return await self._store.read_audit(query)

    async def verify_audit(self) -> VerifyReport:
        """Verify the whole trail, off the loop; all consoles are told when it does not hold."""
        report = await self._verify()
        if not report.ok:
            await self._bus.publish(
                AuditBroken(
                    at=self._clock.now(),
                    position=report.first_bad or report.entries,
                    message=report.problem,
                )
            )
        return report

    async def load_trace(self, action_id: ActionId) -> tuple[SpanRecord, ...]:
        """Spans of the action and of everything under its correlation id, oldest first."""
        record = await self._store.get_action(action_id)
        if record is None:
            raise ActionNotFound(f"no action {action_id!r} is known here")
        await self._tracer.flush()
        return await self._store.list_spans(trace_id=record.action.correlation_id)

    async def _revoke(self, command: RevokeGrant) -> None:
        grant = await self._grants.revoke(command.grant_id, by=command.operator)
        await self._bus.publish(
            GrantChanged(at=self._clock.now(), grant_id=grant.id, revoked=True, by=command.operator)
        )

    async def _write_quarantine(self, command: SetQuarantine, at: datetime) -> None:
        async with self._principals.turn(command.agent_id):
            try:
                puts, drafts = self._principals.set_quarantine(
                    command.agent_id,
                    quarantined=command.quarantined,
                    by=command.operator,
                    why=redact_text(command.reason),
                    at=at,
                )
            except KeyError as error:
                raise ActionNotFound(f"no agent {command.agent_id!r} is known here") from error
            await self._store.commit(WriteUnit(puts=puts, audit=drafts))
            self._principals.accept(*puts)

    async def _quarantine(self, command: SetQuarantine) -> None:
        if not command.reason.strip():
            raise InvalidAction("give a reason: it stands in the trail")
        at = self._clock.now()
        await asyncio.shield(self._write_quarantine(command, at))
        trust = self._principals.trust_now(command.agent_id, at)
        await self._bus.publish(
            AgentSeen(
                at=at,
                agent_id=command.agent_id,
                trust=trust,
                quarantined=command.quarantined,
                new=False,
            )
        )
