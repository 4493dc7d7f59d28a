"""A key's whole effect comes in one frame, where what it needs is there; else the cursor first."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from console import keyboard
from console.screens import around
from core.ids import ActionId
from core.ports import Dossier
from tests.console.driving import Driver, open_console
from tests.console.fakes import FakeOperator, action_id

WIDE = (160, 45)


def two_held(operator: FakeOperator) -> FakeOperator:
    for tail in ("aa0001", "aa0002"):
        operator.hold(tail, arguments={"command": f"ls {tail}"})
    return operator


class SlowOperator(FakeOperator):
    """Answers about actions when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def show_action(self, action_id: ActionId) -> Dossier:
        await self.may_answer.wait()
        return await super().show_action(action_id)


def watch_frames(console: Driver, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, object]]:
    """Fills with the action under the cursor and the one whose card is drawn, frame by frame."""
    frames: list[tuple[object, object]] = []
    app: Any = console.app
    display: Callable[..., None] = app._display

    def note(*given: Any) -> None:
        dossier = console.approvals.dossier
        frames.append((console.selected(), None if dossier is None else dossier.record.id))
        display(*given)

    monkeypatch.setattr(app, "_display", note)
    return frames


async def test_no_frame_shows_the_cursor_before_one_action_and_the_card_of_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_console(two_held(FakeOperator()), size=WIDE) as console:
        await console.open_approvals("aa0001")
        frames = watch_frames(console, monkeypatch)
        await console.press("j")
        await console.until(console.card_drawn)
        assert set(frames) == {(action_id("aa0002"), action_id("aa0002"))}
        await console.see("ls aa0002")
        assert "ls aa0001" not in console.dossier_text()


async def test_the_cursor_does_not_wait_for_a_card_that_takes_long() -> None:
    operator = SlowOperator()
    async with open_console(two_held(operator), size=WIDE) as console:
        await console.open_approvals("aa0001")
        operator.may_answer.clear()
        await console.press("j")
        await console.see("▸ aa0002")
        assert not console.dossier_fits()
        operator.may_answer.set()
        await console.until(console.card_drawn)
        await console.see("ls aa0002")


@pytest.mark.parametrize(
    ("arguments", "short"),
    [
        ({"argv": ["ls", 1, None, {"deep": True}]}, True),
        ({"command": "x" * 4_000}, False),
        ({"argv": ["y"] * 4_000}, False),
    ],
)
def test_a_card_is_made_at_once_only_of_little_text(arguments: Any, *, short: bool) -> None:
    operator = FakeOperator()
    held = operator.hold("aa0001", arguments=arguments)
    dossier = replace(operator.dossiers[held.id], session=None)
    assert around._is_short(dossier) is short  # pyright: ignore[reportPrivateUsage]


async def test_keys_do_not_wait_for_what_ended_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyboard, "_ENDING_S", 0.001)
    reached: list[str] = []

    class Pump:
        """Ends before it deals with anything, or deals with it at once."""

        def __init__(self, name: str, *, ends: bool) -> None:
            self.is_running = True
            self._name, self._ends = name, ends

        def call_later(self, call: Callable[[Any], None], pump: Any) -> None:
            if self._ends:
                self.is_running = False
                return
            reached.append(self._name)
            call(pump)

    ended, app = Pump("a dialog", ends=True), Pump("the app", ends=False)
    way: list[Any] = [Pump("a line", ends=False), ended, app]
    await keyboard._pass_by(way)  # pyright: ignore[reportPrivateUsage]
    assert reached == ["a line", "the app"]
