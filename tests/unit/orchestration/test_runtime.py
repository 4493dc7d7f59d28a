import asyncio

import pytest

from core.actions import JsonObject
from core.commands import AgentChange
from core.errors import (
    AgentNotFound,
    DependencyInvalid,
    InvalidAction,
    MaestroError,
    SourceFailed,
    StorageError,
)
from core.fleet import AgentMode, AgentStatus, Message, MessageState
from core.ids import AgentId
from core.measures import Severity
from core.orchestration.hosted import HostLimits
from core.orchestration.performance import Tuning
from tests.unit.orchestration.hosting import (
    WORKER,
    HeldWork,
    ScriptedWork,
    World,
    make_spec,
    make_world,
)


def breaking(on: str, error: BaseException) -> ScriptedWork:
    """Work that raises on one type of message."""
    work = ScriptedWork()

    async def handle(message: Message) -> JsonObject | None:
        if message.type == on:
            raise error
        return None

    work.on_message = handle
    return work


async def test_an_agent_answers_its_messages_and_is_measured() -> None:
    work = ScriptedWork()
    async with make_world(work) as world:
        answer = asyncio.ensure_future(
            world.contexts[WORKER].ask("worker", "greet", {"name": "Ada"})
        )
        await world.settle()
        assert await answer == {"done": "greet"}
        await world.send("work")
        state = world.state()
    assert (state.status, state.statistics.completed, state.queue) == (AgentStatus.ONLINE, 2, 0)
    assert (state.statistics.failed, state.statistics.error_rate) == (0, 0.0)
    assert state.statistics.response_ms_mean == 0.0
    assert state.statistics.cpu_share is None
    assert state.statistics.memory_bytes is None


async def test_it_works_on_so_many_messages_at_a_time_and_no_more() -> None:
    work = HeldWork()
    async with make_world(work, parallel=2) as world:
        for number in range(5):
            await world.send(str(number))
        state = world.state()
        assert work.given == ["0", "1"]
        assert (state.status, state.queue, state.statistics.pending) == (AgentStatus.BUSY, 3, 5)
        work.free.set()
        await world.settle()
        assert work.given == ["0", "1", "2", "3", "4"]
        assert world.state().status is AgentStatus.ONLINE


async def test_a_crash_fails_its_message_and_the_mailbox_survives() -> None:
    work = breaking("bomb", KeyError("x"))
    async with make_world(work, parallel=1) as world:
        world.runtime.services[0].set_mode(AgentMode.PAUSED, "so that it cannot take any")
        bomb, after = [await world.send(kind, priority=p) for kind, p in (("bomb", 9), ("fine", 1))]
        await world.fleet.control(WORKER, AgentChange.RESUME)
        await world.settle()
        assert world.where(bomb) is MessageState.DEAD
        assert "KeyError: 'x' while it worked on a 'bomb' message" in world.view(bomb).reason
        assert world.where(after) is MessageState.QUEUED
        assert world.state().status is AgentStatus.OFFLINE
        assert "restarting" in world.state().note
        await world.until(lambda: world.where(after) is MessageState.HANDLED)
        state = world.state()
        assert (state.status, state.restarts) == (AgentStatus.ONLINE, 1)
        assert (state.statistics.completed, state.statistics.failed) == (1, 1)


async def test_what_else_was_in_work_when_it_crashed_is_dead_and_said_so() -> None:
    work, never = ScriptedWork(), asyncio.Event()

    async def handle(message: Message) -> JsonObject | None:
        if message.type == "bomb":
            raise RuntimeError("boom")
        await never.wait()
        return None

    work.on_message = handle
    async with make_world(work) as world:
        innocent = await world.send("innocent")
        await world.send("bomb")
        assert world.where(innocent) is MessageState.DEAD
        assert "crashed or was stopped" in world.view(innocent).reason


async def test_a_deliberate_error_fails_the_message_and_is_no_crash() -> None:
    work = breaking("odd", SourceFailed("the page does not answer"))
    async with make_world(work) as world:
        odd = await world.send("odd")
        assert world.view(odd).reason == "the page does not answer"
        state = world.state()
    assert (state.status, state.restarts) == (AgentStatus.ONLINE, 0)
    assert state.statistics.error_rate == 1.0


