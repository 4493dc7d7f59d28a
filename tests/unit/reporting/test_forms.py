"""Every form holds what the report holds, and words from outside stay words."""

import csv
import html.parser
import io
import json
import re
from datetime import UTC, timedelta, timezone
from typing import Any
from zlib import decompress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reporting.model import Column, Fact, Kind, Report, Section, Table
from core.reporting.render.data import to_csv, to_json
from core.reporting.render.html import to_html
from core.reporting.render.markdown import to_markdown
from core.reporting.render.pdf import to_pdf
from core.reporting.rules import median, write_value
from tests.factories import NOW

SAO_PAULO = timezone(timedelta(hours=-3), "-03")
COLUMNS = (
    Column("agent", "agent"),
    Column("share", "share", Kind.SHARE),
    Column("at", "at", Kind.TIME),
    Column("digest", "digest", Kind.CODE),
)
HOSTILE = "<script>alert(1)</script> | `x` \x1b[2J \u202egnp.exe =cmd()"


def make_report(text: str = "coder", **changes: Any) -> Report:
    table = Table(
        name="rows",
        title="Rows",
        columns=COLUMNS,
        rows=((text, 0.25, NOW, text), (text, *[None] * 3)),
    )
    given: dict[str, Any] = {
        "name": "approvals",
        "title": f"Approvals {text}",
        "home": f"/home/{text}",
        "made_at": NOW,
        "since": NOW,
        "until": NOW,
        "sections": (
            Section(
                title=text,
                words=(text,),
                facts=(
                    Fact(name="who", title=text, value=text),
                    Fact(name="n", title="n", value=None),
                ),
                tables=(table,),
            ),
        ),
    }
    return Report(**{**given, **changes})


class Reader(html.parser.HTMLParser):
    """Tags and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read_html(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    return reader


@given(st.text(max_size=60))
def test_no_text_becomes_a_tag_of_the_page(text: str) -> None:
    assert (
        read_html(to_html(make_report(text), UTC)).tags
        == read_html(to_html(make_report("a"), UTC)).tags
    )


@given(st.text(max_size=60))
def test_no_text_breaks_a_row_of_the_markdown_table(text: str) -> None:
    lines = to_markdown(make_report(text), UTC).splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 4
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in rows} == {5}


@given(st.text(max_size=60))
def test_csv_and_json_give_back_what_went_in(text: str) -> None:
    report = make_report(text)
    (table,) = report.tables
    header, first, second = csv.reader(io.StringIO(to_csv(table), newline=""))
    assert header == ["agent", "share", "at", "digest"]
    assert first[0] in {text, "'" + text}
    assert not first[0].startswith(("=", "+", "-", "@"))
    assert second[1:] == ["", "", ""]
    (section,) = json.loads(to_json(report))["sections"]
    assert section["tables"]["rows"][0] == {
        "agent": text,
        "share": 0.25,
        "at": "2026-11-21T09:00:00Z",
        "digest": text,
    }
    assert section["facts"]["n"] is None


def test_hidden_characters_are_spelt_out_for_people() -> None:
    report = make_report(HOSTILE)
    for text in ("".join(read_html(to_html(report, UTC)).words), to_markdown(report, UTC)):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "u202e" in text


def test_times_are_told_in_the_readers_zone_and_kept_in_utc() -> None:
    report = make_report()
    assert "2026-11-21 06:00:00" in to_html(report, SAO_PAULO)
    assert "times in -03" in to_markdown(report, SAO_PAULO).replace("\\", "")
    assert "2026-11-21T09:00:00Z" in to_json(report)


@pytest.mark.parametrize("form", [to_html, to_markdown])
def test_demo_data_is_called_that(form: Any) -> None:
    assert "Demo data" in form(make_report(demo=True), UTC)
    assert "Demo data" not in form(make_report(), UTC)


def test_the_page_loads_nothing_from_elsewhere() -> None:
    page = to_html(make_report(), UTC)
    assert {"script", "link", "img", "iframe"}.isdisjoint(read_html(page).tags)
    assert "http:" not in page.replace("http-equiv", "")
    assert "https:" not in page


def test_the_pdf_has_pages_and_survives_any_text() -> None:
    many = make_report().tables[0]
    rows = tuple((HOSTILE + "漢字 \U0001f600", 0.5, NOW, "ab" * 32) for _ in range(80))
    table = Table(name="rows", title="Rows", columns=COLUMNS, rows=rows, note="a note")
    section = Section(title=HOSTILE, words=("words " * 200,), tables=(table, many))
    document = to_pdf(make_report(sections=(section,), demo=True), UTC)
    assert document.startswith(b"%PDF-")
    assert document.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type /Page\b", document)) > 1
    streams = re.findall(rb"stream\n(.*?)\nendstream", document, re.DOTALL)
    assert any(b"BT" in decompress(each) for each in streams if each[:1] == b"x")


def test_a_very_long_table_says_what_the_pdf_leaves_out() -> None:
    rows = tuple((str(n),) for n in range(2_001))
    table = Table(name="rows", title="Rows", columns=COLUMNS[:1], rows=rows)
    section = Section(
        title="s", tables=(table, Table(name="e", title="e", columns=COLUMNS, rows=()))
    )
    assert to_pdf(make_report(sections=(section,)), UTC).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (None, Kind.COUNT, "not known"),
        (True, Kind.TEXT, "yes"),
        (False, Kind.TEXT, "no"),
        (0.1234, Kind.SHARE, "12.3%"),
        (0.0421, Kind.SECONDS, "42 ms"),
        (12.34, Kind.SECONDS, "12.3 s"),
        (3700, Kind.SECONDS, "1:01:40"),
        (1_234_567, Kind.COUNT, "1,234,567"),
        (4_180_000, Kind.USD_MICROS, "$4.18"),
        (1_200, Kind.USD_MICROS, "$0.001200"),
        (0, Kind.USD_MICROS, "$0.00"),
        (0.5, Kind.NUMBER, "0.5"),
    ],
)
def test_values_are_written_by_what_they_are(value: Any, kind: Kind, words: str) -> None:
    assert write_value(value, kind, UTC) == words


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_half_lies_on_each_side_of_the_median(values: list[float]) -> None:
    middle = median(values)
    assert middle is not None
    assert sum(each <= middle for each in values) * 2 >= len(values)
    assert sum(each >= middle for each in values) * 2 >= len(values)


def test_nothing_has_no_median() -> None:
    assert median([]) is None
