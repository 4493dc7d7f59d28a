"""The console: draws what the events say, sends what the operator decides."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.notifications import SeverityLevel
from textual.screen import Screen

from console.beat import draw_news, keep_time
from console.bridge import Bridge
from console.command_line import CommandLine
from console.driver import calm
from console.failing import tell_failure
from console.first_steps import FirstSteps
from console.fleet_bridge import FLEET, Ask, seldom
from console.keeping import Keeper
from console.keyboard import Keyboard
from console.keyfile import try_keys
from console.language import LANGUAGES, _, in_use, use
from console.leaving import leave
from console.looks import Looks
from console.memory import STATE_FILE
from console.navigation import DETAILS, Navigator
from console.outbox import RECALL_S, Outbox
from console.screens.base import Asked, Front, MaestroScreen
from console.screens.exporting import export_list, shoot
from console.screens.mains import MAIN_SCREENS
from console.screens.more import MORE_SCREENS
from console.screens.toasts import toast
from console.switches import Switches
from console.switching import SWITCHES, Switcher, after
from console.theme_shelf import ThemeShelf
from console.themes import DEFAULT_THEME, MONO_THEME
from console.theming import Theming
from console.tour import Tour
from console.verifying import Verifying
from console.view_models.places import Step
from console.watching import SAMPLE_S, Watch
from console.work import start_work
from core.actions import RiskLevel
from core.bus import Bus
from core.clock import Clock
from core.errors import ConfigError
from core.ids import OperatorId

if TYPE_CHECKING:  # made when somebody first goes there
    from console.first_run import Trial
    from console.screens.approvals import ApprovalsScreen
    from core.fleet_ports import FleetPort
    from core.ports import OperatorPort

ROOMY: Final = 120  # columns


class MaestroApp(App[None]):
    """One window onto one gate.

    `fleet` None: no orchestrator is hosted; `mode` is the badge in the header; `zone` defaults to
    the machine's; `stale_s` tells for how long nothing was fresh, None while all is; `recall_s` is
    how long a decision can be taken back, by risk. `on_painted` is called after the first picture:
    until `go_live`, what is read may be waited for. The first `keys.toml` of `key_folders` changes
    keys; `host` is this machine's name.
    """

    CSS_PATH = "console.tcss"
    TITLE = "maestro"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+z", "suspend_process", show=False)]

    def __init__(
        self,
        operator: OperatorPort,
        bus: Bus,
        clock: Clock,
        operator_id: OperatorId,
        *,
        fleet: FleetPort | None = None,
        mode: str = "LIVE",
        theme: str | None = None,
        gateway_url: str = "",
        zone: tzinfo | None = None,
        home: str = "",
        trial: Trial | None = None,
        theme_folders: Sequence[Path] = (),
        stale_s: Callable[[], float | None] = lambda: None,
        recall_s: Mapping[RiskLevel, float] = RECALL_S,
        on_painted: Callable[[], None] = lambda: None,
        looks: Looks = Looks(),  # noqa: B008 - frozen
        key_folders: Sequence[Path] = (),
        host: str = "",
    ) -> None:
        """Raises ConfigError for a theme that does not exist."""
        # Without colours the terminal's own are left alone; Textual would draw in greys.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.animation_level = "none"  # every frame costs, and nothing here is meant to move
        self.bridge = Bridge(
            operator=operator,
            bus=bus,
            clock=clock,
            operator_id=operator_id,
            fleet=fleet,
            read_only=looks.read_only,
        )
        self._recall_s, self._on_painted = dict(recall_s), on_painted
        self.front = Front(
            bridge=self.bridge,
            outbox=Outbox(self.bridge, recall_s=self._recall_s, say=self._say_sent),
            zone=zone or clock.now().astimezone().tzinfo or UTC,
            mode=mode,
            gateway=gateway_url,
            tour=Tour(),
            home=home,
            trial=trial,
            stale_s=stale_s,
            host=host,
            read_only=looks.read_only,
            switches=Switches(clock=looks.clock),
        )
        self._prepare(looks, theme, theme_folders, key_folders)

    def _prepare(
        self,
        looks: Looks,
        theme: str | None,
        theme_folders: Sequence[Path],
        key_folders: Sequence[Path],
    ) -> None:
        """Language, keys, colours, screens and what looks after them."""
        use(looks.language or looks.spoken)
        self.front.keys, self._trouble = try_keys(*key_folders)
        self.set_keymap(self.front.keys.bindings())
        self._begun = False  # whether there is a screen
        self.theming = Theming(self, ThemeShelf(theme_folders))
        self.theming.begin(MONO_THEME if self.no_color else theme or DEFAULT_THEME)
        self.main_screens: dict[str, MaestroScreen] = {}  # those that somebody went to
        self.watch_over = Watch(self, self.front, looks)
        self.verifying = Verifying(self, self.bridge, tick=self.tick, say=self.say)
        self._prepare_ways()
        use(looks.language or self.keeper.state.language or looks.spoken)
        if not (theme or self.no_color) and self.keeper.state.theme in self.theming.names():
            self.theming.begin(self.keeper.state.theme)

    def _prepare_ways(self) -> None:
        """What leads from screen to screen, and what is remembered of it."""
        home = self.front.home
        self.navigator = Navigator(self, self.front, self._main_screen)
        self.first_steps = FirstSteps(
            self.front,
            in_front=lambda: self.front_screen,
            go=self._go,
            tick=self.tick,
            say=self.say,
        )
        self.keyboard = Keyboard(self, self.front, hand_on=super().on_event, say=self.say)
        file = Path(home) / STATE_FILE if home else None
        self.keeper = Keeper(self, self.front, self.main_screens, file)
        self._first = self.keeper.restore()
        self.switcher = Switcher(self, self.front, self.keeper.note)
        self.commands = CommandLine(
            self,
            self.front,
            navigator=self.navigator,
            theming=self.theming,
            run=self._run_action,
            carry_out=self.carry_out,
            complain=partial(self.say, severity="warning"),
        )

    # -- life -----------------------------------------------------------------------------

    def get_driver_class(self) -> type[Driver]:
        """Textual's own, but one that sleeps."""
        return calm(super().get_driver_class())

    def get_default_screen(self) -> MaestroScreen:
        """The one to begin at: no empty one is made, laid out and drawn before it."""
        self._begun = True
        screen = self._main_screen(self._first)
        # When another takes its place, Textual takes back what it gives to pushed screens alone.
        screen._push_result_callback(self, None)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        return screen

    def refresh_css(self, animate: bool = True) -> None:  # noqa: FBT001, FBT002 - Textual's form
        """Nothing is drawn yet when the first theme is put on: its colours are all it takes."""
        if self._begun:
            super().refresh_css(animate)
        else:
            self.stylesheet.set_variables(self.get_css_variables())

    async def on_event(self, event: events.Event) -> None:
        """What is typed and clicked is taken one after the other."""
        await (self.keyboard.take if Keyboard.is_typed(event) else super().on_event)(event)

    def on_mount(self) -> None:
        """Listen, and tick."""
        self.navigator.history.visit((Step(self._first),))
        start_work(self, self.keyboard.run, group="keyboard")
        heard = draw_news(self.tick, lambda: self.front_screen)
        start_work(self, partial(self.bridge.run, heard), group="bridge")
        start_work(self, partial(self.bridge.fleet.run, self.wanted, self.tick), group="fleet")
        start_work(self, partial(keep_time, self.tick, lambda: self.front_screen), group="beat")
        self.theming.watch(partial(self.say, severity="error"))
        self.sampling = self.set_interval(SAMPLE_S, self.watch_over.sample, pause=True)
        if self._trouble:
            self.say(self._trouble, severity="error")
        if not self.front.switches.mouse:
            self.switcher.set_mouse()
        self.call_after_refresh(self._on_painted)

    def go_live(
        self,
        *,
        mode: str,
        operator_id: OperatorId,
        gateway_url: str,
        trial: Trial,
        recall_s: Mapping[RiskLevel, float],
    ) -> None:
        """The engine that this console was opened over is up."""
        self.bridge.operator_id = operator_id
        self.front.mode, self.front.gateway, self.front.trial = mode, gateway_url, trial
        self._recall_s.update(recall_s)
        self.bridge.ask_again()
        self.tick()

    def _fatal_error(self) -> None:
        """Textual would print a traceback with local variables, and what agents said in them."""
        self._exit_renderables.append(tell_failure(self._exception))
        self._close_messages_no_wait()

    def on_unmount(self) -> None:
        """Stop listening, and keep the layout."""
        self.bridge.close()
        self.keeper.flush()

    def wanted(self) -> Iterable[Ask[Any]]:
        """What the screen in front needs of the fleet."""
        screen = self.front_screen
        in_header = (seldom(FLEET),) if self.size.width >= ROOMY else ()
        return () if screen is None else (*screen.wants(), *in_header)

    def tick(self) -> None:
        """Draw the screen in front, and no other."""
        self.watch_over.look()
        screen = self.front_screen
        if screen is None:
            return
        started_s = self.bridge.clock.monotonic_s()
        screen.update()
        if self.front.switches.debug:  # only then anything wakes for it
            self.sampling.resume()
            screen.call_after_refresh(self.watch_over.note_frame, started_s)
        else:
            self.sampling.pause()

    @property
    def front_screen(self) -> MaestroScreen | None:
        """The newest screen that is not a dialog."""
        found = [each for each in self.screen_stack if isinstance(each, MaestroScreen)]
        return found[-1] if found else None

    def set_theme(self, name: str) -> None:
        """Change the theme. Raises ConfigError: what is wrong with it, or which there are."""
        self.theming.choose(name)
        self.keeper.note(theme=name)

    def on_asked(self, message: Asked) -> None:
        """What a screen cannot do by itself."""
        message.stop()
        self.carry_out(message)

    def carry_out(self, message: Asked) -> None:
        """Go elsewhere, verify, help, leave."""
        ways: Mapping[str, Callable[[Asked], None]] = {
            **dict.fromkeys((*MAIN_SCREENS, *MORE_SCREENS), self._go),
            **dict.fromkeys(DETAILS, self._look_closer),
            "agent": self._show_agent,
            "goto": lambda asked: self._go_to(asked.argument),
            "last_view": lambda _: self._step(self.navigator.last()),
            "earlier": lambda _: self._step(self.navigator.move(-1)),
            "later": lambda _: self._step(self.navigator.move(1)),
            "keep": lambda _: self.keeper.note(),
            "arrived": lambda _: self.keeper.arrive(self.front_screen),
            **dict.fromkeys(SWITCHES, self._turn),
            "theme": lambda asked: self._theme(asked.argument),
            "verify": lambda _: self.verifying.start(),
            "language": lambda asked: self._speak(asked.argument),
            "next_language": lambda _: self._speak(after(in_use(), tuple(LANGUAGES))),
            "next_theme": lambda _: self._theme(after(self.theme, self.theming.names())),
            "export": lambda _: export_list(self.front_screen),
            "screenshot": lambda asked: shoot(self.front_screen, asked.argument),
            "command": lambda _: self.commands.ask(),
            "help": lambda _: self.navigator.show_help(),
            "tour": lambda _: self.first_steps.begin(),
            "tour_next": lambda _: self.first_steps.go_on(),
            "tour_leave": lambda _: self.first_steps.leave(),
            "try_it": lambda _: self.first_steps.start(self),
            "leave": lambda _: self.navigator.back(),
            "quit": lambda _: self._back_or_quit(),
            "recall": lambda _: self.approvals.recall(),
        }
        if (way := ways.get(message.action)) is None:
            self.say(
                _(":{action} does nothing on this screen.").format(action=message.action),
                severity="warning",
            )
        else:
            way(message)

    def _go(self, asked: Asked) -> None:
        self.navigator.go(asked.action)
        self.keeper.note(screen=asked.action)
        if asked.action_id is not None and asked.action == "approvals":
            self.call_later(self.approvals.select, asked.action_id)

    def _look_closer(self, asked: Asked) -> None:
        if about := asked.argument or asked.action_id:
            self.navigator.open(asked.action, about)

    def _step(self, moved: bool) -> None:  # noqa: FBT001 - what the navigator answers
        if moved:
            self.keeper.note(screen=self.navigator.path[0].screen)
        else:
            self.say(_("There is no other view in that direction."))

    def _go_to(self, name: str) -> None:
        if problem := self.navigator.go_to(name):
            self.say(problem, severity="warning")

    @property
    def approvals(self) -> ApprovalsScreen:
        """The queue."""
        return cast("ApprovalsScreen", self._main_screen("approvals"))

    def _main_screen(self, name: str) -> MaestroScreen:
        """The screen of this name; it is made when one first goes there."""
        if name not in self.main_screens:
            made = (MAIN_SCREENS.get(name) or MORE_SCREENS[name])(self.front)
            self.main_screens[name] = made
            self.keeper.restore_filter(made)
            self.install_screen(made, name)  # pyright: ignore[reportUnknownMemberType]
        return self.main_screens[name]

    def _show_agent(self, asked: Asked) -> None:
        """Keep one agent's rows of the list in front; of the queue where there is none."""
        screen = self.front_screen
        if screen is None or screen.NAME == "overview" or "agent" not in screen.FIELDS:
            self._go(Asked("approvals"))
            screen = self.approvals
        self.call_later(screen.set_filter, f"agent:{asked.argument}" if asked.argument else "")

    def _turn(self, asked: Asked) -> None:
        if said := self.switcher.turn(asked.action):
            self.say(said)
        self.tick()

    def _speak(self, name: str) -> None:
        self.say(self.switcher.speak(name))
        self.keeper.note(language=in_use())
        self.tick()

    def _theme(self, name: str) -> None:
        try:
            self.set_theme(name)
        except ConfigError as error:
            self.say(str(error), severity="warning")

    def _run_action(self, action: str, key: str) -> None:
        if (screen := self.front_screen) is not None:
            screen.action_do(action, key)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette."""
        del screen
        return self.commands.palette()

    def _back_or_quit(self) -> None:
        if not self.navigator.leave():
            self.call_next(self.action_quit)

    async def action_quit(self) -> None:
        """Leave, by the palette or ctrl+q: these ask too."""
        leaving = partial(leave, self, self.front, self.tick)
        self.front.typed.start_asking(self, leaving, group="quit")

    def _say_sent(self, text: str, well: bool) -> None:  # noqa: FBT001 - the outbox's form
        self.say(text, severity="information" if well else "error")

    def say(self, text: str, *, severity: SeverityLevel = "information") -> None:
        """A toast; agents' words in it are harmless."""
        toast(self, text, severity)
