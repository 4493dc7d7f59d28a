"""The queue of held actions beside the whole of the selected one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from console.keymap import Need
from console.language import _
from console.outbox import Decided
from console.screens.around import LookedAt, read_card
from console.screens.base import OPENED, Asked, Front, MaestroScreen, bindings_for
from console.screens.deciding import Decider, Way
from console.screens.read_first import ReadFirst, ReadWhole
from console.screens.taken import Taken, who_settled
from console.view_models.approvals import (
    COLUMNS,
    SORTS,
    approval_cells,
    group_of,
    nothing_waits,
    searched,
)
from console.view_models.deciding import undecidable
from console.view_models.dossier import card_title
from console.view_models.ink import Line, Span, Spans, Tone
from console.view_models.text import short_id, visible_spans
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from console.work import start_work
from core.errors import MaestroError
from core.ids import ActionId
from core.ports import Dossier
from core.records import ApprovalRecord

_QUEUE_MIN: Final = 5


class ApprovalsScreen(MaestroScreen):
    """Shows what would run, and takes the operator's decision about exactly that."""

    NAME = "approvals"
    FIELDS = ("agent", "risk", "kind", "policy")
    DRAWS = ()  # the queue is counted in the header
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("approvals")

    def __init__(self, front: Front) -> None:
        super().__init__(front)
        self.queue: LiveTable[ApprovalRecord] = LiveTable(
            COLUMNS, key=lambda each: each.id, id="queue", sorts=SORTS
        )
        self.paper = Paper(id="dossier", opened_by="Enter")
        self.dossier: Dossier | None = None
        self.aside = Paper(id="aside")
        self._card = LookedAt()
        whole = ReadWhole()
        self._reading = ReadFirst(self, front, self.paper, whole, live=self.show_keys)
        self._wanted: ApprovalRecord | None = None
        self._unreadable = False  # reading it failed: it is tried again
        self._decider = Decider(self, front, whole, held_back=self._held_back)
        self._taken = Taken(front)

    def compose_body(self) -> ComposeResult:
        """The queue, then the whole of one action: in two panes where there is room."""
        yield self.queue
        with Container(id="evidence"):
            yield self.paper
            yield self.aside
        yield self._taken

    def on_mount(self) -> None:
        """The queue is where one begins."""
        self.queue.focus()

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Own actions."""
        return {
            "approve": self._decide(self._decider.approve),
            "deny": self._decide(self._decider.deny),
            "edit": self._decide(self._decider.edit),
            "defer": self._decide(self._decider.defer),
            "remember": self._decide(self._decider.remember),
            "group": self._group,
            "mark": lambda _: self._mark(),
            "next_risk": lambda _: self._next_risk(),
            "open": lambda _: self._open(),
            "trace": lambda _: self._trace(),
            "copy": lambda _: self._copy(),
            "to_entries": lambda _: self._to_entries(),
            "read_on": lambda _: self.paper.page(1),
            "read_back": lambda _: self.paper.page(-1),
        }

    # -- what is shown --------------------------------------------------------------------

    def draw(self) -> None:
        """The queue as it is; the dossier when what it shows has changed."""
        bridge = self.front.bridge
        waiting = self.front.snapshot.approvals or ()
        rows = self.filter.keep(waiting, lambda each: searched(each, bridge.brief(each)))
        if self.queue.marked:
            self.queue.marked &= {each.id for each in rows}
        unread = self.front.snapshot.approvals is None
        nothing = _("not read yet") if unread else _("✓ nothing waits for you")
        self.queue.empty = _("no held action fits") if self.filter else nothing
        self._share_room(len(rows))
        self._forget_settled(waiting)
        self._taken.draw()
        self.queue.show(rows, self._cells)
        self._load_briefs()
        self._follow_selection()
        self._draw_dossier()

    def _forget_settled(self, waiting: Sequence[ApprovalRecord]) -> None:
        """What somebody else ended meanwhile is not sent any more."""
        there = {each.id for each in waiting}
        if self.front.snapshot.approvals is not None:
            for gone in self.front.outbox.forget(lambda each: each not in there):
                said = _("{who_settled}; yours was not sent")
                words = said.format(who_settled=who_settled(self.front, gone))
                self.say(words, severity="warning")

    def _cells(self, approval: ApprovalRecord) -> tuple[Spans, ...]:
        brief, room = self.front.bridge.brief(approval), self.queue.room_of("ACTION")
        unsent, failed = self._taken.flag(approval.id), self.front.outbox.failed(approval.id)
        now = self.front.view().now
        return approval_cells(approval, brief, now, unsent=unsent, failed=failed, room=room)

    def _share_room(self, rows: int) -> None:
        """Below each other, a short queue leaves its room to the action."""
        stacked = not any(map(self.has_class, ("-narrow", "-low", OPENED)))
        most = max(_QUEUE_MIN, self.size.height // 3)
        self.queue.styles.height = min(max(1, rows) + 1, most) if stacked else None

    def _follow_selection(self) -> None:
        """Have the dossier of the selected row, as that row is now."""
        before, row = self._wanted, self.queue.selected
        self._decider.follow()
        if self._decider.about is not None:
            return  # it stays in sight, whatever happens to it meanwhile
        if before is not None and (row is None or row.id != before.id):
            self._tell_gone(before.id)
        if row is None:
            self._wanted, self.dossier = None, None
            self.close_pane()
        elif row != before or self._unreadable:
            self._wanted, self._unreadable = row, False
            self.lead_to(partial(self._read_dossier, row.id), group="dossier")

    def _tell_gone(self, action_id: ActionId) -> None:
        """What was being read waits no more, unless the operator only went on to another."""
        waiting = self.front.snapshot.approvals or ()
        if any(each.id == action_id for each in waiting):
            return
        if not self.front.outbox.was_decided_here(action_id):
            self._reading.lose()
            self.say(who_settled(self.front, action_id), severity="warning")

    async def _read_dossier(self, action_id: ActionId) -> None:
        try:
            dossier = await self.front.bridge.show_action(action_id)
        except MaestroError as error:
            self.dossier, self._unreadable = None, True
            self.paper.show((Line(visible_spans(str(error), Tone.BAD)),), keep_place=False)
            self.show_keys()
            return
        card = await read_card(self.front, dossier)
        if self._wanted is None or self._wanted.id != action_id:
            return
        before, self.dossier = self.dossier, dossier
        self._card.put(card)
        same = before is not None and before.shown_digest == dossier.shown_digest
        if not same:
            self._reading.begin()
        self._draw_dossier(keep_place=same)  # what is new is read from its beginning
        self.show_keys()

    def on_screen_resume(self) -> None:
        """What changed while it was hidden is to be read first."""
        super().on_screen_resume()
        self._reading.resume()

    def on_paper_read(self, message: Paper.Read) -> None:
        """What is risky of the action, and its end, were in sight."""
        message.stop()
        self._reading.note(message.about)
        self.show_keys()

    def on_paper_laid_out(self, message: Paper.LaidOut) -> None:
        """A very long action stands there only now."""
        message.stop()
        self._reading.begin()
        self.show_keys()

    def _draw_dossier(self, *, keep_place: bool = True) -> None:
        if self.dossier is not None:
            title = card_title(self.dossier, self.front.view().now)
            self._card.tell_waiting(self.front, self.dossier)
            lines = self._card.action if self.has_class("-wide") else self._card.whole
            self.paper.show(
                lines,
                title=title,
                keep_place=keep_place,
                about=self.dossier.shown_digest,
                to_read=len(self._card.action),
            )
            about = (Span(_("policy, counsel, trust, session"), Tone.DIM),)
            self.aside.show(self._card.context, title=about, keep_place=keep_place)
        elif self._wanted is None:
            empty = nothing_waits(filtered=bool(self.filter and self.front.snapshot.approvals))
            self.paper.show(empty, title=(Span(_("no action"), Tone.DIM),))
            self.aside.show(())

    def _load_briefs(self) -> None:
        bridge = self.front.bridge
        missing = [each for each in self.queue.in_sight if bridge.brief(each) is None]
        if missing:
            start_work(self, partial(self._read_briefs, missing), group="briefs")

    async def _read_briefs(self, approvals: list[ApprovalRecord]) -> None:
        if await self.front.bridge.load_briefs(approvals):
            self.queue.repaint()

    def refuse(self, reason: str) -> None:
        """A key that comes too early has to be followed by a moment without any."""
        self._reading.refuse()
        super().refuse(reason)

    # -- what can be done -----------------------------------------------------------------

    def missing(self) -> Iterable[Need]:
        """What stands between the operator and a decision."""
        row = self.queue.selected
        if row is None:
            yield Need.ROW
        elif row.id in self.front.outbox.about:
            yield Need.UNSENT
        if not self.has_room:
            yield Need.ROOM
        if self._decider.busy:
            yield Need.IDLE
        shown = self._shown()
        yield from self._reading.missing(shown)
        yield from undecidable(shown, self.front.view())

    def _shown(self) -> Dossier | None:
        """The dossier of the selected action, when it is really before the operator's eyes."""
        row, dossier = self.queue.selected, self.dossier
        if row is None or dossier is None or dossier.record.id != row.id:
            return None
        return dossier if self._in_sight(self.paper) else None

    @staticmethod
    def _in_sight(pane: Paper) -> bool:
        return pane.size.height > 1 and pane.complete  # what is hidden has no size

    def _decide(self, how: Way) -> Callable[[str], None]:
        def start(key: str) -> None:
            dossier = self._shown()
            if dossier is not None:
                self._decider.start(how, dossier, key)

        return start

    def _held_back(self, decided: Decided) -> None:
        """Begin the countdown, and go on to the next action that is not decided."""
        sending = partial(self.front.outbox.run, self.update)
        start_work(self, sending, group="outbox", exclusive=False)  # one is never broken off
        rows, at = self.queue.rows, self.queue.selected
        if at is not None and at.id in decided.ids:
            start = rows.index(at)
            order = [*rows[start + 1 :], *reversed(rows[:start])]
            free = (each.id for each in order if each.id not in self.front.outbox.about)
            if following := next(free, None):
                self.queue.select(following, by_user=False)
                self._reading.go_on()
        if self.close_pane():
            self.queue.focus()

    def recall(self) -> None:
        """Take back the selected action's decision, else the last one."""
        row = self.queue.selected if self.is_current else None
        decided = self.front.outbox.recall(None if row is None else row.id)
        if decided is None:
            self.say(_("No decision can be taken back: what was sent stays."))
            return
        names = ", ".join(sorted(short_id(each) for each in decided.ids))
        said = _("Taken back: {verb} {names}. Nobody was told; it still waits.")
        self.say(said.format(verb=_(decided.verb), names=names))
        if self.is_current and len(decided.ids) == 1:
            self.queue.select(next(iter(decided.ids)))
        self.update()

    def _group(self, key: str) -> None:
        self._decider.carry(partial(self._gather_group, key))

    async def _gather_group(self, key: str) -> None:
        """The marked ones, else all like the selected one; then the operator decides."""
        bridge, row = self.front.bridge, self.queue.selected
        # What the filter hides is in no group, nor what is decided already.
        waiting = [each for each in self.queue.rows if each.id not in self.front.outbox.about]
        chosen: Iterable[ApprovalRecord] = [
            each for each in waiting if each.id in self.queue.marked
        ]
        if not chosen and row is not None and row in waiting:
            alike = [
                each for each in waiting if (each.agent_id, each.kind) == (row.agent_id, row.kind)
            ]
            await bridge.load_briefs(alike)
            chosen = group_of(
                row, bridge.brief(row), [(each, bridge.brief(each)) for each in alike]
            )
        if await self._decider.group(list(chosen), key):
            self.queue.marked = frozenset()
        self.update()

    def _mark(self) -> None:
        if (row := self.queue.selected) is not None:
            self.queue.marked ^= {row.id}
            self.queue.repaint()
            self.queue.action_move(1)

    def _next_risk(self) -> None:
        if not self.paper.next_risk():
            self.say(_("No part of this action is marked; WHY says what stopped it."))

    def _open(self) -> None:
        self._reading.choose()
        self.open_pane()
        self.paper.focus()
        self.call_after_refresh(self.update)

    def go_back(self) -> None:
        """Close the action, then clear the filter, then leave the pane."""
        if self.close_pane() or self.paper.has_focus:
            self.queue.focus()
        elif self.filter:
            self.set_filter("")

    def _trace(self) -> None:
        if (row := self.queue.selected) is not None:
            self.post_message(Asked("trace", action_id=row.id))

    def _copy(self) -> None:
        if (row := self.queue.selected) is not None:
            self.copy(row.id)

    def _to_entries(self) -> None:
        if (row := self.queue.selected) is not None:
            self.post_message(Asked("entries", argument=row.id))

    def filtered(self) -> None:
        """Begin at the list; what was marked stays marked where it still fits."""
        self._reading.close()  # what is typed on is for what the list will show
        self.queue.focus()
        start_work(self, self._filter_all, group="filter")

    async def _filter_all(self) -> None:
        """Words may stand in summaries, which are read on demand."""
        if self.filter:
            await self.front.bridge.load_briefs(self.front.snapshot.approvals or ())
        self.update()
        self._reading.begin()

    def select(self, action_id: ActionId) -> None:
        """Go to one held action, or say that it waits no more."""
        self.update()
        if not self.queue.select(action_id):
            said = _("{action_id} does not wait any more.")
            self.say(said.format(action_id=short_id(action_id)), severity="warning")

    def on_live_table_moved(self, message: LiveTable.Moved) -> None:
        """Another action: show it."""
        message.stop()
        self._load_briefs()
        self._follow_selection()
        if message.by_user:
            self._reading.choose()
        self.show_keys()

    def on_live_table_kept(self, message: LiveTable.Kept) -> None:
        """No other is there to go to: this one is chosen."""
        message.stop()
        self._reading.choose()

    def on_live_table_chosen(self, message: LiveTable.Chosen) -> None:
        """A double click opens."""
        message.stop()
        self._open()
