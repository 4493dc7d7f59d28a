"""Reads happen for what is looked at, once a second at most."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from console.fleet_bridge import (
    ALERTS,
    FLEET,
    HEALTH,
    NO_FLEET,
    READINGS,
    Ask,
    FleetBridge,
    ask_agent,
    ask_series,
)
from core.commands import AgentChange, ControlAgent
from core.errors import AgentNotFound, ConfigError
from core.ids import AgentId, OperatorId
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock

PAUSE = ControlAgent(
    operator=OperatorId("maria"), agent_id=AgentId("ai"), change=AgentChange.PAUSE, reason="slow"
)


async def test_only_what_is_asked_for_is_read() -> None:
    fleet = FakeFleet()
    bridge = FleetBridge(fleet, FakeClock())
    assert await bridge.refresh((FLEET,))
    assert fleet.reads == ["fleet"]
    assert len(bridge.answer(FLEET).value or ()) == 13
    assert bridge.answer(READINGS).value is None


async def test_nothing_is_read_more_often_than_once_a_second_however_much_happens() -> None:
    fleet, clock = FakeFleet(), FakeClock()
    bridge = FleetBridge(fleet, clock)
    for _ in range(20):
        bridge.stir()
        await bridge.refresh((FLEET,))
        clock.advance(0.1)
    assert fleet.reads == ["fleet"] * 2


async def test_what_is_calm_is_read_seldom_until_something_happens() -> None:
    fleet, clock = FakeFleet(), FakeClock()
    bridge = FleetBridge(fleet, clock)
    await bridge.refresh((ALERTS,))
    clock.advance(2)
    await bridge.refresh((ALERTS,))
    assert fleet.reads == ["alerts"]
    bridge.stir()
    await bridge.refresh((ALERTS,))
    assert fleet.reads == ["alerts"] * 2
    clock.advance(5)
    await bridge.refresh((ALERTS,))
    assert fleet.reads == ["alerts"] * 3


async def test_a_read_that_changes_nothing_draws_nothing() -> None:
    clock = FakeClock()
    bridge = FleetBridge(FakeFleet(), clock)
    assert await bridge.refresh((FLEET, HEALTH))
    clock.advance(2)
    assert not await bridge.refresh((FLEET, HEALTH))


async def test_a_failed_read_keeps_what_was_known_and_says_why() -> None:
    fleet, clock = FakeFleet(), FakeClock()
    bridge = FleetBridge(fleet, clock)
    await bridge.refresh((FLEET,))
    fleet.broken = {"fleet"}
    clock.advance(1)
    assert await bridge.refresh((FLEET,))
    answer = bridge.answer(FLEET)
    assert answer.problem == "cannot read the fleet: fleet: disk I/O error"
    assert len(answer.value or ()) == 13


async def test_two_agents_are_two_answers_and_old_ones_are_forgotten() -> None:
    fleet = FakeFleet()
    bridge = FleetBridge(fleet, FakeClock())
    await bridge.refresh([ask_agent(AgentId("ai")), ask_agent(AgentId("data"))])
    detail = bridge.answer(ask_agent(AgentId("data"))).value
    assert detail is not None
    assert detail.state.spec.name == "data"
    series = [ask_series("ai.x", timedelta(hours=hours)) for hours in range(1, 60)]
    await bridge.refresh(series)
    assert bridge.answer(ask_agent(AgentId("data"))).value is None
    assert bridge.answer(series[-1]).value == ()


async def test_what_the_operator_did_is_read_at_once() -> None:
    fleet = FakeFleet()
    bridge = FleetBridge(fleet, FakeClock())
    await bridge.refresh((FLEET,))
    assert await bridge.send(PAUSE) == "ai: pause is done"
    assert await bridge.refresh((FLEET,))
    fleet.failure = AgentNotFound("gone")
    with pytest.raises(AgentNotFound):
        await bridge.send(PAUSE)
    await bridge.refresh((FLEET,))
    assert fleet.reads == ["fleet"] * 3


async def test_without_an_orchestrator_there_is_nothing_to_read_or_send() -> None:
    bridge = FleetBridge(None, FakeClock())
    await bridge.run(lambda: (FLEET,), lambda: None)
    assert not await bridge.refresh((FLEET,))
    assert (bridge.hosted, bridge.answer(FLEET).problem) == (False, NO_FLEET)
    with pytest.raises(ConfigError, match="hosts no orchestrator"):
        await bridge.send(PAUSE)


async def test_another_screen_is_served_as_soon_as_it_wakes_the_bridge() -> None:
    fleet, clock = FakeFleet(), FakeClock()
    bridge = FleetBridge(fleet, clock)
    drawn = asyncio.Event()
    asked = asyncio.Queue[int]()
    wanted = [FLEET]

    def want() -> list[Ask[Any]]:
        asked.put_nowait(len(wanted))
        return list(wanted)

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bridge.run(want, drawn.set))
        await drawn.wait()
        drawn.clear()
        wanted[:] = []  # nothing is looked at: it sleeps until it is woken
        bridge.wake()
        while await asked.get():
            continue
        wanted.append(FLEET)
        fleet.agents.clear()
        clock.advance(1)
        bridge.wake()
        await drawn.wait()
        running.cancel()
    assert bridge.answer(FLEET).value == ()
