"""Valid by default; a test names only what it is about."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from core.actions import Action, ActionStatus, Decision, RiskLevel, Verdict
from core.ids import ActionId, AgentId, CorrelationId, SessionId, TokenId
from core.ports import Proposal
from core.records import (
    ActionRecord,
    ApprovalRecord,
    ApprovalStatus,
    AuditDraft,
    TokenKind,
    TokenRecord,
)

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def make_action(**changes: Any) -> Action:
    given: dict[str, Any] = {
        "id": ActionId("0" * 26),
        "agent_id": AgentId("coder"),
        "kind": "shell.execute",
        "resource": "bash",
        "arguments": {"command": "ls"},
        "purpose": "list the files",
        "correlation_id": CorrelationId("0" * 32),
        "proposed_at": NOW,
    }
    return Action(**{**given, **changes})


def make_proposal(**changes: Any) -> Proposal:
    given: dict[str, Any] = {
        "agent": "coder",
        "kind": "shell.execute",
        "resource": "bash",
        "arguments": {"command": "ls"},
    }
    return Proposal(**{**given, **changes})


def make_verdict(**changes: Any) -> Verdict:
    given: dict[str, Any] = {
        "decision": Decision.ASK,
        "risk": RiskLevel.MEDIUM,
        "reasons": ("the command writes outside the workspace",),
        "policies": ("ask:shell-risk",),
    }
    return Verdict(**{**given, **changes})


def make_action_record(*, action: Mapping[str, Any] | None = None, **changes: Any) -> ActionRecord:
    act = make_action(**(action or {}))
    given: dict[str, Any] = {
        "id": act.id,
        "action": act,
        "digest": "sha256:" + "0" * 64,
        "status": ActionStatus.PENDING,
        "verdict": make_verdict(),
    }
    return ActionRecord(**{**given, **changes})


def make_approval(**changes: Any) -> ApprovalRecord:
    given: dict[str, Any] = {
        "id": ActionId("0" * 26),
        "agent_id": AgentId("coder"),
        "session_id": SessionId("s-1"),
        "kind": "shell.execute",
        "resource": "bash",
        "risk": RiskLevel.MEDIUM,
        "digest": "sha256:" + "0" * 64,
        "digest_original": "sha256:" + "0" * 64,
        "status": ApprovalStatus.PENDING,
        "created_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return ApprovalRecord(**{**given, **changes})


def make_draft(**changes: Any) -> AuditDraft:
    given: dict[str, Any] = {
        "event": "action.judged",
        "at": NOW,
        "actor": "coder",
        "action_id": ActionId("0" * 26),
        "body": {"decision": "ask"},
    }
    return AuditDraft(**{**given, **changes})


def make_token(**changes: Any) -> TokenRecord:
    given: dict[str, Any] = {
        "id": TokenId("t-1"),
        "kind": TokenKind.AGENT,
        "hash": "0" * 64,
        "label": "agent.token",
        "created_at": NOW,
    }
    return TokenRecord(**{**given, **changes})
