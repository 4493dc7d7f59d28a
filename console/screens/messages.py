"""What agents send each other, live; what could not be delivered."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from console.fleet_bridge import ALERTS, FLEET, Ask, ask_messages
from console.keymap import Need
from console.language import _
from console.screens.base import Asked, Front, bindings_for
from console.screens.dialogs.reason import ask_discard
from console.screens.listing import ListScreen, send_fleet
from console.screens.sizes import LIST_WIDTHS, fit_rows
from console.view_models.ink import Span, Tone
from console.view_models.messages import (
    COLUMNS,
    SORTS,
    message_cells,
    message_lines,
    messages_title,
    query_of,
    searched,
)
from console.view_models.text import short_id, visible_spans
from console.view_models.words import screen_name
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from core.commands import DiscardMessage, ResendMessage
from core.fleet import MessageState, MessageView

Views = tuple[MessageView, ...]


class MessagesScreen(ListScreen[MessageView]):
    """The newest messages; dead letters are sent again or given up here."""

    NAME = "messages"
    HORIZONTAL_BREAKPOINTS = LIST_WIDTHS
    FIELDS = ("agent", "type", "state", "from", "to")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("messages")

    def __init__(self, front: Front) -> None:
        table: LiveTable[MessageView] = LiveTable(
            COLUMNS, key=lambda each: each.message.id, id="ring", follow=True, sorts=SORTS
        )
        super().__init__(front, table)
        self.paper = Paper(id="message", opened_by="Enter")
        self.paper.add_class("beside")
        self._upper = Vertical(classes="rows")
        self._dead_only = False
        self._held: Views | None = None

    def compose_body(self) -> ComposeResult:
        """The ring, then one message whole."""
        with Container(classes="split"):
            with self._upper:
                yield self.caption
                yield self.table
            yield self.paper

    @property
    def _ask(self) -> Ask[Views]:
        return ask_messages(query_of(self.filter, dead_only=self._dead_only))

    def wants(self) -> Iterable[Ask[Any]]:
        """Messages that fit."""
        return (ALERTS, FLEET, self._ask)

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """What lists do, and dealing with dead letters."""
        return {
            **super().handlers,
            "pause": lambda _: self._pause(),
            "to_agent": lambda _: self._to_agent(),
            "dead": lambda _: self._show_dead(),
            "resend": self._resend,
            "discard": self._discard,
            "read_on": lambda _: self.paper.page(1),
            "read_back": lambda _: self.paper.page(-1),
        }

    def where(self) -> tuple[str, ...]:
        """Dead letters are a place of their own."""
        dead = (_("dead letters"),) if self._dead_only else ()
        return (screen_name(self.NAME), *dead)

    def missing(self) -> Iterable[Need]:
        """A row, and a dead one."""
        yield from super().missing()
        row = self.table.selected
        if row is None:
            return
        if row.state is not MessageState.DEAD:
            yield Need.DEAD
        if not self.front.knows_agent(row.message.sender):
            yield Need.UNKNOWN_AGENT

    def draw(self) -> None:
        """The messages as last read, or as they were when they were held still."""
        now, zone = self.front.view().now, self.front.zone
        answer = self.front.fleet.answer(self._ask)
        live = answer.value
        shown = live if self._held is None else self._held
        if self.filter:
            shown = tuple(each for each in shown or () if self.filter.fits(searched(each)))
        missed = None
        if self._held is not None:
            known = {each.message.id for each in self._held}
            missed = sum(each.message.id not in known for each in live or ())
        self.caption.show(
            messages_title(shown, dead_only=self._dead_only, missed=missed, problem=answer.problem)
        )
        nothing = _("✓ no dead letter") if self._dead_only else _("no message yet")
        self.explain_empty(answer.problem, _("not read yet") if live is None else nothing)
        self.table.show(shown or (), lambda each: message_cells(each, zone, now))
        fit_rows(self._upper, len(shown or ()), above=2)
        self.draw_selected()

    def draw_selected(self) -> None:
        """One message whole."""
        row = self.table.selected
        if row is None:
            answer = self.front.fleet.answer(self._ask)
            why = self.why_empty(answer, "dead" if self._dead_only else "messages")
            self.paper.show(why, title=(Span(_("no message"), Tone.DIM),))
            return
        title = visible_spans(row.message.type, Tone.STRONG)
        self.paper.show(message_lines(row, self.front.zone, self.front.view().now), title=title)

    def open_row(self) -> None:
        """The message alone."""
        self.open_pane()
        self.paper.focus()
        self.call_after_refresh(self.update)

    def name_of(self, row: MessageView) -> str:
        """Its id."""
        return row.message.id

    def _to_agent(self) -> None:
        row = self.table.selected
        if row is not None:
            self.post_message(Asked("agent_detail", argument=row.message.sender))

    def _pause(self) -> None:
        live = self.front.fleet.answer(self._ask).value
        self._held = live if self._held is None else None
        self.draw()

    def _show_dead(self) -> None:
        self._dead_only, self._held = not self._dead_only, None
        self.front.fleet.wake()
        self.update()

    def filtered(self) -> None:
        """Another question: what was held still belongs to the old one."""
        self._held = None
        super().filtered()

    def _resend(self, key: str) -> None:
        row = self.table.selected
        if row is not None:
            operator = self.front.bridge.operator_id
            command = ResendMessage(operator=operator, key=key, message_id=row.message.id)
            self.ask(partial(send_fleet, self, command))

    def _discard(self, key: str) -> None:
        row = self.table.selected
        if row is not None:
            self.ask(partial(self._ask_discard, row, key))

    async def _ask_discard(self, row: MessageView, key: str) -> None:
        what = f"{row.message.type} {short_id(row.message.id)}"
        reason = await self.shell.push_screen_wait(ask_discard(self.front, what))
        if reason:
            operator = self.front.bridge.operator_id
            command = DiscardMessage(
                operator=operator, key=key, message_id=row.message.id, reason=reason
            )
            await send_fleet(self, command)
