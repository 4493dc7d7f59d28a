"""Agents, metrics, messages and alerts: seen, steered, and no more read than looked at."""

from dataclasses import replace

import pytest

from console.screens.agent_detail import AgentDetailScreen
from console.screens.agents import AgentsScreen
from console.screens.metric_detail import MetricDetailScreen
from core.commands import (
    AgentChange,
    ControlAgent,
)
from core.errors import PermissionDenied
from core.events import AlertChanged, DegradationChanged
from core.fleet import AgentMode, AgentOrigin
from core.ids import AlertId
from core.measures import AlertState, Severity
from tests.console.driving import open_console
from tests.console.fakes import FakeOperator
from tests.console.fleet_driving import chosen, open_fleet, sent, table
from tests.factories import NOW
from tests.fake_fleet import FakeFleet
from tests.fleet_day import identifier, make_agent, make_message

WIDE = (160, 45)


# -- agents -----------------------------------------------------------------------------------


async def test_every_agent_is_listed_hosted_ones_first() -> None:
    async with open_fleet("2") as (console, _):
        await console.see("10 agents", "✗ ERROR", "▲ degraded", "‖ paused", "gemini-cli")
        names = [row.state.spec.name for row in table(console).rows]
        assert names[0] == "architect"
        assert [row.state.origin for row in table(console).rows[-3:]] == [AgentOrigin.OUTSIDE] * 3
        await console.press("y")
        assert console.app.clipboard == "architect"


async def test_sorting_shows_an_arrow_and_the_selection_stays_on_its_agent() -> None:
    async with open_fleet("2") as (console, _):
        await console.press("down", "down", "down")
        assert chosen(console).state.spec.name == "ai"
        await console.press("o", "o", "o")
        await console.see("LOAD▼")
        assert table(console).rows[0].state.spec.name == "ai"
        await console.press("v")
        await console.see("LOAD▲")
        assert chosen(console).state.spec.name == "ai"
        await console.press("o")
        await console.see("QUEU▼")
        await console.press("o", "o", "o", "o")
        await console.until(lambda: "▼" not in console.screen_text())
        await console.press("v")
        assert table(console).rows[0].state.spec.name == "architect"


async def test_a_filter_is_a_crumb_and_escape_clears_it() -> None:
    async with open_fleet("2") as (console, _):
        await console.press("slash")
        await console.type("state:degraded")
        await console.press("enter")
        await console.see(" / state:degraded ")
        assert len(table(console).rows) == 2
        await console.press("slash")
        await console.type("zzz")
        await console.press("enter")
        await console.see("nothing fits the filter")
        await console.press("escape")
        await console.until(lambda: len(table(console).rows) == 13)
        await console.press("colon")
        await console.type("agent codex")
        await console.press("enter")
        await console.until(lambda: len(table(console).rows) == 1)


@pytest.mark.parametrize(
    ("agent", "key", "change"),
    [
        ("ai", "p", AgentChange.PAUSE),
        ("data", "p", AgentChange.RESUME),
        ("ai", "z", AgentChange.DRAIN),
        ("video", "x", AgentChange.RESTART),
    ],
)
@pytest.mark.parametrize("where", ["table", "detail"])
async def test_steering_asks_why_and_shows_what_came_of_it(
    agent: str, key: str, change: AgentChange, where: str
) -> None:
    async with open_fleet("2") as (console, fleet):
        table(console).select(agent)
        if where == "detail":
            await console.press("enter")
            await console.hear()
            await console.see("RECENT ACTIONS")
        await console.press(key)
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.see(f"{change.value.capitalize()}, because", agent)
        await console.press("enter")
        assert f"{change.value.capitalize()}: a reason is needed." in console.toasts()
        assert fleet.commands == []
        await console.type("because")
        await console.press("enter")
        command = await sent(console, fleet)
        assert isinstance(command, ControlAgent)
        assert (command.agent_id, command.change) == (agent, change)
        assert (command.reason, command.key, command.operator) == ("because", key, "maria")
        await console.until(lambda: f"{agent}: {change} is done" in console.toasts())


