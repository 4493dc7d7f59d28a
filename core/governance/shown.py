"""Records as they are shown: the same values, their texts without secrets. Pure.

Arguments are not touched: who shows them redacts them, or has them redacted already.
"""

from dataclasses import replace

from core.actions import Finding, Verdict
from core.governance.screening.texts import redact_text, redact_texts
from core.ports import Dossier
from core.records import ActionRecord, ApprovalRecord, SessionRecord


def show_findings(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings quote and name what they were found in."""
    return tuple(
        replace(
            each,
            message=redact_text(each.message),
            path=redact_text(each.path),
            evidence=redact_text(each.evidence),
        )
        for each in findings
    )


def show_verdict(verdict: Verdict) -> Verdict:
    """Reasons and findings name what an action acts upon."""
    return replace(
        verdict,
        reasons=redact_texts(verdict.reasons),
        findings=show_findings(verdict.findings),
    )


def show_action(record: ActionRecord) -> ActionRecord:
    """What it acts upon, what it is for, and why it was decided so."""
    action = record.action
    return replace(
        record,
        action=replace(
            action, resource=redact_text(action.resource), purpose=redact_text(action.purpose)
        ),
        verdict=show_verdict(record.verdict),
        decision_reason=redact_text(record.decision_reason),
    )


def show_approval(approval: ApprovalRecord) -> ApprovalRecord:
    """What it acts upon, and why it was settled so."""
    verdict = approval.verdict_edited
    return replace(
        approval,
        resource=redact_text(approval.resource),
        reason=redact_text(approval.reason),
        verdict_edited=None if verdict is None else show_verdict(verdict),
    )


def show_session(session: SessionRecord) -> SessionRecord:
    """What the user said in it."""
    return replace(session, purposes=redact_texts(session.purposes))


def show_dossier(dossier: Dossier) -> Dossier:
    """All that is needed to decide one action."""
    approval, session = dossier.approval, dossier.session
    return replace(
        dossier,
        record=show_action(dossier.record),
        approval=None if approval is None else show_approval(approval),
        session=None if session is None else show_session(session),
        recent=tuple(map(show_action, dossier.recent)),
    )
