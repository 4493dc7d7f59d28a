"""Operators' decisions on held actions: each is checked, judged again, audited, then told."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

from core.actions import Action, ActionStatus, Decision, JsonObject
from core.bus import Bus
from core.clock import Clock
from core.commands import ApproveAction, DeferAction, DenyAction, EditAction, Remember
from core.errors import ActionConflict, ApprovalSettled, InvalidAction, PermissionDenied
from core.events import ApprovalChanged, GrantChanged
from core.governance.approvals import ApprovalQueue, HeldAction
from core.governance.enforcement import Evaluation
from core.governance.facts import is_long
from core.governance.faults import Faults
from core.governance.grants import grant_draft, refuse_secret
from core.governance.insiders import is_own_request
from core.governance.names import is_same_person
from core.governance.record import answer_draft, describe_consent
from core.governance.restoring import restore_edit
from core.governance.rules import (
    digest_action,
    digest_arguments,
    digest_others,
    fits_pattern,
    pattern_is_too_wide,
)
from core.governance.screening.texts import redact_text
from core.governance.served import make_shown
from core.ids import AgentId, GrantId, IdSource, OperatorId
from core.ports import Store
from core.records import ApprovalRecord, ApprovalStatus, GrantRecord, Vote

GRANT_MAX: Final = timedelta(days=7)
DEFER_MAX: Final = timedelta(hours=24)
_TWO: Final = 2
REASON_MAX: Final = 2_000

Answer = ApproveAction | EditAction | DenyAction | DeferAction


class Reevaluate(Protocol):
    """Judges an action again: policies, trust and quarantine may have changed since."""

    async def __call__(self, action: Action, *, approved: bool) -> Evaluation:
        """Evaluate now, with or without an operator's consent."""
        ...


