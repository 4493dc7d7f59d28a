"""A drawing with things in it that can be selected: one moves from one to the next."""

from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from console.view_models.graph_drawing import Drawing, Place
from console.view_models.ink import Span, Spans, Tone
from console.widgets.toned import BLURRED, SELECTED, Toned, cut_spans

_DOUBLE: Final = 2
_EMPTY: Final = Drawing(rows=(), places={}, width=0)


class Pad(Toned, ScrollView, can_focus=True):
    """Draws what is in sight; keys go to the nearest thing in a direction."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(0, 1)", "down", show=False),
        Binding("up,k", "move(0, -1)", "up", show=False),
        Binding("right", "move(1, 0)", "right", show=False),
        Binding("left", "move(-1, 0)", "left", show=False),
        Binding("home", "end_of(0)", "first", show=False),
        Binding("end", "end_of(-1)", "last", show=False),
    ]

    class Moved(Message):
        """Another thing is selected."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Chosen(Moved):
        """A thing was clicked twice."""

    class Resized(Message):
        """What was drawn may fit otherwise."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.empty = ""  # said where there is nothing to draw
        self._drawing = _EMPTY
        self._selected = ""

    @property
    def drawing(self) -> Drawing:
        """What is drawn."""
        return self._drawing

    def show(self, drawing: Drawing, selected: str) -> None:
        """Draw this, with one thing of it selected."""
        if drawing is self._drawing and selected == self._selected:
            return
        moved = selected != self._selected
        self._drawing, self._selected = drawing, selected
        self.virtual_size = Size(self.size.width, len(drawing.rows))
        if moved:
            self._keep_in_sight()
        self.refresh()

    def _keep_in_sight(self) -> None:
        place = self._drawing.places.get(self._selected)
        if place is None or not self.size.height:
            return
        top = round(self.scroll_y)
        if place.y < top:
            self.scroll_to(y=place.y, animate=False, force=True)
        elif place.y + place.height > top + self.size.height:
            below = place.y + place.height - self.size.height
            self.scroll_to(y=below, animate=False, force=True)

    def action_move(self, right: int, down: int) -> None:
        """To the nearest thing that way."""
        here = self._drawing.places.get(self._selected)
        if here is None:
            self.action_end_of(0)
            return
        able = {
            name: _far(here, place, right=right, down=down)
            for name, place in self._drawing.places.items()
        }
        near = min(
            (name for name, far in able.items() if far is not None),
            key=lambda name: able[name] or (0, 0),
            default="",
        )
        if near:
            self.post_message(self.Moved(near))

    def action_end_of(self, at: int) -> None:
        """To the first thing, or with -1 to the last."""
        if self._drawing.places:
            self.post_message(self.Moved(list(self._drawing.places)[at]))

    def on_click(self, event: events.Click) -> None:
        """Select the thing under the pointer; a second click opens it."""
        x, y = event.x, event.y + round(self.scroll_y)
        for name, place in self._drawing.places.items():
            wide = place.x <= x < place.x + place.width
            if wide and place.y <= y < place.y + place.height:
                self.post_message(self.Moved(name))
                if event.chain == _DOUBLE:
                    self.post_message(self.Chosen(name))

    def on_resize(self) -> None:
        """Ask for another drawing."""
        self.post_message(self.Resized())

    def on_focus(self) -> None:
        """The selected thing shows the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """The selected thing shows the focus."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One row, in terminal coordinates of this pane."""
        width, at = self.size.width, y + round(self.scroll_y)
        rows = self._drawing.rows
        if at >= len(rows):
            note = Span(f"  {self.empty}", Tone.DIM)
            return self.strip([note] if not rows and y == 0 else [], width)
        row = tuple(cut_spans(rows[at], width))
        place = self._drawing.places.get(self._selected)
        if place is None or not place.y <= at < place.y + place.height:
            return self.strip(row, width)
        before, inside, after = _split(row, place.x, place.x + place.width)
        under = SELECTED if self.has_focus else BLURRED
        left = min(place.x, width)
        middle = min(place.width, width - left)
        return Strip.join(
            (
                self.strip(before, left),
                self.strip(inside, middle, under=under),
                self.strip(after, width - left - middle),
            )
        )


def _far(here: Place, there: Place, *, right: int, down: int) -> tuple[int, int] | None:
    """How far, the way one goes first; None for what does not lie that way."""
    across = there.x + there.width // 2 - here.x - here.width // 2
    along = there.y - here.y
    if down:
        return (along * down, abs(across)) if along * down > 0 else None
    return (across * right, 0) if along == 0 and across * right > 0 else None


def _split(row: Spans, start: int, end: int) -> tuple[Spans, Spans, Spans]:
    """A row before, within and after some cells; each character of a drawing takes one."""
    parts: tuple[list[Span], list[Span], list[Span]] = ([], [], [])
    at = 0
    for text, tone in row:
        for part, (first, last) in zip(
            parts, ((0, start), (start, end), (end, at + len(text))), strict=True
        ):
            cut = text[max(0, first - at) : max(0, last - at)]
            if cut:
                part.append(Span(cut, tone))
        at += len(text)
    return tuple(parts[0]), tuple(parts[1]), tuple(parts[2])
