"""A heading between panes."""

from textual.strip import Strip

from console.view_models.ink import Span, Spans, Tone
from console.widgets.fitting import fit_parts
from console.widgets.toned import Toned, cells_in


class Caption(Toned):
    """One row: words, then a rule."""

    def __init__(self, *, id: str, words: Spans = ()) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._words = words

    def show(self, words: Spans) -> None:
        """Say something else."""
        if words != self._words:
            self._words = words
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The row."""
        del y
        width = self.size.width
        kept = fit_parts((Span("─ ", Tone.RULE), *self._words, Span(" ")), width)
        return self.strip([*kept, Span("─" * (width - cells_in(kept)), Tone.RULE)], width)