class Settlement:
    """Carries out decisions. Each method raises ApprovalSettled, ActionNotFound, InvalidAction,
    PermissionDenied, BlockedByFault or StorageError, and then nothing has changed."""

    def __init__(
        self,
        *,
        queue: ApprovalQueue,
        store: Store,
        clock: Clock,
        ids: IdSource,
        bus: Bus,
        reevaluate: Reevaluate,
        keep_grant: Callable[[GrantRecord], None],
        is_operator: Callable[[OperatorId], bool],
    ) -> None:
        self._is_operator = is_operator
        self._queue = queue
        self._clock = clock
        self._ids = ids
        self._bus = bus
        self._reevaluate = reevaluate
        self._keep_grant = keep_grant
        self._faults = Faults(store=store, clock=clock)

    async def decide(self, command: Answer) -> None:
        """Take the held action's lock, refuse what comes late, and do as asked."""
        held = await self._queue.find(command.action_id)
        async with held.lock:
            if held.settled.is_set():
                await self._queue.find(command.action_id)  # raises, naming who was first
            if self._queue.is_overdue(held):
                await self._queue.expire(held)
                raise ApprovalSettled(
                    f"approval {command.action_id} expired before this answer; it stays denied"
                )
            _refuse_requester(command.operator, held.approval.agent_id)
            await _require_shown(held, command)
            match command:
                case ApproveAction():
                    await self._approve(held, command)
                case EditAction():
                    await self._edit(held, command)
                case DenyAction():
                    await self._deny(held, command)
                case DeferAction():
                    await self._defer(held, command)

    async def _approve(self, held: HeldAction, command: ApproveAction) -> None:
        _require_same(held.approval, command.digest)
        grant = self._make_grant(held, command, command.remember) if command.remember else None
        votes = self._with_vote(held.approval, command, held.approval.digest)
        approval = replace(held.approval, votes=votes)
        action = replace(held.record.action, arguments=_current(held))
        await self._consent(held, approval, command, action, fresh=None, grant=grant)

    async def _edit(self, held: HeldAction, command: EditAction) -> None:
        """Judge the edit as a proposal of its own first: a forbidden edit changes nothing."""
        _require_same(held.approval, command.digest)
        arguments = await _restore(command.arguments, _current(held))
        action = replace(held.record.action, arguments=arguments)
        digest = digest_action(action, arguments)
        fresh = await self._reevaluate(action, approved=False)
        await self._stop_at_fault(held, command, fresh)
        if fresh.verdict.decision is Decision.DENY:
            raise ActionConflict(
                "policy denies the edited action, the original still waits: "
                + "; ".join(fresh.verdict.reasons)
            )
        needed = _TWO if fresh.verdict.second_approver else held.approval.votes_needed
        # Consent given to other arguments is no consent to these.
        approval = replace(
            held.approval,
            digest=digest,
            arguments_edited=arguments,
            verdict_edited=fresh.verdict,
            risk=fresh.verdict.risk,
            votes=(self._vote(command, digest),),
            votes_needed=needed,
        )
        await self._consent(held, approval, command, action, fresh=fresh, grant=None)

    async def _consent(
        self,
        held: HeldAction,
        approval: ApprovalRecord,
        command: ApproveAction | EditAction,
        action: Action,
        *,
        fresh: Evaluation | None,
        grant: GrantRecord | None,
    ) -> None:
        """Release when all votes are in and policy, asked again with them, allows it.

        `fresh` is what policy says of an edit without consent.
        """
        if len(approval.votes) < approval.votes_needed:
            await self._keep_vote(held, approval, command, fresh)
            return
        final = await self._reevaluate(action, approved=True)
        if self._queue.is_overdue(held):
            await self._queue.expire(held)
            raise ApprovalSettled(f"approval {approval.id} expired while it was judged again")
        await self._stop_at_fault(held, command, final)
        if final.verdict.decision is not Decision.ALLOW:
            await self._refuse_after_all(held, approval, command, final)
            raise ActionConflict(
                "policy no longer allows this action, it is denied: "
                + "; ".join(final.verdict.reasons)
            )
        if final.verdict.second_approver and len(approval.votes) < _TWO:
            # What came while it waited, another policy say, wants a second person now.
            await self._keep_vote(held, replace(approval, votes_needed=_TWO), command, final)
            return
        await self._release(held, approval, command, final, arguments=action.arguments, grant=grant)

    async def _stop_at_fault(
        self, held: HeldAction, command: ApproveAction | EditAction, judged: Evaluation
    ) -> None:
        """A fault is over some time, and says nothing of the action: it goes on waiting."""
        stays = "nothing is approved, and the action still waits: try again"
        await self._faults.stop_at(held.record, judged.verdict, by=command.operator, stays=stays)

    async def _keep_vote(
        self,
        held: HeldAction,
        approval: ApprovalRecord,
        command: ApproveAction | EditAction,
        judged: Evaluation | None,
    ) -> None:
        """Write one of several votes; the action goes on waiting."""
        at = self._clock.now()
        # These words are this voter's own; those of the approval are of who settles it.
        told = replace(approval, reason=command.reason[:REASON_MAX])
        draft = answer_draft("approval.voted", told, command, at, evaluation=judged)
        await self._queue.change(held, approval, held.record, drafts=(draft,))
        change = "edited" if isinstance(command, EditAction) else "voted"
        await self._tell(held, change, command.operator)

    async def _release(
        self,
        held: HeldAction,
        approval: ApprovalRecord,
        command: ApproveAction | EditAction,
        final: Evaluation,
        *,
        arguments: JsonObject,
        grant: GrantRecord | None,
    ) -> None:
        """Write the approval, and what it remembers, in one unit; then tell."""
        at = self._clock.now()
        words = command.reason[:REASON_MAX]
        who, why = describe_consent(approval), final.verdict.reasons
        final = replace(final, verdict=replace(final.verdict, reasons=(who, *why)))
        settled = replace(
            approval,
            status=ApprovalStatus.APPROVED,
            settled_at=at,
            settled_by=command.operator,
            reason=words,
        )
        record = replace(
            held.record,
            status=ActionStatus.ALLOWED,
            decided_at=at,
            decided_by=command.operator,
            decision_reason="; ".join((f"{who}: {words}" if words else who, *why)),
            arguments_released=arguments,
            digest_released=approval.digest,
        )
        draft = answer_draft("approval.approved", settled, command, at, evaluation=final)
        if grant is None:
            await self._queue.settle(held, settled, record, drafts=(draft,))
            return
        drafts = (draft, grant_draft(grant))
        await self._queue.settle(held, settled, record, drafts=drafts, puts=(grant,))
        self._keep_grant(grant)
        await self._bus.publish(
            GrantChanged(at=at, grant_id=grant.id, revoked=False, by=command.operator)
        )

    async def _deny(self, held: HeldAction, command: DenyAction) -> None:
        if not command.reason.strip():
            raise InvalidAction("give a reason: the agent is told, and stops trying the same again")
        await self._end_denied(
            held,
            held.approval,
            command,
            reason=command.reason[:REASON_MAX],
            evaluation=None,
        )

    async def _refuse_after_all(
        self,
        held: HeldAction,
        approval: ApprovalRecord,
        command: ApproveAction | EditAction,
        final: Evaluation,
    ) -> None:
        reason = "approved, but policy does not allow it: " + "; ".join(final.verdict.reasons)
        await self._end_denied(held, approval, command, reason=reason, evaluation=final)

    async def _end_denied(
        self,
        held: HeldAction,
        approval: ApprovalRecord,
        command: Answer,
        *,
        reason: str,
        evaluation: Evaluation | None,
    ) -> None:
        at = self._clock.now()
        settled = replace(
            approval,
            status=ApprovalStatus.DENIED,
            settled_at=at,
            settled_by=command.operator,
            reason=reason,
        )
        record = replace(
            held.record,
            status=ActionStatus.DENIED,
            decided_at=at,
            decided_by=command.operator,
            decision_reason=reason,
        )
        draft = answer_draft("approval.denied", settled, command, at, evaluation=evaluation)
        await self._queue.settle(held, settled, record, drafts=(draft,))

    async def _defer(self, held: HeldAction, command: DeferAction) -> None:
        at = self._clock.now()
        if not at < command.until <= at + DEFER_MAX:
            raise InvalidAction("defer to a moment within the next 24 hours")
        approval = replace(held.approval, deferred_until=command.until)
        told = replace(approval, reason=command.reason[:REASON_MAX])
        draft = answer_draft("approval.deferred", told, command, at)
        await self._queue.change(held, approval, held.record, drafts=(draft,))
        await self._tell(held, "deferred", command.operator)

    def _with_vote(
        self, approval: ApprovalRecord, command: ApproveAction, digest: str
    ) -> tuple[Vote, ...]:
        """Of who is no operator any more no vote counts."""
        votes = tuple(vote for vote in approval.votes if self._is_operator(vote.operator))
        if any(is_same_person(vote.operator, command.operator) for vote in votes):
            raise ActionConflict(
                f"{command.operator} has approved this already; it needs a second, different person"
            )
        return (*votes, self._vote(command, digest))

    def _vote(self, command: ApproveAction | EditAction, digest: str) -> Vote:
        return Vote(
            operator=command.operator,
            digest=digest,
            at=self._clock.now(),
            shown_digest=command.shown_digest,
            key=command.key,
            reason=redact_text(command.reason[:REASON_MAX]),
        )

    def _make_grant(
        self, held: HeldAction, command: ApproveAction, remember: Remember
    ) -> GrantRecord:
        at = self._clock.now()
        duration = timedelta(seconds=remember.duration_s)
        if not timedelta(0) < duration <= GRANT_MAX:
            raise InvalidAction("remember for more than nothing and at most 7 days")
        if pattern_is_too_wide(remember.resource_pattern):
            raise InvalidAction(
                f"the pattern {remember.resource_pattern!r} would match nearly everything;"
                " name at least two letters or digits"
            )
        refuse_secret(remember.resource_pattern)
        if held.approval.votes_needed > 1:
            raise ActionConflict("an action that needs two people cannot be remembered")
        current = _current(held)
        if not fits_pattern(remember.resource_pattern, held.record.action, current):
            raise InvalidAction(
                f"the pattern {remember.resource_pattern!r} does not fit the action that is"
                " approved: write one that does; of a shell's action without a command that can"
                " be read as text no rule can be made"
            )
        return GrantRecord(
            id=GrantId(self._ids.next_id()),
            agent_id=held.approval.agent_id,
            kind=held.approval.kind,
            resource_pattern=remember.resource_pattern,
            created_by=command.operator,
            created_at=at,
            expires_at=at + duration,
            from_action=held.approval.id,
            risk_max=held.approval.risk,
            arguments_digest=digest_arguments(current) if remember.exact else "",
            others_digest="" if remember.exact else digest_others(held.record.action, current),
        )

    async def _tell(self, held: HeldAction, change: str, by: OperatorId) -> None:
        await self._bus.publish(
            ApprovalChanged(
                at=self._clock.now(),
                action_id=held.approval.id,
                agent_id=held.approval.agent_id,
                correlation_id=held.record.action.correlation_id,
                change=change,
                by=by,
            )
        )


