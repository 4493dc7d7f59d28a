"""The reports that can be written, and where the last ones went."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.view_models.columns import Column
from console.view_models.facts import fact, title_of
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Spans, Tone, prose
from console.view_models.text import visible_spans

COLUMNS: Final = (
    Column(title="REPORT", width=14),
    Column(title="ABOUT", width=30, flexible=True),
    Column(title="WRITTEN", width=9),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One kind of report; `written` is where this console put it last."""

    name: str
    title: str
    about: str
    written: tuple[str, ...] = ()


def searched(row: ReportRow) -> Searched:
    """What a filter may ask of it."""
    return Searched({"report": row.name}, f"{row.name} {row.title} {row.about}")


def report_cells(row: ReportRow) -> tuple[Spans, ...]:
    """One kind, in the order of `COLUMNS`."""
    return (
        visible_spans(row.title, Tone.STRONG),
        visible_spans(row.about),
        (Span("✓ written", Tone.OK) if row.written else Span("-", Tone.DIM),),
    )


def reports_title(rows: Sequence[ReportRow], shown: int, *, period: str, form: str) -> Spans:
    """What `w` would write."""
    words = (Span("  of ", Tone.DIM), *visible_spans(period, Tone.STRONG))
    return title_of("REPORTS", len(rows), shown, *words, Span(" as ", Tone.DIM), Span(form))


def report_lines(row: ReportRow, *, period: str, form: str) -> tuple[Line, ...]:
    """One kind whole."""
    lines = [
        fact("about", row.about),
        fact("period", f"{period} (t changes it)"),
        fact("form", f"{form} (f takes the next)"),
        *(fact("written", each) for each in row.written),
    ]
    if not row.written:
        lines.append(fact("written", (Span("not from here yet: w writes it", Tone.DIM),)))
    lines.append(Line())
    planned = (
        f"By command: maestro report {row.name}. On a schedule: [reports.NAME] of the settings."
    )
    return (*lines, prose(planned, Tone.DIM))
