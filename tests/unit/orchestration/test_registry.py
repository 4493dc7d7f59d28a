from datetime import timedelta

import pytest

from core.bus import Bus
from core.errors import AgentNotFound
from core.events import AgentChanged, CoreEvent
from core.fleet import AgentOrigin, AgentStatistics, AgentStatus
from core.ids import AgentId
from core.orchestration.registry import OUTSIDE_MAX, AgentRegistry, Figures
from tests.fakes import FakeClock
from tests.unit.orchestration.hosting import WORKER, ScriptedWork, World, make_spec, make_world

CODER, TESTER = AgentId("coder"), AgentId("tester")


def make_registry() -> tuple[AgentRegistry, FakeClock, list[CoreEvent]]:
    clock, bus, heard = FakeClock(), Bus(), list[CoreEvent]()
    bus.listen(heard.append)
    return AgentRegistry(clock=clock, publish=bus.publish), clock, heard


async def test_an_outside_agent_joins_at_its_first_contact() -> None:
    registry, clock, heard = make_registry()
    registry.seen(CODER, clock.now())
    registry.note_loads()
    await registry.tell()
    await registry.tell()
    state = registry.state(CODER)
    assert (state.origin, state.status) == (AgentOrigin.OUTSIDE, AgentStatus.ONLINE)
    assert state.heartbeat_at == clock.now()
    assert state.statistics.response_ms_mean is None
    assert [type(each) for each in heard] == [AgentChanged]


def test_many_signs_of_life_within_a_second_count_as_the_first() -> None:
    registry, clock, _ = make_registry()
    first = clock.now()
    registry.seen(CODER, first)
    clock.advance(0.9)
    registry.seen(CODER, clock.now())
    assert registry.state(CODER).heartbeat_at == first
    clock.advance(0.1)
    registry.seen(CODER, clock.now())
    assert registry.state(CODER).heartbeat_at == clock.now()


async def test_outside_agents_are_listed_last_seen_first_after_the_hosted_ones() -> None:
    async with make_world(ScriptedWork()) as world:
        world.registry.seen(CODER, world.clock.now())
        await world.advance(5)
        world.registry.seen(TESTER, world.clock.now())
        assert [each.spec.name for each in world.fleet.states()] == ["worker", "tester", "coder"]
        await world.advance(5)
        world.registry.seen(CODER, world.clock.now())
        assert [each.spec.name for each in world.fleet.states()] == ["worker", "coder", "tester"]
        assert world.fleet.dependents(CODER) == ()


async def test_an_outside_agent_that_is_not_seen_goes_offline_and_comes_back() -> None:
    async with make_world(ScriptedWork()) as world:
        world.registry.seen(CODER, world.clock.now())
        await world.advance(910, step_s=5)
        assert world.state("coder").status is AgentStatus.OFFLINE
        assert "no sign of life" in world.changes("coder")[-1].note
        assert world.alerts.open == {}
        world.registry.seen(CODER, world.clock.now())
        assert world.state("coder").status is AgentStatus.ONLINE


def test_telemetry_that_comes_late_counts_from_when_it_was_sent() -> None:
    registry, clock, _ = make_registry()
    registry.seen(CODER, clock.now() - timedelta(seconds=50))
    registry.find_silent(hosted_s=30, outside_s=40)
    assert registry.state(CODER).status is AgentStatus.OFFLINE


def test_a_sender_whose_clock_runs_ahead_is_not_seen_in_the_future() -> None:
    registry, clock, _ = make_registry()
    registry.seen(CODER, clock.now() + timedelta(days=1))
    assert registry.state(CODER).heartbeat_at == clock.now()


def test_the_one_unseen_for_longest_makes_room() -> None:
    registry, clock, _ = make_registry()
    for number in range(OUTSIDE_MAX + 1):
        registry.seen(AgentId(f"a{number}"), clock.now())
        clock.advance(1)
    assert len(registry.states()) == OUTSIDE_MAX
    with pytest.raises(AgentNotFound):
        registry.state(AgentId("a0"))
    assert registry.state(AgentId("a1")).origin is AgentOrigin.OUTSIDE


async def test_calls_in_the_name_of_a_hosted_agent_say_nothing_of_its_life() -> None:
    async with make_world(ScriptedWork()) as world:
        heard_at = world.state().heartbeat_at
        world.clock.advance(0.5)
        world.registry.seen(WORKER, world.clock.now())
        assert world.state().heartbeat_at == heard_at
        assert world.state().origin is AgentOrigin.HOSTED


async def test_hosted_agents_come_in_catalogue_order_and_say_why_they_idle() -> None:
    agents = [(make_spec(name), ScriptedWork()) for name in ("b", "a")]
    async with World(agents) as world:
        world.contexts[AgentId("a")].idle("no source: bind [metrics.a.NAME]")
        assert [each.spec.name for each in world.fleet.states()] == ["b", "a"]
        assert world.state("a").note == "no source: bind [metrics.a.NAME]"
        world.contexts[AgentId("a")].idle("")
        assert world.state("a").note == ""


def test_unknown_agents_are_told_apart() -> None:
    registry, clock, _ = make_registry()
    registry.seen(CODER, clock.now())
    with pytest.raises(AgentNotFound, match="known"):
        registry.state(TESTER)
    with pytest.raises(AgentNotFound, match="hosted"):
        registry.set_idle(CODER, "x")


def test_what_telemetry_measured_of_an_outside_agent_is_shown_with_it() -> None:
    clock = FakeClock()
    statistics = AgentStatistics(completed=7, cost_usd_micros_per_h=1_500)
    registry = AgentRegistry(
        clock=clock, publish=Bus().publish, measure_outside=lambda _: Figures(statistics)
    )
    registry.seen(CODER, clock.now())
    assert registry.state(CODER).statistics == statistics
