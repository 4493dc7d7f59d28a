"""A small world of hosted agents: the real router, registry, supervisor, runtime and monitor."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Self

from core.actions import JsonObject
from core.bus import Bus
from core.events import AgentChanged, CoreEvent
from core.fleet import AgentSpec, AgentState, Message, MessageState, MessageView
from core.fleet_ports import AgentContext, MessageQuery
from core.ids import AgentId, CorrelationId, MessageId
from core.measures import Reading, Severity
from core.orchestration.activity import ActivityBook
from core.orchestration.context import ContextMeans, HostedContext
from core.orchestration.fleet_view import Fleet
from core.orchestration.health.service import HealthMonitor
from core.orchestration.hosted import HostLimits
from core.orchestration.registry import AgentRegistry
from core.orchestration.routing.service import Router
from core.orchestration.runtime import AgentRuntime
from core.supervisor import Supervisor
from tests.fakes import FakeClock, FakeIds
from tests.unit.orchestration.gates import FakeGate

Handle = Callable[[Message], Awaitable[JsonObject | None]]

WORKER = AgentId("worker")


class ScriptedWork:
    """Work that does what the test says, and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.ticks = 0
        self.on_message: Handle | None = None
        self.on_tick: Callable[[], Awaitable[None]] | None = None

    async def handle(self, message: Message, context: AgentContext) -> JsonObject | None:  # noqa: ARG002
        self.given.append(message.type)
        return await self.on_message(message) if self.on_message else {"done": message.type}

    async def tick(self, context: AgentContext) -> None:  # noqa: ARG002
        self.ticks += 1
        if self.on_tick is not None:
            await self.on_tick()


class HeldWork(ScriptedWork):
    """Work on which it sits until the test lets go."""

    def __init__(self) -> None:
        super().__init__()
        self.free = asyncio.Event()
        self.on_message = self._hold

    async def _hold(self, message: Message) -> JsonObject | None:  # noqa: ARG002
        await self.free.wait()
        return None


class AlertLog:
    """Alerts by cause; those that were resolved are gone."""

    def __init__(self) -> None:
        self.open: dict[str, tuple[Severity, str, str]] = {}

    async def raise_alert(
        self, cause: str, *, agent: str, severity: Severity, title: str, detail: str = ""
    ) -> None:
        assert agent
        self.open[cause] = (severity, title, detail)

    async def resolve(self, cause: str) -> None:
        self.open.pop(cause, None)


class World:
    """Everything wired as the program wires it, on a clock that the test moves."""

    def __init__(
        self,
        agents: Sequence[tuple[AgentSpec, ScriptedWork]],
        *,
        limits: HostLimits | None = None,
        restarts_max: int = 2,
    ) -> None:
        self.clock = FakeClock()
        self.ids = FakeIds()
        self.bus = Bus()
        self.heard: list[CoreEvent] = []
        self.read_of: list[str] = []
        self.bus.listen(self.heard.append)
        self.alerts = AlertLog()
        self.gate = FakeGate()
        self.router = Router(clock=self.clock, ids=self.ids, bus=self.bus)
        self.registry = AgentRegistry(clock=self.clock, publish=self.bus.publish)
        self.supervisor = Supervisor(
            clock=self.clock, report=self.bus.publish, restarts_max=restarts_max
        )
        means = ContextMeans(
            clock=self.clock,
            ids=self.ids,
            messages=self.router,
            gate=self.gate,
            alerts=self.alerts,
            readings=self._read,
            set_idle=self.registry.set_idle,
        )
        self.activity = ActivityBook(self.clock)
        self.contexts = {spec.name: HostedContext(spec, means) for spec, _ in agents}
        self.runtime = AgentRuntime(
            agents,
            make_context=lambda spec: self.contexts[spec.name],
            mailroom=self.router,
            registry=self.registry,
            clock=self.clock,
            restart=self.supervisor.restart,
            limits=limits,
            tally=self.activity,
        )
        self.health = HealthMonitor(
            self.registry, self.runtime, alerts=self.alerts, clock=self.clock
        )
        self.bus.listen(self.health.hear)
        self.fleet = Fleet(self.registry, self.runtime)

    def _read(self, agent: str) -> tuple[Reading, ...]:
        self.read_of.append(agent)
        return ()

    async def __aenter__(self) -> Self:
        await self.supervisor.start(
            [self.router, self.runtime, self.health, *self.runtime.services]
        )
        await self.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.supervisor.stop()

    async def settle(self) -> None:
        """Give everything that can go on the chance to."""
        await settle()

    async def advance(self, seconds: float, *, step_s: float = 1.0) -> None:
        """Move time in steps, and let everybody look at each."""
        while seconds > 0:
            self.clock.advance(min(step_s, seconds))
            seconds -= step_s
            await self.settle()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Move time until the condition holds."""
        for _ in range(300):
            if holds():
                return
            await self.advance(0.5)
        raise AssertionError("it never came true")

    async def send(
        self, kind: str, to: str = "worker", *, priority: int = 5, answer: bool = False
    ) -> Message:
        message = Message(
            id=MessageId(self.ids.next_id()),
            sender=AgentId("tests"),
            to=AgentId(to),
            type=kind,
            priority=priority,
            at=self.clock.now(),
            correlation_id=CorrelationId("0" * 32),
            answer_required=answer,
        )
        await self.router.send(message)
        await self.settle()
        return message

    def view(self, message: Message) -> MessageView:
        return next(
            each for each in self.router.views(MessageQuery()) if each.message.id == message.id
        )

    def where(self, message: Message) -> MessageState:
        return self.view(message).state

    def state(self, name: str = "worker") -> AgentState:
        return self.fleet.state(AgentId(name))

    def changes(self, name: str = "worker") -> list[AgentChanged]:
        return [
            each for each in self.heard if isinstance(each, AgentChanged) and each.agent_id == name
        ]


async def settle() -> None:
    """Give everything that can go on the chance to."""
    for _ in range(30):
        await asyncio.sleep(0)


def make_spec(name: str = "worker", *depends_on: str, every_s: float | None = None) -> AgentSpec:
    return AgentSpec(
        name=AgentId(name),
        role="tests",
        depends_on=tuple(AgentId(each) for each in depends_on),
        every_s=every_s,
    )


def make_world(work: ScriptedWork, *, every_s: float | None = None, parallel: int = 4) -> World:
    return World([(make_spec(every_s=every_s), work)], limits=HostLimits(parallel=parallel))
