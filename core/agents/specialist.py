"""What all specialists have in common: messages by type, metrics watched, proposals followed."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

from core.actions import JsonObject, JsonValue
from core.agents.messages import (
    CONTRACT_CHANGED,
    HEALTH_ASK,
    HEALTH_DEGRADED,
    HEALTH_RECOVERED,
    RESOURCE_LIMIT,
)
from core.agents.ports import Means
from core.agents.proposals import Proposer
from core.agents.watch import Streak, Watch, Wish, is_due
from core.errors import MaestroError
from core.fleet import Message
from core.fleet_ports import AgentContext
from core.measures import SourceState

Answer = Callable[[Message, AgentContext], Awaitable[JsonObject]]


_HEARD_MAX: Final = 200  # of other agents' degraded metrics, and of limits
_TROUBLES_MAX: Final = 20


class UnreadableMessageError(MaestroError):
    """A payload lacks a field or has it in another form. Retrying never helps."""


class Specialist(ABC):
    """An agent's work: `look` on schedule, one method for each type of message."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._settings = means.settings
        self._watch = Watch()
        self._proposer = Proposer(find_action=means.find_action, why_not=means.why_not)
        self._told: dict[str, datetime] = {}
        self._troubles: list[str] = []
        self._limits: dict[str, int] = {}
        self._heard: dict[str, JsonObject] = {}
        self._answers: dict[str, Answer] = {
            HEALTH_ASK: self._tell_health,
            HEALTH_DEGRADED: self._take_degraded,
            HEALTH_RECOVERED: self._take_recovered,
            RESOURCE_LIMIT: self._take_limit,
        }

    async def handle(self, message: Message, context: AgentContext) -> JsonObject | None:
        """Answer one message; what cannot be read is answered with the reason."""
        answer = self._answers.get(message.type)
        if answer is None:
            known = ", ".join(sorted(self._answers))
            return {"error": f"unknown type {message.type!r}; {context.spec.name} takes {known}"}
        try:
            return await answer(message, context)
        except UnreadableMessageError as error:
            return {"error": f"{message.type}: {error}"}

    async def tick(self, context: AgentContext) -> None:
        """Look at what is watched, once."""
        self._troubles.clear()
        self._watch.see(context.readings())
        await self._proposer.follow_up(context)
        await self.look(context)
        context.idle("; ".join(self._troubles) or self._why_idle(context))

    @abstractmethod
    async def look(self, context: AgentContext) -> None:
        """Do what is due; the metrics of now are in the watch."""

    async def heard_degraded(  # noqa: B027 - most have nothing to do at once
        self, metric: str, context: AgentContext
    ) -> None:
        """Do what another agent's metric past its bound calls for."""

    def other_sources(self) -> bool:
        """Whether something beside metrics is watched."""
        return False

    def needs(self) -> str:
        """What else could be declared, and how; "" for nothing."""
        return ""

    def status(self) -> JsonObject:
        """More for the answer to `health.ask`."""
        return {}

    async def pass_on(self, context: AgentContext, addressees: Mapping[str, str]) -> None:
        """Tell each metric's addressee that it is past its bound, and that it is so no more."""
        for name, to in addressees.items():
            worry = self._watch.worry(name)
            key = f"{HEALTH_DEGRADED} {name} {to}"
            if worry is not None:
                await self.tell_once(context, key, to, HEALTH_DEGRADED, worry.to_payload())
            elif self._told.pop(key, None) is not None:
                metric = f"{context.spec.name}.{name}"
                await self.tell(context, to, HEALTH_RECOVERED, {"metric": metric})

    async def tell_once(
        self,
        context: AgentContext,
        key: str,
        to: str,
        kind: str,
        payload: JsonObject,
        *,
        priority: int = 7,
    ) -> None:
        """Send it unless that was done within the cool-down."""
        now = context.clock.now()
        if is_due(self._told.get(key), now) and await self.tell(
            context, to, kind, payload, priority=priority
        ):
            self._told[key] = now

    async def tell(
        self, context: AgentContext, to: str, kind: str, payload: JsonObject, *, priority: int = 5
    ) -> bool:
        """Send; a full mailbox is said on the screen and tried again with the next look."""
        try:
            await context.send(to, kind, payload, priority=priority)
        except MaestroError as error:
            self.note_trouble(f"{kind} to {to}: {error}")
            return False
        return True

    async def ask(
        self, context: AgentContext, to: str, kind: str, payload: JsonObject, *, priority: int = 5
    ) -> JsonObject | None:
        """Ask and wait; None when no answer came."""
        try:
            return await context.ask(to, kind, payload, priority=priority)
        except MaestroError as error:
            self.note_trouble(f"{kind} to {to}: {error}")
            return None

    async def propose(self, context: AgentContext, wish: Wish) -> str:
        """Put it before the gate unless it was; one sentence, "" when it was."""
        return await self._proposer.propose(context, wish)

    def note_trouble(self, trouble: str) -> None:
        """Something that keeps it from its work, for the screen."""
        if len(self._troubles) < _TROUBLES_MAX and trouble not in self._troubles:
            self._troubles.append(trouble)

    def worry(self, name: str) -> Streak | None:
        """The streak of one of its metrics, when that is evidence."""
        return self._watch.worry(name)

    def _why_idle(self, context: AgentContext) -> str:
        readings = context.readings()
        if self.other_sources() or any(
            each.state is not SourceState.NO_SOURCE for each in readings
        ):
            return ""
        name = context.spec.name
        more = f" {self.needs()}" if self.needs() else ""
        return (
            f"no source: none of its {len(readings)} metrics has one;"
            f" bind [metrics.{name}.NAME] in maestro.toml.{more}"
        )

    async def _tell_health(self, _message: Message, _context: AgentContext) -> JsonObject:
        return {
            "past_bounds": [each.to_payload() for each in self._watch.worries()],
            "proposals": list(self._proposer.lines()),
            "heard": list(self._heard.values()),
            "limits": dict(self._limits),
            **self.status(),
        }

    async def _take_degraded(self, message: Message, context: AgentContext) -> JsonObject:
        metric = read_text(message, "metric")
        if metric not in self._heard and len(self._heard) >= _HEARD_MAX:
            raise UnreadableMessageError(f"more than {_HEARD_MAX} metrics of others are not kept")
        self._heard[metric] = {
            "from": message.sender,
            "metric": metric,
            "value": read_number(message, "value"),
            "bound": read_number(message, "bound"),
            "since": read_text(message, "since"),
        }
        await self.heard_degraded(metric, context)
        own: list[JsonValue] = [each.key for each in self._watch.worries()]
        return {"accepted": True, "own_past_bounds": own}

    async def _take_recovered(self, message: Message, _context: AgentContext) -> JsonObject:
        return {"known": self._heard.pop(read_text(message, "metric"), None) is not None}

    async def _take_limit(self, message: Message, _context: AgentContext) -> JsonObject:
        resource, share = read_text(message, "resource"), read_count(message, "share")
        if resource not in self._limits and len(self._limits) >= _HEARD_MAX:
            raise UnreadableMessageError(f"more than {_HEARD_MAX} limits are not kept")
        self._limits[resource] = share
        return {"resource": resource, "share": share}


