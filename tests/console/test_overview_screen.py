"""The pulse is true, current, and leads on."""

from dataclasses import replace

from console.app import MaestroApp
from console.screens.approvals import ApprovalsScreen
from console.screens.overview import OverviewScreen
from core.commands import SetQuarantine
from core.errors import ActionNotFound
from core.events import AgentSeen, AuditAdvanced, AuditBroken, ServiceFailed
from core.ids import AgentId
from tests.console.day import busy_operator, fill_agents, fill_trail, past_events
from tests.console.driving import AT_ONCE, Driver, open_console
from tests.console.fakes import MARIA, FakeOperator, action_id
from tests.factories import NOW
from tests.fakes import FakeClock


def overview(console: Driver) -> OverviewScreen:
    screen = console.app.screen
    assert isinstance(screen, OverviewScreen)
    return screen


async def play(console: Driver, operator: FakeOperator) -> None:
    for event in past_events(operator):
        await operator.bus.publish(event)
    await console.hear()


async def test_an_agent_seen_for_the_first_time_is_there_without_another_event() -> None:
    operator = FakeOperator()
    async with open_console(operator) as console:
        await console.see("0 agents", "no agent has called yet")
        fill_agents(operator)
        console.clock.advance(1)
        await operator.bus.publish(
            AgentSeen(at=NOW, agent_id=AgentId("scraper"), trust=0.5, quarantined=False, new=True)
        )
        await console.see("4 agents", "claude-code")


async def test_the_trail_grows_on_screen_though_nobody_announces_its_length() -> None:
    operator = FakeOperator()
    async with open_console(operator) as console:
        await console.see("0 entries")
        fill_trail(operator, 12)
        await play(console, busy_operator())
        await console.hear()
        await console.see("12 entries", operator.entries[-1].hash[:16])
        await operator.bus.publish(AuditAdvanced(at=NOW, length=13, head="ab" * 32))
        await console.see("13 entries", "abababab")


async def test_enter_on_what_waits_goes_to_it() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.see("8f2a1c", "WAITING LONGEST", "6 approvals")
        await console.press("down", "enter")
        await console.until(lambda: isinstance(console.app.screen, ApprovalsScreen))
        await console.until(lambda: console.selected() == action_id("c41d07"))


async def test_enter_on_an_agent_keeps_its_held_actions() -> None:
    operator = busy_operator()
    async with open_console(operator, size=(120, 40)) as console:
        await console.see("scraper")
        await console.press("tab", "tab")
        screen = overview(console)
        await console.until(lambda: screen.agents.has_focus)
        await console.press("y")
        assert console.app.clipboard == "claude-code"
        await console.press("t")
        assert "The selected row belongs to no action." in console.toasts()
        await console.press("enter")
        await console.see(" / agent:claude-code ")
        assert {each.agent_id for each in console.approvals.queue.rows} == {"claude-code"}


async def test_the_feed_tells_what_happened_and_can_be_held_still() -> None:
    operator = busy_operator()
    async with open_console(operator, size=(120, 40)) as console:
        await play(console, operator)
        await console.see("FEED", "✗ failed", "exit code 2", "by paul", "leave the upload out")
        await console.press("p")
        await console.see("paused, 0 newer")
        await operator.settle_elsewhere("8f2a1c", "expired", by=None)
        await console.hear()
        await console.see("paused, 1 newer")
        assert "✗ expired" not in console.screen_text()
        await console.press("p")
        await console.see("✗ expired", "nobody answered")


async def test_enter_and_t_on_an_event_draw_its_trace() -> None:
    operator = busy_operator()
    async with open_console(operator, size=(120, 40)) as console:
        await play(console, operator)
        screen = overview(console)
        screen.feed.focus()
        await console.press("y")
        assert console.app.clipboard == action_id("f00001")
        await console.press("enter")
        await console.see("trace \u203a f00001", "approval.wait")
        await console.press("q")
        await console.until(lambda: console.app.screen is screen)
        await console.pilot.click("#waiting", offset=(10, 1), times=2)
        await console.until(lambda: isinstance(console.app.screen, ApprovalsScreen))


