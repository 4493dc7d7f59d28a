import asyncio

import pytest

from core.events import ServiceFailed, ServiceRecovered
from core.supervisor import Supervisor
from tests.fakes import FakeClock


class Script:
    """A service that fails as often as told, then lives until it is cancelled."""

    def __init__(self, name: str, *, failures: int, log: list[str]) -> None:
        self.name = name
        self.failures = failures
        self.log = log
        self.alive = asyncio.Event()

    async def run(self) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError(f"{self.name} broke")
        self.log.append(f"start {self.name}")
        self.alive.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.log.append(f"stop {self.name}")


class Once:
    name = "once"

    async def run(self) -> None:
        return


class Suicidal:
    """A service whose own code cancels its task, once."""

    name = "suicidal"

    def __init__(self) -> None:
        self.runs = 0
        self.alive = asyncio.Event()

    async def run(self) -> None:
        self.runs += 1
        if self.runs == 1:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        await asyncio.sleep(0)
        self.alive.set()
        await asyncio.Event().wait()


def make_supervisor(
    clock: FakeClock,
    told: list[ServiceFailed],
    recovered: list[ServiceRecovered] | None = None,
) -> Supervisor:
    async def report(event: ServiceFailed | ServiceRecovered) -> None:
        if isinstance(event, ServiceFailed):
            told.append(event)
        elif recovered is not None:
            recovered.append(event)

    return Supervisor(clock=clock, report=report, restarts_max=2, period_s=60)


async def settle(condition: asyncio.Event, clock: FakeClock) -> None:
    while not condition.is_set():
        await asyncio.sleep(0)
        clock.advance(1)


async def test_services_start_in_order_and_stop_in_reverse() -> None:
    log: list[str] = []
    supervisor = make_supervisor(FakeClock(), [])
    await supervisor.start([Script(name, failures=0, log=log) for name in ("a", "b", "c")])
    await supervisor.stop()
    assert log == ["start a", "start b", "start c", "stop c", "stop b", "stop a"]


async def test_a_failing_service_is_restarted_and_reported() -> None:
    clock, told, log = FakeClock(), list[ServiceFailed](), list[str]()
    supervisor = make_supervisor(clock, told)
    service = Script("a", failures=2, log=log)
    await supervisor.start([service])
    await settle(service.alive, clock)
    assert [(event.service, event.restarting) for event in told] == [("a", True), ("a", True)]
    assert supervisor.statistics()["a"].failures == 2
    assert supervisor.statistics()["a"].running
    await supervisor.stop()


async def test_the_budget_ends_and_the_others_live_on() -> None:
    clock, told, log = FakeClock(), list[ServiceFailed](), list[str]()
    supervisor = make_supervisor(clock, told)
    broken, fine = Script("a", failures=99, log=log), Script("b", failures=0, log=log)
    await supervisor.start([broken, fine])
    while supervisor.statistics()["a"].running:
        await asyncio.sleep(0)
        clock.advance(0.1)
    assert not told[-1].restarting
    assert "not restarted again" in told[-1].message
    assert supervisor.statistics()["b"].running
    await supervisor.stop()


async def test_failures_far_apart_spend_no_budget() -> None:
    clock, told, log = FakeClock(), list[ServiceFailed](), list[str]()
    supervisor = make_supervisor(clock, told)
    service = Script("a", failures=6, log=log)
    await supervisor.start([service])
    while not service.alive.is_set():
        await asyncio.sleep(0)
        clock.advance(40)
    assert len(told) == 6
    await supervisor.stop()


async def test_a_service_that_returns_is_done_and_names_are_unique() -> None:
    supervisor = make_supervisor(FakeClock(), [])
    await supervisor.start([Once()])
    assert not supervisor.statistics()["once"].running
    with pytest.raises(ValueError, match="once"):
        await supervisor.start([Once()])
    await supervisor.stop()


async def test_a_service_that_is_cancelled_from_within_is_restarted() -> None:
    clock, told = FakeClock(), list[ServiceFailed]()
    supervisor = make_supervisor(clock, told)
    service = Suicidal()
    await supervisor.start([service])
    await settle(service.alive, clock)
    assert service.runs == 2
    assert "cancelled" in told[0].message
    await supervisor.stop()


async def test_a_restarted_service_is_believed_after_five_seconds_and_not_before() -> None:
    clock, recovered, log = FakeClock(), list[ServiceRecovered](), list[str]()
    supervisor = make_supervisor(clock, [], recovered)
    service = Script("a", failures=1, log=log)
    await supervisor.start([service])
    await turn_and_advance(clock, 0.1)
    assert service.alive.is_set()
    await turn_and_advance(clock, 4.9)
    assert recovered == []
    await turn_and_advance(clock, 0.2)
    assert [event.service for event in recovered] == ["a"]
    await turn_and_advance(clock, 60)
    assert len(recovered) == 1
    await supervisor.stop()


async def test_a_service_that_never_failed_is_not_told_as_recovered() -> None:
    clock, recovered, log = FakeClock(), list[ServiceRecovered](), list[str]()
    supervisor = make_supervisor(clock, [], recovered)
    await supervisor.start([Script("a", failures=0, log=log)])
    await turn_and_advance(clock, 60)
    assert recovered == []
    await supervisor.stop()


async def test_one_service_stops_and_starts_and_the_others_go_on() -> None:
    log: list[str] = []
    supervisor = make_supervisor(FakeClock(), [])
    await supervisor.start([Script(name, failures=0, log=log) for name in ("a", "b", "c")])
    await supervisor.stop_one("b")
    assert log[3:] == ["stop b"]
    assert not supervisor.statistics()["b"].running
    await supervisor.start_one("b")
    await supervisor.start_one("b")
    assert log[4:] == ["start b"]
    await supervisor.stop()
    assert log[5:] == ["stop c", "stop b", "stop a"]


async def test_a_restart_gives_a_new_budget_and_is_told_as_recovered() -> None:
    clock, told, recovered = FakeClock(), list[ServiceFailed](), list[ServiceRecovered]()
    supervisor = make_supervisor(clock, told, recovered)
    service = Script("a", failures=4, log=[])
    await supervisor.start([service])
    while supervisor.statistics()["a"].running:
        await turn_and_advance(clock, 0.1)
    assert [event.restarting for event in told] == [True, True, False]
    await supervisor.restart("a")
    await settle(service.alive, clock)
    assert told[-1].restarting
    await turn_and_advance(clock, 6)
    assert len(recovered) == 1
    await supervisor.stop()


async def test_unknown_names_are_refused() -> None:
    supervisor = make_supervisor(FakeClock(), [])
    with pytest.raises(ValueError, match="no service named 'x'"):
        await supervisor.restart("x")


async def turn_and_advance(clock: FakeClock, seconds: float) -> None:
    for _ in range(10):
        await asyncio.sleep(0)
    clock.advance(seconds)
    for _ in range(10):
        await asyncio.sleep(0)
