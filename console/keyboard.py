"""One key at a time: what is typed waits until what it was typed for stands on the screen.

Textual hands each key to the widget that has the focus when the key is read. What a key opens gets
the focus some messages later, so keys that are typed on at once would act on what lies below.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.signal import Signal

from console.driver import date_input
from console.language import _
from console.screens.base import Front

_PATIENCE_S: Final = 5.0  # for what a key opens; what was typed for it is forgotten then
_LOOK_S: Final = 0.01
_DRAWING_S: Final = 1.0  # a busy machine draws late; asked for anew more often, it never ends
_ENDING_S: Final = 0.05  # between looks whether who should answer is there still
_PASSES: Final = 2  # what a key began outside may come back to what is within


class Keyboard:
    """Hands on what is typed and clicked, in order, each when the one before has had its effect."""

    def __init__(
        self,
        app: App[Any],
        front: Front,
        *,
        hand_on: Callable[[events.Event], Awaitable[None]],
        say: Callable[[str], None],
    ) -> None:
        """`hand_on` is how the app deals with an event by itself."""
        self._app = app
        self._typed = front.typed
        self._clock = front.bridge.clock
        self._to_app = hand_on
        self._say = say
        self._held: deque[events.Event] = deque()
        self.rests = True  # all that was typed has had its effect
        self._stirred = asyncio.Event()
        self._drawn: Screen[Any] | None = None  # the last that was seen to be drawn
        self._target: DOMNode = app
        self._whole: Screen[Any] | None = None  # the last in front that was no dialog

    @staticmethod
    def is_typed(event: events.Event) -> bool:
        """Whether an event comes from a hand and does something."""
        return (
            isinstance(event, (events.InputEvent, events.Paste))
            and not isinstance(event, events.MouseMove)
            and not event.is_forwarded
        )

    async def take(self, event: events.Event) -> None:
        """Hand an event on, or hold it. To be called by the app's own loop of messages."""
        if not (self.rests and self._stands):
            self._held.append(event)
            self._stirred.set()
        elif self._is_text(event):
            await self._hand_on(event)
        else:
            self.rests = False
            await self._hand_on(event)
            self._stirred.set()

    async def run(self) -> None:
        """Hand on what is held, until cancelled, or the app has no screen any more."""
        with suppress(ScreenStackError):
            await self._run()

    async def _run(self) -> None:
        driver = self._app._driver  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        if driver is not None:
            date_input(driver, self._clock)
        self._whole = self._app.screen
        signal = cast("Signal[Any]", self._app.screen_change_signal)  # pyright: ignore[reportUnknownMemberType]
        signal.subscribe(self._app, self._count, immediate=True)
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            self.rests = False
            await self._settle()
            while self._held:
                event = self._held.popleft()
                text = self._is_text(event)
                self._app.call_later(self._hand_on, event)
                if not (text and self._held and self._is_text(self._held[0])):
                    await self._settle()
            self._typed.read_at_s = None
            self.rests = True

    def _is_text(self, event: events.Event) -> bool:
        """Whether it only writes into the line that has the focus, which opens nothing."""
        line = self._app.focused
        if line is None or not isinstance(event, events.Key):
            return False
        return event.is_printable and line.check_consume_key(event.key, event.character)

    def _count(self, screen: Screen[Any]) -> None:
        if screen is not self._whole and not screen.is_modal:
            self._whole = screen
            self._typed.turn += 1

    async def _hand_on(self, event: events.Event) -> None:
        self._typed.read_at_s = event.time
        self._target = self._app.focused or self._app.screen
        if isinstance(event, events.MouseEvent):
            with suppress(NoWidget):
                self._target = self._app.get_widget_at(event.x, event.y)[0]
        await self._to_app(event)

    async def _settle(self) -> None:
        """Until what was handed on has had its effect; what takes too long is waited for no more,
        and what was typed for it reaches nothing.
        """
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._let_work()
                while not self._stands:
                    await self._wait_standing()
                    await self._let_work()
        except TimeoutError:
            if self._held:
                self._held.clear()
                self._typed.give_up()
                self._say(_("Nothing opened in time: what was typed since then did nothing."))

    @property
    def _stands(self) -> bool:
        """Whether the screen in front is drawn, and is the one that keys are meant for."""
        screen = self._app.screen
        return screen is self._drawn and (screen.is_modal or not self._typed.may_open)

    async def _wait_standing(self) -> None:
        screen = self._app.screen
        if screen is not self._drawn:
            drawn = asyncio.Event()
            screen.call_after_refresh(drawn.set)
            with suppress(TimeoutError):  # another may have taken its place
                async with asyncio.timeout(_DRAWING_S):
                    await drawn.wait()
                    self._drawn = screen
        else:
            await asyncio.sleep(_LOOK_S)

    async def _let_work(self) -> None:
        """Until all that an event passes by has dealt with its messages."""
        passes = 0
        while passes < _PASSES or any(pump.message_queue_size for pump in self._on_the_way()):
            passes += 1
            await _pass_by(self._on_the_way())

    def _on_the_way(self) -> list[MessagePump]:
        """From what is inside outwards, as messages go."""
        app = self._app
        way = dict.fromkeys((*self._target.ancestors_with_self, *reversed(app.screen_stack)))
        return [*(each for each in way if each.is_running and each is not app), app]


async def _pass_by(way: Sequence[MessagePump]) -> None:
    """Until each has dealt with what was posted to it before the one within it had, or ended."""
    left = deque(way)
    passed = asyncio.Event()

    def go_on() -> None:
        if left:
            left[0].call_later(reach, left[0])
        else:
            passed.set()

    def reach(pump: MessagePump) -> None:
        if left and left[0] is pump:
            left.popleft()
            go_on()

    go_on()
    while not passed.is_set():
        with suppress(TimeoutError):  # one that ends leaves messages behind
            async with asyncio.timeout(_ENDING_S):
                await passed.wait()
        if left and not left[0].is_running:
            reach(left[0])
