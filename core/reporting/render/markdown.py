"""Markdown that reads well as it stands, too."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Final

from core.printable import visible
from core.reporting.model import NUMERIC, Kind, Report, Table, Value
from core.reporting.rules import write_value

# Whatever Markdown or the HTML inside it would read as more than text.
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>&~])")


def to_markdown(report: Report, zone: tzinfo) -> str:
    """The whole report; words from outside are escaped."""
    return "\n".join(_lines(report, zone)) + "\n"


def _lines(report: Report, zone: tzinfo) -> Iterator[str]:
    def when(value: datetime) -> str:
        return write_value(value, Kind.TIME, zone)

    yield f"# {_escape(report.title)}"
    if report.demo:
        yield "\n**Demo data: nothing of this happened to anybody.**"
    yield f"\n{when(report.since)} to {when(report.until)} · home `{_code(report.home)}`"
    yield f"made {when(report.made_at)} · times in {report.made_at.astimezone(zone):%Z}"
    for section in report.sections:
        yield f"\n## {_escape(section.title)}"
        for words in section.words:
            yield f"\n{_escape(words)}"
        if section.facts:
            yield ""
        for fact in section.facts:
            yield f"- {_escape(fact.title)}: **{_written(fact.value, fact.kind, zone)}**"
        for table in section.tables:
            yield from _table(table, zone)


def _table(table: Table, zone: tzinfo) -> Iterator[str]:
    yield f"\n### {_escape(table.title)}"
    if table.note:
        yield f"\n{_escape(table.note)}"
    if not table.rows:
        return
    yield ""
    yield "| " + " | ".join(_escape(column.title) for column in table.columns) + " |"
    sides = ("---:" if column.kind in NUMERIC else "---" for column in table.columns)
    yield "| " + " | ".join(sides) + " |"
    for row in table.rows:
        cells = (
            _written(value, column.kind, zone)
            for value, column in zip(row, table.columns, strict=True)
        )
        yield "| " + " | ".join(cells) + " |"


def _written(value: Value, kind: Kind, zone: tzinfo) -> str:
    text = write_value(value, kind, zone)
    return f"`{_code(text)}`" if kind is Kind.CODE and value else _escape(text)


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", visible(text))


def _code(text: str) -> str:
    return visible(text).replace("`", "'").replace("|", "\\|")
