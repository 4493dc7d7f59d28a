import asyncio

import pytest

from core.events import ServiceFailed
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


def make_supervisor(clock: FakeClock, told: list[ServiceFailed]) -> Supervisor:
    async def report(event: ServiceFailed) -> None:
        told.append(event)

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
