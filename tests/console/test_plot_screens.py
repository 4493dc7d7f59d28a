"""The map of activity and the drawing of needs, as an operator uses them."""

from dataclasses import replace
from typing import Any

import pytest

from console.screens.agent_detail import AgentDetailScreen
from console.screens.base import MaestroScreen
from console.screens.graph import GraphScreen
from console.screens.heat import HeatScreen
from console.widgets.pad import Pad
from core.ids import AgentId
from tests.console.driving import Driver
from tests.console.fleet_driving import open_fleet
from tests.console.office_fakes import FakeMachine
from tests.console.picturing import strips
from tests.fake_fleet import FakeFleet
from tests.fleet_day import make_agent


async def go(console: Driver, kind: type[MaestroScreen], *keys: str) -> Any:
    """Press, and wait for the screen with what it reads."""
    await console.press(*keys)
    await console.until(lambda: isinstance(console.app.screen, kind))
    await console.hear()
    return console.app.screen


async def test_the_map_is_a_key_away_from_the_agents_and_leads_to_each() -> None:
    async with open_fleet("2") as (console, _):
        screen = await go(console, HeatScreen, "h")
        await console.see("actions and messages, last hour", "not counted before")
        await console.press("down")
        assert screen.table.selected.agent == "backend"
        await go(console, AgentDetailScreen, "enter")
        await go(console, HeatScreen, "escape")
        await console.press("escape")
        await console.see("FLEET")


async def test_the_map_counts_what_is_asked_for_over_the_time_that_is_asked_for() -> None:
    async with open_fleet("2", "h") as (console, _):
        await console.hear()
        for said in ("HEAT  actions,", "HEAT  messages,", "HEAT  errors,", "actions and messages,"):
            await console.press("m")
            await console.see(f"{said} last hour")
        await console.press("t")
        await console.hear()
        await console.see("last day", "min a cell")


async def test_without_colours_the_selected_agents_map_is_not_turned_round() -> None:
    async with open_fleet("2", "h") as (console, _):
        console.app.set_theme("mono")
        await console.hear()
        row = next(row for row in strips(console.app) if row[0].text.startswith("▸"))
        turned = "".join(each.text for each in row if each.style and each.style.reverse)
        assert "architect" in turned
        assert not set(turned) & set("░▒▓█╌")


async def test_the_map_is_a_table_too_and_both_are_written_to_files() -> None:
    async with open_fleet("2", "h") as (console, _):
        machine = FakeMachine()
        console.app.front.office = machine.office()
        await console.hear()
        await console.press("w")
        await console.see("FROM", "MESSAGES")
        await console.press("down")
        await console.see("backend  ")
        await console.press("e")
        await console.until(lambda: any(name.endswith(".csv") for name in machine.written))
        (name,) = [each for each in machine.written if each.endswith(".csv")]
        assert b"messages" in machine.written[name].splitlines()[0]
        await console.press("escape")
        await console.see("ACTIVITY")


async def test_a_map_that_cannot_be_read_says_why() -> None:
    fleet = FakeFleet()
    fleet.broken.add("activity")
    async with open_fleet("2", "h", fleet=fleet) as (console, _):
        await console.hear()
        await console.see("activity: disk I/O error")
        fleet.broken.clear()
        await console.hear()
        await console.see("not counted before")
        fleet.broken.add("activity")
        await console.hear()
        await console.see("HEAT  ✗ cannot read the activity", "not counted before")


async def test_a_filter_keeps_agents_on_the_map() -> None:
    async with open_fleet("2", "h", size=(120, 36)) as (console, _):
        await console.hear()
        await console.press("slash")
        await console.type("agent:video")
        await console.press("enter")
        await console.see("1 agents")
        await console.press("escape")
        await console.see("13 agents")
        await console.press("y")
        assert any("video" in each for each in console.toasts())


async def test_the_drawing_is_walked_by_arrows_and_leads_to_each_agent() -> None:
    async with open_fleet("2") as (console, _):
        screen: GraphScreen = await go(console, GraphScreen, "d")
        await console.see("[ ● architect ]", "18 needs")
        walk = [("down", "ai"), ("right", "devops"), ("left", "ai"), ("down", "video")]
        for key, name in [*walk, ("end", "business"), ("up", "mobile"), ("home", "architect")]:
            await console.press(key)
            row = screen.table.selected
            assert row is not None
            assert row.name == name
        await console.press("end")
        await console.see("[ ▽ business ]", "needs frontend, mobile, data")
        await go(console, AgentDetailScreen, "enter")
        await go(console, GraphScreen, "escape")
        await console.press("escape")
        await console.see("FLEET")


async def test_a_click_selects_and_a_double_click_opens() -> None:
    async with open_fleet("2", size=(120, 50)) as (console, _):
        screen: GraphScreen = await go(console, GraphScreen, "d")
        place = screen.pad.drawing.places["backend"]
        await console.pilot.click(Pad, offset=(place.x + 2, place.y + 1))
        await console.see("backend  ▲ degraded  needs architect, ai, video")
        await console.pilot.double_click(Pad, offset=(place.x + 2, place.y + 1))
        await console.until(lambda: isinstance(console.app.screen, AgentDetailScreen))


async def test_the_drawing_is_a_table_too() -> None:
    async with open_fleet("2", "d", size=(120, 36)) as (console, _):
        await console.hear()
        await console.press("w")
        await console.see("NEEDED BY", "business")
        await console.press("slash")
        await console.type("needs:data")
        await console.press("enter")
        await console.see("2 agents")
        await console.press("escape", "escape")
        await console.see("[ ● architect ]")


async def test_two_hundred_agents_are_a_tree_and_a_missing_one_is_told() -> None:
    fleet = FakeFleet()
    fleet.agents = [make_agent("core")]
    for at in range(199):
        agent = make_agent(f"worker-{at:03}")
        needs = (AgentId("core"), *((AgentId("ghost"),) if at == 7 else ()))
        fleet.agents.append(replace(agent, spec=replace(agent.spec, depends_on=needs)))
    async with open_fleet("2", "d", fleet=fleet, size=(120, 36)) as (console, _):
        await console.hear()
        await console.see("201 agents", "? 1 not in the fleet", "├ ● worker-000  online")
        await console.press("end")
        await console.see("└ ● worker-198  online")
        await console.press("slash")
        await console.type("agent:ghost")
        await console.press("enter")
        await console.see("│ ? ghost │", "needed by worker-007")
        await console.press("enter")
        assert any("ghost is not in the fleet" in each for each in console.toasts())


async def test_a_fleet_in_which_nobody_needs_anybody_says_so() -> None:
    fleet = FakeFleet()
    fleet.agents = [make_agent("loner")]
    async with open_fleet("2", "d", fleet=fleet) as (console, _):
        await console.hear()
        await console.see("no agent needs another")
        await console.press("down")
        await console.press("enter")
        assert isinstance(console.app.screen, GraphScreen)


@pytest.mark.parametrize(("name", "kind"), [("heat", HeatScreen), ("graph", GraphScreen)])
async def test_both_are_commands(name: str, kind: type[MaestroScreen]) -> None:
    async with open_fleet("2", "colon") as (console, _):
        await console.type(name)
        await console.press("enter")
        await console.until(lambda: isinstance(console.app.screen, kind))
