"""What front ends see and ask of the orchestrator: implements `core.fleet_ports.FleetPort`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from core.clock import Clock
from core.commands import (
    AcknowledgeAlert,
    ControlAgent,
    DiscardMessage,
    FleetCommand,
    ResendMessage,
    SilenceAlert,
)
from core.errors import AgentNotFound, InvalidAction
from core.fleet import (
    Activity,
    ActivitySpan,
    AgentOrigin,
    AgentState,
    CoordinatorState,
    FleetHealth,
    MessageView,
)
from core.fleet_ports import AgentDetail, MessageQuery, SeriesStore, UsageStore
from core.governance.insiders import hosted_principal, operator_principal
from core.governance.screening.texts import redact_text
from core.ids import AgentId, OperatorId
from core.measures import Alert, Bucket, Reading
from core.monitoring.alerts import AlertBook
from core.monitoring.readings import MetricBook
from core.orchestration.activity import ActivityBook
from core.orchestration.coordinators.base import CoordinatorLoop
from core.orchestration.degradation import Degradation
from core.orchestration.effects import Effects
from core.orchestration.fleet_view import Fleet
from core.orchestration.operations import CONTROL
from core.orchestration.registry import AgentRegistry
from core.orchestration.routing.service import Router
from core.ports import Proposal, Store
from core.records import ActionQuery, AuditDraft, TrustRecord
from core.telemetry.service import TelemetryBook
from core.usage import EmitterView, SessionUsage

_RECENT: Final = 20
_CONTROL_S: Final = 30.0
_HOUR: Final = timedelta(hours=1)
_COSTS_EVERY: Final = timedelta(seconds=10)  # the store is asked no more often

FindTrust = Callable[[AgentId], TrustRecord | None]
Audit = Callable[[AuditDraft], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskMeans:
    """The parts that the desk shows."""

    clock: Clock
    store: Store
    find_trust: FindTrust
    audit: Audit
    registry: AgentRegistry
    fleet: Fleet
    router: Router
    effects: Effects
    degradation: Degradation
    metrics: MetricBook
    series: SeriesStore
    alerts: AlertBook
    telemetry: TelemetryBook
    usage: UsageStore
    coordinators: Sequence[CoordinatorLoop]
    activity: ActivityBook


class FleetDesk:
    """Reads are views of what is in memory; commands that change a hosted agent pass the gate."""

    def __init__(self, means: DeskMeans) -> None:
        self._means = means
        self._costs_at = datetime.min.replace(tzinfo=UTC)
        self._costs_known: Mapping[AgentId, int] = {}

    async def dispatch(self, command: FleetCommand) -> str:
        """Carry a command out; see `FleetPort.dispatch` for what it raises."""
        match command:
            case ControlAgent():
                return await self._control(command)
            case ResendMessage():
                return await self._resend(command)
            case DiscardMessage():
                return await self._discard(command)
            case AcknowledgeAlert():
                alert = await self._means.alerts.acknowledge(
                    command.alert_id, command.operator, redact_text(command.note)
                )
                return f"acknowledged: {alert.title}"
            case SilenceAlert():
                _require_reason(command.reason)
                alert = await self._means.alerts.silence(
                    command.alert_id,
                    command.operator,
                    command.until,
                    redact_text(command.reason),
                )
                return f"silenced until {command.until:%Y-%m-%d %H:%M} UTC: {alert.title}"

    async def fleet(self) -> tuple[AgentState, ...]:
        """Hosted agents in catalogue order, then outside ones, last seen first."""
        means = self._means
        for name, at in means.telemetry.agents().items():
            means.registry.seen(name, at)
        costs = await self._costs()
        return tuple(_with_cost(state, costs) for state in means.fleet.states())

    async def show_agent(self, agent_id: AgentId) -> AgentDetail:
        """One agent, whole. Raises AgentNotFound."""
        means = self._means
        state = _with_cost(means.fleet.state(agent_id), await self._costs())
        hosted = state.origin is AgentOrigin.HOSTED
        principal = hosted_principal(agent_id) if hosted else agent_id
        sessions = await means.telemetry.sessions()
        return AgentDetail(
            state=state,
            dependents=means.fleet.dependents(agent_id) if hosted else (),
            mailbox=means.router.mailbox(agent_id) if hosted else (),
            recent=await means.store.list_actions(ActionQuery(agent_id=principal, limit=_RECENT)),
            trust=means.find_trust(principal),
            readings=means.metrics.readings(agent_id) if hosted else (),
            sessions=tuple(each for each in sessions if each.agent == agent_id),
        )

    async def activity(self, span: ActivitySpan) -> Activity:
        """How many actions, messages and errors of each agent."""
        return self._means.activity.tell(span)

    async def health(self) -> FleetHealth:
        """Whether the coordination core works, and what waits."""
        counts = self._means.router.statistics()
        problem = self._means.degradation.problem()
        return FleetHealth(
            degraded=bool(problem),
            reason=problem,
            waiting=counts.waiting,
            dead=counts.letters,
            routed=counts.sent,
        )

    async def coordinators(self) -> tuple[CoordinatorState, ...]:
        """The four pairs."""
        return tuple(each.state() for each in self._means.coordinators)

    async def messages(self, query: MessageQuery) -> tuple[MessageView, ...]:
        """Newest first."""
        return self._means.router.views(query)

    async def readings(self) -> tuple[Reading, ...]:
        """All metrics, in the order of the catalogue."""
        return self._means.metrics.readings()

    async def series(
        self, key: str, *, since: datetime, until: datetime, points_max: int = 400
    ) -> tuple[Bucket, ...]:
        """What was kept of one metric. Raises StorageError."""
        return await self._means.series.read(
            key, since_s=since.timestamp(), until_s=until.timestamp(), points_max=points_max
        )

    async def alerts(self, *, resolved: bool = False) -> tuple[Alert, ...]:
        """Worst and newest first."""
        return self._means.alerts.open(resolved=resolved)

    async def emitters(self) -> tuple[EmitterView, ...]:
        """What arrived from which program."""
        return self._means.telemetry.emitters()

    async def sessions(self) -> tuple[SessionUsage, ...]:
        """Sessions of outside agents, newest first. Raises StorageError."""
        return await self._means.telemetry.sessions()

    async def _costs(self) -> Mapping[AgentId, int]:
        """Micro-dollars an hour of each outside agent, by the model calls of the last hour."""
        now = self._means.clock.now()
        if now - self._costs_at >= _COSTS_EVERY:
            self._costs_at = now
            costs = await self._means.usage.costs(since=now - _HOUR, until=now)
            self._costs_known = {
                each.agent: each.cost_usd_micros for each in costs if each.calls > each.unpriced
            }
        return self._costs_known

    async def _control(self, command: ControlAgent) -> str:
        _require_reason(command.reason)
        state = self._means.fleet.state(command.agent_id)
        if state.origin is not AgentOrigin.HOSTED:
            raise AgentNotFound(
                f"{command.agent_id} runs outside: quarantine it, or stop it where it runs"
            )
        principal = operator_principal(command.operator)
        return await self._means.effects.do(
            principal,
            Proposal(
                agent=principal,
                kind=CONTROL,
                resource=command.agent_id,
                arguments={
                    "change": command.change.value,
                    "operator": command.operator,
                    "key": command.key,
                },
                purpose=command.reason,
            ),
            timeout_s=_CONTROL_S,
        )

    async def _resend(self, command: ResendMessage) -> str:
        view = await self._means.router.resend(command.message_id, command.operator)
        body = {"message": command.message_id, "as": view.message.id, "to": view.message.to}
        await self._note("message.resent", command.operator, body)
        return f"sent again as {view.message.id}: {view.state}"

    async def _discard(self, command: DiscardMessage) -> str:
        _require_reason(command.reason)
        view = self._means.router.discard(command.message_id)
        body = {
            "message": command.message_id,
            "to": view.message.to,
            "type": view.message.type,
            "reason": redact_text(command.reason),
        }
        await self._note("message.discarded", command.operator, body)
        return f"discarded {command.message_id}"

    async def _note(self, event: str, operator: OperatorId, body: Mapping[str, str]) -> None:
        await self._means.audit(
            AuditDraft(
                event=event,
                at=self._means.clock.now(),
                actor=operator,
                action_id=None,
                body=dict(body),
            )
        )


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidAction("give a reason: it stands in the trail")


def _with_cost(state: AgentState, costs: Mapping[AgentId, int]) -> AgentState:
    cost = costs.get(state.spec.name)
    if cost is None:
        return state
    return replace(state, statistics=replace(state.statistics, cost_usd_micros_per_h=cost))
