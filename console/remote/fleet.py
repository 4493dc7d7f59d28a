"""The orchestrator's port of an engine elsewhere."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from console.remote.client import RemoteClient
from console.remote.operator import shown
from core.commands import (
    AcknowledgeAlert,
    ControlAgent,
    DiscardMessage,
    FleetCommand,
    ResendMessage,
    SilenceAlert,
)
from core.fleet import (
    Activity,
    ActivitySpan,
    AgentState,
    CoordinatorState,
    FleetHealth,
    MessageView,
)
from core.fleet_ports import AgentDetail, MessageQuery
from core.ids import AgentId
from core.measures import Alert, Bucket, Reading
from core.usage import EmitterView, SessionUsage


class RemoteFleet:
    """Implements `core.fleet_ports.FleetPort`; may also raise EngineSilentError."""

    def __init__(self, client: RemoteClient) -> None:
        self._client = client

    async def dispatch(self, command: FleetCommand) -> str:
        """Carry a command out there; one sentence of what came of it."""
        name, fields = _form(command)
        return await self._client.command(name, **fields, **shown(command))

    async def fleet(self) -> tuple[AgentState, ...]:
        """Hosted agents in catalogue order, then outside ones."""
        return await self._client.view(tuple[AgentState, ...], "fleet")

    async def show_agent(self, agent_id: AgentId) -> AgentDetail:
        """One agent, whole. Raises AgentNotFound."""
        return await self._client.view(AgentDetail, "agent", agent=agent_id)

    async def activity(self, span: ActivitySpan) -> Activity:
        """How many actions, messages and errors of each agent."""
        return await self._client.view(Activity, "activity", span=span)

    async def health(self) -> FleetHealth:
        """Whether the coordination core works."""
        return await self._client.view(FleetHealth, "health")

    async def coordinators(self) -> tuple[CoordinatorState, ...]:
        """The pair coordinators."""
        return await self._client.view(tuple[CoordinatorState, ...], "coordinators")

    async def messages(self, query: MessageQuery) -> tuple[MessageView, ...]:
        """Newest first; payloads without secrets."""
        return await self._client.view(tuple[MessageView, ...], "messages", **asdict(query))

    async def readings(self) -> tuple[Reading, ...]:
        """All metrics of the catalogue."""
        return await self._client.view(tuple[Reading, ...], "readings")

    async def series(
        self, key: str, *, since: datetime, until: datetime, points_max: int = 400
    ) -> tuple[Bucket, ...]:
        """One metric over time."""
        return await self._client.view(
            tuple[Bucket, ...],
            "series",
            key=key,
            since_s=since.timestamp(),
            until_s=until.timestamp(),
            points_max=points_max,
        )

    async def alerts(self, *, resolved: bool = False) -> tuple[Alert, ...]:
        """Worst and newest first."""
        return await self._client.view(tuple[Alert, ...], "alerts", resolved=resolved)

    async def emitters(self) -> tuple[EmitterView, ...]:
        """What arrived from which program."""
        return await self._client.view(tuple[EmitterView, ...], "emitters")

    async def sessions(self) -> tuple[SessionUsage, ...]:
        """Sessions of outside agents, newest first."""
        return await self._client.view(tuple[SessionUsage, ...], "sessions")


def _form(command: FleetCommand) -> tuple[str, dict[str, Any]]:
    fields: dict[str, Any]
    match command:
        case ControlAgent():
            fields = {"change": command.change, "reason": command.reason}
            return "control", {"agent": command.agent_id, **fields}
        case ResendMessage():
            return "resend", {"id": command.message_id}
        case DiscardMessage():
            return "discard", {"id": command.message_id, "reason": command.reason}
        case AcknowledgeAlert():
            return "acknowledge", {"id": command.alert_id, "note": command.note}
        case SilenceAlert():
            fields = {"until_s": command.until.timestamp(), "reason": command.reason}
            return "silence", {"id": command.alert_id, **fields}
