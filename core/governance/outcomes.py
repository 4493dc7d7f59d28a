"""Takes what came of what was allowed: once, however many tell it together."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from core.actions import ActionStatus, JsonValue, OutcomeStatus, text_of
from core.bus import Bus
from core.clock import Clock
from core.errors import ActionConflict
from core.events import OutcomeReported
from core.governance.facts import is_long
from core.governance.identities import PrincipalBook
from core.governance.record import bind_trust, outcome_draft, summarise
from core.governance.sessions import SessionBook
from core.ids import ActionId
from core.ports import Store, Tracer
from core.records import ActionRecord, AuditDraft, Outcome, WriteUnit
from core.turns import Turns


class _Told(NamedTuple):
    """What is told of an outcome: to the trail and the bus redacted."""

    draft: AuditDraft
    error: str
    text: str  # whole, whatever form the result has: to the session


class OutcomeBook:
    """Writes outcomes, what they mean for trust, and what their text means for grounding."""

    def __init__(
        self,
        *,
        store: Store,
        principals: PrincipalBook,
        sessions: SessionBook,
        clock: Clock,
        bus: Bus,
        tracer: Tracer,
    ) -> None:
        self._store = store
        self._principals = principals
        self._sessions = sessions
        self._clock = clock
        self._bus = bus
        self._tracer = tracer
        self._turns = Turns[ActionId]()

    def turn(self, action_id: ActionId) -> AbstractAsyncContextManager[None]:
        """Read the action and report its outcome within: nobody else does so meanwhile."""
        return self._turns.of(action_id)

    async def report(self, record: ActionRecord, outcome: Outcome, result: JsonValue) -> None:
        """Record it, within a turn that is finished whoever goes away: else the store knew more
        than is here, or the text of a tool were not known as one.

        Raises ActionConflict when there is none to record, or one already.
        """
        if record.status is not ActionStatus.ALLOWED:
            raise ActionConflict(
                f"action {record.id} is {record.status.value}: only an allowed one has an outcome"
            )
        if record.outcome is not None:
            raise ActionConflict(f"the outcome of action {record.id} was reported already")
        at = self._clock.now()
        action = record.action
        # The key stands for one run: from now on the same call is a new action.
        over = replace(action, idempotency_key=None)
        done = replace(record, outcome=outcome, action=over, pickup="")
        told = await _tell(done, outcome, result, at)
        await self._write(done, told.draft, at)
        if action.session_id is not None and told.text:
            await self._sessions.add_untrusted(
                action.session_id, told.text, agent=action.agent_id, at=at
            )
        self._tracer.record(
            "execution",
            action=action,
            started_at=record.decided_at or action.proposed_at,
            ended_at=at,
            ok=outcome.status is OutcomeStatus.SUCCEEDED,
        )
        await self._bus.publish(
            OutcomeReported(
                at=at,
                action_id=action.id,
                agent_id=action.agent_id,
                correlation_id=action.correlation_id,
                status=outcome.status,
                error=told.error,
            )
        )

    async def _write(self, done: ActionRecord, draft: AuditDraft, at: datetime) -> None:
        if done.outcome is None or done.outcome.status is not OutcomeStatus.SUCCEEDED:
            await self._store.commit(WriteUnit(puts=(done,), audit=(draft,)))
            return
        agent = done.action.agent_id
        async with self._principals.turn(agent):
            conduct = self._principals.judge_conduct(
                agent, clean=True, why=f"{done.action.kind} succeeded", at=at
            )
            drafts = (bind_trust(draft, conduct.trust), *conduct.drafts)
            await self._store.commit(WriteUnit(puts=(done, *conduct.puts), audit=drafts))
            self._principals.accept(*conduct.puts)


async def _tell(done: ActionRecord, outcome: Outcome, result: JsonValue, at: datetime) -> _Told:
    """A long result is looked through in a thread: it would hold up everybody else."""

    def tell() -> _Told:
        draft = outcome_draft(done, result=result, at=at)
        return _Told(draft, summarise(outcome.error), text_of(result))

    if is_long({"result": result, "error": outcome.error, "usage": outcome.usage}):
        return await asyncio.to_thread(tell)
    return tell()
