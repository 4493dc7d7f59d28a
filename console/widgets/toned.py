"""Draws spans: the only place where tones become styles and text becomes terminal cells."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from rich.cells import cell_len, get_character_cell_size
from rich.color import Color as RichColour
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual._border import get_box  # nor of borders
from textual._styles_cache import StylesCache  # Textual says nothing public of how lines are kept
from textual.color import Color
from textual.content import Content
from textual.css.styles import StylesBase
from textual.css.types import EdgeType
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region, Size, Spacing
from textual.strip import Strip
from textual.style import Style as TextStyle
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


class _TrueStrip(Strip):
    """A row in true colours: what looks for others in each row leaves it as it is."""

    __slots__ = ()

    def apply_filter(self, filter: LineFilter, background: Color) -> Strip:  # noqa: A002 - Textual's
        """The row as a filter of the whole screen shows it."""
        if isinstance(filter, ANSIToTruecolor):
            return self
        return super().apply_filter(filter, background)


class Ink(NamedTuple):
    """Styles by tone, over the style of a widget."""

    base: Style
    styles: Mapping[str, Style]
    strip: type[Strip]
    """Makes a row of segments in these styles; the second argument is its width in cells."""


def make_ink(base: Style, over: Style, tones: Mapping[str, Style]) -> Ink:
    """Each tone `over` a ground; `base` is what is kept to tell whether it still stands."""
    styles = {tone: over + style for tone, style in tones.items()}
    is_true = not any(style.dim for style in styles.values()) and all(
        colour is None or colour.triplet is not None
        for style in styles.values()
        for colour in (style.color, style.bgcolor)
    )
    return Ink(base, styles, _TrueStrip if is_true else Strip)


@lru_cache(64)
def _left_edge(kind: EdgeType, colour: Color, under: Color, ground: Color) -> Segment:
    """What stands at the left of each line of a widget with a border there."""
    inner, outer = TextStyle(background=under + ground), TextStyle(background=under)
    return get_box(kind, inner, outer, TextStyle(foreground=under + colour))[1][0]


class _Lines(StylesCache):
    """Keeps a widget's drawn lines. One with nothing around its lines, or a border at the left,
    draws each as it is: what Textual does for borders and the like costs more than the line itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_stale = True  # since all lines were drawn last

    def set_dirty(self, *regions: Region) -> None:
        """Some lines are to be drawn anew."""
        self.is_stale = True
        super().set_dirty(*regions)

    def clear(self) -> None:
        """All lines are to be drawn anew."""
        self.is_stale = True
        super().clear()

    def render_line(  # noqa: PLR0917 - Textual's own
        self,
        styles: StylesBase,
        y: int,
        size: Size,
        content_size: Size,
        padding: Spacing,
        base_background: Color,
        background: Color,
        render_content_line: Callable[[int], Strip],
        border_title: tuple[Content, Color, Color, TextStyle] | None,
        border_subtitle: tuple[Content, Color, Color, TextStyle] | None,
        opacity: float,
        ansi_theme: TerminalTheme,
        native_ansi: bool,  # noqa: FBT001
    ) -> Strip:
        """One line of the widget."""
        if opacity == 1.0 and size.height == content_size.height:
            if size.width == content_size.width:
                return render_content_line(y)
            kind, colour = styles.border_left
            if kind and size.width == content_size.width + 1:
                edge = _left_edge(kind, colour, base_background, background)
                return Strip([edge, *render_content_line(y)], size.width)
        return super().render_line(
            styles,
            y,
            size,
            content_size,
            padding,
            base_background,
            background,
            render_content_line,
            border_title,
            border_subtitle,
            opacity,
            ansi_theme,
            native_ansi,
        )


class Toned(Widget):
    """A widget that draws spans by the line."""

    _variables: Mapping[str, str] | None = None
    _styles: Mapping[str, Style]
    _inks: dict[str, Ink]
    _drawn: dict[str, Ink] | None = None  # while lines are drawn: what none of them changes

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._styles_cache = self._kept = _Lines()
        self._inks = {}
        self._latest: tuple[tuple[object, ...], list[Strip]] = ((), [])

    def styles_of_theme(self) -> Mapping[str, Style]:
        """The present theme's styles by tone."""
        variables = self.app.theme_variables  # pyright: ignore[reportUnknownMemberType]
        if variables is not self._variables:
            self._variables, self._styles = variables, make_styles(variables)
            self._inks = {}
        return self._styles

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines in sight; the widget's own style is worked out once for all of them.

        Textual asks every widget for its lines whenever one of them changed.
        """
        drawn_with = (crop, *self.get_line_filters())
        if not self._kept.is_stale and self._latest[0] == drawn_with:
            return self._latest[1]
        self._drawn = {}
        try:
            lines = super().render_lines(crop)
        finally:
            self._drawn = None
        self._latest, self._kept.is_stale = (drawn_with, lines), False
        return lines

    def ink(self, under: str = "") -> Ink:
        """The style of each tone over the widget's own; the same object while none changes."""
        drawn = self._drawn
        if drawn is not None and under in drawn:
            return drawn[under]
        styles = self.styles_of_theme()
        base = self.rich_style
        found = self._inks.get(under)
        if found is None or found.base != base:
            found = make_ink(base, base + styles[under] if under else base, styles)
            self._inks[under] = found
        if drawn is not None:
            drawn[under] = found
        return found

    def strip(self, spans: Iterable[Span], width: int, *, under: str = "") -> Strip:
        """One row of exactly `width` cells; `under` names the style below the tones."""
        _, styles, strip = self.ink(under)
        row = strip([Segment(text, styles[tone]) for text, tone in spans if text])
        return row.adjust_cell_length(width, styles[Tone.PLAIN])

    def row_strip(
        self, lead: Spans, cells: Iterable[tuple[Spans, int, bool]], width: int, *, under: str = ""
    ) -> Strip:
        """A table's row of exactly `width` cells; see `lay_row`."""
        _, styles, strip = self.ink(under)
        return strip(*lay_row(lead, cells, width, styles)).adjust_cell_length(width)


def cells_in(spans: Iterable[Span]) -> int:
    """Width in terminal cells."""
    used = 0
    for text, _ in spans:
        used += len(text) if text.isascii() else cell_len(text)
    return used


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


def lay_row(
    lead: Spans, cells: Iterable[tuple[Spans, int, bool]], width: int, styles: Mapping[str, Style]
) -> tuple[list[Segment], int]:
    """A row of `width` cells or more, and how many: `lead`, then cells one blank apart.

    Each cell is (spans, its width, whether it stands right); it is cut and padded to its width.
    """
    row = [Segment(text, styles[tone]) for text, tone in lead]
    plain = styles[Tone.PLAIN]
    blanks, left = 0, width - cells_in(lead)
    for spans, room, right in cells:
        used = cells_in(spans)
        if used > room:
            spans = tuple(cut_spans(spans, room))  # noqa: PLW2901 - the same cell, cut
            used = cells_in(spans)
        if right:
            blanks += room - used
        for text, tone in spans:
            if blanks:
                row.append(Segment(" " * blanks, plain))
                blanks = 0
            if text:
                row.append(Segment(text, styles[tone]))
        blanks += 1 if right else room - used + 1
        left -= room + 1
    blanks += left
    if blanks > 0:
        row.append(Segment(" " * blanks, plain))
    return row, width - min(0, blanks)
