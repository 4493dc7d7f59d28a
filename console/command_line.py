"""`:` and the palette: every action by its name, and the few that take something."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from textual.app import App, SystemCommand

from console.fleet_bridge import ALERTS, FLEET, READINGS
from console.keymap import KEYMAP, PROMPT_ONLY
from console.language import LANGUAGES, _
from console.navigation import Navigator
from console.screens.base import Asked, Front
from console.theming import Theming
from console.view_models.prompt import complete, parse_command
from console.work import start_work

_NAMED: Final = (FLEET, READINGS, ALERTS)  # read also where no screen showed them yet

Run = Callable[[str, str], None]


class CommandLine:
    """Asks for a line, completes it, and has it done."""

    def __init__(
        self,
        app: App[Any],
        front: Front,
        *,
        navigator: Navigator,
        theming: Theming,
        run: Run,
        carry_out: Callable[[Asked], None],
        complain: Callable[[str], None],
    ) -> None:
        """`run` does an action of the table by its name; `carry_out` what only the app can."""
        self._app = app
        self._front = front
        self._navigator = navigator
        self._theming = theming
        self._run = run
        self._carry_out = carry_out
        self._complain = complain

    @property
    def _names(self) -> list[str]:
        return [*(row.action for row in KEYMAP), *PROMPT_ONLY]

    def _arguments(self) -> Mapping[str, Sequence[str]]:
        agents = [each.spec.name for each in self._front.fleet.answer(FLEET).value or ()]
        outside = [each.principal.id for each in self._front.snapshot.agents or ()]
        return {
            "agent": list(dict.fromkeys([*agents, *outside])),
            "theme": self._theming.names(),
            "language": list(LANGUAGES),
            "goto": list(self._navigator.known()),
        }

    def ask(self) -> None:
        """One line."""

        def fitting(text: str) -> tuple[str, ...]:
            return complete(text, self._names, self._arguments())

        from console.screens.prompt import PromptDialog  # noqa: PLC0415 - not for the start

        start_work(self._app, self._read_names, group="named")
        self._app.push_screen(PromptDialog(":", complete=fitting), self._take)

    def _take(self, text: str | None) -> None:
        if not text:
            return
        parsed = parse_command(text, self._names)
        if parsed.problem:
            self._complain(parsed.problem)
        elif parsed.name == "goto":
            start_work(self._app, partial(self._go_to, parsed.argument), group="goto")
        elif parsed.name in PROMPT_ONLY:
            self._carry_out(Asked(parsed.name, argument=parsed.argument))
        else:
            self._run(parsed.name, f":{parsed.name}")

    async def _read_names(self) -> None:
        await self._front.fleet.refresh(_NAMED)

    async def _go_to(self, name: str) -> None:
        await self._read_names()
        self._carry_out(Asked("goto", argument=name))

    def palette(self) -> Iterator[SystemCommand]:
        """The same table as the keys, then the switches, then the themes."""
        for row in KEYMAP:

            def run(action: str = row.action) -> None:
                self._run(action, "palette")

            yield SystemCommand(row.action, _(row.help), run)
        for name in ("mouse", "clock", "debug"):

            def turn(switch: str = name) -> None:
                self._carry_out(Asked(switch))

            yield SystemCommand(name, _(PROMPT_ONLY[name]).partition(": ")[2].capitalize(), turn)
        for name in self._theming.names():

            def paint(theme: str = name) -> None:
                self._carry_out(Asked("theme", argument=theme))

            yield SystemCommand(f"theme {name}", _("Change the colours"), paint)
