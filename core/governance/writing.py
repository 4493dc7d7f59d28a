"""Writes what the gate decided: durable first, then the answer and the news."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Final

from core.actions import Action, ActionStatus, Decision, JsonObject
from core.errors import ActionConflict, MaestroError, StorageError, WriteConflict
from core.governance.announce import Herald
from core.governance.approvals import ApprovalQueue
from core.governance.enforcement import BLOCKED_BY_FAULT, Evaluation
from core.governance.grants import GrantBook
from core.governance.identities import Admission, PrincipalBook
from core.governance.record import bind_records, bind_trust, judged_draft, make_approval, ticket_of
from core.governance.released import Releases
from core.governance.rules import digest_action
from core.ports import Store, Ticket, Tracer
from core.records import ActionRecord, ApprovalRecord, Record, WriteUnit


class JudgedWriter:
    """Between a verdict and its answer: the store, the queue, and who is told."""

    def __init__(
        self,
        *,
        store: Store,
        principals: PrincipalBook,
        queue: ApprovalQueue,
        grants: GrantBook,
        herald: Herald,
        releases: Releases,
        tracer: Tracer,
        approval_timeout_s: float,
    ) -> None:
        self._store = store
        self._principals = principals
        self._queue = queue
        self._grants = grants
        self._herald = herald
        self._releases = releases
        self._tracer = tracer
        self._approval_timeout_s = approval_timeout_s

    async def keep(self, admission: Admission) -> None:
        """Write a principal that was seen or registered, with nothing else."""
        await asyncio.shield(self._keep(admission))

    async def _keep(self, admission: Admission) -> None:
        async with self._principals.turn(admission.principal.id):
            admission = self._principals.renew(admission)
            await self._store.commit(WriteUnit(puts=admission.puts, audit=admission.drafts))
            self._principals.accept(*admission.puts)

    async def write(
        self,
        action: Action,
        digest: str,
        admission: Admission,
        evaluation: Evaluation,
        *,
        pickup: str,
    ) -> Ticket:
        """Durable first, then the answer and the news."""
        record = _to_record(action, digest, evaluation, pickup=pickup)
        approval = self._hold(record) if record.status is ActionStatus.PENDING else None
        writing = self._write_record(record, admission, evaluation, approval)
        if approval is None and not _changes(admission, evaluation):
            return await writing
        # What is begun is finished, whoever goes away: else the store knew more than is here.
        return await asyncio.shield(writing)

    async def _write_record(
        self,
        record: ActionRecord,
        admission: Admission,
        evaluation: Evaluation,
        approval: ApprovalRecord | None,
    ) -> Ticket:
        try:
            with self._tracer.span("commit", action=record.action):
                admission = await self._commit(record, admission, evaluation, approval)
        except WriteConflict:
            return await self._lost_race(record.action)
        except StorageError as error:
            return self._unwritten(record, error)
        if approval is not None:
            self._queue.hold(record, approval)
        self._grants.count(evaluation.grant)
        await self._herald.announce(record, admission, evaluation, approval=approval)
        return ticket_of(record)

    async def _commit(
        self,
        record: ActionRecord,
        admission: Admission,
        evaluation: Evaluation,
        approval: ApprovalRecord | None,
    ) -> Admission:
        draft = judged_draft(record, evaluation, latency_us=evaluation.latency_us)
        puts: tuple[Record, ...] = (record,)
        if approval is not None:
            puts, draft = (record, approval), bind_records(draft, record, approval)
        if not _changes(admission, evaluation):
            await self._store.commit(WriteUnit(puts=puts, audit=(draft,)))
            return admission
        agent = record.action.agent_id
        async with self._principals.turn(agent):
            admission = self._principals.renew(admission)
            own, drafts = admission.puts, (*admission.drafts, draft)
            if evaluation.violation:
                why, at = evaluation.verdict.policies[0], record.action.proposed_at
                conduct = self._principals.judge_conduct(agent, clean=False, why=why, at=at)
                told = bind_trust(draft, conduct.trust)
                own, drafts = (*own, *conduct.puts), (*admission.drafts, told, *conduct.drafts)
            await self._store.commit(WriteUnit(puts=(*puts, *own), audit=drafts))
            self._principals.accept(*own)
        return admission

    def _hold(self, record: ActionRecord) -> ApprovalRecord:
        lasts = timedelta(seconds=self._approval_timeout_s)
        return make_approval(record, expires_at=record.action.proposed_at + lasts)

    async def _lost_race(self, action: Action) -> Ticket:
        """Another proposal under the same key was written first: its answer is this one's too."""
        key = action.idempotency_key
        winner = await self._store.find_idempotent(action.agent_id, key) if key else None
        if winner is None:
            raise StorageError("the store refused the action as a duplicate; propose it again")
        require_same(winner, action, action.arguments)
        return ticket_of(await self._releases.require(winner))

    def _unwritten(self, record: ActionRecord, error: MaestroError) -> Ticket:
        """What cannot be put on the trail must not happen."""
        self._herald.count_unwritten()
        denied = replace(record, status=ActionStatus.DENIED, arguments_released=None)
        reason = f"blocked because the trail cannot be written: {error}"
        verdict = replace(
            record.verdict,
            decision=Decision.DENY,
            reasons=(reason,),
            policies=(f"{BLOCKED_BY_FAULT}:store",),
        )
        return ticket_of(replace(denied, verdict=verdict))


_STATUS: Final = {
    Decision.ALLOW: ActionStatus.ALLOWED,
    Decision.DENY: ActionStatus.DENIED,
    Decision.ASK: ActionStatus.PENDING,
}


def _to_record(action: Action, digest: str, evaluation: Evaluation, *, pickup: str) -> ActionRecord:
    decision = evaluation.verdict.decision
    allowed = decision is Decision.ALLOW
    return ActionRecord(
        id=action.id,
        action=action,
        digest=digest,
        status=_STATUS[decision],
        verdict=evaluation.verdict,
        decided_at=None if decision is Decision.ASK else action.proposed_at,
        arguments_released=action.arguments if allowed else None,
        digest_released=digest if allowed else None,
        pickup=pickup if decision is Decision.ASK else "",
    )


def _changes(admission: Admission, evaluation: Evaluation) -> bool:
    """Whether rights or trust of the agent are written with its action."""
    return bool(admission.puts) or evaluation.violation


def require_same(known: ActionRecord, action: Action, arguments: JsonObject) -> None:
    """Raises ActionConflict when the key of `known` is used for another call."""
    if digest_action(action, arguments) != known.digest:
        raise ActionConflict(
            f"idempotency_key {known.action.idempotency_key!r} stands for another action"
            f" ({known.id}); use a new key"
        )