@pytest.mark.parametrize("error", [SystemExit(3), ExceptionGroup("two", [ValueError("a")])])
async def test_whatever_it_raises_only_itself_goes_down(error: BaseException) -> None:
    async with make_world(breaking("bomb", error)) as world:
        await world.send("bomb")
        assert world.state().status is AgentStatus.OFFLINE
        await world.until(lambda: world.state().status is AgentStatus.ONLINE)


async def test_work_that_cancels_itself_counts_as_a_crash() -> None:
    work = ScriptedWork()

    async def handle(message: Message) -> JsonObject | None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel(message.type)
        await asyncio.sleep(0)
        return None

    work.on_message = handle
    async with make_world(work) as world:
        message = await world.send("trick")
        assert world.where(message) is MessageState.DEAD
        assert world.state().restarts == 1
        await world.until(lambda: world.state().status is AgentStatus.ONLINE)


async def test_work_that_hangs_is_ended_and_counts_as_a_crash() -> None:
    work = HeldWork()
    async with make_world(work) as world:
        message = await world.send("endless")
        await world.advance(60)
        assert world.where(message) is MessageState.IN_WORK
        await world.until(lambda: world.state().restarts == 1)
        assert world.where(message) is MessageState.DEAD
        assert "no end after 60 s" in world.view(message).reason
        await world.until(lambda: world.state().status is AgentStatus.ONLINE)


async def test_own_work_that_hangs_or_breaks_counts_as_a_crash_too() -> None:
    work = ScriptedWork()
    never = asyncio.Event()

    async def tick() -> None:
        await never.wait()

    work.on_tick = tick
    async with make_world(work, every_s=30) as world:
        await world.advance(62)
        assert world.state().restarts == 1
        work.on_tick = None
        await world.until(lambda: work.ticks > 1)
        assert world.state().status is AgentStatus.ONLINE


async def test_one_that_will_not_end_goes_offline_and_gets_nothing_new() -> None:
    work = ScriptedWork()
    free = asyncio.Event()

    async def handle(message: Message) -> JsonObject | None:  # noqa: ARG001
        while not free.is_set():
            try:
                await free.wait()
            except asyncio.CancelledError:
                continue
        return None

    work.on_message = handle
    async with make_world(work) as world:
        await world.send("stubborn")
        await world.until(lambda: world.state().status is AgentStatus.OFFLINE)
        assert "no sign of life" in world.state().note
        waiting = await world.send("later")
        assert world.where(waiting) is MessageState.WAITING
        assert world.alerts.open["agent:worker"][0] is Severity.WARNING
        free.set()
        await world.until(lambda: world.where(waiting) is MessageState.HANDLED)
        await world.until(lambda: not world.alerts.open)


async def test_its_own_work_is_done_when_it_is_due_and_not_while_paused() -> None:
    work = ScriptedWork()
    async with make_world(work, every_s=10) as world:
        await world.advance(1)
        assert work.ticks == 1
        await world.advance(9)
        assert work.ticks == 1
        await world.advance(2)
        assert work.ticks == 2
        await world.fleet.control(WORKER, AgentChange.PAUSE)
        await world.advance(50)
        assert work.ticks == 2
        await world.fleet.control(WORKER, AgentChange.RESUME)
        await world.advance(1)
        assert work.ticks == 3
        assert world.state().statistics.completed == 3
        assert world.state().statistics.response_ms_mean == 0.0


async def test_own_work_that_fails_deliberately_is_said_until_it_works_again() -> None:
    work = ScriptedWork()

    async def tick() -> None:
        if work.ticks == 1:
            raise SourceFailed("the log is gone")

    work.on_tick = tick
    async with make_world(work, every_s=10) as world:
        await world.advance(1)
        assert world.state().note == "its own work failed: the log is gone"
        assert world.state().status is AgentStatus.ONLINE
        await world.advance(11)
        assert world.state().note == ""
        assert world.state().restarts == 0


async def test_pausing_keeps_the_mailbox_and_takes_nothing_from_it() -> None:
    work = HeldWork()
    async with make_world(work, parallel=1) as world:
        first, second = await world.send("first"), await world.send("second")
        said = await world.fleet.control(WORKER, AgentChange.PAUSE, "a look at the disk")
        work.free.set()
        await world.settle()
        assert said == "worker is paused; its mailbox waits"
        assert world.where(first) is MessageState.HANDLED
        assert world.where(second) is MessageState.QUEUED
        third = await world.send("third")
        assert world.where(third) is MessageState.WAITING
        assert (world.state().mode, world.state().note) == (
            AgentMode.PAUSED,
            "paused: a look at the disk",
        )
        await world.fleet.control(WORKER, AgentChange.RESUME)
        await world.settle()
        assert work.given == ["first", "second", "third"]


