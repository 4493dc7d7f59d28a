"""From the gate's values to what is kept, told and audited. Pure."""

import json
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from core.actions import ActionStatus, Decision, Finding, JsonObject, JsonValue, Verdict
from core.audit.trust import WITH_TRUST, tell_trust
from core.codec import digest_record
from core.commands import DeferAction, OperatorCommand
from core.governance.enforcement import Evaluation
from core.governance.screening.characters import strip_controls
from core.governance.screening.rules import screen
from core.governance.screening.texts import (
    REMEMBERED_CHARS_MAX,
    redact_anew,
    redact_text,
    redact_texts,
)
from core.json_text import write_sorted
from core.ports import Ticket
from core.records import (
    ActionRecord,
    ApprovalRecord,
    ApprovalStatus,
    AuditDraft,
    TrustRecord,
    Vote,
)

_SUMMARY_MAX: Final = 200
_AUDITED_CHARS_MAX: Final = 65_536  # longer arguments stand in the trail as their digest alone

_ESCAPED_MAX: Final = 6  # characters that JSON in ASCII may have for a byte of UTF-8

_DECISIONS: Final = {
    ActionStatus.ALLOWED: Decision.ALLOW,
    ActionStatus.DENIED: Decision.DENY,
    ActionStatus.EXPIRED: Decision.DENY,
    ActionStatus.PENDING: Decision.ASK,
}


def ticket_of(record: ActionRecord) -> Ticket:
    """What the caller is told; `arguments` are what may run, with an operator's edit."""
    released = record.arguments_released
    return Ticket(
        id=record.id,
        decision=_DECISIONS[record.status],
        status=record.status,
        reasons=_told(record),
        arguments=record.action.arguments if released is None else released,
        digest=record.digest_released or record.digest,
        correlation_id=record.action.correlation_id,
        decided_by=record.decided_by,
    )


def _told(record: ActionRecord) -> tuple[str, ...]:
    """Why. What an operator released may be an edit: the original's faults are not its own."""
    settled = record.decision_reason
    if record.status is ActionStatus.ALLOWED and record.decided_by is not None:
        return (settled or f"approved by {record.decided_by}",)
    return (settled, *record.verdict.reasons) if settled else record.verdict.reasons


def describe_consent(approval: ApprovalRecord) -> str:
    """Who consented, and who edited: an edit takes earlier consent away, so its author is first."""
    names = [vote.operator for vote in approval.votes]
    if approval.arguments_edited is None:
        return f"approved by {' and '.join(names)}"
    return f"approved as edited by {', and by '.join(names)}"


def make_approval(record: ActionRecord, *, expires_at: datetime) -> ApprovalRecord:
    """A pending approval of a held action, bound to its digest."""
    action = record.action
    return ApprovalRecord(
        id=record.id,
        agent_id=action.agent_id,
        session_id=action.session_id,
        kind=action.kind,
        resource=action.resource,
        risk=record.verdict.risk,
        digest=record.digest,
        digest_original=record.digest,
        status=ApprovalStatus.PENDING,
        created_at=action.proposed_at,
        expires_at=expires_at,
        votes_needed=2 if record.verdict.second_approver else 1,
    )


def judged_draft(record: ActionRecord, evaluation: Evaluation, *, latency_us: int) -> AuditDraft:
    """The audit entry of a judged action: everything the verdict rests on, secrets redacted."""
    action = record.action
    body: dict[str, JsonValue] = {
        "kind": action.kind,
        "resource": redact_text(action.resource),
        "session": action.session_id,
        "correlation": action.correlation_id,
        "arguments": _bounded(evaluation.arguments_redacted),
        "digest": record.digest,
        "purpose": redact_text(action.purpose),
        **_verdict_json(record.verdict),
        "latency_us": latency_us,
    }
    if record.pickup:
        body["pickup"] = record.pickup
    return AuditDraft(
        event="action.judged",
        at=action.proposed_at,
        actor=action.agent_id,
        action_id=action.id,
        body=body,
    )


def _verdict_json(verdict: Verdict) -> JsonObject:
    counsel = verdict.counsel
    return {
        "decision": verdict.decision.value,
        "risk": verdict.risk.value,
        "reasons": list(redact_texts(verdict.reasons)),
        "policies": list(verdict.policies),
        "policy_version": verdict.policy_version,
        "facts": verdict.facts,
        "findings": [_finding_json(each) for each in verdict.findings],
        "trust": verdict.trust,
        "second_approver": verdict.second_approver,
        "counsel": None
        if counsel is None
        else {
            "called_for": counsel.called_for,
            "types": list(counsel.types),
            "confidence": counsel.confidence,
            "basis": counsel.basis,
            "professional": counsel.professional,
        },
    }