def _current(held: HeldAction) -> JsonObject:
    """The arguments that would run now: those of the latest edit, else the agent's own."""
    edited = held.approval.arguments_edited
    return held.record.action.arguments if edited is None else edited


async def _restore(edited: JsonObject, held: JsonObject) -> JsonObject:
    """With the secrets of `held`; what takes long to look through is so beside the loop."""
    if is_long(edited) or is_long(held):
        return await asyncio.to_thread(restore_edit, edited, held)
    return restore_edit(edited, held)


def _require_same(approval: ApprovalRecord, digest: str) -> None:
    if digest != approval.digest:
        raise ApprovalSettled(
            f"approval {approval.id} has changed since it was shown; look at it again"
        )


async def _require_shown(held: HeldAction, command: Answer) -> None:
    """Consent is to what was seen. A refusal needs no such care, and must not be made harder."""
    consents = isinstance(command, ApproveAction | EditAction)
    if consents and command.shown_digest:
        shown = await make_shown(held.record, held.approval)
        if command.shown_digest != shown.digest:
            raise ApprovalSettled(
                f"approval {held.approval.id} is not what was shown; look at it again"
            )


def _refuse_requester(operator: OperatorId, agent: AgentId) -> None:
    if not operator.strip():
        raise PermissionDenied("a decision needs the name of the operator who takes it")
    if is_own_request(operator, agent):
        raise PermissionDenied(f"{operator} proposed this action and cannot decide on it")
