"""JSON and CSV: values as they are, for programs."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any, Final

from core.reporting.model import Report, Table, Value

# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def to_json(report: Report) -> str:
    """One document; times in UTC, null for what is not known."""
    return json.dumps(
        {
            "report": report.name,
            "title": report.title,
            "home": report.home,
            "demo": report.demo,
            "made_at": _plain(report.made_at),
            "since": _plain(report.since),
            "until": _plain(report.until),
            "sections": [
                {
                    "title": section.title,
                    "words": list(section.words),
                    "facts": {fact.name: _plain(fact.value) for fact in section.facts},
                    "tables": {table.name: _rows(table) for table in section.tables},
                }
                for section in report.sections
            ],
        },
        indent=2,
        ensure_ascii=False,
        allow_nan=False,
    )


def _rows(table: Table) -> list[dict[str, Any]]:
    names = [column.name for column in table.columns]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in table.rows]


def to_csv(table: Table) -> str:
    """One table under the names of its columns; text never reads as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name for column in table.columns])
    writer.writerows([[_cell(value) for value in row] for row in table.rows])
    return out.getvalue()


def _plain(value: Value) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def _cell(value: Value) -> Any:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return "" if value is None else _plain(value)
