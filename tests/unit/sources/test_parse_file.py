from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.sources.parse_file import (
    read_coverage,
    read_csv,
    read_json,
    read_junit,
    read_lighthouse,
    read_number,
)
from core.errors import SourceFailed
from core.measures import Measured

JSON = b'{"a/b": [1, {"~": 2.5}], "none": null, "yes": true, "text": "3"}'


@pytest.mark.parametrize(
    ("pointer", "value"), [("/a~1b/0", 1), ("/a~1b/1/~0", 2.5), ("/none", None), ("/yes", 1)]
)
def test_a_pointer_finds_its_number(pointer: str, value: float | None) -> None:
    assert read_json(JSON, pointer).value == value


@pytest.mark.parametrize(
    ("data", "pointer", "said"),
    [
        (JSON, "/a~1b/7", "nothing at '7'"),
        (JSON, "/absent", "nothing at 'absent'"),
        (JSON, "/text/deeper", "nothing at 'deeper'"),
        (JSON, "/text", "/text is not a number"),
        (JSON, "text", "does not start with '/'"),
        (b"{", "/a", "not valid JSON"),
        (b"\xff", "/a", "not valid JSON"),
    ],
)
def test_what_a_pointer_misses_is_said(data: bytes, pointer: str, said: str) -> None:
    with pytest.raises(SourceFailed, match=said):
        read_json(data, pointer)


def test_a_whole_document_may_be_the_number() -> None:
    assert read_json(b"12.5", "").value == 12.5
    assert read_number(b"\xef\xbb\xbf 0.25\n").value == 0.25


@pytest.mark.parametrize("data", [b"", b"many", b"nan", b"inf", b"1 2", b"\xff\xfe1"])
def test_what_is_no_finite_number_is_refused(data: bytes) -> None:
    with pytest.raises(SourceFailed, match=r"is no (finite )?number|is not UTF-8"):
        read_number(data)


CSV = b'day,"took, s"\n1,4\n2,\n3,10\n4,1\n'


@pytest.mark.parametrize(
    ("aggregate", "value"),
    [
        ("last", 1),
        ("mean", 5),
        ("sum", 15),
        ("min", 1),
        ("max", 10),
        ("median", 4),
        ("p95", 10),
        ("count", 3),
    ],
)
def test_a_column_is_aggregated_without_its_empty_cells(aggregate: str, value: float) -> None:
    assert read_csv(CSV, "took, s", aggregate).value == value


def test_what_is_wrong_with_a_table_is_said_with_its_line() -> None:
    with pytest.raises(SourceFailed, match="no column 'took'; there are 'day', 'took, s'"):
        read_csv(CSV, "took", "last")
    with pytest.raises(SourceFailed, match="line 3, column 'a': 'x' is no number"):
        read_csv(b"a\n1\nx\n", "a", "sum")
    with pytest.raises(SourceFailed, match="line 2 is no CSV"):
        read_csv(b"a\n" + b"1" * 200_000 + b"\n", "a", "sum")
    with pytest.raises(SourceFailed, match="no column"):
        read_csv(b"", "a", "sum")
    assert read_csv(b"a,b\n,1\n2\n", "b", "sum").value == 1
    assert read_csv(b"a\n", "a", "mean").value is None


def test_a_lighthouse_category_gives_its_score() -> None:
    report = b'{"categories": {"seo": {"score": null}, "performance": {"score": 0.93}}}'
    assert read_lighthouse(report, "performance").value == 0.93
    assert read_lighthouse(report, "seo").value is None
    with pytest.raises(SourceFailed, match="no category 'pwa'; it has performance, seo"):
        read_lighthouse(report, "pwa")
    for other in (b"[]", b"{}"):
        with pytest.raises(SourceFailed, match="not a Lighthouse report"):
            read_lighthouse(other, "seo")


COVERAGE = (
    b'<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://example.com/coverage-04.dtd">'
    b'<coverage line-rate="0.875" branch-rate="0.5" lines-covered="7" lines-valid="8">'
    b'<packages><package line-rate="0.1"/></packages></coverage>'
)


def test_a_coverage_report_gives_its_rates() -> None:
    found = read_coverage(COVERAGE, "line_rate")
    assert (found.value, found.note) == (0.875, "7 of 8 lines")
    assert read_coverage(COVERAGE, "branch_rate").value == 0.5
    for other in (b"<report/>", b"<coverage/>"):
        with pytest.raises(SourceFailed, match="not a coverage report"):
            read_coverage(other, "line_rate")


JUNIT = b"""<testsuites>
<testsuite name="a" time="1,002.5"><testcase time="1"/><testcase time="2"><failure/><error/>
</testcase></testsuite>
<testsuite name="b" time="0.5"><testcase><skipped/></testcase><testcase><error/></testcase>
</testsuite></testsuites>"""


def test_a_junit_report_gives_share_and_time() -> None:
    found = read_junit(JUNIT, "pass_share")
    assert (found.value, found.note) == (1 / 3, "1 of 3 tests passed, 1 skipped")
    assert read_junit(JUNIT, "duration_s").value == 1_003
    assert (
        read_junit(b'<testsuite time="9"><testcase time="4"/></testsuite>', "duration_s").value == 9
    )
    assert read_junit(b"<testsuite/>", "pass_share").value is None
    assert read_junit(b"<testsuite/>", "duration_s").value is None
    with pytest.raises(SourceFailed, match="not a JUnit report"):
        read_junit(b"<html/>", "pass_share")


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><testsuite>&c;</testsuite>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><testsuite name="&b;"/>',
        b'<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1/">%b;]><testsuite/>',
        '<!DOCTYPE a [<!ENTITY b "x">]><testsuite/>'.encode("utf-16"),
    ],
)
def test_entities_are_refused(data: bytes) -> None:
    with pytest.raises(SourceFailed, match="declares entities"):
        read_junit(data, "pass_share")


@given(st.binary(max_size=60))
@settings(max_examples=150)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    reads: tuple[Callable[[], Measured], ...] = (
        lambda: read_json(data, "/a"),
        lambda: read_csv(data, "a", "sum"),
        lambda: read_junit(b"<testsuite>" + data, "pass_share"),
        lambda: read_coverage(b"<coverage line-rate='" + data, "line_rate"),
        lambda: read_lighthouse(data, "seo"),
        lambda: read_number(data),
    )
    for read in reads:
        try:
            value = read().value
        except SourceFailed:
            continue
        assert value is None or isinstance(value, float)
