"""A fleet in memory that honours the port."""

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.commands import (
    AcknowledgeAlert,
    AgentChange,
    ControlAgent,
    DiscardMessage,
    FleetCommand,
    ResendMessage,
    SilenceAlert,
)
from core.errors import (
    AgentNotFound,
    AlertNotFound,
    MaestroError,
    MessageNotFound,
    StorageError,
)
from core.fleet import (
    Activity,
    ActivitySpan,
    AgentMode,
    AgentOrigin,
    AgentState,
    AgentStatus,
    CoordinatorState,
    FleetHealth,
    MessageState,
    MessageView,
)
from core.fleet_ports import AgentDetail, MessageQuery
from core.ids import (
    AgentId,
    AlertId,
    MessageId,
)
from core.measures import (
    Alert,
    AlertState,
    Bucket,
    Reading,
)
from core.usage import EmitterView, SessionUsage, UsageTotals
from tests.factories import NOW
from tests.fleet_activity import make_activity
from tests.fleet_day import ago, make_alert, make_alerts, make_fleet, make_messages
from tests.fleet_figures import make_readings, make_recent, make_sessions, make_trust


class FakeFleet:
    """Carries commands out on what it holds; remembers each."""

    def __init__(self) -> None:
        self.agents: list[AgentState] = list(make_fleet())
        self.ring: list[MessageView] = make_messages()
        self.open_alerts: list[Alert] = make_alerts()
        self.past_alerts: list[Alert] = [
            make_alert("a00000", state=AlertState.RESOLVED, resolved_at=ago(hours=2))
        ]
        self.metrics: list[Reading] = list(make_readings())
        self.state = FleetHealth(waiting=1, dead=2, routed=48_211)
        self.commands: list[FleetCommand] = []
        self.reads: list[str] = []
        self.broken: set[str] = set()
        self.is_heard = True  # whether outside programs send telemetry
        self.failure: MaestroError | None = None

    def _check(self, read: str) -> None:
        self.reads.append(read)
        if read in self.broken:
            raise StorageError(f"{read}: disk I/O error")

    async def dispatch(self, command: FleetCommand) -> str:
        self.commands.append(command)
        if self.failure is not None:
            raise self.failure
        match command:
            case ControlAgent():
                return self._control(command)
            case ResendMessage():
                self._forget(command.message_id)
                return f"message {command.message_id[-6:]} was sent again"
            case DiscardMessage():
                self._forget(command.message_id)
                return f"message {command.message_id[-6:]} is discarded"
            case AcknowledgeAlert():
                self._alert(
                    command.alert_id,
                    state=AlertState.ACKNOWLEDGED,
                    acknowledged_by=command.operator,
                    acknowledged_at=NOW,
                )
                return f"alert {command.alert_id[-6:]} is acknowledged"
            case SilenceAlert():
                self._alert(
                    command.alert_id, silenced_until=command.until, silenced_by=command.operator
                )
                return f"alert {command.alert_id[-6:]} is silenced"

    def _control(self, command: ControlAgent) -> str:
        where = self._where(command.agent_id)
        state = self.agents[where]
        if state.origin is not AgentOrigin.HOSTED:
            raise AgentNotFound(f"agent {command.agent_id!r} is not hosted here")
        modes = {
            AgentChange.PAUSE: AgentMode.PAUSED,
            AgentChange.DRAIN: AgentMode.DRAINING,
        }
        mode = modes.get(command.change, AgentMode.RUNNING)
        self.agents[where] = replace(state, mode=mode, status=AgentStatus.ONLINE)
        return f"{command.agent_id}: {command.change} is done"

    def _where(self, agent_id: AgentId) -> int:
        for at, each in enumerate(self.agents):
            if each.spec.name == agent_id:
                return at
        raise AgentNotFound(f"no agent {agent_id!r} is in the fleet")

    def _forget(self, message_id: MessageId) -> None:
        dead = [
            each
            for each in self.ring
            if each.message.id == message_id and each.state is MessageState.DEAD
        ]
        if not dead:
            raise MessageNotFound(f"no dead letter {message_id} is known here")
        self.ring.remove(dead[0])

    def _alert(self, alert_id: AlertId, **changes: Any) -> None:
        for at, each in enumerate(self.open_alerts):
            if each.id == alert_id:
                self.open_alerts[at] = replace(each, **changes)
                return
        raise AlertNotFound(f"no alert {alert_id} is known here")

    async def fleet(self) -> tuple[AgentState, ...]:
        self._check("fleet")
        return tuple(self.agents)

    async def show_agent(self, agent_id: AgentId) -> AgentDetail:
        self._check("show_agent")
        state = self.agents[self._where(agent_id)]
        return AgentDetail(
            state=state,
            dependents=tuple(
                each.spec.name for each in self.agents if agent_id in each.spec.depends_on
            ),
            mailbox=tuple(
                each
                for each in self.ring
                if each.holder == agent_id and each.state is not MessageState.HANDLED
            ),
            recent=make_recent(agent_id),
            trust=make_trust(agent_id),
            readings=tuple(each for each in self.metrics if each.spec.agent == agent_id),
            sessions=tuple(each for each in await self.sessions() if each.agent == agent_id),
        )

    async def activity(self, span: ActivitySpan) -> Activity:
        self._check("activity")
        return make_activity(span, self.agents)

    async def health(self) -> FleetHealth:
        self._check("health")
        return self.state

    async def coordinators(self) -> tuple[CoordinatorState, ...]:
        self._check("coordinators")
        return (
            CoordinatorState(
                name="frontend-backend",
                every_s=300,
                runs=9,
                failures=0,
                last_at=ago(minutes=2),
                next_at=NOW + timedelta(minutes=3),
                note="no OpenAPI document is named for frontend",
            ),
        )

    async def messages(self, query: MessageQuery) -> tuple[MessageView, ...]:
        self._check("messages")
        return tuple(each for each in self.ring if _fits(each, query))[: query.limit]

    async def readings(self) -> tuple[Reading, ...]:
        self._check("readings")
        return tuple(self.metrics)

    async def series(
        self, key: str, *, since: datetime, until: datetime, points_max: int = 400
    ) -> tuple[Bucket, ...]:
        self._check("series")
        reading = next((each for each in self.metrics if each.spec.key == key), None)
        if reading is None or reading.value is None:
            return ()
        middle, points = reading.value, min(points_max, 240)
        step_s = (until - since).total_seconds() / points
        return tuple(
            Bucket(
                since.timestamp() + at * step_s,
                middle * (0.8 + 0.1 * math.sin(at / 9)),
                middle * (0.95 + 0.1 * math.sin(at / 9)),
                middle * (1.1 + 0.15 * math.sin(at / 7)),
                12,
            )
            for at in range(points)
            if not 0.35 < at / points < 0.45  # the source was away
        )

    async def alerts(self, *, resolved: bool = False) -> tuple[Alert, ...]:
        self._check("alerts")
        return (*self.open_alerts, *(self.past_alerts if resolved else ()))

    async def emitters(self) -> tuple[EmitterView, ...]:
        self._check("emitters")
        if not self.is_heard:
            return ()
        return (
            EmitterView(
                emitter="claude-code",
                version="2.0.44",
                kind="claude-code",
                first_at=ago(hours=4),
                last_at=ago(seconds=9),
                logs=812,
                points=240,
                unmapped={"terminal.type": 812},
                content_dropped=44,
                totals=UsageTotals(calls=120, input_tokens=1_204_000, output_tokens=48_120),
            ),
        )

    async def sessions(self) -> tuple[SessionUsage, ...]:
        self._check("sessions")
        return make_sessions() if self.is_heard else ()


def _fits(view: MessageView, query: MessageQuery) -> bool:
    message = view.message
    people = " ".join((message.sender, message.to, view.holder or ""))
    text = f"{people} {message.type} {view.reason} {dict(message.payload)}"
    return (
        query.agent in people
        and query.type in message.type
        and query.text in text
        and (not query.dead_only or view.state is MessageState.DEAD)
    )
