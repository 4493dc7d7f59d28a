"""The example of docs/agents.md, installed as a package, found by its entry point, and at work."""

import asyncio
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.adapters.system import SystemClock, SystemIds
from core.bus import Bus
from core.errors import MessageUndelivered
from core.events import AgentChanged, CoreEvent
from core.fleet import AgentSpec, Message
from core.ids import AgentId, MessageId
from core.orchestration.context import ContextMeans, HostedContext
from core.orchestration.entry_points import load_agents
from core.orchestration.registry import AgentRegistry
from core.orchestration.routing.service import Router
from core.orchestration.runtime import AgentRuntime
from core.supervisor import Supervisor
from tests.unit.orchestration.gates import FakeGate
from tests.unit.orchestration.hosting import AlertLog

GUIDE = Path(__file__).parents[3] / "docs" / "agents.md"
ARCHITECT = AgentSpec(name=AgentId("architect"), role="keeps contracts")
GREETER = AgentId("greeter")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    text = GUIDE.read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "greeter_agent.py").write_text(code, encoding="utf-8")
    for name, entry in (
        ("greeter", "greeter = greeter_agent:make"),
        ("broken", "broken = no_such_module:make"),
    ):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8"
        )
        (info / "entry_points.txt").write_text(f"[maestro.agents]\n{entry}\n", encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    yield
    sys.modules.pop("greeter_agent", None)


def make_request(clock: SystemClock, ids: SystemIds, name: object) -> Message:
    return Message(
        id=MessageId(ids.next_id()),
        sender=AgentId("tests"),
        to=GREETER,
        type="greet",
        payload={"name": str(name)} if isinstance(name, str) else {},
        at=clock.now(),
        correlation_id=ids.next_trace_id(),
    )


@pytest.mark.usefixtures("installed")
async def test_an_installed_package_brings_a_working_agent_and_a_broken_one_only_a_sentence() -> (
    None
):
    agents, problems = load_agents([ARCHITECT])
    ((spec, work),) = agents
    assert spec.name == GREETER
    assert [each.partition(":")[0] for each in problems] == ["entry point 'broken'"]

    clock, ids, bus = SystemClock(), SystemIds(), Bus()
    idle = asyncio.Event()

    def hear(event: CoreEvent) -> None:
        if isinstance(event, AgentChanged) and event.note.startswith("nobody"):
            idle.set()

    bus.listen(hear)
    router = Router(clock=clock, ids=ids, bus=bus)
    registry = AgentRegistry(clock=clock, publish=bus.publish)
    supervisor = Supervisor(clock=clock, report=bus.publish)
    means = ContextMeans(
        clock=clock,
        ids=ids,
        messages=router,
        gate=FakeGate(),
        alerts=AlertLog(),
        readings=lambda _: (),
        set_idle=registry.set_idle,
    )
    runtime = AgentRuntime(
        [(ARCHITECT, work), (spec, work)],
        make_context=lambda each: HostedContext(each, means),
        mailroom=router,
        registry=registry,
        clock=clock,
        restart=supervisor.restart,
    )
    await supervisor.start([router, *runtime.services, runtime])
    async with asyncio.timeout(10):
        await idle.wait()
        assert registry.state(GREETER).note == "nobody has asked for a greeting yet"
        answer = await router.ask(make_request(clock, ids, "Ada"), 5.0)
        with pytest.raises(MessageUndelivered, match="name: give a text"):
            await router.ask(make_request(clock, ids, None), 5.0)
    await supervisor.stop()
    assert answer == {"greeting": "Good day, Ada."}
    assert registry.state(GREETER).restarts == 0
