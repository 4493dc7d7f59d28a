"""Gives what an operator allowed to one call, and only while it would still be allowed."""

from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

from core.actions import Action, ActionStatus, Decision, JsonObject, Verdict
from core.clock import Clock
from core.errors import PermissionDenied
from core.governance.enforcement import Evaluation
from core.governance.record import redact_text
from core.governance.released import Releases
from core.ports import Store
from core.records import ActionRecord, AuditDraft, AuditQuery, WriteUnit

_CLAIMED: Final = "action.claimed"


class JudgeAgain(Protocol):
    """Judges an action as things stand now."""

    async def __call__(self, action: Action, *, approved: bool, step: str) -> Evaluation:
        """Evaluate with or without an operator's consent, under a span of the name `step`."""
        ...


class Claims:
    """Between an approval and the call, or its next try, an agent may have been quarantined."""

    def __init__(
        self, *, store: Store, clock: Clock, releases: Releases, judge_again: JudgeAgain
    ) -> None:
        self._store = store
        self._clock = clock
        self._releases = releases
        self._judge_again = judge_again

    async def take(self, record: ActionRecord, key: str | None) -> bool:
        """Give an allowed action to the call under `key`; False when another call has it.

        Raises PermissionDenied when it would be denied by now, which is final, and when the trail
        has it as given already; StorageError when the claim cannot be written.
        """
        if not record.pickup:
            return key is not None and key == record.action.idempotency_key
        query = AuditQuery(action_id=record.id, event=_CLAIMED, limit=1)
        if await self._store.read_audit(query):
            raise await self._releases.refusal(
                record,
                f"action {record.id} was given to a call already, and stands in the store as if it"
                " was not: somebody edited the store; nothing is released, propose it again",
            )
        released = replace(record.action, arguments=record.arguments_released or {})
        verdict = (await self._judge_again(released, approved=True, step="claim")).verdict
        if verdict.decision is not Decision.ALLOW:
            await self._withdraw(record, verdict)
        # Durable before anything runs: a crash may lose an approval, and never doubles it.
        own = replace(record.action, idempotency_key=key)
        claimed = _draft(_CLAIMED, record, self._clock.now(), {"digest": record.digest_released})
        puts = (replace(record, action=own, pickup=""),)
        await self._store.commit(WriteUnit(puts=puts, audit=(claimed,)))
        return True

    async def _withdraw(self, record: ActionRecord, verdict: Verdict) -> None:
        why = (
            f"approved by {record.decided_by}, but no longer allowed when it was fetched:"
            f" {'; '.join(verdict.reasons)}"
        )
        denied = replace(
            record,
            status=ActionStatus.DENIED,
            decision_reason=why,
            arguments_released=None,
            digest_released=None,
            pickup="",
        )
        body: JsonObject = {
            "reason": redact_text(why),
            "policies": list(verdict.policies),
            "policy_version": verdict.policy_version,
        }
        draft = _draft("action.withdrawn", record, self._clock.now(), body)
        await self._store.commit(WriteUnit(puts=(denied,), audit=(draft,)))
        raise PermissionDenied(why)


def _draft(event: str, record: ActionRecord, at: datetime, body: JsonObject) -> AuditDraft:
    agent = record.action.agent_id
    return AuditDraft(
        event=event, at=at, actor=agent, action_id=record.id, body={"agent_id": agent, **body}
    )
