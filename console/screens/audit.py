"""The trail: newest first, filtered, verified with one key."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from console.keymap import Need
from console.language import _, numeral
from console.screens.base import Asked, Front, MaestroScreen, bindings_for
from console.view_models.audit import (
    COLUMNS,
    FIELDS,
    PAGE,
    SEARCH_PAGE,
    Heads,
    entry_cells,
    entry_lines,
    is_left_over,
    keep,
    query_of,
    read_entry,
    trail_words,
)
from console.view_models.filters import parse_filter
from console.view_models.ink import Span, Tone
from console.view_models.nothing import nothing_lines
from console.widgets.caption import Caption
from console.widgets.live_table import LiveTable
from console.widgets.paper import Paper
from console.work import start_work
from core.errors import MaestroError
from core.ids import ActionId
from core.records import AuditEntry, AuditQuery

_NEAR_END: Final = 50
_READS_MAX: Final = 50  # then the operator asks for more by going on


class AuditScreen(MaestroScreen):
    """Shows entries as they are kept; changes nothing."""

    NAME = "audit"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("audit")

    FIELDS = FIELDS

    def __init__(self, front: Front, about: ActionId | None = None) -> None:
        """`about`: opened from an action, and about its entries only."""
        super().__init__(front)
        self._pinned = "" if about is None else f"action:{about}"
        self.filter = parse_filter(self._pinned, FIELDS)
        self._heads = Heads()
        self.trail: LiveTable[AuditEntry] = LiveTable(
            COLUMNS,
            key=lambda each: str(each.seq),
            id="trail",
            follow=True,
            sorts=self._heads.sorts,
        )
        self.caption = Caption(id="trail-words")
        self.paper = Paper(id="entry", opened_by="Enter")
        self.entries: tuple[AuditEntry, ...] = ()
        self._read_to = -1  # length of the trail at the last read
        self._newest = 0  # the numbers between which everything that fits was read
        self._oldest = 0
        self._complete = False  # nothing older is left to load
        self._loading = False
        self._asked = False  # the store has answered, or could not

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
            "to_trace": lambda _: self._trace(),
            "read_on": lambda _: self.paper.page(1),
            "read_back": lambda _: self.paper.page(-1),
        }

    @property
    def can_go_back(self) -> bool:
        """To what it was opened from."""
        return bool(self._pinned) or super().can_go_back

    @property
    def is_reading(self) -> bool:
        """Whether more entries may come by themselves."""
        return self._loading or not self._asked

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
        self._draw_rows()

    def _draw_rows(self) -> None:
        view = self.front.view()
        fits = _("no entry fits the filter: Esc clears it, / changes it")
        self.trail.empty = (
            _("reading…")
            if self.is_reading
            else fits
            if self.filter
            else _("no entry yet: the first action or decision writes one")
        )
        searching = is_left_over(self.filter) and not self._complete
        self.caption.show(
            trail_words(self.front.snapshot, searched_to=self._oldest if searching else 0)
        )
        self.trail.show(self.entries, lambda each: entry_cells(each, view.zone, view.now))
        self._draw_entry()

    def _draw_entry(self) -> None:
        entry = self.trail.selected
        if entry is None:
            why = () if self.filter or self.is_reading else nothing_lines(self.NAME)
            self.paper.show(why, title=(Span(_("no entry"), Tone.DIM),))
            return
        title = (Span(_("entry {seq}").format(seq=numeral(entry.seq)), Tone.STRONG),)
        self.paper.show(entry_lines(entry, self.front.zone), title=title)

    @property
    def _page(self) -> int:
        return SEARCH_PAGE if is_left_over(self.filter) else PAGE

    async def _read_newer(self) -> None:
        asked = self.filter
        page = self._page if self._newest else PAGE  # what is found first is shown first
        found = await self._read(query_of(asked, after_seq=self._newest, limit=page))
        if asked is not self.filter:
            return
        if found is None:
            self._asked = True
            return
        anew = not self._newest
        if self._newest and len(found) == page:
            # More than a page came in between: begin anew rather than leave a gap.
            anew, page = True, PAGE
            found = await self._read(query_of(asked, limit=page)) or ()
        kept = await asyncio.to_thread(keep, found, asked)
        # All at once: this is broken off by the next draw, and what is half noted is never read.
        self.entries = kept if anew else (*kept, *self.entries)
        if anew:
            self._complete = len(found) < page
            self._oldest = found[-1].seq if found else 0
        self._newest = found[0].seq if found else self._newest
        self._asked = True
        self._draw_rows()
        self.show_keys()
        await asyncio.to_thread(self._heads.read, kept)
        if len(self.entries) < PAGE and not self._complete:
            start_work(self, self._read_older, group="older")

    async def _read_older(self) -> None:
        """Read on, and again where the operator went to the end meanwhile."""
        self._loading = True
        try:
            while await self._read_older_page() and self._is_near_end:
                pass
        finally:
            self._loading = False

    async def _read_older_page(self) -> bool:
        """Read until there is another page of rows that fit; False when there is none to come."""
        asked, wanted = self.filter, len(self.entries) + PAGE
        for _time in range(_READS_MAX):
            query = query_of(asked, before_seq=self._oldest, limit=self._page)
            found = await self._read(query)
            if found is None or asked is not self.filter:
                return False
            kept = await asyncio.to_thread(keep, found, asked)
            self._complete = len(found) < self._page
            self._oldest = found[-1].seq if found else self._oldest
            self.entries = (*self.entries, *kept)
            self._draw_rows()
            await asyncio.to_thread(self._heads.read, kept)
            if self._complete or len(self.entries) >= wanted:
                return not self._complete
        return False

    @property
    def _is_near_end(self) -> bool:
        row = self.trail.selected
        return row is not None and row.seq <= self.entries[-_NEAR_END:][0].seq

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
        if not (self._complete or self._loading) and self._is_near_end:
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
        elif self.filter.text != self._pinned:
            self.set_filter(self._pinned)
        elif self._pinned:
            self.post_message(Asked("leave"))

    def _trace(self) -> None:
        row = self.trail.selected
        if row is not None:
            self.post_message(Asked("trace", action_id=ActionId(read_entry(row).action_id)))

    def _copy(self) -> None:
        row = self.trail.selected
        if row is not None:
            self.copy(row.hash, row.text)

    def filtered(self) -> None:
        """Read only entries that fit."""
        self.entries, self._complete, self._read_to = (), False, -1
        self._heads.clear()
        self._newest, self._oldest, self._asked = 0, 0, False
        self.trail.focus()
        self.update()
