"""The operator's port of an engine elsewhere."""

from dataclasses import asdict
from typing import Any

from console.remote.client import VERIFY_S, RemoteClient
from core.commands import (
    ApproveAction,
    Command,
    DeferAction,
    DenyAction,
    EditAction,
    OperatorCommand,
    RevokeGrant,
    SetQuarantine,
)
from core.ids import ActionId
from core.ports import AgentView, Dossier, VerifyReport
from core.records import (
    ActionQuery,
    ActionRecord,
    ApprovalRecord,
    AuditEntry,
    AuditQuery,
    GrantRecord,
    SpanRecord,
)


def shown(command: OperatorCommand) -> dict[str, Any]:
    """What was on screen. The operator is not told: the token says who that is."""
    told: dict[str, Any] = {"shown_digest": command.shown_digest, "key": command.key}
    if command.pressed_at is not None:
        told["pressed_at_s"] = command.pressed_at.timestamp()
    return told


class RemoteOperator:
    """Implements `core.ports.OperatorPort`; may also raise EngineSilentError."""

    def __init__(self, client: RemoteClient) -> None:
        self._client = client

    async def dispatch(self, command: Command) -> None:
        """Carry a command out there."""
        name, fields = _form(command)
        await self._client.command(name, **fields, **shown(command))

    async def list_approvals(self) -> tuple[ApprovalRecord, ...]:
        """Pending ones, most urgent first."""
        return await self._client.view(tuple[ApprovalRecord, ...], "approvals")

    async def show_action(self, action_id: ActionId) -> Dossier:
        """All that is needed to decide; secrets that the agent sent stay with the engine."""
        return await self._client.view(Dossier, "action", id=action_id)

    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]:
        """Actions, newest first."""
        return await self._client.view(tuple[ActionRecord, ...], "actions", **asdict(query))

    async def list_agents(self) -> tuple[AgentView, ...]:
        """All principals with what they did lately."""
        return await self._client.view(tuple[AgentView, ...], "agents")

    async def list_grants(self) -> tuple[GrantRecord, ...]:
        """Remembered approvals, newest first."""
        return await self._client.view(tuple[GrantRecord, ...], "grants")

    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        """A page of the trail."""
        return await self._client.view(tuple[AuditEntry, ...], "audit", **asdict(query))

    async def verify_audit(self) -> VerifyReport:
        """Verify the whole trail there."""
        return await self._client.view(VerifyReport, "verification", timeout_s=VERIFY_S)

    async def load_trace(self, action_id: ActionId) -> tuple[SpanRecord, ...]:
        """Spans of the action's correlation, oldest first."""
        return await self._client.view(tuple[SpanRecord, ...], "trace", id=action_id)


def _form(command: Command) -> tuple[str, dict[str, Any]]:
    fields: dict[str, Any]
    match command:
        case ApproveAction():
            remember = None if command.remember is None else asdict(command.remember)
            fields = {"digest": command.digest, "reason": command.reason, "remember": remember}
            return "approve", {"id": command.action_id, **fields}
        case DenyAction():
            return "deny", {"id": command.action_id, "reason": command.reason}
        case EditAction():
            fields = {"digest": command.digest, "reason": command.reason}
            return "edit", {"id": command.action_id, "arguments": command.arguments, **fields}
        case DeferAction():
            return "defer", {"id": command.action_id, "until_s": command.until.timestamp()}
        case RevokeGrant():
            return "revoke_grant", {"id": command.grant_id}
        case SetQuarantine():
            fields = {"quarantined": command.quarantined, "reason": command.reason}
            return "quarantine", {"agent": command.agent_id, **fields}
