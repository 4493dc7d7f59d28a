"""Keys typed before what they are for stands there wait for it; none decides on what was unseen."""

import asyncio
from typing import Any

from textual import events

from core.commands import ApproveAction, DenyAction
from tests.console.driving import Driver, open_console
from tests.console.fakes import FakeOperator, action_id


def two_held() -> FakeOperator:
    operator = FakeOperator()
    for tail in ("aa0001", "aa0002"):
        operator.hold(tail)
    return operator


def type_at_once(console: Driver, *keys: str) -> None:
    """Read them from the terminal in one go, as a driver does, before any has had its effect."""
    for key in keys:
        typed = events.Key(key, key if len(key) == 1 else None)
        driver = console.app._driver  # pyright: ignore[reportPrivateUsage]
        assert driver is not None
        driver.send_message(typed)


async def settle(console: Driver) -> None:
    await console.until(lambda: console.app.keyboard.rests)


async def test_a_command_typed_at_once_is_carried_out_and_does_nothing_else() -> None:
    operator = two_held()
    async with open_console(operator) as console:
        await console.open_approvals()
        type_at_once(console, "colon", *"audit", "enter")
        await console.see("maestro \u203a audit")
        assert not operator.commands
        assert not console.app.front.outbox.held
        assert console.toasts() == []


async def test_a_filter_typed_at_once_with_the_key_of_its_screen_fits_that_screen() -> None:
    async with open_console(two_held()) as console:
        type_at_once(console, "3", "slash", *"aa0002", "enter")
        await console.until(lambda: console.approvals.filter.text == "aa0002")
        assert console.app.screen is console.approvals


async def test_a_reason_typed_at_once_with_the_key_that_asks_for_it_is_the_reason() -> None:
    operator = two_held()
    async with open_console(operator) as console:
        await console.open_approvals("aa0001")
        type_at_once(console, "d", *"nosa", "enter")
        await console.until(lambda: operator.commands)
        denied = operator.commands[0]
        assert isinstance(denied, DenyAction)
        assert denied.reason == "nosa"
        await settle(console)
        assert len(operator.commands) == 1
        assert console.app.screen is console.approvals


async def test_a_key_read_before_the_card_was_drawn_never_decides_however_late_it_comes() -> None:
    operator = two_held()
    async with open_console(operator) as console:
        await console.open_approvals("aa0001")
        read_at_s = console.clock.monotonic_s()
        await console.press("down")
        await console.until(console.card_drawn)
        console.read_time()
        late = events.Key("a", "a")
        late.time = read_at_s  # it lay in the queue while the loop was held up
        console.app.post_message(late)
        await settle(console)
        await console.until(console.toasts)
        assert "keys answer once it was there" in console.toasts()[0]
        assert not operator.commands
        await console.read_all()
        await console.press("a")
        await console.until(lambda: operator.commands)
        approved = operator.commands[0]
        assert isinstance(approved, ApproveAction)
        assert approved.action_id == action_id("aa0002")


async def test_a_card_left_and_come_back_to_must_be_drawn_again_before_a_key_decides() -> None:
    operator = two_held()
    async with open_console(operator) as console:
        await console.open_approvals("aa0001")
        type_at_once(console, "2", "3", "a")
        await console.until(console.toasts)
        assert "keys answer once it was there" in console.toasts()[0]
        await settle(console)
        assert console.app.screen is console.approvals
        assert not operator.commands
        await console.read_all()
        await console.press("a")
        await console.until(lambda: operator.commands)


async def test_what_a_filter_hides_is_not_decided_by_a_key_typed_behind_the_filter() -> None:
    operator = two_held()
    async with open_console(operator) as console:
        await console.open_approvals("aa0001")
        type_at_once(console, "slash", *"aa0002", "enter", "a")
        await console.until(lambda: console.selected() == action_id("aa0002"))
        await settle(console)
        assert not operator.commands


async def test_what_never_opens_gives_the_keys_back_and_forgets_what_was_typed_for_it(
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr("console.keyboard._PATIENCE_S", 0.2)
    operator = two_held()
    async with open_console(operator) as console:
        await console.open_approvals("aa0001")
        stuck = asyncio.Event()

        async def never_asks() -> None:
            await stuck.wait()

        console.app.front.typed.start_asking(console.approvals, never_asks, group="stuck")
        type_at_once(console, "9")
        await console.until(console.toasts)
        assert console.toasts()[0].startswith("Nothing opened in time")
        assert console.app.screen is console.approvals
        await console.press("9")
        await console.see("maestro \u203a audit")
        stuck.set()
