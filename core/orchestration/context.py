"""All that a hosted agent's work may touch."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from core.actions import ActionStatus, JsonObject, JsonValue
from core.clock import Clock
from core.errors import PermissionDenied
from core.fleet import AgentSpec, Message, MessageView
from core.governance.insiders import INSIDE, hosted_principal
from core.ids import ActionId, AgentId, IdSource, MessageId
from core.measures import Reading, Severity
from core.ports import ActionGate, Proposal, Ticket
from core.records import Outcome

_RESERVED: Final = ("agent:", "metric:")
_PROPOSED_KEPT: Final = 1_000


class Messages(Protocol):
    """What the router does for a sender."""

    async def send(self, message: Message) -> MessageView:
        """Send and go on. Raises InvalidAction, Overloaded, StorageError."""
        ...

    async def ask(self, message: Message, timeout_s: float) -> JsonObject:
        """Send and wait for the answer. Raises MessageUndelivered and what `send` raises."""
        ...


class Alerts(Protocol):
    """Where alerts are raised."""

    async def raise_alert(
        self, cause: str, *, agent: str, severity: Severity, title: str, detail: str = ""
    ) -> object:
        """One cause, one alert."""
        ...

    async def resolve(self, cause: str) -> object:
        """The cause is gone; unknown causes are ignored."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextMeans:
    """What every agent's context is made of."""

    clock: Clock
    ids: IdSource
    messages: Messages
    gate: ActionGate
    alerts: Alerts
    readings: Callable[[str], tuple[Reading, ...]]
    set_idle: Callable[[AgentId, str], None]


class HostedContext:
    """The context of one hosted agent; it speaks in that agent's name alone."""

    def __init__(self, spec: AgentSpec, means: ContextMeans) -> None:
        self._spec = spec
        self._means = means
        self._proposed: deque[ActionId] = deque(maxlen=_PROPOSED_KEPT)

    @property
    def spec(self) -> AgentSpec:
        """Its own row."""
        return self._spec

    @property
    def clock(self) -> Clock:
        """The time."""
        return self._means.clock

    def readings(self, agent: str | None = None) -> tuple[Reading, ...]:
        """Metrics now: its own, or those of `agent`."""
        return self._means.readings(self._spec.name if agent is None else agent)

    def idle(self, why: str) -> None:
        """Say on the screen why there is nothing to do; "" takes it back."""
        self._means.set_idle(self._spec.name, why)

    async def send(
        self,
        to: str,
        type: str,  # noqa: A002 - the field's name
        payload: JsonObject,
        *,
        priority: int = 5,
        capability: str = "",
        durable: bool = False,
    ) -> MessageId:
        """Send and go on. Raises InvalidAction, Overloaded; StorageError for a durable one."""
        message = self._write(
            to, type, payload, priority=priority, capability=capability, durable=durable
        )
        await self._means.messages.send(message)
        return message.id

    async def ask(
        self,
        to: str,
        type: str,  # noqa: A002 - the field's name
        payload: JsonObject,
        *,
        priority: int = 5,
        timeout_s: float = 30.0,
    ) -> JsonObject:
        """Send and wait for the answer. Raises MessageUndelivered, InvalidAction, Overloaded."""
        message = self._write(to, type, payload, priority=priority, answer_required=True)
        return await self._means.messages.ask(message, timeout_s)

    async def propose(
        self,
        kind: str,
        resource: str,
        arguments: JsonObject,
        *,
        purpose: str,
        wait_s: float = 0.0,
    ) -> Ticket:
        """Put an Action before the gate; with `wait_s`, hold until it is decided."""
        proposal = Proposal(
            agent=hosted_principal(self._spec.name),
            kind=kind,
            resource=resource,
            arguments=arguments,
            purpose=purpose,
        )
        ticket = await self._means.gate.propose(proposal, token=INSIDE)
        self._proposed.append(ticket.id)
        if ticket.status is not ActionStatus.PENDING or wait_s <= 0:
            return ticket
        return await self._means.gate.wait(ticket.id, timeout_s=wait_s, token=INSIDE)

    async def report(self, action_id: ActionId, outcome: Outcome, result: JsonValue = None) -> None:
        """Tell what came of an allowed Action of its own.

        Raises PermissionDenied when it is another's, and what the gate raises.
        """
        if action_id not in self._proposed:
            raise PermissionDenied(f"action {action_id!r} is none that {self._spec.name} proposed")
        await self._means.gate.report_outcome(action_id, outcome, result=result, token=INSIDE)

    async def raise_alert(
        self, cause: str, *, severity: Severity, title: str, detail: str = ""
    ) -> None:
        """One cause, one alert; raised again, it counts up. Raises PermissionDenied."""
        self._check(cause)
        await self._means.alerts.raise_alert(
            cause, agent=self._spec.name, severity=severity, title=title, detail=detail
        )

    async def resolve_alert(self, cause: str) -> None:
        """The cause is gone; unknown causes are ignored. Raises PermissionDenied."""
        self._check(cause)
        await self._means.alerts.resolve(cause)

    def _check(self, cause: str) -> None:
        """What the program itself says of agents and metrics, no agent may say or take back."""
        if cause.startswith(_RESERVED):
            raise PermissionDenied(f"{cause!r}: causes of this kind belong to the program itself")

    def _write(
        self,
        to: str,
        kind: str,
        payload: JsonObject,
        *,
        priority: int,
        capability: str = "",
        durable: bool = False,
        answer_required: bool = False,
    ) -> Message:
        return Message(
            id=MessageId(self._means.ids.next_id()),
            sender=self._spec.name,
            to=AgentId(to),
            type=kind,
            payload=payload,
            priority=priority,
            at=self._means.clock.now(),
            correlation_id=self._means.ids.next_trace_id(),
            answer_required=answer_required,
            capability=capability,
            durable=durable,
        )
