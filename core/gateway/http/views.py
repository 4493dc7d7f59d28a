"""From the core's records to the shapes of the HTTP contract."""

from core.fleet import AgentState
from core.gateway.schemas import (
    AgentAnswer,
    ApprovalAnswer,
    DossierAnswer,
    SpanView,
    TokenAnswer,
    VoteView,
)
from core.governance.screening.texts import redact_text
from core.governance.shown import show_action, show_verdict
from core.ports import AgentView, Dossier
from core.records import ApprovalRecord, SpanRecord, TokenRecord


def approval_answer(approval: ApprovalRecord) -> ApprovalAnswer:
    """One held action. The edit itself is told by the dossier alone, where it is redacted."""
    return ApprovalAnswer(
        id=approval.id,
        agent=approval.agent_id,
        session=approval.session_id,
        kind=approval.kind,
        resource=redact_text(approval.resource),
        risk=approval.risk,
        digest=approval.digest,
        digest_original=approval.digest_original,
        edited=approval.arguments_edited is not None,
        edited_by=approval.edited_by,
        status=approval.status,
        created_at=approval.created_at,
        expires_at=approval.expires_at,
        deferred_until=approval.deferred_until,
        votes=tuple(
            VoteView(operator=vote.operator, digest=vote.digest, at=vote.at, reason=vote.reason)
            for vote in approval.votes
        ),
        votes_needed=approval.votes_needed,
        settled_at=approval.settled_at,
        settled_by=approval.settled_by,
        reason=redact_text(approval.reason),
    )


def dossier_answer(dossier: Dossier) -> DossierAnswer:
    """All that is needed to decide; arguments as they are shown, with secrets redacted.

    Of an edited action everything is that of the edit, beside the original's arguments.
    """
    original = dossier.original_shown
    record, verdict = show_action(dossier.record), show_verdict(dossier.verdict)
    action = record.action
    return DossierAnswer(
        approval=None if dossier.approval is None else approval_answer(dossier.approval),
        status=record.status,
        agent=action.agent_id,
        kind=action.kind,
        resource=action.resource,
        arguments=dict(dossier.arguments_shown),
        arguments_original=None if original is None else dict(original),
        purpose=action.purpose,
        proposed_at=action.proposed_at,
        correlation_id=action.correlation_id,
        decision=verdict.decision,
        risk=verdict.risk,
        reasons=verdict.reasons,
        policies=verdict.policies,
        findings=verdict.findings,
        counsel=verdict.counsel,
        trust=verdict.trust,
        second_approver=verdict.second_approver,
    )


def agent_answer(view: AgentView, state: AgentState | None = None) -> AgentAnswer:
    """One agent as the panes show it; `state` is what the fleet knows of it."""
    principal = view.principal
    return AgentAnswer(
        id=principal.id,
        role=principal.role,
        permissions=principal.permissions,
        pack=principal.pack,
        first_seen=principal.first_seen,
        last_seen=principal.last_seen,
        quarantined=principal.quarantined,
        trust=None if view.trust is None else view.trust.score,
        actions=view.actions,
        asked=view.asked,
        denied=view.denied,
        expired=view.expired,
        origin=None if state is None else state.origin,
        status=None if state is None else state.status,
        load=None if state is None else state.load,
        queue=None if state is None else state.queue,
    )


def span_view(span: SpanRecord) -> SpanView:
    """One finished span."""
    return SpanView(
        id=span.id,
        trace_id=span.trace_id,
        parent_id=span.parent_id,
        name=span.name,
        started_at=span.started_at,
        duration_us=span.duration_us,
        ok=span.ok,
        attributes=dict(span.attributes),
    )


def token_answer(token: TokenRecord) -> TokenAnswer:
    """One token without its hash."""
    return TokenAnswer(
        id=token.id,
        kind=token.kind,
        label=token.label,
        bound_to=token.bound_to,
        created_at=token.created_at,
        revoked_at=token.revoked_at,
    )
