"""Brings back the layout of the last time, and keeps the present one."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from textual.app import App
from textual.timer import Timer

from console.memory import Remembered, read_state, write_state
from console.screens.base import Front, MaestroScreen
from console.screens.mains import MAIN_SCREENS
from console.view_models.filters import FilterError, parse_filter
from console.work import start_work

REST_S: Final = 1.0  # a filter that is being tried out is not written at each change


class Keeper:
    """One file for one home; without a file nothing is kept."""

    def __init__(
        self, app: App[Any], front: Front, main: Mapping[str, MaestroScreen], file: Path | None
    ) -> None:
        """`main`: the screens that were made so far, by name."""
        self._app = app
        self._front = front
        self._main = main
        self._file = file
        self.state = Remembered() if file is None else read_state(file)
        self._written = replace(self.state)
        self._timer: Timer | None = None
        self._arrived: set[str] = set()

    def restore(self) -> str:
        """The switches as they were; the name of the screen to begin at."""
        switches = self._front.switches
        switches.mouse = self.state.mouse
        switches.clock = switches.clock and self.state.clock
        return self.state.screen if self.state.screen in MAIN_SCREENS else "overview"

    def restore_filter(self, screen: MaestroScreen) -> None:
        """As it was, on a screen that was just made."""
        try:
            screen.filter = parse_filter(
                self.state.filters.get(screen.NAME, screen.filter.text), screen.FIELDS
            )
        except FilterError:
            return  # of another version: not worth a word

    def arrive(self, screen: MaestroScreen | None) -> None:
        """A main screen is in front: the first time, its list gets its order back."""
        if screen is None or self._main.get(screen.NAME) is not screen:
            return
        if screen.NAME in self._arrived:
            return
        self._arrived.add(screen.NAME)
        order, table = self.state.orders.get(screen.NAME, ""), screen.list_in_use()
        if order and table is not None:
            table.sort_by(order.removeprefix("-"), falling=order.startswith("-"))
        screen.update()

    def note(self, screen: str = "", *, theme: str = "", language: str = "") -> None:
        """Something changed: write it when it has stayed so for a moment."""
        state, switches = self.state, self._front.switches
        state.screen = screen or state.screen
        state.theme = theme or state.theme
        state.language = language or state.language
        state.mouse, state.clock = switches.mouse, switches.clock
        kept = {name: each.filter.text for name, each in self._main.items()}
        state.filters = {name: text for name, text in (state.filters | kept).items() if text}
        for name in self._arrived:
            table = self._main[name].list_in_use()
            if table is not None:
                title, falling = table.order
                state.orders[name] = f"{'-' if falling else ''}{title}" if title else ""
        if self._file is not None:
            if self._timer is not None:
                self._timer.stop()
            self._timer = self._app.set_timer(REST_S, self._write_soon)

    def _write_soon(self) -> None:
        start_work(self._app, self._write, group="state")

    async def _write(self) -> None:
        await asyncio.to_thread(self.flush)

    def flush(self) -> None:
        """Write it now, if it is another than what was written."""
        if self._file is not None and self.state != self._written:
            self._written = replace(
                self.state, filters=dict(self.state.filters), orders=dict(self.state.orders)
            )
            write_state(self._file, self._written)