async def test_escape_steers_nothing_and_a_refusal_is_shown() -> None:
    async with open_fleet("2") as (console, fleet):
        await console.press("p")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.press("escape")
        assert fleet.commands == []
        fleet.failure = PermissionDenied("policy deny:agent-control forbids this")
        await console.press("x")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.type("x")
        await console.press("enter")
        await console.until(lambda: "policy deny:agent-control forbids this" in console.toasts())
        assert fleet.agents[0].mode is AgentMode.RUNNING


async def test_an_outside_agent_cannot_be_steered_from_here() -> None:
    async with open_fleet("2") as (console, fleet):
        table(console).select("codex")
        for key in ("p", "z", "x"):
            await console.press(key)
        words = "It runs outside: only its own program can pause or restart it."
        assert console.toasts() == [words]  # said once while it stands there
        await console.press("enter")
        await console.hear()
        await console.see("outside", "s-77d0", "$0.93", "gpt-5-codex")
        assert "LOAD" not in console.screen_text()
        assert fleet.commands == []


async def test_one_agent_is_shown_whole_and_its_load_as_a_table_too() -> None:
    async with open_fleet("2", "down", "enter", size=WIDE) as (console, _):
        await console.see(
            "agents \u203a backend",
            "fallen with video",
            "└ video  ✗ ERROR",
            "NEEDED BY",
            "contract.review from architect",
            "service.restart",
            "api_response_time_p95",
            "! 612 ms",
            "⣿",
        )
        await console.press("w")
        await console.see("w chart", "now")
        assert "⣿" not in console.screen_text()
        await console.press("w", "y")
        assert console.app.clipboard == "backend"
        await console.press("escape")
        await console.until(lambda: isinstance(console.app.screen, AgentsScreen))


async def test_an_agent_that_is_gone_says_so() -> None:
    async with open_fleet("2") as (console, fleet):
        await console.see("architect")
        fleet.agents = fleet.agents[1:]
        await console.press("enter")
        await console.hear()
        await console.see("cannot read the agent: no agent 'architect' is in the fleet")
        await console.press("p")
        assert "Nothing is selected." in console.toasts()


async def test_hostile_names_and_notes_are_drawn_inert() -> None:
    fleet = FakeFleet()
    fleet.agents = [make_agent("[red]e\x1b[2J", note="\u202eowned [link=x]")]
    fleet.ring = [make_message("m1", type="[b]x\x07", payload={"a": "\x1b]0;t\x07"})]
    async with open_fleet("2", fleet=fleet, size=WIDE) as (console, _):
        await console.see("[red]e\\x1b", "\\u202eowned [link=x]")
        await console.press("5")
        await console.hear()
        await console.see("[b]x\\x07", "\\x1b]0;t\\x07")


# -- metrics ------------------------------------------------------------------------------------


async def test_all_metrics_are_shown_with_a_value_or_no_source() -> None:
    async with open_fleet("4") as (console, _):
        await console.see("METRICS 54", "3 past their bound", "· no source", "! 0.25/h")
        assert len(table(console).rows) == 54
        await console.press("slash")
        await console.type("state:stale")
        await console.press("enter")
        await console.see("1 of 54", "error_rate", "▲ stale")


async def test_a_metric_is_drawn_over_three_spans_and_as_a_table() -> None:
    async with open_fleet("4", size=WIDE) as (console, _):
        table(console).select("backend.api_throughput")
        await console.press("enter")
        await console.hear()
        await console.see("LAST 1 h", "▀", "1,000/s", "access_log", "412 requests in 300 s")
        for words in ("LAST 24 h", "LAST 14 d", "LAST 1 h"):
            await console.press("t")
            await console.hear()
            await console.see(words, "▀")
        await console.press("w")
        await console.see("MEAN", "COUNT", "2026-11-21 08:")
        await console.press("down", "w", "y")
        assert console.app.clipboard == "backend.api_throughput"
        await console.press("g")
        await console.hear()
        await console.until(lambda: isinstance(console.app.screen, AgentDetailScreen))
        await console.press("escape")
        await console.until(lambda: isinstance(console.app.screen, MetricDetailScreen))
        await console.press("escape")
        await console.see("METRICS  54")


