"""What every screen has: header, body, keys, a word for windows that are too small."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.notifications import SeverityLevel

from console.bridge import Bridge
from console.fleet_bridge import ALERTS, FLEET, Ask, FleetBridge
from console.gauge import Gauge
from console.keymap import (
    Keys,
    Need,
    binding_id,
    find_row,
    key_name,
    reason_disabled,
    rows_for,
)
from console.language import in_use, minute_form
from console.office import Office
from console.outbox import Outbox
from console.projection import Snapshot
from console.screens.copying import Copier
from console.screens.frames import Framed
from console.screens.hints import key_hints
from console.screens.sizes import HEIGHTS, WIDTHS, classes_for, has_room
from console.screens.toasts import toast
from console.switches import Switches
from console.tour import Sight, Tour
from console.typed import Typed
from console.view_models.approvals import newest_settled
from console.view_models.filters import Filter, filter_hint, read_filter
from console.view_models.fleet import firing
from console.view_models.header import Around, crumbs, status_parts, too_small
from console.view_models.ink import Line
from console.view_models.places import Step
from console.view_models.view import View
from console.view_models.words import screen_name
from console.widgets.bars import HeaderBar, KeyBar
from console.widgets.caption import Caption
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from console.widgets.tour_bar import TourBar
from core.ids import ActionId

if TYPE_CHECKING:  # not loaded for the first picture
    from console.first_run import Trial

OPENED: Final = "-opened"
_TRAIL_MAX: Final = 2
_IN_HEADER: Final = ("approvals", "alerts", "audit_broken", "verified")  # of the snapshot
_SORTING: Final = ("sort", "reverse")


@dataclass(slots=True, kw_only=True)
class Front:
    """What screens share. Not frozen: some of it is known only once the engine is up."""

    bridge: Bridge
    outbox: Outbox  # decisions that can still be taken back
    zone: tzinfo
    mode: str
    gateway: str
    tour: Tour
    home: str = ""  # "" where another process hosts it
    office: Office = field(default_factory=Office)  # what the machine that this runs on offers
    trial: Trial | None = None  # what a newcomer can try; None where nothing is hosted
    stale_s: Callable[[], float | None] = lambda: None  # since nothing was fresh; None: all is
    keys: Keys = field(default_factory=Keys)
    typed: Typed = field(default_factory=Typed)
    gauge: Gauge = field(default_factory=Gauge)
    switches: Switches = field(default_factory=Switches)
    read_only: bool = False
    host: str = ""

    @property
    def snapshot(self) -> Snapshot:
        """The newest."""
        return self.bridge.snapshot

    @property
    def fleet(self) -> FleetBridge:
        """What is known of the fleet."""
        return self.bridge.fleet

    def around(self) -> Around:
        """Where this runs, who looks, how the fleet is, and what time it is."""
        now = self.bridge.clock.now()
        return Around(
            fleet=self.fleet.answer(FLEET).value,
            operator=self.bridge.operator_id,
            host=self.host,
            home=self.home,
            clock=now.astimezone(self.zone).strftime(minute_form()) if self.switches.clock else "",
        )

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
        Binding(
            key,
            f"do('{row.action}', '{key}')",
            row.help,
            show=False,
            id=binding_id(screen, row, key),
        )
        for row in rows_for(screen)
        for key in row.keys
    ]


class MaestroScreen(Framed):
    """Draws the newest snapshot; decides nothing."""

    NAME: ClassVar[str]
    FIELDS: ClassVar[tuple[str, ...]] = ()  # what a filter may ask for by name
    DRAWS: ClassVar[tuple[str, ...] | None] = None  # of the snapshot, besides the header; None: all
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(self, front: Front) -> None:
        super().__init__()
        self.front = front
        self.step = Step(self.NAME)
        self.filter = Filter()
        self._copier = Copier()
        self._header = HeaderBar()
        self._keys = KeyBar()
        self._news: tuple[object, ...] = ()  # what was there to draw when that was asked last
        self._told_keys: tuple[object, ...] = ()  # what the last row was made from
        self._debug = Caption(id="debug")
        self._tour = TourBar()
        self._too_small = Paper(id="too-small", titled=False)

    def compose(self) -> ComposeResult:
        """Header, body, keys."""
        self.add_class(*classes_for(self.shell.size, self.HORIZONTAL_BREAKPOINTS), update=False)
        yield self._header
        yield self._too_small
        with Container(id="body"):
            yield from self.compose_body()
        yield self._debug
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
        return (screen_name(self.NAME),)

    def opened_from(self) -> tuple[str, ...]:
        """Crumbs of the views that this one was opened from, the nearest two."""
        stack = [each for each in self.shell.screen_stack if isinstance(each, MaestroScreen)]
        below = stack[: stack.index(self)] if self in stack else []
        names = tuple(each.where()[0] for each in below)
        return names if len(names) <= _TRAIL_MAX else ("…", *names[-_TRAIL_MAX:])

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
        return has_room(self.size)

    def has_news(self) -> bool:
        """Whether the snapshot holds anything else to draw here than when this was asked last."""
        front, before = self.front, self._news
        if self.DRAWS is None or front.switches.debug or front.tour.step is not None:
            return True
        self._news = tuple(getattr(front.snapshot, each) for each in (*_IN_HEADER, *self.DRAWS))
        return self._news != before

    def update(self) -> None:
        """Draw all: header, keys, panes."""
        if not self.is_attached:
            return
        front, now, stale_s = self.front, self.front.view().now, self.front.stale_s()
        alerts = [each.severity for each in firing(front.fleet.answer(ALERTS).value or (), now)]
        parts = status_parts(
            front.snapshot,
            now,
            mode=front.mode,
            gateway=front.gateway,
            fleet_alerts=alerts,
            stale_s=stale_s,
            read_only=front.read_only,
            around=front.around(),
        )
        self.set_class(stale_s is not None, "-stale")
        self._header.show(crumbs(*self.opened_from(), *self.where(), kept=self.filter.text), parts)
        size = (self.size.width, self.size.height)
        self._too_small.show((Line(too_small(front.snapshot, now, size, stale_s=stale_s)),))
        self.front.tour.see(self.sight())
        self._tour.show(self.front.tour)
        self.set_class(self.front.tour.step is not None, "-touring")
        if self.focused is None and self.focus_next(".live") is None:
            self.focus_next()  # a window too small for any list took it: no key moved anything
        self._debug.display = front.switches.debug
        if front.switches.debug:
            self._debug.show(front.gauge.words(front.snapshot.dropped))
        self.draw()
        self.show_keys()

    def sight(self) -> Sight:
        """What the tour goes by."""
        snapshot = self.front.snapshot
        newest = newest_settled(snapshot.feed)
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
        looking = (Need.WRITABLE,) if self.front.read_only else ()
        return (*looking, *self.missing(), *(() if touring else (Need.TOUR,)))

    def show_keys(self) -> None:
        """Bring the last row up to what can be done now."""
        missing, back = self.not_now(), self.can_go_back
        if (told := (self.front.keys, in_use(), back, missing)) != self._told_keys:
            self._told_keys = told
            self._keys.show(key_hints(self.NAME, self.front.keys, missing, can_go_back=back))

    def action_do(self, action: str, key: str = "") -> None:
        """Do what a key or a `:` command names, or say why it cannot be done."""
        key = self.front.keys.pressed(action, key)
        if reason := reason_disabled(action, self.not_now(), self.front.keys):
            self.refuse(reason)
            return
        if action == "pane":
            self.focus_next()
        elif action == "back":
            self.go_back()
        elif action in self.handlers:
            self.handlers[action](key)
        elif action == "filter" and self.can_filter:
            from console.screens.prompt import PromptDialog  # noqa: PLC0415 - not for the start

            self.shell.push_screen(
                PromptDialog("/", value=self.filter.text, hint=filter_hint(self.FIELDS)),
                self.set_filter,
            )
        elif action in _SORTING and (table := self.list_in_use()) is not None:
            self._sort(table, action)
        else:
            self.post_message(Asked(action))

    def refuse(self, reason: str) -> None:
        """Say why a key does nothing."""
        self.say(f"{reason[0].upper()}{reason[1:]}.", severity="warning")

    # -- what lists have in common -------------------------------------------------------

    @property
    def can_filter(self) -> bool:
        """Whether `/` means something here."""
        return any(row.action == "filter" and row.screens for row in rows_for(self.NAME))

    def set_filter(self, words: str | None) -> None:
        """Keep only rows that fit; None, and what cannot be read, change nothing."""
        if words is None:
            return
        asked, remark = read_filter(words, self.FIELDS)
        if remark:
            self.say(remark, severity="warning")
        if asked is None:
            return
        self.filter = asked
        self.close_pane()
        self.post_message(Asked("keep"))
        self.filtered()

    def filtered(self) -> None:
        """Draw what fits."""
        self.update()

    def list_in_use(self) -> LiveTable[Any] | None:
        """The table that has the focus, else the first."""
        found = cast("list[LiveTable[Any]]", list(self.query(".live")))
        tables = [each for each in found if each.display]
        return next((each for each in tables if each.has_focus), tables[0] if tables else None)

    def _sort(self, table: LiveTable[Any], action: str) -> None:
        if action == "sort":
            table.sort_next()
        else:
            table.reverse()
        self.post_message(Asked("keep"))

    def copy(self, name: str, whole: str = "") -> None:
        """Copy what the selected row is called; again, the row; again, all of it as JSON.

        The terminal takes it (OSC 52), so it works over ssh too. `whole` is the JSON, where there
        is better than the row's own columns.
        """
        table = self.list_in_use()
        cells = {} if table is None else table.texts()
        key = key_name(self.front.keys.row(find_row("copy")).keys[0])
        text, said = self._copier.next_form(name, cells, whole, key)
        self.shell.copy_to_clipboard(text)
        self.say(said)

    def go_back(self) -> None:
        """Close what was opened; a screen says what comes after that."""
        self.close_pane()

    def say(self, text: str, *, severity: SeverityLevel = "information") -> None:
        """A toast; agents' words in it are harmless."""
        toast(self, text, severity)

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
        self.post_message(Asked("arrived"))

    def on_resize(self, _event: events.Resize) -> None:
        """Widths decide what is drawn."""
        self.call_after_refresh(self.update)
