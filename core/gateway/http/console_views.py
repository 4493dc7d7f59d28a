"""The ports' own records for an attached console: the same values, without agents' secrets."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.actions import JsonObject
from core.fleet import MessageView
from core.fleet_ports import AgentDetail
from core.governance.screening.rules import screen
from core.governance.shown import show_action, show_approval, show_session
from core.ports import Dossier
from core.records import ActionRecord, ApprovalRecord, SessionRecord


def _redacted(given: JsonObject) -> JsonObject:
    found = screen(dict(given)).redacted
    return found if isinstance(found, Mapping) else {}


def _texts(given: tuple[str, ...]) -> tuple[str, ...]:
    found: Any = screen(list(given)).redacted
    return tuple(map(str, found))


def open_action(record: ActionRecord) -> ActionRecord:
    """An action as it may leave the engine."""
    shown, released = show_action(record), record.arguments_released
    action = shown.action
    return replace(
        shown,
        action=replace(
            action, arguments=_redacted(action.arguments), untrusted=_texts(action.untrusted)
        ),
        arguments_released=None if released is None else _redacted(released),
    )


def open_approval(approval: ApprovalRecord) -> ApprovalRecord:
    """A held action as it may leave the engine."""
    edited = approval.arguments_edited
    return replace(
        show_approval(approval), arguments_edited=None if edited is None else _redacted(edited)
    )


def open_dossier(dossier: Dossier) -> Dossier:
    """All that is needed to decide. `shown_digest` stays: it covers only what is shown."""
    session = dossier.session
    return replace(
        dossier,
        record=open_action(dossier.record),
        approval=None if dossier.approval is None else open_approval(dossier.approval),
        session=None if session is None else _open_session(session),
        recent=tuple(map(open_action, dossier.recent)),
    )


def _open_session(session: SessionRecord) -> SessionRecord:
    return replace(show_session(session), untrusted=_texts(session.untrusted))


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
