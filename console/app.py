"""The console: draws what the events say, sends what the operator decides."""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, tzinfo
from functools import partial
from traceback import extract_tb
from typing import Any, ClassVar, Final

from textual.app import App, SystemCommand
from textual.notifications import SeverityLevel
from textual.screen import Screen

from console.bridge import Bridge
from console.first_run import TRY_IT, TryIt
from console.fleet_bridge import Ask
from console.keymap import KEYMAP, PROMPT_ONLY
from console.screens.agent_detail import AgentDetailScreen
from console.screens.agents import AgentsScreen
from console.screens.alerts import AlertsScreen
from console.screens.approvals import ApprovalsScreen
from console.screens.audit import AuditScreen
from console.screens.base import TOAST_S, Asked, Front, MaestroScreen
from console.screens.dialogs.confirm import QuitDialog
from console.screens.dialogs.prompt import PromptDialog
from console.screens.help import HelpScreen
from console.screens.listing import ListScreen
from console.screens.messages import MessagesScreen
from console.screens.metric_detail import MetricDetailScreen
from console.screens.metrics import MetricsScreen
from console.screens.overview import OverviewScreen
from console.screens.rules import RulesScreen
from console.screens.trace import TraceScreen
from console.themes import DEFAULT_THEME, MONO_THEME, load_themes, to_textual
from console.tour import Tour
from console.view_models.audit import report_words
from console.view_models.prompt import parse_command
from console.view_models.text import visible
from console.work import start_work
from core.actions import ActionStatus
from core.bus import Bus
from core.clock import Clock
from core.errors import ConfigError, MaestroError
from core.fleet_ports import FleetPort
from core.ids import AgentId, OperatorId
from core.ports import OperatorPort, Ticket

_LOG: Final = logging.getLogger("maestro.console")
TICK_S: Final = 1.0  # ages and countdowns
_STACK_MIN: Final = 2  # Textual's own first screen, and one of ours


