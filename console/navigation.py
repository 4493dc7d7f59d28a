"""From view to view and back: one opened from another, history, jumps by name."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from textual.app import App

from console.fleet_bridge import ALERTS, FLEET, READINGS
from console.language import _
from console.screens.base import Front, MaestroScreen
from console.screens.more import later_about
from console.view_models.places import History, Path, Step

DETAILS: Final[Mapping[str, Callable[[Front, str], MaestroScreen]]] = {
    "actions": later_about("actions", "ActionsScreen"),
    "agent_detail": later_about("agent_detail", "AgentDetailScreen"),
    "entries": later_about("audit", "AuditScreen"),
    "metric_detail": later_about("metric_detail", "MetricDetailScreen"),
    "trace": later_about("trace", "TraceScreen"),
}
_TAIL_MIN: Final = 4


class Navigator:
    """Keeps the screen stack and the history one."""

    def __init__(
        self, app: App[Any], front: Front, main_screen: Callable[[str], MaestroScreen]
    ) -> None:
        """`main_screen` gives the main screen of a name, installed."""
        self._app = app
        self._front = front
        self._main_screen = main_screen
        self.history = History()

    @property
    def _shown(self) -> list[MaestroScreen]:
        return [each for each in self._app.screen_stack if isinstance(each, MaestroScreen)]

    @property
    def path(self) -> Path:
        """The views that lie on each other, help left out."""
        return tuple(each.step for each in self._shown if each.step.screen != "help")

    def travel(self, path: Path, *, new: bool = True) -> None:
        """Show a path; `new` False: it is in the history already."""
        shown = self._shown
        same = 0
        for screen, step in zip(shown, path, strict=False):
            if screen.step != step:
                break
            same += 1
        for _gone in shown[max(same, 1) :]:
            self._app.pop_screen()
        if not same:
            self._main_screen(path[0].screen)
            self._app.switch_screen(path[0].screen)  # pyright: ignore[reportUnknownMemberType]
        for step in path[max(same, 1) :]:
            screen = DETAILS[step.screen](self._front, step.argument)
            screen.step = step
            self._app.push_screen(screen)
        if new:
            self.history.visit(path)

    def go(self, name: str) -> None:
        """One of the main views."""
        self.travel((Step(name),))

    def open(self, screen: str, argument: str) -> None:
        """Look closer, from here."""
        self.travel((*self.path, Step(screen, argument)))

    def leave(self) -> bool:
        """Back to what the front view was opened from; False when it was opened from nothing."""
        shown = self._shown
        if len(shown) <= 1:
            return False
        if shown[-1].step.screen == "help":
            self._app.pop_screen()
        else:
            self.travel(self.path[:-1])
        return True

    def show_help(self) -> None:
        """What can be done in the front view; nothing where that is the help already."""
        screen = self._shown[-1]
        if screen.NAME != "help":
            from console.screens.help import HelpScreen  # noqa: PLC0415 - not for the first picture

            about = HelpScreen(self._front, about=screen.NAME, missing=screen.not_now())
            self._app.push_screen(about)

    def back(self) -> None:
        """The same, where it does not matter whether there was a way."""
        self.leave()

    def move(self, by: int) -> bool:
        """Through the history; False at its end."""
        path = self.history.move(by)
        if path:
            self.travel(path, new=False)
        return bool(path)

    def last(self) -> bool:
        """The view before this one; False when there is none."""
        path = self.history.last()
        if path:
            self.travel(path)
        return bool(path)

    def go_to(self, name: str) -> str:
        """Go where something is that is called so; why not, or ""."""
        path = self.find(name) or self.find(self._spelled(name))
        if not path:
            known = _("an agent, a metric, an alert, an action, the number of an entry")
            return _("Nothing here is called {name!r}; goto takes {known}.").format(
                name=name, known=known
            )
        first, *rest = path
        self.travel((Step(first.screen), *rest))
        screen = self._main_screen(first.screen)
        if first.screen == "audit" and first.argument:
            self._app.call_later(screen.set_filter, first.argument)
        elif first.argument:
            self._app.call_later(self._select, screen, first.argument)
        return ""

    def _select(self, screen: MaestroScreen, key: str) -> None:
        screen.update()
        table = screen.list_in_use()
        if table is not None and not table.select(key) and screen.filter:
            screen.set_filter("")  # what was asked for by its name is not hidden
            self._app.call_later(table.select, key)

    def known(self) -> Iterator[str]:
        """What `goto` completes: what is on the screens now."""
        fleet = self._front.fleet
        for approval in self._front.snapshot.approvals or ():
            yield approval.id
        for agent in fleet.answer(FLEET).value or ():
            yield agent.spec.name
        for reading in fleet.answer(READINGS).value or ():
            yield reading.spec.key
        for alert in fleet.answer(ALERTS).value or ():
            yield alert.id

    def _spelled(self, name: str) -> str:
        """What is on the screens under this name in other letters' case, or ""."""
        return next((each for each in self.known() if each.casefold() == name.casefold()), "")

    def find(self, name: str) -> Path:
        """Where something is that is called so: its id, the end of its id, its number; () nowhere.

        A held action is a step of its own kind: `approvals` about it.
        """
        if not name:
            return ()
        if name.replace(",", "").isdecimal():
            return (Step("audit", f"seq:{name.replace(',', '')}"),)
        if self._front.knows_agent(name):
            return (Step("agents"), Step("agent_detail", name))
        keys = [each.spec.key for each in self._front.fleet.answer(READINGS).value or ()]
        named = [name] if name in keys else [key for key in keys if key.endswith(f".{name}")]
        if len(named) == 1:  # the name alone will do where only one agent has a metric of it
            return (Step("metrics"), Step("metric_detail", named[0]))
        return self._find_id(name)

    def _find_id(self, name: str) -> Path:
        def is_it(found: str) -> bool:
            return found == name or (len(name) >= _TAIL_MIN and found.endswith(name))

        snapshot = self._front.snapshot
        for approval in snapshot.approvals or ():
            if is_it(approval.id):
                return (Step("approvals", approval.id),)
        for alert in self._front.fleet.answer(ALERTS).value or ():
            if is_it(alert.id):
                return (Step("alerts", alert.id),)
        for event in reversed(snapshot.feed):
            if is_it(event.action_id):
                return (Step("audit"), Step("entries", event.action_id))
        if len(name) == _ID_LENGTH and name.isalnum():
            return (Step("audit"), Step("entries", name))
        return ()


_ID_LENGTH: Final = 26