async def test_one_that_is_paused_while_it_waits_for_a_message_takes_none() -> None:
    work = ScriptedWork()
    async with make_world(work) as world:
        message = await world.send("before")
        await world.fleet.control(WORKER, AgentChange.PAUSE)
        world.router.set_accepting(WORKER, accepting=True)  # as if it had been on its way
        late = await world.send("late")
        assert world.where(message) is MessageState.HANDLED
        assert world.where(late) is MessageState.QUEUED


async def test_draining_finishes_what_is_there_and_takes_nothing_new() -> None:
    work = HeldWork()
    async with make_world(work, parallel=1, every_s=5) as world:
        await world.advance(1)
        old = [await world.send("a"), await world.send("b")]
        await world.fleet.control(WORKER, AgentChange.DRAIN, "before the update")
        new = await world.send("new")
        work.free.set()
        await world.advance(12)
        assert [world.where(each) for each in old] == [MessageState.HANDLED] * 2
        assert world.where(new) is MessageState.WAITING
        assert work.ticks == 1
        assert world.state().note == "drained: its mailbox is empty"
        assert world.state().mode is AgentMode.DRAINING


async def test_a_restart_cancels_and_starts_anew_with_the_first_tuning() -> None:
    work = HeldWork()
    async with make_world(work, parallel=2) as world:
        in_work = [await world.send("a"), await world.send("b")]
        queued = await world.send("c")
        await world.fleet.tune(WORKER, {"parallel": 1, "undo": {"parallel": 2}})
        await world.fleet.control(WORKER, AgentChange.PAUSE)
        said = await world.fleet.control(WORKER, AgentChange.RESTART, "a new key")
        work.free.set()
        await world.settle()
        assert said == "worker was restarted"
        assert [world.where(each) for each in in_work] == [MessageState.DEAD] * 2
        assert world.where(queued) is MessageState.HANDLED
        assert world.state().mode is AgentMode.RUNNING
        assert world.runtime.tuning(WORKER) == Tuning(2, None)
        assert world.state().statistics.error_rate == 0.0


async def test_a_spent_budget_ends_in_error_and_an_alert_until_it_is_restarted() -> None:
    agents = [
        (make_spec(), breaking("bomb", RuntimeError("boom"))),
        (make_spec("user", "worker"), ScriptedWork()),
        (make_spec("reader", "user"), ScriptedWork()),
    ]
    async with World(agents, restarts_max=2) as world:
        for _ in range(3):
            await world.until(lambda: world.state().status is AgentStatus.ONLINE)
            await world.send("bomb")
        await world.advance(10)
        state = world.state()
        assert (state.status, state.restarts) == (AgentStatus.ERROR, 2)
        assert "RuntimeError: boom" in state.note
        severity, title, detail = world.alerts.open["agent:worker"]
        assert severity is Severity.CRITICAL
        assert "not restarted again" in title
        assert "degraded with it: user, reader" in detail
        assert world.state("reader").degraded_by == ("worker",)
        assert world.state("reader").status is AgentStatus.ONLINE
        assert world.changes("reader")[-1].note == "degraded: it needs worker, which failed"
        waiting = await world.send("fine")
        assert world.where(waiting) is MessageState.WAITING
        await world.fleet.control(WORKER, AgentChange.RESTART, "mended")
        await world.advance(2)
        assert world.where(waiting) is MessageState.HANDLED
        assert world.state().status is AgentStatus.ONLINE
        assert world.alerts.open == {}
        assert world.state("reader").degraded_by == ()


async def test_changes_are_published_and_messages_are_not_changes() -> None:
    work = ScriptedWork()
    async with make_world(work) as world:
        await world.advance(2)
        before = len(world.changes())
        for number in range(50):
            await world.send(str(number))
        await world.advance(5)
        assert len(world.changes()) == before
        await world.fleet.control(WORKER, AgentChange.PAUSE, "lunch")
        assert world.changes()[-1].mode is AgentMode.PAUSED
        assert world.changes()[-1].note == "paused: lunch"


