"""From a report to files' contents. Pure."""

from collections.abc import Mapping
from datetime import tzinfo
from enum import StrEnum

from core.reporting.model import Report
from core.reporting.render.data import to_csv, to_json
from core.reporting.render.html import to_html
from core.reporting.render.markdown import to_markdown


class Form(StrEnum):
    """How a report is written; the value is the ending of its file's name."""

    HTML = "html"
    MARKDOWN = "md"
    PDF = "pdf"
    JSON = "json"
    CSV = "csv"


def write_report(report: Report, form: Form, zone: tzinfo) -> Mapping[str, bytes]:
    """Ending of the file's name -> content. One file, but for CSV: one for each table."""
    match form:
        case Form.HTML:
            return {".html": to_html(report, zone).encode()}
        case Form.MARKDOWN:
            return {".md": to_markdown(report, zone).encode()}
        case Form.PDF:
            # Its library and fonts cost 0.2 s, which no other form needs to wait for.
            from core.reporting.render.pdf import to_pdf  # noqa: PLC0415

            return {".pdf": to_pdf(report, zone)}
        case Form.JSON:
            return {".json": to_json(report).encode()}
        case Form.CSV:
            return {f"-{table.name}.csv": to_csv(table).encode() for table in report.tables}
