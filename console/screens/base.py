"""What every screen has: header, body, keys, a word for windows that are too small."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen

from console.bridge import Bridge
from console.first_run import TryIt
from console.fleet_bridge import ALERTS, FLEET, Ask, FleetBridge
from console.keymap import KeyRow, Need, key_name, reason_disabled, rows_for
from console.projection import Snapshot
from console.tour import Sight, Tour
from console.view_models.dossier import View
from console.view_models.fleet import firing
from console.view_models.header import crumbs, status_parts, too_small
from console.view_models.ink import Line
from console.view_models.text import visible
from console.widgets.bars import HeaderBar, KeyBar, KeyHint
from console.widgets.paper import Paper
from console.widgets.tour_bar import TourBar
from core.events import ActionSettled
from core.ids import ActionId

Breakpoints = list[tuple[int, str]]
WIDTHS: Final[Breakpoints] = [(0, "-tiny"), (60, "-narrow"), (80, "-normal"), (120, "-wide")]
HEIGHTS: Final[Breakpoints] = [(0, "-flat"), (20, "-low"), (24, "-tall")]
OPENED: Final = "-opened"
TOAST_S: Final = 4.0
_LAST: Final = ("command", "help")


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What screens share."""

    bridge: Bridge
    zone: tzinfo
    mode: str
    gateway: str
    tour: Tour
    home: str = ""  # "" where another process hosts it
    trial: TryIt | None = None  # what a newcomer can try; None where nothing is hosted
    stale_s: Callable[[], float | None] = lambda: None  # since nothing was fresh; None: all is

    @property
    def snapshot(self) -> Snapshot:
        """The newest."""
        return self.bridge.snapshot

    @property
    def fleet(self) -> FleetBridge:
        """What is known of the fleet."""
        return self.bridge.fleet

    def knows_agent(self, name: str) -> bool:
        """Whether an agent of this name is in the fleet, as last read."""
        return any(each.spec.name == name for each in self.fleet.answer(FLEET).value or ())

    def view(self) -> View:
        """Who looks, and when."""
        return View(self.bridge.clock.now(), self.zone, self.bridge.operator_id)


class Asked(Message):
    """Something only the whole app can do: go elsewhere, help, quit."""

    def __init__(
        self, action: str, *, action_id: ActionId | None = None, argument: str = ""
    ) -> None:
        super().__init__()
        self.action = action
        self.action_id = action_id
        self.argument = argument


def bindings_for(screen: str) -> list[BindingType]:
    """The screen's keys, from the one table. Ids let a user's key file change them."""
    return [
        Binding(key, f"do('{row.action}', '{key}')", row.help, show=False, id=_id(screen, row, key))
        for row in rows_for(screen)
        for key in row.keys
    ]


def _id(screen: str, row: KeyRow, key: str) -> str:
    return f"{screen}.{row.action}" + ("" if key == row.keys[0] else f".{key}")


