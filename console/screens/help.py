"""Every key, from the table that makes them work."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from console.keymap import PROMPT_ONLY, KeyRow, Need, key_name, reason_disabled
from console.language import _
from console.screens.base import Front, bindings_for
from console.screens.lying import LyingOn
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Tone, plain_text
from console.view_models.words import screen_name
from console.widgets.paper import Paper

_LABEL: Final = 14  # cells; longer names push what they mean aside


class HelpScreen(LyingOn):
    """Lists what the screen below can do, and why not now."""

    NAME = "help"
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("help")

    def __init__(self, front: Front, *, about: str, missing: Iterable[Need]) -> None:
        super().__init__(front)
        self._about = about
        self._missing = tuple(each for each in missing if each is not Need.LIVE)  # it soon is
        self.paper = Paper(id="help")

    def compose_body(self) -> ComposeResult:
        """The list."""
        yield self.paper

    def on_mount(self) -> None:
        """Scrolls at once."""
        self.paper.focus()

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Nothing but going back."""
        return {}

    def where(self) -> tuple[str, ...]:
        """It was opened from what it is about: that stands before it."""
        return (screen_name(self.NAME),)

    def draw(self) -> None:
        """The table, this screen's rows first."""
        rows = self.front.keys.rows_for(self._about)
        own = [row for row in rows if row.screens]
        shared = sorted((row for row in rows if not row.screens), key=_by_number)
        lines = [
            Line(
                (
                    Span(
                        _("ON {screen}").format(screen=screen_name(self._about).upper()),
                        Tone.TITLE,
                    ),
                )
            ),
            *(self._line(row) for row in own),
            Line(),
            Line((Span(_("EVERYWHERE"), Tone.TITLE),)),
            *(self._line(row) for row in shared),
            _line("j k ↓ ↑", _("Down and up; PgDn, PgUp, Home, End as ever")),
            _line("ctrl+p", _("Palette: every command by its name")),
            Line(),
            Line((Span(_("COMMANDS"), Tone.TITLE),)),
            _line(
                ":NAME", _("Every action above has its name: ") + ", ".join(r.action for r in rows)
            ),
            *(_line(f":{name}", _(text)) for name, text in PROMPT_ONLY.items()),
        ]
        if self.filter:
            lines = [line for line in lines if self.filter.fits(_searched(line))]
            lines = lines or [Line((Span(_("nothing fits: Esc clears, / changes it"), Tone.DIM),))]
        self.paper.show(
            lines, title=(Span(_("keys"), Tone.STRONG), Span(_("  / searches"), Tone.DIM))
        )

    def _line(self, row: KeyRow) -> Line:
        keys = " ".join(key_name(key) for key in row.keys) or f":{row.action}"
        reason = reason_disabled(row.action, self._missing, self.front.keys)
        return _line(
            keys, _(row.help), _("  (not now: {reason})").format(reason=reason) if reason else ""
        )


def _searched(line: Line) -> Searched:
    return Searched({}, plain_text((*line.lead, *line.body)))


def _line(keys: str, text: str, aside: str = "") -> Line:
    lead = (Span(f"  {keys:<{_LABEL}}" if len(keys) < _LABEL else f"  {keys}  ", Tone.KEY),)
    follow = (Span(" " * (_LABEL + 2)),)
    return Line((Span(text), Span(aside, Tone.WARN)), lead, follow)


def _by_number(row: KeyRow) -> tuple[int, str]:
    """The screens as they are numbered, what has another key, what has none."""
    key = row.keys[0] if row.keys else ""
    return (0, key) if key.isdecimal() else (1 if key else 2, "")
