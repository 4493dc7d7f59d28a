"""Reads of the fleet for the screen in front, and for no other."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from console.language import N_, _
from core.clock import Clock
from core.errors import ConfigError, MaestroError
from core.fleet import AgentState, CoordinatorState, FleetHealth, MessageView
from core.ids import AgentId
from core.measures import Alert, Bucket, Reading

if TYPE_CHECKING:  # not loaded for the first picture
    from core.commands import FleetCommand
    from core.fleet_ports import AgentDetail, FleetPort, MessageQuery

PACE_S: Final = 1.0  # no view is read more often, whatever happens
NO_FLEET: Final = N_("this engine hosts no orchestrator")
READ_ONLY: Final = N_("this console is read-only: it only looks")
_CALM_S: Final = 5.0
_KEPT_MAX: Final = 32
_WAKE_S: Final = 0.05
_SERIES_POINTS_MAX: Final = 400
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """One read of the port. Asks of the same name and argument share an answer."""

    what: str  # for people: "cannot read WHAT"
    read: Callable[[FleetPort, datetime], Awaitable[T]] = field(compare=False)
    argument: object = ""
    every_s: float = field(default=PACE_S, compare=False)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What was read last; `value` None: nothing yet. `problem` is why it is not newer."""

    value: T | None = None
    problem: str = ""


@dataclass(slots=True)
class _Kept:
    answer: Answer[Any]
    at_s: float
    news: int  # how much had happened when it was read


FLEET: Final[Ask[tuple[AgentState, ...]]] = Ask(N_("the fleet"), lambda port, _: port.fleet())
HEALTH: Final[Ask[FleetHealth]] = Ask(N_("the fleet's health"), lambda port, _: port.health())
COORDINATORS: Final[Ask[tuple[CoordinatorState, ...]]] = Ask(
    N_("the coordinators"), lambda port, _: port.coordinators(), every_s=_CALM_S
)
READINGS: Final[Ask[tuple[Reading, ...]]] = Ask(N_("the metrics"), lambda port, _: port.readings())
ALERTS: Final[Ask[tuple[Alert, ...]]] = Ask(
    N_("the alerts"), lambda port, _: port.alerts(), every_s=_CALM_S
)
PAST_ALERTS: Final[Ask[tuple[Alert, ...]]] = Ask(
    N_("past alerts"), lambda port, _: port.alerts(resolved=True), every_s=_CALM_S
)


def seldom(ask: Ask[T]) -> Ask[T]:
    """The same, where it is only summed up: read seldom while nothing happens."""
    return replace(ask, every_s=_CALM_S)


def ask_agent(agent_id: AgentId) -> Ask[AgentDetail]:
    """One agent, whole."""
    return Ask(N_("the agent"), lambda port, _: port.show_agent(agent_id), agent_id)


def ask_messages(query: MessageQuery) -> Ask[tuple[MessageView, ...]]:
    """The messages that fit."""
    return Ask(N_("the messages"), lambda port, _: port.messages(query), query)


def ask_series(key: str, span: timedelta) -> Ask[tuple[Bucket, ...]]:
    """One metric over the time before now; a long span changes slowly."""
    return Ask(
        N_("the series"),
        lambda port, now: port.series(
            key, since=now - span, until=now, points_max=_SERIES_POINTS_MAX
        ),
        (key, span),
        every_s=max(PACE_S, span.total_seconds() / 1000),
    )


class FleetBridge:
    """Keeps the answers that the screen in front asks for, and carries fleet commands."""

    def __init__(self, port: FleetPort | None, clock: Clock, *, read_only: bool = False) -> None:
        self.read_only = read_only
        self.reads = 0
        self._port = port
        self._clock = clock
        self._kept: OrderedDict[Ask[Any], _Kept] = OrderedDict()
        self._news = 0
        self._woken = asyncio.Event()

    @property
    def hosted(self) -> bool:
        """False when this engine hosts no orchestrator."""
        return self._port is not None

    def answer(self, ask: Ask[T]) -> Answer[T]:
        """What was read last."""
        if self._port is None:
            return Answer(problem=_(NO_FLEET))
        kept = self._kept.get(ask)
        return Answer() if kept is None else kept.answer

    def stir(self) -> None:
        """Something happened: all that is shown is stale."""
        self._news += 1
        self._woken.set()

    def wake(self) -> None:
        """Another screen, or another question, is in front."""
        self._woken.set()

    async def run(
        self, wanted: Callable[[], Iterable[Ask[Any]]], changed: Callable[[], None]
    ) -> None:
        """Keep what is wanted fresh until cancelled; `changed` is called when an answer differs.

        Waits in the pace of the terminal, not of the domain: hence asyncio's sleep, not the clock.
        """
        if self._port is None:
            return
        while True:
            self._woken.clear()
            asks = tuple(wanted())
            if await self.refresh(asks):
                changed()
            try:
                async with asyncio.timeout(self._rest_s(asks)):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def refresh(self, asks: Iterable[Ask[Any]]) -> bool:
        """Read what is due; True when an answer differs from the one before."""
        if self._port is None:
            return False
        changed = False
        for ask in asks:
            if self._due_in_s(ask) <= 0:
                changed |= await self._read(ask, self._port)
        while len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return changed

    async def _read(self, ask: Ask[T], port: FleetPort) -> bool:
        before, news = self.answer(ask), self._news
        self.reads += 1
        try:
            after = Answer(await ask.read(port, self._clock.now()))
        except MaestroError as error:
            after = Answer(
                before.value, _("cannot read {what}: {error}").format(what=_(ask.what), error=error)
            )
        self._kept[ask] = _Kept(after, self._clock.monotonic_s(), news)
        self._kept.move_to_end(ask)
        return after != before

    def _due_in_s(self, ask: Ask[Any]) -> float:
        kept = self._kept.get(ask)
        if kept is None:
            return 0.0
        every_s = PACE_S if kept.news != self._news else ask.every_s
        return kept.at_s + every_s - self._clock.monotonic_s()

    def _rest_s(self, asks: Iterable[Ask[Any]]) -> float | None:
        """Until something is due; None when nothing is wanted."""
        due = [self._due_in_s(each) for each in asks]
        return max(_WAKE_S, min(due)) if due else None

    def refuse_when_read_only(self) -> None:
        """Raises ConfigError in a console that only looks, however the command was reached."""
        if self.read_only:
            raise ConfigError(_(READ_ONLY))

    async def send(self, command: FleetCommand) -> str:
        """Carry a command out; the sentence of what came of it. Raises what the port raises."""
        self.refuse_when_read_only()
        if self._port is None:
            raise ConfigError(_(NO_FLEET))
        try:
            return await self._port.dispatch(command)
        finally:
            for kept in self._kept.values():
                kept.at_s = -PACE_S * 3600  # what the operator did is seen at once
            self.stir()
