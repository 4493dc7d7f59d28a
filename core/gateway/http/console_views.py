"""The ports' own records for an attached console: the same values, without agents' secrets."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.actions import Finding, JsonObject, Verdict
from core.fleet import MessageView
from core.fleet_ports import AgentDetail
from core.governance.screening.rules import screen
from core.ports import Dossier
from core.records import ActionRecord, ApprovalRecord


def _redacted(given: JsonObject) -> JsonObject:
    found = screen(dict(given)).redacted
    return found if isinstance(found, Mapping) else {}


def _texts(given: tuple[str, ...]) -> tuple[str, ...]:
    found: Any = screen(list(given)).redacted
    return tuple(map(str, found))


def open_findings(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings quote what they were found in."""
    quotes = _texts(tuple(each.evidence for each in findings))
    return tuple(
        replace(each, evidence=quote) for each, quote in zip(findings, quotes, strict=True)
    )


def open_verdict(verdict: Verdict) -> Verdict:
    """A verdict as it may leave the engine."""
    return replace(verdict, findings=open_findings(verdict.findings))


def open_action(record: ActionRecord) -> ActionRecord:
    """An action as it may leave the engine."""
    action, released = record.action, record.arguments_released
    return replace(
        record,
        action=replace(
            action, arguments=_redacted(action.arguments), untrusted=_texts(action.untrusted)
        ),
        verdict=open_verdict(record.verdict),
        arguments_released=None if released is None else _redacted(released),
    )


def open_approval(approval: ApprovalRecord) -> ApprovalRecord:
    """A held action as it may leave the engine."""
    edited, verdict = approval.arguments_edited, approval.verdict_edited
    return replace(
        approval,
        arguments_edited=None if edited is None else _redacted(edited),
        verdict_edited=None if verdict is None else open_verdict(verdict),
    )


def open_dossier(dossier: Dossier) -> Dossier:
    """All that is needed to decide. `shown_digest` stays: it covers only what is shown."""
    session = dossier.session
    return replace(
        dossier,
        record=open_action(dossier.record),
        approval=None if dossier.approval is None else open_approval(dossier.approval),
        session=None if session is None else replace(session, untrusted=_texts(session.untrusted)),
        recent=tuple(map(open_action, dossier.recent)),
    )


def open_message(view: MessageView) -> MessageView:
    """A message as it may leave the engine."""
    return replace(view, message=replace(view.message, payload=_redacted(view.message.payload)))


def open_detail(detail: AgentDetail) -> AgentDetail:
    """One agent as it may leave the engine."""
    return replace(
        detail,
        mailbox=tuple(map(open_message, detail.mailbox)),
        recent=tuple(map(open_action, detail.recent)),
    )
