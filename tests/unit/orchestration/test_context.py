import asyncio

import pytest

from core.actions import ActionStatus, OutcomeStatus
from core.errors import MessageUndelivered, PermissionDenied
from core.fleet_ports import MessageQuery
from core.governance.insiders import INSIDE
from core.ids import ActionId, AgentId
from core.measures import Severity
from core.records import Outcome
from tests.unit.orchestration.hosting import (
    WORKER,
    HeldWork,
    ScriptedWork,
    World,
    make_spec,
    make_world,
)

OTHER = AgentId("other")


async def test_messages_carry_the_sender_s_name_and_what_it_gave() -> None:
    async with World([(make_spec(), HeldWork()), (make_spec("other"), HeldWork())]) as world:
        sent = await world.contexts[OTHER].send("worker", "note", {"a": 1}, priority=8)
        await world.settle()
        (view,) = world.router.views(MessageQuery())
        message = view.message
    assert (message.id, message.sender, message.to) == (sent, "other", "worker")
    assert (message.type, message.payload, message.priority) == ("note", {"a": 1}, 8)


async def test_a_question_that_nobody_answers_in_time_is_undelivered() -> None:
    async with make_world(HeldWork()) as world:
        asked = asyncio.ensure_future(
            world.contexts[WORKER].ask("worker", "question", {}, timeout_s=0.01)
        )
        with pytest.raises(MessageUndelivered):
            await asked


async def test_an_action_is_proposed_in_the_agent_s_own_name_from_inside() -> None:
    async with make_world(ScriptedWork()) as world:
        ticket = await world.contexts[WORKER].propose(
            "service.restart", "shop", {"why": "down"}, purpose="it does not answer"
        )
        proposal, token = world.gate.proposals[0]
    assert ticket.status is ActionStatus.ALLOWED
    assert token is INSIDE
    assert (proposal.agent, proposal.kind, proposal.resource) == (
        "maestro/worker",
        "service.restart",
        "shop",
    )
    assert proposal.purpose == "it does not answer"


async def test_it_waits_for_a_held_action_only_when_it_says_so() -> None:
    async with make_world(ScriptedWork()) as world:
        world.gate.status = ActionStatus.PENDING
        context = world.contexts[WORKER]
        held = await context.propose("agent.control", "x", {}, purpose="p")
        decided = await context.propose("agent.control", "x", {}, purpose="p", wait_s=5)
        assert (held.status, decided.status) == (ActionStatus.PENDING, ActionStatus.ALLOWED)
        assert world.gate.waited_s == [5]


async def test_it_reports_on_its_own_actions_and_on_nobody_else_s() -> None:
    async with make_world(ScriptedWork()) as world:
        context = world.contexts[WORKER]
        ticket = await context.propose("agent.control", "x", {}, purpose="p")
        outcome = Outcome(status=OutcomeStatus.SUCCEEDED, reported_at=world.clock.now())
        await context.report(ticket.id, outcome, "fine")
        assert world.gate.outcomes == [(ticket.id, outcome, "fine")]
        with pytest.raises(PermissionDenied, match="action-9"):
            await context.report(ActionId("action-9"), outcome)


async def test_its_alerts_are_its_own_and_those_of_the_program_are_out_of_reach() -> None:
    async with make_world(ScriptedWork()) as world:
        context = world.contexts[WORKER]
        await context.raise_alert("service:shop", severity=Severity.WARNING, title="down")
        assert world.alerts.open["service:shop"][1] == "down"
        await context.resolve_alert("service:shop")
        assert world.alerts.open == {}
        for cause in ("agent:worker", "metric:backend.error_rate"):
            with pytest.raises(PermissionDenied):
                await context.resolve_alert(cause)
            with pytest.raises(PermissionDenied):
                await context.raise_alert(cause, severity=Severity.INFO, title="x")


async def test_readings_are_its_own_unless_it_names_another() -> None:
    async with make_world(ScriptedWork()) as world:
        context = world.contexts[WORKER]
        assert context.readings() == ()
        assert world.read_of == ["worker"]
        context.readings("system")
        assert world.read_of == ["worker", "system"]
        assert context.clock is world.clock
        assert context.spec.name == "worker"
