"""The reports that can be written, and where the last ones went."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from console.language import N_, _
from console.view_models.columns import Column
from console.view_models.facts import fact, title_of
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Spans, Tone, Wrap, prose
from console.view_models.text import visible_spans

COLUMNS: Final = (
    Column(title=N_("REPORT"), width=22),
    Column(title=N_("ABOUT"), width=30, flexible=True),
    Column(title=N_("WRITTEN"), width=9),
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
        visible_spans(_(row.title), Tone.STRONG),
        visible_spans(_(row.about)),
        (Span(_("✓ written"), Tone.OK) if row.written else Span("-", Tone.DIM),),
    )


def reports_title(rows: Sequence[ReportRow], shown: int, *, period: str, form: str) -> Spans:
    """What `w` would write."""
    words = (Span(_("  of "), Tone.DIM), *visible_spans(period, Tone.STRONG))
    return title_of(_("REPORTS"), len(rows), shown, *words, Span(_(" as "), Tone.DIM), Span(form))


def report_lines(row: ReportRow, *, period: str, form: str) -> tuple[Line, ...]:
    """One kind whole."""
    lines = [
        fact(_("about"), _(row.about), Wrap.WORDS),
        fact(_("period"), _("{period} (t changes it)").format(period=period)),
        fact(_("form"), _("{form} (f takes the next)").format(form=form)),
        *(fact(_("written"), each) for each in row.written),
    ]
    if not row.written:
        lines.append(fact(_("written"), (Span(_("not from here yet: w writes it"), Tone.DIM),)))
    lines.append(Line())
    planned = _(
        "By command: maestro report {name}. On a schedule: [reports.NAME] of the settings."
    ).format(name=row.name)
    return (*lines, prose(planned, Tone.DIM))
