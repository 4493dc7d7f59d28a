"""Draws spans: the only place where tones become styles and text becomes terminal cells."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich.cells import cell_len, get_character_cell_size
from rich.color import Color as RichColour
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from console.view_models.ink import Span, Spans, Tone

SELECTED: Final = "selected"
BLURRED: Final = "blurred"
# Colour, ground and text style of each tone, by the theme's variables.
_LOOKS: Final[Mapping[str, tuple[str, str, str]]] = {
    Tone.PLAIN: ("", "", ""),
    Tone.DIM: ("text-dim", "", ""),
    Tone.STRONG: ("text-strong", "", "style-strong"),
    Tone.TITLE: ("title", "", "style-title"),
    Tone.OK: ("status-ok", "", ""),
    Tone.WARN: ("status-warn", "", ""),
    Tone.BAD: ("status-bad", "", "style-bad"),
    Tone.ALARM: ("alarm-foreground", "alarm-background", "style-alarm"),
    Tone.INFO: ("status-info", "", ""),
    Tone.MARK: ("mark-foreground", "mark-background", "style-mark"),
    Tone.ESCAPE: ("status-bad", "", "style-escape"),
    Tone.ADDED: ("status-ok", "", ""),
    Tone.REMOVED: ("status-bad", "", ""),
    Tone.KEY: ("title", "", ""),
    Tone.OFF: ("text-off", "", ""),
    Tone.RULE: ("rule", "", ""),
    SELECTED: ("", "row-selected", "style-selected"),
    BLURRED: ("", "row-blurred", ""),
}


def make_styles(variables: Mapping[str, str]) -> dict[str, Style]:
    """Every tone's style in a theme. Component classes of CSS would do the same at many times the
    cost: each is matched again whenever any widget's state changes.
    """
    styles: dict[str, Style] = {}
    for name, (colour, ground, style) in _LOOKS.items():
        text_style = variables[style] if style else "none"
        styles[name] = Style(
            color=_colour(variables[colour]) if colour else None,
            bgcolor=_colour(variables[ground]) if ground else None,
        ) + Style.parse(text_style)
    return styles


def _colour(value: str) -> RichColour:
    return Color.parse(value).rich_color


class Toned(Widget):
    """A widget that draws spans by the line."""

    _variables: Mapping[str, str] | None = None
    _styles: Mapping[str, Style]

    def styles_of_theme(self) -> Mapping[str, Style]:
        """The present theme's styles by tone."""
        variables = self.app.theme_variables  # pyright: ignore[reportUnknownMemberType]
        if variables is not self._variables:
            self._variables, self._styles = variables, make_styles(variables)
        return self._styles

    def strip(self, spans: Iterable[Span], width: int, *, under: str = "") -> Strip:
        """One row of exactly `width` cells; `under` names the style below the tones."""
        styles = self.styles_of_theme()
        base = self.rich_style + styles[under] if under else self.rich_style
        row = Strip([Segment(text, styles[tone]) for text, tone in spans if text])
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
