"""Gives what an operator allowed to one call, and only while it would still be allowed."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Protocol

from core.actions import Action, ActionStatus, Decision, JsonObject
from core.bus import Bus
from core.clock import Clock
from core.errors import PermissionDenied
from core.events import ActionWithdrawn
from core.governance.enforcement import Evaluation
from core.governance.faults import Faults
from core.governance.insiders import insider_role
from core.governance.released import Releases
from core.governance.rules import digest_arguments
from core.governance.screening.texts import redact_text
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
        self,
        *,
        store: Store,
        clock: Clock,
        bus: Bus,
        releases: Releases,
        judge_again: JudgeAgain,
    ) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._releases = releases
        self._judge_again = judge_again
        self._faults = Faults(store=store, clock=clock)

    async def take(self, record: ActionRecord, key: str | None) -> bool:
        """Give an allowed action to the call under `key`; False when another call has it.

        Raises PermissionDenied when it would be denied by now, which is final, and when the trail
        has it as given already; BlockedByFault when it cannot be judged now; StorageError when the
        claim cannot be written.
        """
        given = await self._find_given(record)
        if not record.pickup:
            if key is None or key != record.action.idempotency_key:
                return False
            if given is not None:  # entries of older versions do not name the call
                return given.get("call") in {None, _digest_call(key)}
            if record.decided_by is None:
                return True
        elif given is not None:
            raise await self._releases.refusal(
                record,
                f"action {record.id} was given to a call already, and stands in the store as if it"
                " was not: somebody edited the store; nothing is released, propose it again",
            )
        if (denied := await self._withdraw_what_is_denied(record)) is not None:
            raise PermissionDenied(denied.decision_reason)
        # Durable before anything runs: a crash may lose an approval, and never doubles it.
        own = replace(record.action, idempotency_key=key)
        puts = (replace(record, action=own, pickup=""),)
        await self._store.commit(WriteUnit(puts=puts, audit=(self._claimed(record, key),)))
        return True

    async def hand_out(self, record: ActionRecord) -> ActionRecord:
        """What to tell of an allowed action to who asks for it by its id, as often as it asks.

        Denied by now, it is withdrawn, unless it was told already: then it may be running. What an
        edge keeps for a call is given by `take` alone, and executors wait for nobody to ask.
        Raises BlockedByFault when it cannot be judged now; StorageError when it cannot be noted
        that it is told.
        """
        executed = insider_role(record.action.agent_id) is not None
        if executed or record.outcome or await self._find_given(record) is not None:
            return record
        if (denied := await self._withdraw_what_is_denied(record)) is not None:
            return denied
        if record.pickup:
            return record
        await self._store.commit(WriteUnit(audit=(self._claimed(record),)))
        return record

    async def _find_given(self, record: ActionRecord) -> Mapping[str, Any] | None:
        """What the trail says of the call that was given it, or None."""
        query = AuditQuery(action_id=record.id, event=_CLAIMED, limit=1)
        found = await self._store.read_audit(query)
        body: Mapping[str, Any] | None = json.loads(found[0].text)["body"] if found else None
        return body

    def _claimed(self, record: ActionRecord, key: str | None = None) -> AuditDraft:
        call: JsonObject = {} if key is None else {"call": _digest_call(key)}
        body: JsonObject = {"digest": record.digest_released, **call}
        return _draft(_CLAIMED, record, self._clock.now(), body)

    async def _withdraw_what_is_denied(self, record: ActionRecord) -> ActionRecord | None:
        """The record as denied for good; None while it would still be allowed.

        Raises BlockedByFault: a fault is over some time, and says nothing of the action.
        """
        released = replace(record.action, arguments=record.arguments_released or {})
        verdict = (await self._judge_again(released, approved=True, step="claim")).verdict
        if verdict.decision is Decision.ALLOW:
            return None
        stays = f"the approval by {record.decided_by} stays, try again"
        await self._faults.stop_at(record, verdict, by=record.action.agent_id, stays=stays)
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
        await self._bus.publish(_withdrawn(denied, draft.at))
        return denied


def _withdrawn(denied: ActionRecord, at: datetime) -> ActionWithdrawn:
    return ActionWithdrawn(
        at=at,
        action_id=denied.id,
        agent_id=denied.action.agent_id,
        correlation_id=denied.action.correlation_id,
        reason=redact_text(denied.decision_reason),
    )


def _digest_call(key: str) -> str:
    """Names a call in the trail; its key is the agent's own, and may be a secret."""
    return digest_arguments({"key": key})


def _draft(event: str, record: ActionRecord, at: datetime, body: JsonObject) -> AuditDraft:
    agent = record.action.agent_id
    return AuditDraft(
        event=event, at=at, actor=agent, action_id=record.id, body={"agent_id": agent, **body}
    )