def bind_records(draft: AuditDraft, record: ActionRecord, approval: ApprovalRecord) -> AuditDraft:
    """The entry with what is kept beside the trail with it: what is edited there is found."""
    bound = {"record_digest": digest_record(record), "approval_digest": digest_record(approval)}
    return replace(draft, body={**draft.body, **bound})


def bind_trust(draft: AuditDraft, trust: TrustRecord) -> AuditDraft:
    """The entry with the trust after it: where else it could be edited is held against this."""
    return replace(draft, body={**draft.body, WITH_TRUST: tell_trust(trust)})


def answer_draft(
    event: str,
    approval: ApprovalRecord,
    command: OperatorCommand,
    at: datetime,
    *,
    evaluation: Evaluation | None = None,
) -> AuditDraft:
    """The audit entry of an operator's answer; `evaluation` is of what would run, edit and all."""
    body: dict[str, JsonValue] = {
        **name_deed(approval),
        "digest": approval.digest,
        "digest_original": approval.digest_original,
        "shown_digest": command.shown_digest,
        "key": command.key,
        "reason": redact_text(approval.reason),
        "votes": [_vote_json(vote) for vote in approval.votes],
        "votes_needed": approval.votes_needed,
    }
    if command.pressed_at is not None:
        body["pressed_at"] = command.pressed_at.isoformat()
    if approval.arguments_edited is not None:
        body["arguments_edited"] = _bounded(screen(approval.arguments_edited).redacted)
    if isinstance(command, DeferAction):
        body["until"] = command.until.isoformat()
    if evaluation is not None:
        lifted = list(evaluation.lifted)
        body["reevaluated"] = {**_verdict_json(evaluation.verdict), "lifted": lifted}
    return AuditDraft(event=event, at=at, actor=command.operator, action_id=approval.id, body=body)


def name_deed(approval: ApprovalRecord) -> JsonObject:
    """What is done to what, so that an entry can be read by itself."""
    return {"kind": approval.kind, "resource": redact_text(approval.resource)}


def _vote_json(vote: Vote) -> JsonObject:
    return {
        "operator": vote.operator,
        "digest": vote.digest,
        "at": vote.at.isoformat(),
        "shown_digest": vote.shown_digest,
        "key": vote.key,
    }


def outcome_draft(record: ActionRecord, *, result: JsonValue, at: datetime) -> AuditDraft:
    """The audit entry of an outcome; the result itself is redacted and bounded."""
    outcome = record.outcome
    return AuditDraft(
        event="action.outcome",
        at=at,
        actor=record.action.agent_id,
        action_id=record.id,
        body={
            "status": outcome.status.value if outcome else None,
            "error": redact_text(outcome.error) if outcome else None,
            "usage": _bounded(screen(outcome.usage, path="usage").redacted) if outcome else None,
            "digest": record.digest_released,
            "result": _bounded(screen(result, path="result").redacted),
        },
    )


def summarise(value: JsonValue) -> str:
    """One line for lists and logs: redacted, without control characters, 200 characters at most."""
    if not isinstance(value, str):
        return summarise_redacted(screen(value).redacted)
    short = len(value) <= REMEMBERED_CHARS_MAX
    return _summarise_short(value) if short else _summarise_text(value)


def summarise_redacted(value: JsonValue) -> str:
    """The same of what holds no secret any more: looking through it takes most of the time."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = strip_controls(" ".join(text[: 4 * _SUMMARY_MAX].split()))
    return line if len(line) <= _SUMMARY_MAX else line[: _SUMMARY_MAX - 1] + "…"


def _summarise_text(text: str) -> str:
    return summarise_redacted(redact_anew(text))


_summarise_short = lru_cache(maxsize=1024)(_summarise_text)


def _bounded(value: JsonValue) -> JsonValue:
    quick = write_sorted(value)
    if quick is not None and len(quick) * _ESCAPED_MAX <= _AUDITED_CHARS_MAX:
        return value
    size = len(json.dumps(value, ensure_ascii=True))
    return value if size <= _AUDITED_CHARS_MAX else {"omitted": f"{size} characters, see digest"}


def _finding_json(finding: Finding) -> JsonObject:
    return {
        "code": finding.code,
        "source": finding.source,
        "level": finding.level.value,
        "path": redact_text(finding.path),  # a name in it may be a secret
        "message": redact_text(finding.message),
    }
