"""What goes on beside drawing: calling the operator, and measuring what drawing costs."""

from typing import Any, Final

from textual.app import App

from console.calling import Caller
from console.fleet_bridge import ALERTS
from console.looks import Looks
from console.screens.base import Front
from console.view_models.attention import Attention, Call, parse_quiet

SAMPLE_S: Final = 0.25


class Watch:
    """Looks at each new state once."""

    def __init__(self, app: App[Any], front: Front, looks: Looks) -> None:
        self._app = app
        self._front = front
        self._attention = Attention(parse_quiet(looks.quiet))
        self._caller = Caller(bell=looks.bell, notify=looks.notify)
        self._sampled_s: float | None = None

    def look(self) -> Call | None:
        """Ring for what newly needs a person; what was rung for, if anything."""
        front = self._front
        clock = front.bridge.clock
        call = self._attention.notice(
            front.snapshot.approvals or (),
            front.fleet.answer(ALERTS).value or (),
            now=clock.now().astimezone(front.zone),
            now_s=clock.monotonic_s(),
        )
        if call is not None:
            self._caller.call(call.words, self._app.bell, self._write)
        return call

    def _write(self, sequence: str) -> None:
        driver = self._app._driver  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
        if driver is not None and not self._app.is_headless:
            driver.write(sequence)

    def note_frame(self, started_s: float) -> None:
        """The picture that was begun then is there."""
        self._front.gauge.note_frame(self._front.bridge.clock.monotonic_s() - started_s)

    def sample(self) -> None:
        """How late this timer is, and what happened since the last time; only while it is shown."""
        if not self._front.switches.debug:
            self._sampled_s = None
            return
        bridge, gauge = self._front.bridge, self._front.gauge
        now_s = bridge.clock.monotonic_s()
        if self._sampled_s is not None:
            elapsed_s = now_s - self._sampled_s
            gauge.note_lag(elapsed_s - SAMPLE_S)
            gauge.note_counts(bridge.events, bridge.reads + bridge.fleet.reads, elapsed_s)
        self._sampled_s = now_s
