"""A newcomer's first steps: the tour, and an action to try."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from console.language import _
from console.screens.base import Asked, Front, MaestroScreen
from console.work import start_work
from core.actions import ActionStatus
from core.errors import MaestroError

if TYPE_CHECKING:  # not loaded for the first picture
    from core.ports import Ticket


class FirstSteps:
    """Leads through the tour; carries one trial at a time."""

    def __init__(
        self,
        front: Front,
        *,
        in_front: Callable[[], MaestroScreen | None],
        go: Callable[[Asked], None],
        tick: Callable[[], None],
        say: Callable[..., None],
    ) -> None:
        self._front = front
        self._in_front = in_front
        self._go = go
        self._tick = tick
        self._say = say
        self._trying = False

    def begin(self) -> None:
        """The tour, from its first step."""
        self._front.tour.begin()
        self._go(Asked("overview"))
        self._tick()

    def go_on(self) -> None:
        """To the next step, done or not."""
        screen = self._in_front()
        if screen is not None and self._front.tour.step is not None:
            self._front.tour.go_on(screen.sight())
        self._tick()

    def leave(self) -> None:
        """End the tour."""
        self._front.tour.leave()
        self._tick()

    def start(self, node: DOMNode) -> None:
        """Try, beside the screen."""
        start_work(node, self.try_it, group="try", exclusive=False)

    async def try_it(self) -> None:
        """The screen goes on meanwhile: the answer may take a while, for it is the operator's."""
        from console.first_run import TRY_IT  # noqa: PLC0415 - not for the first picture

        trial = self._front.trial
        if trial is None or self._trying:
            self._say(
                _("{try_it} waits for your answer already: 3 shows it.").format(try_it=TRY_IT)
            )
            return
        self._trying = True
        try:
            self._say(await trial.run(self._tell_asked))
        except MaestroError as error:
            self._say(str(error), severity="error")
        finally:
            self._trying = False

    def _tell_asked(self, ticket: Ticket) -> None:
        from console.first_run import TRY_IT  # noqa: PLC0415 - the same

        if ticket.status is ActionStatus.PENDING:
            self._say(
                _("{try_it} asks to list its folder, and waits: press 3.").format(try_it=TRY_IT)
            )
        self._front.bridge.ask_again()
