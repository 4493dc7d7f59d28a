import pytest

from core.actions import JsonObject
from core.errors import AgentNotFound, InvalidAction
from core.fleet import AgentMode
from core.ids import AgentId
from core.orchestration.performance import Tuning
from tests.factories import make_action
from tests.unit.orchestration.hosting import WORKER, ScriptedWork, World, make_spec, make_world


async def test_an_allowed_control_action_is_carried_out_with_its_purpose_as_the_reason() -> None:
    async with make_world(ScriptedWork()) as world:
        action = make_action(kind="agent.control", resource="worker", purpose="a full disk")
        said = await world.fleet.carry_out(action, {"change": "pause"})
        assert said == "worker is paused; its mailbox waits"
        assert (world.state().mode, world.state().note) == (AgentMode.PAUSED, "paused: a full disk")


async def test_the_reason_is_shown_without_its_secrets() -> None:
    async with make_world(ScriptedWork()) as world:
        why = "it sent ghp_" + "a1B2" * 9
        action = make_action(kind="agent.control", resource="worker", purpose=why)
        await world.fleet.carry_out(action, {"change": "pause"})
        assert world.state().note == "paused: it sent [redacted:github-token]"


async def test_an_allowed_tuning_is_carried_out_as_it_was_released() -> None:
    async with make_world(ScriptedWork()) as world:
        action = make_action(
            kind="config.change", resource="tuning/worker", arguments={"parallel": 1}
        )
        released: JsonObject = {"parallel": 2, "undo": {"parallel": 4}}
        assert await world.fleet.carry_out(action, released) == (
            "worker: 4 at a time became 2 at a time"
        )
        assert world.runtime.tuning(WORKER) == Tuning(2, None)


@pytest.mark.parametrize(
    ("kind", "resource", "arguments"),
    [
        ("agent.control", "worker", {"change": "explode"}),
        ("agent.control", "worker", {}),
        ("config.change", "gateway", {"parallel": 1}),
        ("config.change", "tuning/worker", {"port": 1}),
    ],
)
async def test_what_is_no_such_change_is_refused(
    kind: str, resource: str, arguments: JsonObject
) -> None:
    async with make_world(ScriptedWork()) as world:
        with pytest.raises(InvalidAction):
            await world.fleet.carry_out(make_action(kind=kind, resource=resource), arguments)


async def test_agents_that_there_are_not_are_not_found() -> None:
    async with make_world(ScriptedWork()) as world:
        for kind, resource, arguments in (
            ("agent.control", "nobody", {"change": "pause"}),
            ("config.change", "tuning/nobody", {"parallel": 1}),
        ):
            with pytest.raises(AgentNotFound):
                await world.fleet.carry_out(make_action(kind=kind, resource=resource), arguments)


async def test_dependents_come_nearest_first() -> None:
    agents = [
        (make_spec("a"), ScriptedWork()),
        (make_spec("b", "a"), ScriptedWork()),
        (make_spec("c", "b"), ScriptedWork()),
    ]
    async with World(agents) as world:
        assert world.fleet.dependents(AgentId("a")) == ("b", "c")
