"""Several actions at once; each stays its own decision."""

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

from textual.binding import Binding, BindingType
from textual.widget import Widget

from console.language import N_, _
from console.screens.base import Front
from console.screens.dialogs.base import Dialog, asked
from console.screens.read_first import ReadWhole
from console.view_models import signs
from console.view_models.columns import Column
from console.view_models.dossier import Card, dossier_title
from console.view_models.grouping import common_kind, group_spans
from console.view_models.ink import Span, Spans, Tone, plain_text, prose
from console.view_models.summary import Brief
from console.view_models.text import count, short_id, whole
from console.widgets.bars import KeyHint
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from core.ids import ActionId
from core.ports import Dossier
from core.records import ApprovalRecord

_COLUMNS: Final = (
    Column(title=N_("ID"), width=6),
    Column(title=N_("RISK"), width=9),
    Column(title=N_("ACTION"), width=30, flexible=True),
    Column(title=N_("HERE"), width=12),
)


class GroupItem(NamedTuple):
    """One action of the group; `alone` says why it is not approved with the others."""

    dossier: Dossier
    approval: ApprovalRecord
    card: Card
    brief: Brief
    alone: str


class GroupAnswer(NamedTuple):
    """What is decided, about which."""

    approve: bool
    items: tuple[GroupItem, ...]


