"""PDF, A4 across where tables are wide; fonts are shipped, so that it looks the same everywhere."""

from datetime import tzinfo
from importlib.resources import as_file, files
from typing import Final

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

from core.printable import visible
from core.reporting.model import NUMERIC, Fact, Kind, Report, Table, Value
from core.reporting.rules import write_value

_FONT: Final = "DejaVu"
_WIDE_COLUMNS: Final = 5  # from here on the page lies across
_ROWS_MAX: Final = 2_000  # a table of this length is for a program to read
_CELL_CHARS_MAX: Final = 400
_DIM: Final = (90, 100, 114)
_BAND: Final = (244, 246, 249)


class _Paper(FPDF):
    """Pages with their number and the report's title at the foot."""

    def __init__(self, *, title: str, across: bool) -> None:
        super().__init__(orientation="landscape" if across else "portrait", format="A4")
        self.title_at_foot = title
        self.set_auto_page_break(auto=True, margin=16)
        self.set_margins(14, 14)
        for style, name in (("", "DejaVuSans.ttf"), ("B", "DejaVuSans-Bold.ttf")):
            with as_file(files("core.reporting") / "fonts" / name) as path:
                self.add_font(_FONT, style, path)

    def footer(self) -> None:
        """Title and page number."""
        self.set_y(-12)
        self.write_line(f"{self.title_at_foot} · {self.page_no()}", size=7.5, dim=True)

    def write_line(
        self, text: str, *, size: float = 9.5, bold: bool = False, dim: bool = False
    ) -> None:
        """Text over the whole width, as many lines as it needs."""
        self.set_font(_FONT, "B" if bold else "", size)
        self.set_text_color(*(_DIM if dim else (0, 0, 0)))
        self.multi_cell(0, size * 0.5, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_text_color(0, 0, 0)


def to_pdf(report: Report, zone: tzinfo) -> bytes:
    """The whole report. What no shipped font draws stands as an empty box."""
    across = any(len(table.columns) >= _WIDE_COLUMNS for table in report.tables)
    paper = _Paper(title=visible(report.title), across=across)
    paper.set_title(visible(report.title))
    paper.set_creation_date(report.made_at)
    paper.add_page()
    _head(paper, report, zone)
    for section in report.sections:
        paper.ln(4)
        paper.write_line(visible(section.title), size=13, bold=True)
        for words in section.words:
            paper.write_line(visible(words))
        for fact in section.facts:
            _fact(paper, fact, zone)
        for table in section.tables:
            _table(paper, table, zone)
    return bytes(paper.output())


def _head(paper: _Paper, report: Report, zone: tzinfo) -> None:
    def when(value: Value) -> str:
        return write_value(value, Kind.TIME, zone)

    paper.write_line(visible(report.title), size=18, bold=True)
    if report.demo:
        paper.write_line("Demo data: nothing of this happened to anybody.", bold=True)
    zone_name = report.made_at.astimezone(zone).tzname()
    paper.write_line(f"{when(report.since)} to {when(report.until)}", dim=True)
    paper.write_line(f"home {visible(report.home)}", dim=True)
    paper.write_line(f"made {when(report.made_at)} · times in {zone_name}", dim=True)


def _fact(paper: _Paper, fact: Fact, zone: tzinfo) -> None:
    paper.write_line(f"{visible(fact.title)}: {_cell(fact.value, fact.kind, zone)}")


def _table(paper: _Paper, table: Table, zone: tzinfo) -> None:
    paper.ln(2)
    paper.write_line(visible(table.title), size=10.5, bold=True)
    if table.note:
        paper.write_line(visible(table.note), size=8.5, dim=True)
    if not table.rows:
        return
    paper.set_font(_FONT, "", 7.5)
    sides = ["RIGHT" if each.kind in NUMERIC else "LEFT" for each in table.columns]
    with paper.table(
        borders_layout=TableBordersLayout.MINIMAL,
        cell_fill_color=_BAND,
        cell_fill_mode="EVEN_ROWS",
        col_widths=_widths(table, zone),
        headings_style=FontFace(emphasis="BOLD"),
        line_height=4,
        padding=0.6,
        text_align=sides,
    ) as drawn:
        drawn.row([visible(column.title) for column in table.columns])
        for row in table.rows[:_ROWS_MAX]:
            drawn.row(
                [
                    _cell(value, column.kind, zone)
                    for value, column in zip(row, table.columns, strict=True)
                ]
            )
    left_out = len(table.rows) - _ROWS_MAX
    if left_out > 0:
        paper.write_line(f"{left_out:,} more rows: use CSV or JSON for all of them", dim=True)


def _cell(value: Value, kind: Kind, zone: tzinfo) -> str:
    text = write_value(value, kind, zone)
    return text if len(text) <= _CELL_CHARS_MAX else text[: _CELL_CHARS_MAX - 1] + "…"


def _widths(table: Table, zone: tzinfo) -> tuple[int, ...]:
    """Each column by its longest text of the first rows, within bounds."""
    widths: list[int] = []
    for at, column in enumerate(table.columns):
        longest = max(
            (len(write_value(row[at], column.kind, zone)) for row in table.rows[:200]), default=0
        )
        widths.append(min(48, max(6, len(column.title), longest)))
    return tuple(widths)
