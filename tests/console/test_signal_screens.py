"""Messages and alerts: looked at, sent again, silenced."""

from core.commands import (
    AcknowledgeAlert,
    DiscardMessage,
    ResendMessage,
    SilenceAlert,
)
from tests.console.fleet_driving import open_fleet, sent, table
from tests.fake_fleet import FakeFleet
from tests.fleet_day import identifier, make_message

# -- messages -----------------------------------------------------------------------------------


async def test_messages_move_until_they_are_held_still() -> None:
    async with open_fleet("5") as (console, fleet):
        await console.see("9 newest", "◌ waiting", "9↑")
        await console.press("p")
        fleet.ring.insert(0, make_message("m00010", type="new.one"))
        await console.hear()
        await console.see("paused, 1 newer")
        assert "new.one" not in console.screen_text()
        await console.press("p")
        await console.see("new.one", "10 newest")


async def test_the_filter_of_messages_is_asked_of_the_port() -> None:
    async with open_fleet("5", "slash") as (console, _):
        await console.type("agent:security type:policy")
        await console.press("enter")
        await console.hear()
        await console.until(lambda: len(table(console).rows) == 1)
        await console.press("enter")
        await console.see("PAYLOAD", "sha256:6c1b07d2")
        await console.press("escape", "escape")
        await console.hear()
        await console.until(lambda: len(table(console).rows) == 9)


async def test_only_dead_letters_are_sent_again_or_given_up() -> None:
    async with open_fleet("5") as (console, fleet):
        await console.press("r", "x")
        words = "Only a dead letter can be sent again or discarded: d shows them."
        assert console.toasts() == [words]  # said once while it stands there
        await console.press("d")
        await console.hear()
        await console.see("messages \u203a dead letters", "expired after 300 s")
        assert len(table(console).rows) == 2
        await console.press("r")
        again = await sent(console, fleet)
        assert isinstance(again, ResendMessage)
        assert again.message_id == identifier("m00005")
        await console.hear()
        await console.until(lambda: len(table(console).rows) == 1)
        await console.press("x")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.type("late")
        await console.press("enter")
        gone = await sent(console, fleet, 2)
        assert isinstance(gone, DiscardMessage)
        assert gone.reason == "late"
        await console.hear()
        await console.see("no dead letter")


# -- alerts -------------------------------------------------------------------------------------


async def test_the_worst_alert_comes_first_and_is_told_whole() -> None:
    async with open_fleet("6") as (console, _):
        await console.see("✗ CRITICAL", "encoder not found", "◐ looked after", "‖ silent")
        await console.press("down")
        await console.see("612 ms", "500 ms")
        await console.press("enter", "full_stop", "comma")
        await console.see("metric:backend.api_response_time_p95")
        await console.press("escape", "y")
        assert console.app.clipboard == identifier("a00002")
        await console.press("h")
        await console.hear()
        await console.see("✓ resolved")
        await console.press("end", "a")
        assert "This alert is resolved already." in console.toasts()


async def test_an_alert_is_looked_after() -> None:
    async with open_fleet("6", "a") as (console, fleet):
        command = await sent(console, fleet)
        assert isinstance(command, AcknowledgeAlert)
        await console.until(lambda: "alert a00003 is acknowledged" in console.toasts())
        await console.hear()
        await console.see("by maria")


async def test_an_alert_is_silenced_for_a_time_and_a_reason() -> None:
    async with open_fleet("6", "n") as (console, fleet):
        await console.until(lambda: console.dialog() == "SilenceDialog")
        await console.press("2")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.see("Silence for 1 hour")
        await console.type("known")
        await console.press("enter")
        command = await sent(console, fleet)
        assert isinstance(command, SilenceAlert)
        assert (command.until - console.clock.now()).total_seconds() == 3600
        assert command.reason == "known"
        await console.press("n")
        await console.until(lambda: console.dialog() == "SilenceDialog")
        await console.press("escape", "n")
        await console.until(lambda: console.dialog() == "SilenceDialog")
        await console.press("1")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.press("escape")
        assert len(fleet.commands) == 1


async def test_an_alert_leads_to_its_agent() -> None:
    async with open_fleet("6", "g") as (console, _):
        await console.hear()
        await console.see("alerts \u203a video", "encoder not found")
        await console.press("escape")
        await console.see("maestro \u203a alerts")


async def test_no_alert_is_good_news() -> None:
    fleet = FakeFleet()
    fleet.open_alerts = []
    async with open_fleet("6", fleet=fleet) as (console, _):
        await console.see("✓ no alert", "nothing is past its bound")
        await console.press("a")
        assert "Nothing is selected." in console.toasts()
