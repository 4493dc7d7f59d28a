"""Two rows above the keys: what to see now, and the key to press."""

from textual.strip import Strip

from console.keymap import find_row, key_name
from console.language import _
from console.tour import Tour
from console.view_models.ink import Span, Tone
from console.widgets.toned import SELECTED, Toned, cells_in, cut_spans


class TourBar(Toned):
    """Takes no room while there is no tour."""

    def __init__(self) -> None:
        super().__init__(id="tour")
        self._tour: Tour | None = None
        self._place = ""
        self.display = False

    def show(self, tour: Tour) -> None:
        """Draw where the tour is."""
        self._tour = tour
        if tour.place != self._place:
            self._place = tour.place
            self.display = bool(tour.place)
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The sentence; the key, and how to go on without it."""
        step = None if self._tour is None else self._tour.step
        if step is None:
            return self.strip((), self.size.width)
        width = self.size.width
        if y == 0:
            spans = [Span(_(" TOUR "), Tone.TITLE), Span(_(step.words), Tone.STRONG)]
            return self.strip(cut_spans(tuple(spans), width), width)
        key = self.strip((Span(f" {step.key} ", Tone.TITLE),), len(step.key) + 2, under=SELECTED)
        lead = (Span(_("      press ▸"), Tone.DIM),)
        rest = (
            ""
            if step.actions == ("tour_next",)
            else _("   {key} goes on without it").format(key=_key("tour_next"))
        )
        leave = _("   {key} leaves the tour   {place}").format(
            key=_key("tour_leave"), place=self._place
        )
        after = (Span(rest + leave, Tone.DIM),)
        room = width - cells_in(lead) - key.cell_length
        return Strip.join(
            [self.strip(lead, cells_in(lead)), key, self.strip(cut_spans(after, room), room)]
        )


def _key(action: str) -> str:
    return key_name(find_row(action).keys[0])
