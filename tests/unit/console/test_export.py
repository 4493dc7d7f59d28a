"""Rows as files: all that they hold, nothing that a spreadsheet would run, no secret."""

import csv
import io
import json
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from console.view_models.export import export_files
from core.actions import Decision


@dataclass(frozen=True)
class Inner:
    score: float
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    name: str
    decision: Decision = Decision.ASK
    at: datetime | None = None
    lasts: timedelta = timedelta(minutes=2)
    inner: Inner = field(default_factory=lambda: Inner(0.5, ("a", "b")))
    more: dict[str, Any] = field(default_factory=dict[str, Any])
    on: bool = True


def read_csv(*rows: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(export_files(rows)[".csv"].decode())))


def test_what_is_nested_becomes_columns_and_lists_stay_whole() -> None:
    at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    (row,) = read_csv(Row("one", at=at, more={"tries": 3}))
    assert row == {
        "name": "one",
        "decision": "ask",
        "at": "2026-11-21T09:00:00Z",
        "lasts": "120.0",
        "inner.score": "0.5",
        "inner.tags": '["a", "b"]',
        "more.tries": "3",
        "on": "true",
    }


def test_rows_of_different_shape_share_one_table() -> None:
    first, second = read_csv(Row("one", more={"x": 1}), Row("two", more={"y": 2}))
    assert (first["more.x"], first["more.y"]) == ("1", "")
    assert (second["more.x"], second["more.y"]) == ("", "2")


def test_no_cell_reads_as_a_formula_and_json_keeps_it_as_it_is() -> None:
    bad = '=HYPERLINK("http://x")'
    assert read_csv(Row(bad))[0]["name"] == "'" + bad
    assert json.loads(export_files([Row(bad)])[".json"])[0]["name"] == bad


def test_secrets_are_taken_out_of_both() -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"
    files = export_files([Row("x", more={"command": f"export AWS_ACCESS_KEY_ID={key}"})])
    assert all(key.encode() not in content for content in files.values())


def test_what_json_has_no_word_for_is_null() -> None:
    found = json.loads(export_files([Row("x", inner=Inner(math.nan))])[".json"])
    assert found[0]["inner"]["score"] is None


@settings(max_examples=60)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_any_text_is_written_and_read_back_row_by_row(names: list[str]) -> None:
    files = export_files([Row(name) for name in names])
    assert len(json.loads(files[".json"])) == len(names)
    assert len(list(csv.reader(io.StringIO(files[".csv"].decode(), newline="")))) == len(names) + 1