class MaestroApp(App[None]):
    """One window onto one gate."""

    CSS_PATH = "console.tcss"
    TITLE = "maestro"
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = True

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
        stale_s: Callable[[], float | None] = lambda: None,
        home: str = "",
        trial: TryIt | None = None,
    ) -> None:
        """`fleet` None: no orchestrator is hosted; `mode` is the badge in the header; `zone`
        defaults to the machine's; `stale_s` tells for how long nothing was fresh, None while all
        is.

        Raises ConfigError for a theme that does not exist.
        """
        super().__init__()
        self.animation_level = "none"  # every frame costs, and nothing here is meant to move
        self.bridge = Bridge(
            operator=operator, bus=bus, clock=clock, operator_id=operator_id, fleet=fleet
        )
        self.front = Front(
            bridge=self.bridge,
            zone=zone or clock.now().astimezone().tzinfo or UTC,
            mode=mode,
            gateway=gateway_url,
            stale_s=stale_s,
            tour=Tour(),
            home=home,
            trial=trial,
        )
        self._waited = 0
        self._trying = False
        self._themes = self._register_themes()
        self.set_theme(theme or (MONO_THEME if self.no_color else DEFAULT_THEME))
        self.approvals = ApprovalsScreen(self.front)
        self.main_screens: Mapping[str, MaestroScreen] = {
            "overview": OverviewScreen(self.front),
            "approvals": self.approvals,
            "audit": AuditScreen(self.front),
            "rules": RulesScreen(self.front),
            "agents": AgentsScreen(self.front),
            "metrics": MetricsScreen(self.front),
            "messages": MessagesScreen(self.front),
            "alerts": AlertsScreen(self.front),
        }

    # -- life -----------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Listen, tick, and begin at the overview."""
        for name, screen in self.main_screens.items():
            self.install_screen(screen, name)  # pyright: ignore[reportUnknownMemberType]
        self.push_screen("overview")
        start_work(self, partial(self.bridge.run, self._changed), group="bridge")
        start_work(self, partial(self.bridge.fleet.run, self.wanted, self.tick), group="fleet")
        self.set_interval(TICK_S, self.tick)

    def _fatal_error(self) -> None:
        """Textual would print a traceback with local variables, and what agents said in them."""
        error = self._exception
        where = extract_tb(error.__traceback__)[-1] if error and error.__traceback__ else None
        place = f"{where.filename}:{where.lineno}" if where else "an unknown place"
        _LOG.error("the screen failed", extra={"error": type(error).__name__, "place": place})
        self._exit_renderables.append(
            f"maestro: the screen failed ({type(error).__name__} at {place}). Nothing was lost:"
            " what waited still waits. Start it again; please report this line."
        )
        self._close_messages_no_wait()

    def on_unmount(self) -> None:
        """Stop listening."""
        self.bridge.close()

    def _changed(self) -> None:
        waiting = len(self.bridge.snapshot.approvals or ())
        if waiting and not self._waited:
            self.bell()
        self._waited = waiting
        self.tick()

    def wanted(self) -> Iterable[Ask[Any]]:
        """What the screen in front needs of the fleet."""
        screen = self.front_screen
        return () if screen is None else screen.wants()

    def tick(self) -> None:
        """Draw the screen in front, and no other."""
        screen = self.front_screen
        if screen is not None:
            screen.update()

    @property
    def front_screen(self) -> MaestroScreen | None:
        """The newest screen that is not a dialog."""
        found = [each for each in self.screen_stack if isinstance(each, MaestroScreen)]
        return found[-1] if found else None

    # -- themes ---------------------------------------------------------------------------

    def _register_themes(self) -> tuple[str, ...]:
        own = load_themes()
        for each in own:
            self.register_theme(to_textual(each))
        return tuple(each.name for each in own)

    def set_theme(self, name: str) -> None:
        """Change the theme. Raises ConfigError naming those there are."""
        if name not in self._themes:
            raise ConfigError(f"no theme {name!r}; there are {', '.join(self._themes)}")
        self.theme = name
        for other in set(self.available_themes) - set(self._themes):
            self.unregister_theme(other)  # they lack the colours that the style sheet asks for

    # -- going places ---------------------------------------------------------------------

    def on_asked(self, message: Asked) -> None:
        """What a screen cannot do by itself."""
        message.stop()
        self.carry_out(message)

    def carry_out(self, message: Asked) -> None:
        """Go elsewhere, verify, help, leave."""
        ways: Mapping[str, Callable[[Asked], None]] = {
            **dict.fromkeys(self.main_screens, self._go),
            "trace": self._show_trace,
            "agent_detail": self._show_agent_detail,
            "metric_detail": self._show_metric_detail,
            "agent": self._show_agent,
            "theme": lambda asked: self._theme(asked.argument),
            "verify": lambda _: self._start_verifying(),
            "command": lambda _: self._ask_command(),
            "help": lambda _: self._show_help(),
            "tour": lambda _: self._begin_tour(),
            "tour_next": lambda _: self._go_on(),
            "tour_leave": lambda _: self._leave_tour(),
            "try_it": lambda _: start_work(self, self._try_it, group="try", exclusive=False),
            "leave": lambda _: self._leave_screen(),
            "quit": lambda _: self._back_or_quit(),
        }
        way = ways.get(message.action)
        if way is None:
            self.say(f":{message.action} does nothing on this screen.", severity="warning")
        else:
            way(message)

    def _go(self, asked: Asked) -> None:
        while len(self.screen_stack) > _STACK_MIN:
            self.pop_screen()
        screen = self.main_screens[asked.action]
        if self.screen is not screen:
            self.switch_screen(asked.action)  # pyright: ignore[reportUnknownMemberType]
        if asked.action_id is not None and asked.action == "approvals":
            self.call_later(self.approvals.select, asked.action_id)

    def _show_trace(self, asked: Asked) -> None:
        if asked.action_id is not None:
            self.push_screen(TraceScreen(self.front, asked.action_id))

    def _show_agent_detail(self, asked: Asked) -> None:
        self.push_screen(AgentDetailScreen(self.front, AgentId(asked.argument)))

    def _show_metric_detail(self, asked: Asked) -> None:
        self.push_screen(MetricDetailScreen(self.front, asked.argument))

    def _show_agent(self, asked: Asked) -> None:
        """Keep one agent's rows of the list in front; of the queue where there is none."""
        words = f"agent:{asked.argument}" if asked.argument else ""
        screen = self.front_screen
        if isinstance(screen, AuditScreen | ListScreen):
            screen.set_filter(words)
            return
        self._go(Asked("approvals"))
        self.call_later(self.approvals.set_filter, words)

    def _theme(self, name: str) -> None:
        try:
            self.set_theme(name)
        except ConfigError as error:
            self.say(str(error), severity="warning")

    def _show_help(self) -> None:
        screen = self.front_screen
        if screen is not None and not isinstance(screen, HelpScreen):
            self.push_screen(HelpScreen(self.front, about=screen.NAME, missing=screen.not_now()))

    def _leave_screen(self) -> None:
        if len(self.screen_stack) > _STACK_MIN:
            self.pop_screen()

    # -- a newcomer's first steps ---------------------------------------------------------

    def _begin_tour(self) -> None:
        self.front.tour.begin()
        self._go(Asked("overview"))
        self.tick()

    def _go_on(self) -> None:
        screen = self.front_screen
        if screen is not None and self.front.tour.step is not None:
            self.front.tour.go_on(screen.sight())
        self.tick()

    def _leave_tour(self) -> None:
        self.front.tour.leave()
        self.tick()

    async def _try_it(self) -> None:
        """The screen goes on meanwhile: the answer may take a while, for it is the operator's."""
        trial = self.front.trial
        if trial is None or self._trying:
            self.say(f"{TRY_IT} waits for your answer already: 3 shows it.")
            return
        self._trying = True
        try:
            self.say(await trial.run(self._tell_asked))
        except MaestroError as error:
            self.say(str(error), severity="error")
        finally:
            self._trying = False

    def _tell_asked(self, ticket: Ticket) -> None:
        if ticket.status is ActionStatus.PENDING:
            self.say(f"{TRY_IT} asks to list its folder, and waits: press 3.")
        self.bridge.ask_again()

    # -- verifying ------------------------------------------------------------------------

    def _start_verifying(self) -> None:
        self.say("Verifying the trail…")
        start_work(self, self._verify, group="verify")

    async def _verify(self) -> None:
        try:
            report = await self.bridge.verify_audit()
        except MaestroError as error:
            self.say(str(error), severity="error")
            return
        self.tick()
        self.clear_notifications()
        self.say(report_words(report), severity="information" if report.ok else "error")

    # -- commands -------------------------------------------------------------------------

    def _ask_command(self) -> None:
        names = sorted([*(row.action for row in KEYMAP), *PROMPT_ONLY])
        self.push_screen(PromptDialog(":", suggestions=names), self._run_command)

    def _run_command(self, text: str | None) -> None:
        if not text:
            return
        parsed = parse_command(text, [*(row.action for row in KEYMAP), *PROMPT_ONLY])
        if parsed.problem:
            self.say(parsed.problem, severity="warning")
        elif parsed.name in PROMPT_ONLY:
            self.carry_out(Asked(parsed.name, argument=parsed.argument))
        else:
            self._run_action(parsed.name, f":{parsed.name}")

    def _run_action(self, action: str, key: str) -> None:
        screen = self.front_screen
        if screen is not None:
            screen.action_do(action, key)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the same table as the keys, then the themes."""
        del screen
        for row in KEYMAP:

            def run(action: str = row.action) -> None:
                self._run_action(action, "palette")

            yield SystemCommand(row.action, row.help, run)
        for name in self._themes:

            def paint(theme: str = name) -> None:
                self.set_theme(theme)

            yield SystemCommand(f"theme {name}", "Change the colours", paint)

    # -- leaving --------------------------------------------------------------------------

    def _back_or_quit(self) -> None:
        if len(self.screen_stack) > _STACK_MIN:
            self.pop_screen()
            return
        start_work(self, self._quit, group="quit")

    async def action_quit(self) -> None:
        """Leave, by the palette or ctrl+q: these ask too."""
        start_work(self, self._quit, group="quit")

    async def _quit(self) -> None:
        """Leave; ask first when somebody waits for an answer."""
        waiting = len(self.bridge.snapshot.approvals or ())
        if waiting:
            dialog = QuitDialog(self.front, waiting=waiting, hosting=self.front.mode != "ATTACHED")
            if not await self.push_screen_wait(dialog):
                return
        self.exit()

    def say(self, text: str, *, severity: SeverityLevel = "information") -> None:
        """A toast; agents' words in it are harmless."""
        self.notify(visible(text), severity=severity, timeout=TOAST_S, markup=False)