async def test_a_metric_that_was_never_measured_has_no_chart() -> None:
    async with open_fleet("4") as (console, _):
        table(console).select("ai.cost_per_video")
        await console.press("enter")
        await console.hear()
        await console.see("nothing was measured in this span", "no source", "maestro.toml")
        assert "▀" not in console.screen_text()


async def test_a_metric_of_the_whole_system_leads_to_no_agent() -> None:
    async with open_fleet("4", "end") as (console, _):
        assert chosen(console).spec.agent == "system"
        await console.press("g")
        assert "This belongs to no agent of the fleet." in console.toasts()


# -- all of them --------------------------------------------------------------------------------


async def test_the_overview_has_doors_to_the_fleet() -> None:
    async with open_fleet("1") as (console, _):
        await console.see("[6] alerts ✗ 1 critical +1", "[2] agents 10 ✗ 1 ERROR +4", "✗ 2 dead")
        await console.pilot.click("#doors", offset=(34, 0))
        await console.until(lambda: isinstance(console.app.screen, AgentsScreen))


async def test_a_screen_in_front_is_read_and_no_other() -> None:
    async with open_fleet("3") as (console, fleet):
        fleet.reads.clear()
        for _ in range(6):
            await console.hear()
        assert set(fleet.reads) == {"alerts"}
        await console.press("4")
        await console.hear()
        assert set(fleet.reads) == {"alerts", "readings", "fleet"}


async def test_events_make_what_is_shown_stale() -> None:
    async with open_fleet("6") as (console, fleet):
        await console.see("✗ 1 critical")
        fleet.open_alerts = fleet.open_alerts[1:]
        console.clock.advance(1)
        await console.operator.bus.publish(
            AlertChanged(
                at=NOW,
                alert_id=AlertId(identifier("a00003")),
                cause="agent:video",
                agent="video",
                severity=Severity.CRITICAL,
                state=AlertState.RESOLVED,
                title="",
                silenced=False,
            )
        )
        await console.until(lambda: "critical" not in console.screen_text())


async def test_the_header_counts_alerts_and_says_when_coordination_failed() -> None:
    async with open_fleet("3") as (console, _):
        await console.see("✗ 2 alerts")
        failed = DegradationChanged(at=NOW, degraded=True, reason="the router failed")
        await console.operator.bus.publish(failed)
        await console.hear()
        await console.see("✗ 3 alerts")
        await console.press("1")
        await console.see("coordination failed: the router failed; risky actions are blocked")
        await console.operator.bus.publish(replace(failed, degraded=False))
        await console.hear()
        await console.see("✗ 2 alerts")


@pytest.mark.parametrize("key", ["2", "4", "5", "6"])
async def test_an_engine_without_an_orchestrator_says_so(key: str) -> None:
    async with open_console(FakeOperator()) as console:
        await console.press(key)
        await console.see("this engine hosts no orchestrator")
        await console.press("1")
        await console.until(lambda: "6 alerts" not in console.screen_text())


@pytest.mark.parametrize("key", ["2", "4", "5", "6"])
async def test_a_read_that_fails_is_told_and_what_was_known_stays(key: str) -> None:
    async with open_fleet(key) as (console, fleet):
        rows = len(table(console).rows)
        fleet.broken = {"fleet", "readings", "messages", "alerts"}
        for _ in range(6):
            await console.hear()
        await console.see("cannot read the", "disk I/O error")
        assert len(table(console).rows) == rows


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (120, 36), (200, 60)])
async def test_names_and_states_are_drawn_in_every_window(size: tuple[int, int]) -> None:
    async with open_fleet("2", size=size) as (console, _):
        await console.see("architect", "● online", "✗ ERROR", "▽ draining")
        await console.press("4")
        await console.hear()
        await console.see("architect", "● fresh")
        await console.press("6")
        await console.hear()
        await console.see("✗ CRITICAL", "! firing")


async def test_the_help_of_a_detail_screen_has_words() -> None:
    async with open_fleet("2", "enter", "question_mark", size=WIDE) as (console, _):
        await console.see("ON AGENT DETAIL", "Show the chart as a table")
        await console.press("escape", "colon")
        await console.type("alerts")
        await console.press("enter")
        await console.see("maestro \u203a alerts")
