"""What drawing costs, for the row that `:debug` shows."""

from typing import Final

from console.language import _, numeral
from console.view_models.ink import Span, Spans, Tone

BUDGET_MS: Final = 30.0  # past it, a key feels late
_KEPT: Final = 0.9


class Gauge:
    """Times in milliseconds, the newest and the worst of late; counts since the last reading."""

    def __init__(self) -> None:
        self.frame_ms = 0.0
        self.lag_ms = 0.0
        self._worst_ms = 0.0
        self._before = (0, 0)
        self._rates = (0.0, 0.0)

    def note_frame(self, spent_s: float) -> None:
        """From the news to the picture."""
        self.frame_ms = spent_s * 1000

    def note_lag(self, late_s: float) -> None:
        """How late a timer was: all that keeps the loop."""
        self.lag_ms = max(0.0, late_s * 1000)
        self._worst_ms = max(self.lag_ms, self._worst_ms * _KEPT)

    def note_counts(self, events: int, reads: int, elapsed_s: float) -> None:
        """Totals so far; what they grew by is the rate."""
        before_events, before_reads = self._before
        self._before = (events, reads)
        if elapsed_s > 0:
            self._rates = (
                (events - before_events) / elapsed_s,
                (reads - before_reads) / elapsed_s,
            )

    def words(self, dropped: int) -> Spans:
        """One row."""
        events, reads = self._rates
        slow = self.frame_ms > BUDGET_MS or self._worst_ms > BUDGET_MS
        tone = Tone.WARN if slow else Tone.PLAIN
        return (
            Span(_("DEBUG "), Tone.TITLE),
            Span(_("frame {frame_ms} ms  ").format(frame_ms=numeral(self.frame_ms, 1)), tone),
            Span(
                _("lag {lag_ms}, worst {worst_ms} ms  ").format(
                    lag_ms=numeral(self.lag_ms, 1), worst_ms=numeral(self._worst_ms, 1)
                ),
                tone,
            ),
            Span(
                _("{events} events/s  {reads} reads/s  ").format(
                    events=numeral(round(events)), reads=numeral(round(reads))
                )
            ),
            Span(
                _("dropped {dropped}").format(dropped=numeral(dropped)),
                Tone.WARN if dropped else Tone.DIM,
            ),
        )
