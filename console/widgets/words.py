"""A row of words under a chart."""

from textual.strip import Strip

from console.view_models.ink import Spans
from console.widgets.toned import Toned, cut_spans


class Words(Toned):
    """One row; what does not fit is cut at the end."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._words: Spans = ()

    def show(self, words: Spans) -> None:
        """Say something else."""
        if words != self._words:
            self._words = words
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The row."""
        del y
        return self.strip(cut_spans(self._words, self.size.width), self.size.width)
