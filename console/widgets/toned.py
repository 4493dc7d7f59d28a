"""Draws spans: the only place where tones become styles and text becomes terminal cells."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from rich.cells import cell_len, get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from console.view_models.ink import Span, Spans, Tone

TONE_CLASSES: Final = frozenset({*(f"tone--{tone.value}" for tone in Tone)})


class Toned(Widget):
    """A widget that draws spans by the line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*TONE_CLASSES, "row--selected", "row--blurred"}

    def style_of(self, tone: Tone) -> Style:
        """How a tone looks in the present theme."""
        return self.get_component_rich_style(f"tone--{tone.value}", partial=True)

    def segments(self, spans: Iterable[Span]) -> list[Segment]:
        """Spans as segments."""
        return [Segment(text, self.style_of(tone)) for text, tone in spans if text]

    def strip(self, spans: Iterable[Span], width: int, *, under: Style | None = None) -> Strip:
        """One row of exactly `width` cells; `under` is the style below the tones."""
        base = self.rich_style if under is None else self.rich_style + under
        row = Strip(self.segments(spans))
        return row.adjust_cell_length(width).apply_style(base)


def cells_in(spans: Iterable[Span]) -> int:
    """Width in terminal cells."""
    return sum(cell_len(span.text) for span in spans)


def cut_text(text: str, width: int) -> str:
    """As much of `text` as fits into `width` cells."""
    if text.isascii():
        return text[:width]
    used = 0
    for at, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > width:
            return text[:at]
    return text


def cut_spans(spans: Spans, width: int) -> list[Span]:
    """Spans cut to `width` cells; what is cut ends in `…`."""
    if cells_in(spans) <= width:
        return list(spans)
    kept: list[Span] = []
    room = max(0, width - 1)
    for text, tone in spans:
        part = cut_text(text, room)
        if part:
            kept.append(Span(part, tone))
        room -= cell_len(part)
        if len(part) < len(text):
            break
    return [*kept, Span("…", Tone.DIM)] if width > 0 else []


def fill_cell(spans: Spans, width: int, *, right: bool) -> list[Span]:
    """A table's cell: cut and padded to exactly `width` cells."""
    kept = cut_spans(spans, width)
    pad = Span(" " * max(0, width - cells_in(kept)))
    return [pad, *kept] if right else [*kept, pad]


def join_row(parts: Sequence[list[Span]]) -> list[Span]:
    """Cells beside each other, one blank apart."""
    row: list[Span] = []
    for number, part in enumerate(parts):
        if number:
            row.append(Span(" "))
        row.extend(part)
    return row
