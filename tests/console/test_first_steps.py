"""A newcomer sees true first steps, can try one thing, and is shown round."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from console.keymap import find_row
from console.screens.help import HelpScreen
from console.tour import STEPS
from core.actions import ActionStatus, Decision
from core.errors import PermissionDenied
from core.events import AgentSeen
from core.fleet import AgentOrigin
from core.ids import AgentId, CorrelationId
from core.ports import Ticket
from tests.console.day import fill_agents
from tests.console.driving import Driver, open_console
from tests.console.fakes import FakeOperator
from tests.factories import NOW
from tests.fake_fleet import FakeFleet


class FakeTrial:
    """Holds an action, and ends when it is told to."""

    def __init__(self, operator: FakeOperator) -> None:
        self.operator = operator
        self.runs = 0
        self.done = asyncio.Event()
        self.refused = False

    async def run(self, asked: Callable[[Ticket], None]) -> str:
        self.runs += 1
        if self.refused:
            raise PermissionDenied("unknown agents are refused")
        approval = self.operator.hold("8f2a1c", agent_id=AgentId("try-it"))
        ticket = Ticket(
            id=approval.id,
            decision=Decision.ASK,
            status=ActionStatus.PENDING,
            reasons=(),
            arguments={},
            digest=approval.digest,
            correlation_id=CorrelationId("0" * 32),
        )
        asked(ticket)
        await self.done.wait()
        return "try-it reports: the folder is empty."


def lonely_fleet() -> FakeFleet:
    fleet = FakeFleet()
    fleet.agents = [each for each in fleet.agents if each.origin is AgentOrigin.HOSTED]
    return fleet


def newcomer(operator: FakeOperator, trial: FakeTrial | None = None) -> dict[str, Any]:
    return {
        "fleet": lonely_fleet(),
        "home": "/h",
        "gateway_url": "http://127.0.0.1:7717",
        "trial": trial or FakeTrial(operator),
    }


async def test_first_steps_go_with_the_first_call_from_outside() -> None:
    operator = FakeOperator()
    async with open_console(operator, **newcomer(operator)) as console:
        await console.hear()
        await console.see("FIRST STEPS", "--home /h", "i try it")
        fill_agents(operator)
        console.clock.advance(1)
        await operator.bus.publish(
            AgentSeen(at=NOW, agent_id=AgentId("scraper"), trust=0.5, quarantined=False, new=True)
        )
        await console.see("FEED", "4 agents")
        assert "FIRST STEPS" not in console.screen_text()
        assert "try it" not in console.screen_text()
        await console.press("i")
        assert "Agents call already: there is no need to try." in console.toasts()


async def test_one_key_puts_a_real_question_and_tells_what_came_of_it() -> None:
    operator = FakeOperator()
    trial = FakeTrial(operator)
    async with open_console(operator, **newcomer(operator, trial)) as console:
        await console.hear()
        await console.press("i")
        await console.until(lambda: "press 3." in " ".join(console.toasts()))
        await console.hear()
        await console.see("! 1 approval")
        await console.press("i")
        await console.until(lambda: "waits for your answer already" in " ".join(console.toasts()))
        assert trial.runs == 1
        trial.done.set()
        await console.until(lambda: "try-it reports: the folder is empty." in console.toasts())


async def test_a_refusal_is_told_and_it_can_be_tried_again() -> None:
    operator = FakeOperator()
    trial = FakeTrial(operator)
    trial.refused = True
    async with open_console(operator, **newcomer(operator, trial)) as console:
        await console.hear()
        await console.press("i")
        await console.until(lambda: "unknown agents are refused" in console.toasts())
        trial.refused = False
        await console.press("i")
        await console.until(lambda: trial.runs == 2)


async def test_where_nothing_is_hosted_there_is_nothing_to_try() -> None:
    operator = FakeOperator()
    async with open_console(operator, fleet=lonely_fleet()) as console:
        await console.hear()
        await console.see("FIRST STEPS")
        assert "try-it" not in console.screen_text()


async def begin_tour(console: Driver) -> None:
    await console.press("colon")
    await console.type("tour")
    await console.press("enter")
    await console.see("TOUR", STEPS[0].words)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_tour_goes_forward_as_the_person_does_what_it_says(size: tuple[int, int]) -> None:
    operator = FakeOperator()
    trial = FakeTrial(operator)
    given = newcomer(operator, trial)
    async with open_console(operator, size=size, **given) as console:
        await console.hear()
        await begin_tour(console)
        for keys, step in ((("plus",), 1), (("2",), 2), (("enter",), 3), (("4",), 4)):
            await console.hear()
            await console.press(*keys)
            await console.see(STEPS[step].words)
        await console.press("1")
        await console.see("FIRST STEPS")
        await console.press("i")
        await console.hear()
        await console.see(STEPS[5].words)
        await console.open_approvals("8f2a1c")
        await console.see(STEPS[6].words)
        await console.press("enter")
        await console.see(STEPS[7].words)
        approval = operator.pending[0]
        await operator.settle_elsewhere(approval.id[-6:], "approved", by=None)
        await console.see(STEPS[8].words)
        await console.press("9")
        await console.see(STEPS[9].words)
        operator.report = replace(operator.report, entries=3)
        await console.press(find_row("verify").keys[0])
        for key, step in (("6", 11), ("5", 12), ("question_mark", 13)):
            await console.see(STEPS[step - 1].words)
            await console.press(key)
        await console.see(STEPS[13].words)
        assert isinstance(console.app.front_screen, HelpScreen)
        await console.press("plus")
        await console.until(lambda: "TOUR" not in console.screen_text())


async def test_the_tour_can_be_left_at_any_time_and_takes_no_room_then() -> None:
    operator = FakeOperator()
    async with open_console(operator, fleet=FakeFleet()) as console:
        await console.press("plus")
        assert "There is no tour on: :tour begins one." in console.toasts()
        await begin_tour(console)
        await console.press("2", find_row("tour_leave").keys[0])
        await console.until(lambda: "TOUR" not in console.screen_text())
        await begin_tour(console)
