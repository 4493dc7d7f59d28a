"""Agents die in every way at random moments while messages flow: nothing is lost or done twice."""

import asyncio
import random
from collections import Counter

import pytest

from core.actions import JsonObject
from core.commands import AgentChange
from core.fleet import AgentStatus, Message, MessageState
from core.fleet_ports import MessageQuery
from core.ids import AgentId
from tests.unit.orchestration.hosting import ScriptedWork, World, make_spec

NAMES = ("a", "b", "c")
RESTARTS_MAX = 2


class MortalWork(ScriptedWork):
    """Counts how often each message began, and dies as messages tell it to."""

    def __init__(self, world: "list[World]") -> None:
        super().__init__()
        self.begun: Counter[str] = Counter()
        self._world = world
        self.on_message = self._live

    async def _live(self, message: Message) -> JsonObject | None:
        self.begun[message.id] += 1
        match message.type:
            case "raise":
                raise RuntimeError("killed")
            case "hang":
                await asyncio.Event().wait()
            case "cancel":
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                await asyncio.sleep(0)
            case _:
                await self._world[0].clock.sleep(float(message.type))
        return None


def cancel_from_outside(name: str) -> None:
    """What holds an agent's own task, and is nobody's business to cancel."""
    for task in asyncio.all_tasks():
        if task.get_name() == f"agent:{name}" and "HostedAgent.run" in repr(task.get_coro()):
            task.cancel()


@pytest.mark.parametrize("seed", range(8))
async def test_every_message_ends_once_and_every_agent_lives_or_is_in_error(seed: int) -> None:
    dice, holder = random.Random(seed), list[World]()  # noqa: S311
    works = {name: MortalWork(holder) for name in NAMES}
    world = World(
        [(make_spec(name), work) for name, work in works.items()], restarts_max=RESTARTS_MAX
    )
    holder.append(world)
    sent: list[Message] = []
    async with world:
        for _ in range(60):
            name = dice.choice(NAMES)
            match dice.randrange(8):
                case 0:
                    cancel_from_outside(name)
                case 1:
                    change = dice.choice(tuple(AgentChange))
                    await world.fleet.control(AgentId(name), change)
                case 2:
                    kind = dice.choice(("raise", "hang", "cancel"))
                    sent.append(await world.send(kind, name, priority=dice.randint(1, 10)))
                case _:
                    sent.append(await world.send(str(dice.random() * 3), name))
            await world.advance(dice.random() * 5)
        await world.advance(3)
        for name in NAMES:
            error = world.state(name).status is AgentStatus.ERROR
            assert (f"agent:{name}" in world.alerts.open) == error
            await world.fleet.control(AgentId(name), AgentChange.RESTART)
        await world.advance(400, step_s=5)
        views = {each.message.id: each for each in world.router.views(MessageQuery(limit=1_000))}
        counts = world.router.statistics()
    begun = sum((work.begun for work in works.values()), Counter[str]())
    assert counts.sent == counts.handled + counts.dead == len(sent)
    for message in sent:
        assert views[message.id].state in {MessageState.HANDLED, MessageState.DEAD}
        assert begun[message.id] <= 1
        if views[message.id].state is MessageState.HANDLED:
            assert begun[message.id] == 1
