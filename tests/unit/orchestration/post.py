"""A router with everything around it that its tests need."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from core.bus import Bus
from core.errors import StorageError
from core.events import CoreEvent, MessageDied
from core.fleet import AgentSpec, Message, MessageView
from core.fleet_ports import MessageQuery, MessageStore
from core.ids import AgentId, CorrelationId, MessageId
from core.orchestration.routing.model import RouterLimits
from core.orchestration.routing.service import Router
from tests.fakes import FakeClock, FakeIds

EVERYTHING = MessageQuery(limit=1_000_000)
_numbers = count(1)


def make_message(**changes: Any) -> Message:
    """A message from `ana` to `bo`."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "id": MessageId(f"m{number:09d}"),
        "sender": AgentId("ana"),
        "to": AgentId("bo"),
        "type": "task",
        "payload": {"n": number},
        "at": FakeClock().now(),
        "correlation_id": CorrelationId(f"{number:032x}"),
    }
    return Message(**values | changes)


def make_spec(name: str, *capabilities: str, capacity: int = 100) -> AgentSpec:
    """An agent's row."""
    return AgentSpec(name=AgentId(name), role="tests", capabilities=capabilities, capacity=capacity)


class FakeMessages:
    """Keeps in memory what a disk would keep."""

    def __init__(self) -> None:
        self.views: dict[MessageId, MessageView] = {}
        self.broken = False
        self.writes = 0
        self.hold: asyncio.Event | None = None  # writes wait for it

    async def keep(self, views: Sequence[MessageView]) -> None:
        await self._write()
        self.views.update((view.message.id, view) for view in views)

    async def forget(self, ids: Sequence[MessageId]) -> None:
        await self._write()
        for each in ids:
            self.views.pop(each, None)

    async def load(self) -> tuple[MessageView, ...]:
        return tuple(self.views.values())

    async def _write(self) -> None:
        self.writes += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.broken:
            raise StorageError("the disk is full")


@dataclass
class Post:
    """A router, and the hands that move its world."""

    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeMessages = field(default_factory=FakeMessages)
    ids: FakeIds = field(default_factory=FakeIds)
    died: list[MessageDied] = field(default_factory=list[MessageDied])
    bus: Bus = field(default_factory=Bus)
    router: Router = field(init=False)

    def __post_init__(self) -> None:
        self.bus.listen(self._hear)

    def start(self, *agents: AgentSpec, **arguments: Any) -> "Post":
        """Make the router, with agents."""
        store: MessageStore | None = arguments.pop("store", self.store)
        self.router = Router(clock=self.clock, ids=self.ids, bus=self.bus, store=store, **arguments)
        for each in agents:
            self.router.register(each)
        return self

    def take(self, name: str = "bo") -> Message:
        """What is first in a mailbox, which is not empty."""
        message = self.router.take_nowait(AgentId(name))
        assert message is not None
        return message

    def state(self, message: Message) -> MessageView:
        """How this message stands."""
        return next(view for view in self.router.views(EVERYTHING) if view.message.id == message.id)

    def _hear(self, event: CoreEvent) -> None:
        if isinstance(event, MessageDied):
            self.died.append(event)


def make_post(*agents: AgentSpec, **arguments: Any) -> Post:
    """A router with agents; `bo` alone when none is given."""
    return Post().start(*(agents or (make_spec("bo"),)), **arguments)


@asynccontextmanager
async def running(post: Post) -> AsyncGenerator[None]:
    """With the router's service loop."""
    task = asyncio.ensure_future(post.router.run())
    await settle()
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def settle() -> None:
    """Let everybody have their turn."""
    for _ in range(20):
        await asyncio.sleep(0)


def limits(**changes: Any) -> RouterLimits:
    """The usual bounds, but for these."""
    return RouterLimits(**changes)