async def test_t_on_what_waits_draws_its_trace() -> None:
    async with open_console(busy_operator()) as console:
        await console.see("8f2a1c")
        await console.press("t")
        await console.see("trace \u203a 8f2a1c")


async def test_an_empty_overview_has_nothing_to_open() -> None:
    async with open_console(FakeOperator()) as console:
        await console.see(
            "no action judged since this console opened", "no rule approves by itself"
        )
        await console.press("enter", "t", "y")
        assert console.toasts() == ["Nothing is selected."]  # said once


async def test_what_is_wrong_stands_in_sight_until_it_is_right_again() -> None:
    operator = FakeOperator()
    async with open_console(operator) as console:
        await console.see("no alerts")
        await operator.bus.publish(
            ServiceFailed(at=NOW, service="journal", message="disk full", restarting=True)
        )
        await operator.bus.publish(AuditBroken(at=NOW, position=3, message="entry 3 was edited"))
        await console.hear()
        await console.see("ALERTS", "journal: disk full", "✗ chain broken")
        operator.broken = {"list_agents"}
        await console.hear()
        await console.see("cannot read agents: list_agents: disk I/O error", "3 alerts")
        operator.broken = set()
        await console.hear()
        await console.see("2 alerts")


async def test_x_puts_an_agent_into_quarantine_and_out_again_with_a_reason() -> None:
    operator = busy_operator()
    async with open_console(operator, size=(120, 40)) as console:
        await console.press("x")
        assert "Go to the AGENTS pane first (Tab) and select one." in console.toasts()
        overview(console).agents.focus()
        await console.see("x quarantine")
        await console.press("x")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.press("enter")
        assert "Quarantine: a reason is needed." in console.toasts()
        await console.type("odd")
        await console.press("enter")
        await console.until(lambda: operator.commands)
        await console.until(lambda: "✓ claude-code is in quarantine" in console.toasts())
        await console.hear()
        await console.until(lambda: overview(console).agents.has_focus)
        await console.press("x")
        await console.see("Release from quarantine")
        await console.type("ok")
        await console.press("enter")
        await console.until(lambda: "✓ claude-code is released" in console.toasts())
        operator.failure = ActionNotFound("no agent 'claude-code' is known here")
        await console.press("x")
        await console.see("Put into quarantine")
        await console.press("escape")
        await console.press("x")
        await console.type("no")
        await console.press("enter")
        await console.until(lambda: "no agent 'claude-code' is known here" in console.toasts())
    sent = [each for each in operator.commands if isinstance(each, SetQuarantine)]
    assert [(each.quarantined, each.reason, each.key) for each in sent[:2]] == [
        (True, "odd", "x"),
        (False, "ok", "x"),
    ]


async def test_an_agent_nothing_has_come_of_is_new() -> None:
    operator = busy_operator()
    operator.agents = [replace(operator.agents[0], trust=None)]
    async with open_console(operator) as console:
        await console.see("active        new")


async def test_what_was_not_read_is_not_said_to_be_empty() -> None:
    operator, clock = busy_operator(), FakeClock()
    operator.broken = {"list_approvals", "list_agents"}
    app = MaestroApp(operator, operator.bus, clock, MARIA, **AT_ONCE)
    async with app.run_test(size=(80, 24)) as pilot:
        console = Driver(app, pilot, clock, operator)
        await console.see("WAITING LONGEST  not read yet", "AGENTS  not read yet")
        assert "nothing waits for you" not in console.screen_text()
        assert "no agent has called" not in console.screen_text()
        await console.press("3")
        await console.see("EXPIRES", "not read yet")
        assert "nothing waits for you" not in console.screen_text()