async def test_loads_are_sampled_once_a_second_and_sixty_are_kept() -> None:
    work = HeldWork()
    async with make_world(work) as world:
        for _ in range(10):
            await world.send("x")
        await world.advance(59, step_s=0.25)
        assert len(world.state().loads) == 59
        await world.advance(20)
    loads = world.state().loads
    assert (len(loads), loads[0]) == (60, 0.1)


async def test_agents_start_in_the_order_of_their_dependencies() -> None:
    agents = [(make_spec("c", "b"), ScriptedWork()), (make_spec("b"), ScriptedWork())]
    async with World(agents) as world:
        assert [each.name for each in world.runtime.services] == ["agent:b", "agent:c"]
        assert [each.spec.name for each in world.fleet.states()] == ["c", "b"]


async def test_dependencies_that_do_not_work_out_are_refused() -> None:
    with pytest.raises(DependencyInvalid, match=r"a → b → a|b → a → b"):
        World([(make_spec("a", "b"), ScriptedWork()), (make_spec("b", "a"), ScriptedWork())])


async def test_tuning_is_taken_up_at_once_and_what_cannot_be_is_refused() -> None:
    work = HeldWork()
    async with make_world(work, parallel=1) as world:
        for number in range(3):
            await world.send(str(number))
        said = await world.fleet.tune(WORKER, {"parallel": 3})
        await world.settle()
        assert said == "worker: 1 at a time became 3 at a time"
        assert len(work.given) == 3
        refused: list[JsonObject] = [
            {},
            {"parallel": 0},
            {"parallel": True},
            {"parallel": 1.5},
            {"every_s": 5},
            {"every_s": "5"},
        ]
        for change in refused:
            with pytest.raises(InvalidAction):
                await world.fleet.tune(WORKER, change)


async def test_own_work_can_be_done_more_often_and_less_often() -> None:
    work = ScriptedWork()
    async with make_world(work, every_s=100) as world:
        await world.fleet.tune(WORKER, {"every_s": 5})
        await world.advance(6)
        assert work.ticks == 2
        with pytest.raises(InvalidAction):
            await world.fleet.tune(WORKER, {"every_s": 0.5})


async def test_unknown_agents_cannot_be_controlled() -> None:
    async with make_world(ScriptedWork()) as world:
        with pytest.raises(AgentNotFound, match="nobody"):
            await world.fleet.control(AgentId("nobody"), AgentChange.PAUSE)


async def test_work_is_measured_by_how_long_it_takes() -> None:
    work = ScriptedWork()
    world = World([(make_spec(), work)], limits=HostLimits(parallel=1))

    async def handle(message: Message) -> JsonObject | None:
        await world.clock.sleep(float(message.type))
        return None

    work.on_message = handle
    async with world:
        for seconds in ("1", "3"):
            await world.send(seconds)
        await world.advance(10)
        statistics = world.state().statistics
    assert (statistics.response_ms_mean, statistics.response_ms_p95) == (2_000.0, 3_000.0)


async def test_a_store_that_cannot_be_written_delays_messages_and_crashes_nobody() -> None:
    work = ScriptedWork()
    world = make_world(work)
    take, faults = world.router.take, 2

    async def fail_first(name: AgentId) -> Message:
        nonlocal faults
        if faults:
            faults -= 1
            raise StorageError("the disk is full")
        return await take(name)

    world.router.take = fail_first  # type: ignore[method-assign]
    async with world:
        message = await world.send("x")
        assert world.state().note == "its messages cannot be taken: the disk is full"
        await world.advance(3)
        assert world.where(message) is MessageState.HANDLED
        assert world.state().restarts == 0


async def test_a_restart_that_the_supervisor_cannot_do_says_why() -> None:
    world = make_world(ScriptedWork())  # nothing in it was started
    with pytest.raises(MaestroError, match="no service named 'agent:worker'"):
        await world.fleet.control(WORKER, AgentChange.RESTART)


async def test_after_the_machine_slept_nobody_is_taken_for_silent() -> None:
    async with make_world(ScriptedWork()) as world:
        await world.advance(3)
        world.clock.advance(3_600)
        await world.settle()
        assert world.state().status is AgentStatus.ONLINE
        await world.advance(60)
        assert {each.status for each in world.changes()} == {
            AgentStatus.OFFLINE,
            AgentStatus.ONLINE,
        }
        assert world.changes()[-1].status is AgentStatus.ONLINE
        assert len(world.changes()) <= 2