class GroupDialog(Dialog[GroupAnswer]):
    """Gives the items that are to be approved, or denied: what was taken out is in neither."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "answer('approve')", "approve", show=False),
        Binding("d", "answer('deny')", "deny", show=False),
        Binding("space", "answer('leave out')", "leave out", show=False),
        Binding("full_stop", "answer('read on')", "read on", show=False),
        Binding("comma", "answer('read back')", "read back", show=False),
        Binding("m", "answer('risk')", "next risky part", show=False),
    ]

    def __init__(self, front: Front, items: Sequence[GroupItem], whole: ReadWhole) -> None:
        """`whole` knows, and is told, what was read to its end."""
        super().__init__(front)
        self._items = items
        self._whole = whole
        self._out: frozenset[str] = frozenset()
        self._gone: Mapping[ActionId, str] = {}  # settled or edited by others; how that is said
        self._shown: ActionId | None = None
        self._table: LiveTable[GroupItem] = LiveTable(
            _COLUMNS, key=lambda each: each.approval.id, id="members"
        )
        self._paper = Paper(id="group")
        self._told: tuple[int, dict[ActionId, Spans]] = (0, {})

    def title_spans(self) -> Spans:
        """What is asked."""
        kind = common_kind([each.approval for each in self._items])
        return asked(
            _("Decide {actions} at once?").format(
                actions=count(len(self._meant(approve=False)), "action", "actions")
            ),
            (Span(whole(kind), Tone.STRONG),) if kind else (),
        )

    def compose_body(self) -> Iterable[Widget]:
        """Every action in a line, the selected one with all its arguments."""
        yield self._table
        yield self._paper

    def on_mount(self) -> None:
        """Show them all."""
        super().on_mount()
        self._table.styles.height = len(self._items) + 1  # as many as there are, up to a bound
        self._table.focus()
        self._draw()

    def _draw(self) -> None:
        self._table.show(self._items, self._cells)
        self._table.repaint()
        self.show_keys()
        item = self._table.selected
        if item is not None:
            note = tuple(prose(each, Tone.WARN) for each in self._notes(item))
            self._paper.show(
                (*note, *item.card.action),
                title=dossier_title(item.dossier),
                keep_place=item.approval.id == self._shown,
                about=item.dossier.shown_digest,
                to_read=len(note) + len(item.card.action),
            )
            self._shown = item.approval.id

    def _notes(self, item: GroupItem) -> Iterable[str]:
        if item.alone:
            yield _("left out of approving: {alone}").format(alone=item.alone)
        if item.approval.id in self._gone:
            yield self._gone[item.approval.id]

    def _cells(self, item: GroupItem) -> tuple[Spans, ...]:
        approval = item.approval
        out = approval.id in self._out or approval.id in self._gone
        told = self._what(item)
        return (
            (Span(short_id(approval.id), Tone.DIM if out else Tone.STRONG),),
            (signs.RISK[approval.risk],),
            (Span(plain_text(told), Tone.DIM),) if out else told,
            (self._here(item),),
        )

    def _here(self, item: GroupItem) -> Span:
        if item.approval.id in self._gone:
            return Span(_("gone"), Tone.BAD)
        if item.approval.id in self._out:
            return Span(_("taken out"), Tone.WARN)
        if item.alone:
            return Span(_("deny only"), Tone.WARN)
        if self._whole.lacks(item.dossier):
            return Span(_("read first"), Tone.WARN)
        return Span(_("✓ included"), Tone.OK)

    def _what(self, item: GroupItem) -> Spans:
        """What it does: shortened so that it differs from the others where the row is cut."""
        room = self._table.room_of("ACTION")
        if self._told[0] != room:
            members = [(each.approval, each.brief) for each in self._items]
            names = (approval.id for approval, _brief in members)
            told = dict(zip(names, group_spans(members, room), strict=True))
            self._told = (room, told)
        return self._told[1][item.approval.id]

    def _meant(self, *, approve: bool) -> tuple[GroupItem, ...]:
        out = self._out.union(self._gone)
        kept = (each for each in self._items if each.approval.id not in out)
        return tuple(each for each in kept if not (approve and each.alone))

    def hints(self) -> tuple[KeyHint, ...]:
        """Counts, so that nobody approves more than was read."""
        together, all_of_them = len(self._meant(approve=True)), len(self._meant(approve=False))
        return (
            KeyHint(
                "a",
                _("approve {together}").format(together=together),
                "approve",
                enabled=bool(together) and not self._unread(),
            ),
            KeyHint(
                "d",
                _("deny {all_of_them}").format(all_of_them=all_of_them),
                "deny",
                enabled=bool(all_of_them),
            ),
            KeyHint("Space", _("take out"), "leave out", enabled=True),
            KeyHint(".", _("read on"), "read on", enabled=True),
        )

    def on_live_table_moved(self, message: LiveTable.Moved) -> None:
        """Another one is shown."""
        message.stop()
        self._draw()

    def on_paper_read(self, message: Paper.Read) -> None:
        """The selected one was in sight to its end."""
        message.stop()
        self._whole.note(message.about)
        self._draw()

    def leave_out(self, gone: Mapping[ActionId, str]) -> None:
        """Others settled or edited these; the words say who."""
        if gone.keys() != self._gone.keys():
            self._gone = gone
            self.arm()  # the counts are others now
            self._caption.show(self.title_spans())
            self._draw()

    def answer(self, name: str) -> None:
        """Decide, take one out, or read."""
        if name in {"approve", "deny"}:
            self._decide(approve=name == "approve")
        elif name == "leave out" and (item := self._table.selected) is not None:
            self._out ^= {item.approval.id}
            self.arm()  # the counts are others now
            self._caption.show(self.title_spans())
            self._table.action_move(1)
            self._draw()
        elif name == "risk":
            self._paper.next_risk()
        elif name == "read on" and self._paper.is_at_end:
            self._read_next()
        else:
            self._paper.page(1 if name == "read on" else -1)

    def _unread(self) -> tuple[ActionId, ...]:
        """Those that would be approved, and were not in sight to their end."""
        meant = self._meant(approve=True)
        return tuple(each.approval.id for each in meant if self._whole.lacks(each.dossier))

    def _read_next(self) -> None:
        """What was jumped over of this one, else the next that is to be read, after the last the
        first again, else the next row.
        """
        ids, unread = [each.approval.id for each in self._items], self._unread()
        at = next((at for at, each in enumerate(ids) if each == self._shown), 0)
        later = (each for each in (*ids[at + 1 :], *ids[:at]) if each in unread)
        if self._shown in unread and self._paper.is_end_seen:
            self._paper.page(1)  # to what was jumped over
        elif (following := next(later, None)) is not None:
            self._table.select(following)
        else:
            self._table.action_move(1)

    def _decide(self, *, approve: bool) -> None:
        items = self._meant(approve=approve)
        if not items:
            self.say(
                _("None of these can be approved in a group.") if approve else _("Nothing is left.")
            )
        elif approve and (unread := self._unread()):
            said = _("Read all of them to the end first, still {actions}: . goes on to them.")
            self.say(said.format(actions=count(len(unread), "action", "actions")))
        elif self.is_live():
            self.dismiss(GroupAnswer(approve, items))