class MaestroScreen(Screen[None]):
    """Draws the newest snapshot; decides nothing."""

    NAME: ClassVar[str]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(self, front: Front) -> None:
        super().__init__()
        self.front = front
        self._header = HeaderBar()
        self._keys = KeyBar()
        self._tour = TourBar()
        self._too_small = Paper(id="too-small", titled=False)

    def compose(self) -> ComposeResult:
        """Header, body, keys."""
        yield self._header
        yield self._too_small
        with Container(id="body"):
            yield from self.compose_body()
        yield self._tour
        yield self._keys

    @abstractmethod
    def compose_body(self) -> ComposeResult:
        """The screen's own panes."""

    @abstractmethod
    def draw(self) -> None:
        """Bring the panes up to the newest snapshot."""

    @property
    @abstractmethod
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Own actions; each gets the key that was pressed."""

    @property
    def shell(self) -> App[Any]:
        """The app, with its type told: Textual leaves it open."""
        return self.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def where(self) -> tuple[str, ...]:
        """Crumbs after `maestro`."""
        return (self.NAME,)

    @property
    def can_go_back(self) -> bool:
        """Whether Escape leads somewhere."""
        return self.has_class(OPENED)

    def missing(self) -> Iterable[Need]:
        """What is not there now for actions that need it."""
        return ()

    def wants(self) -> Iterable[Ask[Any]]:
        """What is read of the fleet while this screen is in front: the header counts alerts."""
        return (ALERTS,)

    @property
    def has_room(self) -> bool:
        """False while the window shows nothing but what waits."""
        return not (self.has_class("-tiny") or self.has_class("-flat"))

    def update(self) -> None:
        """Draw all: header, keys, panes."""
        if not self.is_attached:
            return
        front, now, stale_s = self.front, self.front.view().now, self.front.stale_s()
        alerts = len(firing(front.fleet.answer(ALERTS).value or (), now))
        parts = status_parts(
            front.snapshot,
            now,
            mode=front.mode,
            gateway=front.gateway,
            fleet_alerts=alerts,
            stale_s=stale_s,
        )
        self._header.show(crumbs(*self.where()), parts)
        size = (self.size.width, self.size.height)
        self._too_small.show((Line(too_small(front.snapshot, now, size, stale_s=stale_s)),))
        self.front.tour.see(self.sight())
        self._tour.show(self.front.tour)
        self.set_class(self.front.tour.step is not None, "-touring")
        self.draw()
        self.show_keys()

    def sight(self) -> Sight:
        """What the tour goes by."""
        snapshot = self.front.snapshot
        settled = (each for each in reversed(snapshot.feed) if isinstance(each, ActionSettled))
        newest = next(settled, None)
        return Sight(
            screen=self.NAME,
            opened=self.has_class(OPENED),
            waiting=len(snapshot.approvals or ()),
            settled=None if newest is None else newest.action_id,
            verified=snapshot.verified,
            can_try=self.front.trial is not None,
        )

    def not_now(self) -> tuple[Need, ...]:
        """What is missing here, with what any screen may lack."""
        touring = self.front.tour.step is not None
        return (*self.missing(), *(() if touring else (Need.TOUR,)))

    def show_keys(self) -> None:
        """Bring the last row up to what can be done now."""
        missing = self.not_now()
        hidden = {self.NAME, "quit" if self.can_go_back else "back"}
        rows = [row for row in rows_for(self.NAME) if row.label and row.action not in hidden]
        # What has nothing to act on is not shown as missing: it would take the room of what works.
        for need in {Need.ROW, Need.AGENT, Need.FIRST_RUN} & set(missing):
            rows = [row for row in rows if need not in row.needs]
        rows.sort(key=lambda row: row.action in _LAST)
        self._keys.show(
            tuple(
                KeyHint(
                    key_name(row.keys[0]),
                    row.label,
                    row.action,
                    not reason_disabled(row.action, missing),
                )
                for row in rows
            )
        )

    def action_do(self, action: str, key: str = "") -> None:
        """Do what a key or a `:` command names, or say why it cannot be done."""
        if reason := reason_disabled(action, self.not_now()):
            self.say(reason[0].upper() + reason[1:] + ".", severity="warning")
            return
        if action == "pane":
            self.focus_next()
        elif action == "back":
            self.go_back()
        elif action in self.handlers:
            self.handlers[action](key)
        else:
            self.post_message(Asked(action))

    def go_back(self) -> None:
        """Close what was opened; a screen says what comes after that."""
        self.close_pane()

    def say(self, text: str, *, severity: SeverityLevel = "information") -> None:
        """A toast; agents' words in it are harmless."""
        self.notify(visible(text), severity=severity, timeout=TOAST_S, markup=False)

    def open_pane(self) -> None:
        """Give the evidence the whole body, where it does not stand beside the list."""
        self.add_class(OPENED)

    def close_pane(self) -> bool:
        """Back to the list; False when nothing was opened."""
        was_open = self.has_class(OPENED)
        self.remove_class(OPENED)
        return was_open

    def on_key_bar_pressed(self, message: KeyBar.Pressed) -> None:
        """A click on a key is that key."""
        message.stop()
        self.action_do(message.action, "mouse")

    def on_screen_resume(self) -> None:
        """Draw what happened meanwhile, and have read what it needs."""
        self.front.fleet.wake()
        self.update()

    def on_resize(self, event: events.Resize) -> None:
        """Widths decide what is drawn."""
        del event
        self.call_after_refresh(self.update)