class ContractUser(Specialist):
    """A specialist that relies on, or serves, the API contract."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._contract_breaks: tuple[str, ...] = ()
        self._answers[CONTRACT_CHANGED] = self._take_contract

    def status(self) -> JsonObject:
        """What the last contract sent breaks."""
        return {"contract_breaks": list(self._contract_breaks)}

    async def _take_contract(self, message: Message, _context: AgentContext) -> JsonObject:
        breaks = message.payload.get("breaking", ())
        if not isinstance(breaks, list | tuple):
            raise UnreadableMessageError("'breaking' is a list of sentences")
        self._contract_breaks = tuple(str(each)[:300] for each in breaks[:_HEARD_MAX])
        return {"received": True, "breaking": len(self._contract_breaks)}


def read_text(message: Message, name: str) -> str:
    """A text of the payload. Raises UnreadableMessageError."""
    value = message.payload.get(name)
    if not isinstance(value, str) or not value:
        raise UnreadableMessageError(f"{name!r} is a text that is not empty")
    return value[:1_000]


def read_number(message: Message, name: str) -> float:
    """A number of the payload. Raises UnreadableMessageError."""
    value: JsonValue = message.payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnreadableMessageError(f"{name!r} is a number")
    return float(value)


def read_count(message: Message, name: str) -> int:
    """A whole number from 0 of the payload. Raises UnreadableMessageError."""
    value: JsonValue = message.payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UnreadableMessageError(f"{name!r} is a whole number from 0")
    return value
