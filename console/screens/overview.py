"""The pulse of everything that is governed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from console.fleet_bridge import ALERTS, FLEET, HEALTH, READINGS, Ask, seldom
from console.keymap import Need
from console.language import N_, _
from console.projection import WINDOW_S, FeedEvent
from console.screens.base import Asked, Front, MaestroScreen, bindings_for
from console.screens.listing import NOTHING_FITS
from console.view_models.approvals import COLUMNS, approval_cells
from console.view_models.columns import searched_cells
from console.view_models.first_run import first_run_lines, is_first_run
from console.view_models.fleet import alert_tally, firing, firing_lines, flow, worst, worst_alert
from console.view_models.ink import Span, Tone
from console.view_models.overview import (
    AGENT_COLUMNS,
    AGENT_SORTS,
    FEED_COLUMNS,
    FEED_SORTS,
    agent_cells,
    alert_lines,
    feed_cells,
    feed_title,
    oldest_first,
    pulse_lines,
)
from console.view_models.text import count
from console.widgets.caption import Caption
from console.widgets.doors import Door, Doors
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from console.work import start_work
from core.errors import MaestroError
from core.ids import ActionId

if TYPE_CHECKING:  # not loaded for the first picture
    from core.ports import AgentView
    from core.records import ApprovalRecord

_NOTHING_JUDGED: Final = N_(
    "no action judged since this console opened: the next appears by itself"
)
# Age counts here, so the action leaves it room; policies stand in approvals.
_WAITING_COLUMNS: Final = tuple(
    replace(each, width=18) if each.flexible else each for each in COLUMNS[:-1]
)


class OverviewScreen(MaestroScreen):
    """Counts, what waits longest, agents, alerts, the feed."""

    NAME = "overview"
    FIELDS = ("what", "id", "agent", "action", "took")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("overview")

    def __init__(self, front: Front) -> None:
        super().__init__(front)
        self.pulse = Paper(id="pulse", titled=False)
        self.pulse.can_focus = False
        self.doors = Doors(id="doors")
        self.alerts = Paper(id="alerts")
        self.waiting: LiveTable[ApprovalRecord] = LiveTable(
            _WAITING_COLUMNS,
            key=lambda each: each.id,
            id="waiting",
        )
        self.agents: LiveTable[AgentView] = LiveTable(
            AGENT_COLUMNS,
            key=lambda each: each.principal.id,
            id="agents",
            sorts=AGENT_SORTS,
        )
        self.feed: LiveTable[FeedEvent] = LiveTable(
            FEED_COLUMNS,
            key=_feed_key,
            id="feed",
            follow=True,
            empty=_NOTHING_JUDGED,
            sorts=FEED_SORTS,
        )
        self.first_steps = Paper(id="first-steps")
        self._captions = {
            name: Caption(id=f"{name}-words") for name in ("waiting", "agents", "feed")
        }
        self._held_feed: tuple[FeedEvent, ...] | None = None

    def compose_body(self) -> ComposeResult:
        """Doors; what waits beside the agents where there is room, else above them; the feed."""
        yield self.doors
        with Container(id="upper"):
            with Vertical(id="held"):
                yield self.pulse
                yield self._captions["waiting"]
                yield self.waiting
            with Vertical(id="fleet"):
                yield self.alerts
                yield self._captions["agents"]
                yield self.agents
        with Vertical(id="lower"):
            yield self.first_steps
            yield self._captions["feed"]
            yield self.feed

    def on_mount(self) -> None:
        """What waits comes first."""
        self.waiting.focus()

    def wants(self) -> Iterable[Ask[Any]]:
        """What the row of doors says."""
        readings = (READINGS,) if self.is_first_run else ()
        return (ALERTS, seldom(FLEET), seldom(HEALTH), *readings)

    def rests(self) -> bool:
        """Whether nothing waits, rings, was judged lately, is told to a newcomer or is stale."""
        front, now = self.front, self.front.view().now
        snapshot, switches = front.snapshot, front.switches
        judged = snapshot.seconds and snapshot.seconds[-1][0] > now.timestamp() - 2 * WINDOW_S
        passing = snapshot.approvals or front.outbox.held or front.fleet.answer(ALERTS).value
        told = self.is_first_run or front.tour.step or front.stale_s() is not None
        return not (
            judged or passing or told or switches.debug or (switches.clock and now.second == 0)
        )

    @property
    def is_first_run(self) -> bool:
        """Whether no agent from outside has ever called."""
        front = self.front
        return is_first_run(front.snapshot.agents, front.fleet.answer(FLEET).value)

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Own actions."""
        return {
            "pause": lambda _: self._pause(),
            "open": lambda _: self._open(),
            "trace": lambda _: self._trace(),
            "to_entries": lambda _: self._to_entries(),
            "copy": lambda _: self._copy(),
            "quarantine": self._quarantine,
        }

    def missing(self) -> Iterable[Need]:
        """A row, and its action or agent; something to try."""
        if self.front.trial is None or not (self.is_first_run or self.front.tour.step):
            yield Need.FIRST_RUN
        if not self.agents.has_focus or self.agents.selected is None:
            yield Need.AGENT
        if self._focused_table().selected is None:
            yield Need.ROW
        elif self._selected_action() is None:
            yield Need.TRACE

    def draw(self) -> None:
        """All panes."""
        snapshot, now = self.front.snapshot, self.front.view().now
        bridge = self.front.bridge
        self._draw_doors()
        self.pulse.show(pulse_lines(snapshot, now))
        rings = firing(self.front.fleet.answer(ALERTS).value or (), now)
        if self.is_first_run and not self.has_class("-wide"):
            rings = []  # the first steps need the room; the doors count what rings
        own = alert_lines(snapshot)
        alerts = (*own, *firing_lines(rings, now))
        self.alerts.display = bool(alerts)
        self.alerts.show(alerts, title=(Span(_("ALERTS"), Tone.BAD),))
        # A paper that was hidden knows its rows only when it has been laid out.
        rows = max(len(alerts), len(self.alerts.rows))
        # What the gate itself cannot do gets more room than what the doors count too.
        few = self.size.height // 12
        self.alerts.styles.height = 1 + min(rows, self.size.height // 8 if len(own) > few else few)
        waiting, unread = oldest_first(snapshot.approvals or ()), _("not read yet")
        self.waiting.empty = unread if snapshot.approvals is None else _("✓ nothing waits for you")
        self.agents.empty = (
            unread
            if snapshot.agents is None
            else _("no agent has called yet: `maestro hook install` connects Claude Code")
        )
        self.waiting.show(waiting, lambda each: approval_cells(each, bridge.brief(each), now))
        self.agents.show(snapshot.agents or (), agent_cells)
        self._captions["waiting"].show(
            (
                Span(_("WAITING LONGEST  "), Tone.TITLE),
                Span(
                    unread
                    if snapshot.approvals is None
                    else _count(waiting, "approval", "approvals"),
                    Tone.DIM,
                ),
            )
        )
        agents = (
            unread
            if snapshot.agents is None
            else _("{agents} at the gate").format(agents=_count(snapshot.agents, "agent", "agents"))
        )
        self._captions["agents"].show((Span(_("AGENTS  "), Tone.TITLE), Span(agents, Tone.DIM)))
        self._draw_first_steps()
        self._draw_feed()
        self._load_briefs()

    def _draw_doors(self) -> None:
        """The fleet, its messages and its alerts, each with the key that leads there."""
        fleet, now = self.front.fleet, self.front.view().now
        self.doors.display = fleet.hosted
        agents, health = fleet.answer(FLEET).value, fleet.answer(HEALTH).value
        alerts = fleet.answer(ALERTS).value
        wide = self.has_class("-wide")
        unread = (Span(_("not read yet"), Tone.DIM),)
        of_alerts = alert_tally if wide else worst_alert
        self.doors.show(
            (
                Door("6", "alerts", unread if alerts is None else of_alerts(alerts, now)),
                Door("2", "agents", unread if agents is None else worst(agents)),
                Door("5", "messages", unread if health is None else flow(health)),
            )
        )

    def _draw_first_steps(self) -> None:
        front, first = self.front, self.is_first_run
        if first != self.has_class("-first"):
            front.fleet.wake()  # other questions
        self.set_class(first, "-first")
        if not first:
            return
        lines = first_run_lines(
            front.fleet.answer(READINGS).value,
            front.fleet.answer(FLEET).value or (),
            home=front.home,
            gateway=front.gateway,
            can_try=front.trial is not None,
        )
        words = (Span(_("FIRST STEPS  "), Tone.TITLE), Span(_("until an agent calls"), Tone.DIM))
        self.first_steps.show(lines, title=words)

    def _draw_feed(self) -> None:
        live = self.front.snapshot.feed
        shown = live if self._held_feed is None else self._held_feed
        missed = 0
        if self._held_feed is not None:
            newest = self._held_feed[-1] if self._held_feed else None
            missed = next(
                (back for back, each in enumerate(reversed(live)) if each is newest), len(live)
            )
        zone = self.front.zone
        kept = shown
        if self.filter:
            kept = tuple(
                each
                for each in shown
                if self.filter.fits(searched_cells(FEED_COLUMNS, feed_cells(each, zone)))
            )
        self.feed.empty = _(NOTHING_FITS) if self.filter else _(_NOTHING_JUDGED)
        self.feed.show(kept[::-1], lambda each: feed_cells(each, zone))
        paused, left_out = self._held_feed is not None, len(shown) - len(kept)
        self._captions["feed"].show(
            feed_title(len(kept), paused=paused, missed=missed, left_out=left_out)
        )

    def _load_briefs(self) -> None:
        bridge = self.front.bridge
        missing = [each for each in self.waiting.in_sight if bridge.brief(each) is None]
        if missing:
            start_work(self, partial(self._read_briefs, missing), group="briefs")

    async def _read_briefs(self, approvals: list[ApprovalRecord]) -> None:
        if await self.front.bridge.load_briefs(approvals):
            self.waiting.repaint()

    def _focused_table(self) -> LiveTable[Any]:
        return next((each for each in (self.agents, self.feed) if each.has_focus), self.waiting)

    def _selected_action(self) -> ActionId | None:
        if self.agents.has_focus:
            return None
        if self.feed.has_focus:
            event = self.feed.selected
            return None if event is None else event.action_id
        row = self.waiting.selected
        return None if row is None else row.id

    def _pause(self) -> None:
        self._held_feed = self.front.snapshot.feed if self._held_feed is None else None
        self._draw_feed()

    def _open(self) -> None:
        """A held action in the queue, an agent's part of the queue, an event's trace."""
        if self.agents.has_focus:
            agent = self.agents.selected
            if agent is not None:
                self.post_message(Asked("agent", argument=agent.principal.id))
        elif self.feed.has_focus:
            self._trace()
        else:
            self.post_message(Asked("approvals", action_id=self._selected_action()))

    def _trace(self) -> None:
        action_id = self._selected_action()
        if action_id is not None:
            self.post_message(Asked("trace", action_id=action_id))

    def _to_entries(self) -> None:
        action_id = self._selected_action()
        if action_id is not None:
            self.post_message(Asked("entries", argument=action_id))

    def go_back(self) -> None:
        """Clear the filter of the feed."""
        if self.filter:
            self.set_filter("")

    def _quarantine(self, key: str) -> None:
        agent = self.agents.selected
        if agent is not None:
            self.front.typed.start_asking(self, partial(self._ask_quarantine, agent, key))

    async def _ask_quarantine(self, agent: AgentView, key: str) -> None:
        """Into quarantine, or out of it."""
        principal = agent.principal
        wanted = not principal.quarantined
        from console.screens.dialogs.reason import ask_quarantine  # noqa: PLC0415 - not at the start
        from core.commands import SetQuarantine  # noqa: PLC0415 - the same

        dialog = ask_quarantine(self.front, principal.id, quarantined=wanted)
        reason = await self.shell.push_screen_wait(dialog)
        if not reason:
            return
        self.front.typed.ask_no_more()
        command = SetQuarantine(
            operator=self.front.bridge.operator_id,
            key=key,
            agent_id=principal.id,
            quarantined=wanted,
            reason=reason,
        )
        try:
            await self.front.bridge.send(command)
        except MaestroError as error:
            self.say(str(error), severity="error")
        else:
            done = _("is in quarantine") if wanted else _("is released")
            self.say(f"✓ {principal.id} {done}")
        self.update()

    def _copy(self) -> None:
        agent = self.agents.selected if self.agents.has_focus else None
        text = agent.principal.id if agent is not None else self._selected_action()
        if text is not None:
            self.copy(text)

    def on_live_table_moved(self, message: LiveTable.Moved) -> None:
        """Rows in sight may need their briefs."""
        message.stop()
        if message.table is self.waiting:
            self._load_briefs()
        self.show_keys()

    def on_live_table_chosen(self, message: LiveTable.Chosen) -> None:
        """A double click opens."""
        message.stop()
        self._open()

    def on_descendant_focus(self) -> None:
        """Keys depend on the pane."""
        self.show_keys()


def _count(items: Sequence[object], one: str, many: str) -> str:
    return count(len(items), one, many)


def _feed_key(event: FeedEvent) -> str:
    return f"{type(event).__name__}:{event.action_id}"
