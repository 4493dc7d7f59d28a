"""Held actions at a start: what waited is taken up as the trail tells of it, and not otherwise."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, cast

from core.actions import ActionStatus
from core.codec import digest_record
from core.errors import InvalidAction
from core.governance.rules import digest_action
from core.ids import OperatorId
from core.ports import Store
from core.records import ActionRecord, ApprovalRecord, ApprovalStatus, AuditDraft, AuditQuery

_QUEUE: Final = OperatorId("approvals")  # what it ends by itself is done by nobody else
_ENTRIES_MAX: Final = 1_000  # about one action, newest first
_WAITS: Final = ("action.judged", "approval.carried", "approval.deferred", "approval.voted")
_ENDS: Final = ("approval.approved", "approval.denied", "approval.expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """A held action that ends here, and what the trail says of it."""

    approval: ApprovalRecord
    record: ActionRecord
    drafts: tuple[AuditDraft, ...]


async def is_as_told(store: Store, record: ActionRecord, approval: ApprovalRecord) -> bool:
    """Whether both are what stood there when the last entry about the approval was written."""
    query = AuditQuery(action_id=approval.id, limit=_ENTRIES_MAX)
    for each in await store.read_audit(query):
        entry = _parse(each.text)
        event = entry.get("event")
        if event in _ENDS:
            return False
        if event in _WAITS:
            return _agrees(entry["body"], record, approval)
    return False


def _parse(text: str) -> dict[str, Any]:
    try:
        entry = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(entry, dict):
        return {}
    told = cast("dict[str, Any]", entry)
    return told if isinstance(told.get("body"), dict) else {}


def _agrees(told: Mapping[str, Any], record: ActionRecord, approval: ApprovalRecord) -> bool:
    if "record_digest" not in told:  # an older version's, which binds what would run alone
        return told.get("digest") == approval.digest == _digest_waiting(record, approval)
    digests = digest_record(record), digest_record(approval)
    return digests == (told["record_digest"], told.get("approval_digest"))


def _digest_waiting(record: ActionRecord, approval: ApprovalRecord) -> str:
    edited = approval.arguments_edited
    try:
        return digest_action(record.action, record.action.arguments if edited is None else edited)
    except InvalidAction:
        return ""


def deny_edited(record: ActionRecord, approval: ApprovalRecord, at: datetime) -> Denied:
    """What to write of a held action that is not the one that was held."""
    why = (
        f"held action {approval.id} is not what the trail says was held: somebody edited the store;"
        " it is denied, propose it again"
    )
    refused = AuditDraft(
        event="action.refused",
        at=at,
        actor="gate",
        action_id=approval.id,
        body={"reason": why},
    )
    ended = AuditDraft(
        event="approval.denied",
        at=at,
        actor=_QUEUE,
        action_id=approval.id,
        body={"digest": approval.digest, "reason": why},
    )
    return Denied(
        approval=replace(
            approval,
            status=ApprovalStatus.DENIED,
            settled_at=at,
            settled_by=_QUEUE,
            reason=why,
        ),
        record=replace(
            record,
            # A key stands for one run: the same call is a new action.
            action=replace(record.action, idempotency_key=None),
            status=ActionStatus.DENIED,
            decided_at=at,
            decision_reason=why,
        ),
        drafts=(ended, refused),
    )
