"""The trail: newest first, filtered, verified with one key."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from console.keymap import Need
from console.screens.base import Asked, Front, MaestroScreen, bindings_for
from console.screens.dialogs.prompt import PromptDialog
from console.view_models.audit import (
    COLUMNS,
    PAGE,
    entry_cells,
    entry_lines,
    parse_filter,
    read_entry,
    trail_words,
)
from console.view_models.ink import Span, Tone
from console.widgets.caption import Caption
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from console.work import start_work
from core.errors import MaestroError
from core.ids import ActionId
from core.records import AuditEntry, AuditQuery

_NEAR_END: Final = 50


class AuditScreen(MaestroScreen):
    """Shows entries as they are kept; changes nothing."""

    NAME = "audit"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("audit")

    def __init__(self, front: Front) -> None:
        super().__init__(front)
        self.trail: LiveTable[AuditEntry] = LiveTable(
            COLUMNS, key=lambda each: str(each.seq), id="trail", follow=True
        )
        self.caption = Caption(id="trail-words")
        self.paper = Paper(id="entry", opened_by="Enter")
        self.entries: tuple[AuditEntry, ...] = ()
        self._filter = ""
        self._read_to = -1  # length of the trail at the last read
        self._complete = False  # nothing older is left to load
        self._loading = False

    def compose_body(self) -> ComposeResult:
        """The trail under a word on its state, then one entry whole."""
        with Vertical(id="entries"):
            yield self.caption
            yield self.trail
        yield self.paper

    def on_mount(self) -> None:
        """The trail is where one begins."""
        self.trail.focus()

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Own actions."""
        return {
            "open": lambda _: self._open(),
            "trace": lambda _: self._trace(),
            "copy": lambda _: self._copy(),
            "filter": lambda _: self._ask_filter(),
            "read_on": lambda _: self.paper.page(1),
            "read_back": lambda _: self.paper.page(-1),
        }

    def where(self) -> tuple[str, ...]:
        """The filter is a crumb."""
        return (self.NAME, self._filter) if self._filter else (self.NAME,)

    def missing(self) -> Iterable[Need]:
        """A row, and its action."""
        row = self.trail.selected
        if row is None:
            yield Need.ROW
        elif not read_entry(row).action_id:
            yield Need.TRACE

    def draw(self) -> None:
        """Read what is new; draw what is known."""
        length = self.front.snapshot.audit_length or 0
        if length != self._read_to:
            self._read_to = length
            start_work(self, self._read_newer, group="newer")
        self.caption.show(trail_words(self.front.snapshot))
        self._draw_rows()

    def _draw_rows(self) -> None:
        view = self.front.view()
        fits = "no entry fits the filter: Esc clears it, / changes it"
        self.trail.empty = fits if self._filter else "no entry yet"
        self.trail.show(self.entries, lambda each: entry_cells(each, view.zone, view.now))
        self._draw_entry()

    def _draw_entry(self) -> None:
        entry = self.trail.selected
        if entry is None:
            self.paper.show((), title=(Span("no entry", Tone.DIM),))
            return
        title = (Span(f"entry {entry.seq:,}", Tone.STRONG),)
        self.paper.show(entry_lines(entry, self.front.zone), title=title)

    async def _read_newer(self) -> None:
        newest = self.entries[0].seq if self.entries else 0
        query = parse_filter(self._filter, after_seq=newest)
        found = await self._read(query)
        if found is None:
            return
        if newest and len(found) == PAGE:
            # More than a page came in between: begin anew rather than leave a gap.
            found, self.entries = await self._read(parse_filter(self._filter)) or (), ()
            self._complete = len(found) < PAGE
        elif not newest:
            self._complete = len(found) < PAGE
        self.entries = (*found, *self.entries)
        self._draw_rows()
        self.show_keys()

    async def _read_older(self) -> None:
        self._loading = True
        try:
            query = parse_filter(self._filter, before_seq=self.entries[-1].seq)
            found = await self._read(query)
            if found is not None:
                self._complete = len(found) < PAGE
                self.entries = (*self.entries, *found)
                self._draw_rows()
        finally:
            self._loading = False

    async def _read(self, query: AuditQuery) -> tuple[AuditEntry, ...] | None:
        try:
            return await self.front.bridge.read_audit(query)
        except MaestroError as error:
            self.say(str(error), severity="error")
            return None

    def on_live_table_moved(self, message: LiveTable.Moved) -> None:
        """Show the entry; near the end, load what is older."""
        message.stop()
        self._draw_entry()
        self.show_keys()
        row = self.trail.selected
        if row is None or self._complete or self._loading or len(self.entries) < _NEAR_END:
            return
        if row.seq <= self.entries[-_NEAR_END].seq:
            start_work(self, self._read_older, group="older")

    def on_live_table_chosen(self, message: LiveTable.Chosen) -> None:
        """A double click opens."""
        message.stop()
        self._open()

    def _open(self) -> None:
        self.open_pane()
        self.paper.focus()
        self.call_after_refresh(self.update)

    def go_back(self) -> None:
        """Close the entry, then clear the filter."""
        if self.close_pane() or self.paper.has_focus:
            self.trail.focus()
        elif self._filter:
            self.set_filter("")

    def _trace(self) -> None:
        row = self.trail.selected
        if row is not None:
            self.post_message(Asked("trace", action_id=ActionId(read_entry(row).action_id)))

    def _copy(self) -> None:
        row = self.trail.selected
        if row is not None:
            self.shell.copy_to_clipboard(row.hash)
            self.say(f"Copied the hash of entry {row.seq:,}.")

    def _ask_filter(self) -> None:
        self.shell.push_screen(PromptDialog("/", value=self._filter), self.set_filter)

    def set_filter(self, words: str | None) -> None:
        """Read only entries that fit; None changes nothing."""
        if words is None:
            return
        self._filter = words.strip()
        self.entries, self._complete, self._read_to = (), False, -1
        self.close_pane()
        self.trail.focus()
        self.update()
