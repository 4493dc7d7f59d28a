import pytest

from core.bus import Bus
from core.events import CoreEvent, DegradationChanged, ServiceFailed, ServiceRecovered
from core.orchestration.degradation import CORE_SERVICES, Degradation
from core.supervisor import Supervisor
from tests.fakes import FakeClock
from tests.unit.orchestration.hosting import settle


def make_degradation() -> tuple[Degradation, FakeClock, Bus]:
    clock, bus = FakeClock(), Bus()
    degradation = Degradation(clock=clock, publish=bus.publish)
    bus.listen(degradation.hear)
    return degradation, clock, bus


def failed(clock: FakeClock, service: str, *, restarting: bool = True) -> ServiceFailed:
    return ServiceFailed(at=clock.now(), service=service, message="boom", restarting=restarting)


@pytest.mark.parametrize("service", CORE_SERVICES)
async def test_a_failing_part_of_the_core_blocks_risky_actions_until_it_has_recovered(
    service: str,
) -> None:
    degradation, clock, bus = make_degradation()
    assert degradation.problem() == ""
    await bus.publish(failed(clock, service))
    assert degradation.problem() == f"{service} failed and is being restarted: boom"
    await bus.publish(ServiceRecovered(at=clock.now(), service=service))
    assert degradation.problem() == ""


async def test_a_part_that_stays_down_blocks_for_good() -> None:
    degradation, clock, bus = make_degradation()
    await bus.publish(failed(clock, "router", restarting=False))
    clock.advance(10_000)
    assert degradation.problem() == "router failed for good: boom"


async def test_other_services_degrade_nothing() -> None:
    degradation, clock, bus = make_degradation()
    await bus.publish(failed(clock, "agent:video", restarting=False))
    await bus.publish(failed(clock, "coordinators"))
    assert degradation.problem() == ""


def test_a_loop_that_stands_still_blocks_without_any_loop_to_say_so() -> None:
    degradation, clock, _ = make_degradation()
    degradation.beat("agent-runtime")
    clock.advance(15)
    assert degradation.problem() == ""
    clock.advance(1)
    assert degradation.problem() == "agent-runtime gave no sign of life for 16 s"
    degradation.beat("agent-runtime")
    assert degradation.problem() == ""


async def test_changes_are_told_once_each_way() -> None:
    degradation, clock, bus = make_degradation()
    heard: list[CoreEvent] = []
    bus.listen(heard.append)
    supervisor = Supervisor(clock=clock, report=bus.publish)
    await supervisor.start([degradation])
    for change in (failed(clock, "router"), ServiceRecovered(at=clock.now(), service="router")):
        await bus.publish(change)
        for _ in range(3):
            await settle()
            clock.advance(1)
    await supervisor.stop()
    told = [each for each in heard if isinstance(each, DegradationChanged)]
    assert [(each.degraded, each.reason) for each in told] == [
        (True, "router failed and is being restarted: boom"),
        (False, ""),
    ]
