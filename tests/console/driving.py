"""Drives the console as an operator does, waiting for conditions instead of for time."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from console.app import MaestroApp
from console.bridge import SLOW_S
from console.keymap import Need
from console.screens.approvals import ApprovalsScreen
from console.screens.dialogs.base import Dialog
from console.view_models.ink import plain_text
from console.widgets.paper import Paper
from core.ids import ActionId
from tests.console.fakes import MARIA, FakeOperator, action_id
from tests.fakes import FakeClock

_TRIES = 400
_PAGES_MAX = 40
AT_ONCE: Any = {"zone": UTC, "recall_s": {}}  # decisions are sent as they are taken


class Driver:
    """One open console."""

    def __init__(self, app: MaestroApp, pilot: Pilot[Any], clock: FakeClock, op: FakeOperator):
        self.app = app
        self.pilot = pilot
        self.clock = clock
        self.operator = op

    async def until(self, condition: Callable[[], object], *, tries: int = _TRIES) -> None:
        """Wait until `condition` holds."""
        for _ in range(tries):
            if condition():
                return
            await self.pilot.pause()
            await asyncio.sleep(0.005)
        raise AssertionError("the condition never held")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()
        await self.until(self._has_settled)

    def _has_settled(self) -> bool:
        """Whether keys had their effect, and it is drawn."""
        if not self.app.is_running:
            return True
        screen = self.app.screen
        drawn = not isinstance(screen, Dialog) or screen.guard.armed_at_s is not None
        return drawn and self.app.keyboard.rests

    async def type(self, text: str) -> None:
        await self.press(*text)

    def read_time(self) -> None:
        """Long enough for keys to count."""
        guard = self.approvals._reading._guard  # pyright: ignore[reportPrivateUsage]
        self.clock.advance(guard.wait_s + 0.1)

    async def read_all(self) -> None:
        """Wait until the action stands there whole, and read it for as long as keys ask for."""

        def is_read() -> bool:
            self.read_time()
            waiting = {Need.SHOWN, Need.LIVE, Need.IDLE} & set(self.approvals.missing())
            return not waiting

        for _ in range(2):  # what is laid out at last asks for time to read it once more
            await self.until(is_read, tries=4000)
            await self.pilot.pause()
        await self.read_on()
        self.approvals.paper.scroll_home(animate=False, immediate=True)
        await self.pilot.pause()

    async def read_on(self) -> None:
        """Page down until the whole action was in sight."""
        await self.until(lambda: Need.SHOWN not in self.approvals.missing())
        for page in range(_PAGES_MAX):
            lacking = {Need.READ, Need.RISKS} & set(self.approvals.missing())
            if not lacking:
                return
            if page == _PAGES_MAX // 2:  # nobody reads that much
                self.approvals.paper.scroll_end(animate=False, immediate=True)
            await self.press("m" if Need.RISKS in lacking else "full_stop")
        raise AssertionError("it is never read to the end")

    async def hear(self) -> None:
        """Let the bridge take in what the operator's port says now."""
        self.clock.advance(SLOW_S)
        self.app.bridge.ask_again()
        await self.app.bridge.refresh()
        await self.app.bridge.fleet.refresh(self.app.wanted())
        self.app.tick()
        await self.pilot.pause()

    @property
    def approvals(self) -> ApprovalsScreen:
        return self.app.approvals

    async def open_approvals(self, tail: str = "") -> None:
        """Go to the queue, select one, and read it."""
        await self.press("3")
        await self.until(lambda: self.approvals.queue.selected is not None)
        if tail:
            self.approvals.queue.select(action_id(tail))
            await self.pilot.pause()  # gone to, it is read anew also where it stood already
        await self.until(self.card_drawn)
        self.read_time()

    def card_drawn(self) -> bool:
        """Whether the card of the selected action stands there: from then on it is read."""
        guard = self.approvals._reading._guard  # pyright: ignore[reportPrivateUsage]
        return self.dossier_fits() and guard.armed_at_s is not None

    def dossier_fits(self) -> bool:
        row, dossier = self.approvals.queue.selected, self.approvals.dossier
        return row is not None and dossier is not None and dossier.record.id == row.id

    async def see(self, *words: str) -> None:
        """Wait until all of these stand on the terminal."""
        try:
            await self.until(lambda: all(word in self.screen_text() for word in words))
        except AssertionError as error:
            raise AssertionError(f"{words} never stood on:\n{self.screen_text()}") from error

    def selected(self) -> ActionId | None:
        row = self.approvals.queue.selected
        return None if row is None else row.id

    def paper(self, name: str) -> str:
        """All rows of a pane, in sight or not."""
        pane = self.app.screen.query_one(f"#{name}", Paper)
        return "\n".join(plain_text(row) for row in pane.rows)

    def dossier_text(self) -> str:
        """The whole dossier, also while a dialog is in front of it."""
        return "\n".join(plain_text(row) for row in self.approvals.paper.rows)

    def toasts(self) -> list[str]:
        return [each.message for each in self.app._notifications]  # pyright: ignore[reportPrivateUsage]

    def screen_text(self) -> str:
        """What stands on the terminal."""
        drawn = self.app.screen._compositor.render_strips()  # pyright: ignore[reportPrivateUsage]
        return "\n".join("".join(segment.text for segment in strip) for strip in drawn)

    def dialog(self) -> str:
        """The name of the dialog in front, or "" while there is none that is ready."""
        screen = self.app.screen
        if isinstance(screen, Dialog) and screen.guard.armed_at_s is None:
            return ""
        name = type(screen).__name__
        return name if name.endswith("Dialog") else ""

    def line(self, name: str) -> Input:
        return self.app.screen.query_one(f"#{name}", Input)


@asynccontextmanager
async def open_console(
    operator: FakeOperator, *, size: tuple[int, int] = (80, 24), **more: Any
) -> AsyncGenerator[Driver]:
    clock = FakeClock()
    app = MaestroApp(operator, operator.bus, clock, MARIA, **{**AT_ONCE, **more})
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot, clock, operator)
        await driver.until(lambda: app.bridge.snapshot.approvals is not None)
        await pilot.pause()
        yield driver
