"""Numbers out of the files that other tools leave behind. Pure; bytes in, a number out."""

import csv
import io
import math
import statistics
from collections.abc import Callable, Mapping
from typing import Final
from xml.parsers import expat

import orjson

from core.actions import JsonValue
from core.errors import SourceFailed
from core.measures import Measured

_P95: Final = 0.95
_CELL_MAX: Final = 100_000


def read_number(data: bytes) -> Measured:
    """A file that holds one plain number."""
    return Measured(_to_number(_text(data).strip()))


def read_json(data: bytes, pointer: str) -> Measured:
    """The number at a JSON pointer (RFC 6901); null is no value."""
    value = _load_json(data)
    for token in _tokens(pointer):
        if isinstance(value, dict) and token in value:
            value = value[token]
        elif isinstance(value, list) and token.isdecimal() and int(token) < len(value):
            value = value[int(token)]
        else:
            raise SourceFailed(f"there is no {pointer!r} in it: nothing at {token!r}")
    return _json_number(value, pointer)


def read_lighthouse(data: bytes, category: str) -> Measured:
    """A category's score, 0..1; Lighthouse gives null when an audit of it failed."""
    report = _load_json(data)
    categories = report.get("categories") if isinstance(report, dict) else None
    if not isinstance(categories, dict):
        raise SourceFailed("not a Lighthouse report: it has no categories")
    found = categories.get(category)
    if not isinstance(found, dict):
        known = ", ".join(sorted(categories))
        raise SourceFailed(f"the report has no category {category!r}; it has {known}")
    return _json_number(found.get("score"), category)


def read_csv(data: bytes, column: str, aggregate: str) -> Measured:
    """One column, aggregated over all rows; empty cells do not count."""
    rows = csv.DictReader(io.StringIO(_text(data), newline=""))
    try:
        if column not in (rows.fieldnames or ()):
            known = ", ".join(map(repr, rows.fieldnames or ()))
            raise SourceFailed(f"there is no column {column!r}; there are {known}")
        cells = [(rows.line_num, (row[column] or "").strip()) for row in rows]
        # The library's own limit belongs to the whole process, and who exports a trail lifts it.
        for line, cell in cells:
            if len(cell) > _CELL_MAX:
                raise SourceFailed(f"line {line} is no CSV: a cell of {len(cell)} characters")
    except csv.Error as error:
        raise SourceFailed(f"line {rows.line_num + 1} is no CSV: {error}") from error
    if aggregate == "count":
        count = sum(1 for _, cell in cells if cell)
        return Measured(float(count), note=f"of {len(cells)} rows")
    values: list[float] = []
    for line, cell in cells:
        if cell:
            try:
                values.append(_to_number(cell))
            except SourceFailed as error:
                raise SourceFailed(f"line {line}, column {column!r}: {error}") from error
    if not values:
        return Measured(None, note=f"column {column!r} is empty")
    return Measured(_AGGREGATES[aggregate](values), note=f"{aggregate} of {len(values)} rows")


def read_coverage(data: bytes, measure: str) -> Measured:
    """`line-rate` or `branch-rate` of a Cobertura report, as coverage.py writes it."""
    root: dict[str, str] = {}

    def start(name: str, attributes: dict[str, str]) -> None:
        if not root:
            root.update(attributes, _name=name)

    _parse_xml(data, start)
    attribute = measure.replace("_", "-")
    if root["_name"] != "coverage" or attribute not in root:
        raise SourceFailed(f"not a coverage report: its root has no {attribute}")
    lines = f"{root.get('lines-covered', '?')} of {root.get('lines-valid', '?')} lines"
    return Measured(_to_number(root[attribute]), note=lines if measure == "line_rate" else "")


def read_junit(data: bytes, measure: str) -> Measured:
    """The share of tests that passed, skipped ones left out; or how long all took."""
    tests, bad, skipped, depth, bad_at = 0, 0, 0, 0, 0
    times: dict[int, float] = {}  # summed by depth: the outermost that tells counts
    suites = False

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal tests, bad, skipped, depth, bad_at, suites
        depth += 1
        suites = suites or name in {"testsuite", "testsuites"}
        if name in {"testsuite", "testsuites", "testcase"} and attributes.get("time"):
            times[depth] = times.get(depth, 0.0) + _to_number(attributes["time"].replace(",", ""))
        if name == "testcase":
            tests += 1
        elif name in {"failure", "error"} and bad_at != tests:
            bad, bad_at = bad + 1, tests  # a test that fails twice failed once
        elif name == "skipped":
            skipped += 1

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    _parse_xml(data, start, end)
    if not suites:
        raise SourceFailed("not a JUnit report: it has no testsuite")
    if measure == "duration_s":
        return Measured(times[min(times)] if times else None, note=f"{tests} tests")
    run = tests - skipped
    note = f"{run - bad} of {run} tests passed, {skipped} skipped"
    return Measured((run - bad) / run if run > 0 else None, note=note)


def _parse_xml(
    data: bytes,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
) -> None:
    """Read elements; entities are refused: they can blow a small file up, or reach for others."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise SourceFailed("the XML declares entities, which are not read; take them out")

    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(data, True)  # noqa: FBT003 - the last part of the document
    except expat.ExpatError as error:
        raise SourceFailed(f"not well-formed XML: {error}") from error


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceFailed("it is not UTF-8 text") from error


def _to_number(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise SourceFailed(f"{text[:40]!r} is no number") from error
    if not math.isfinite(value):
        raise SourceFailed(f"{text[:40]!r} is no finite number")
    return value


def _load_json(data: bytes) -> JsonValue:
    try:
        value: JsonValue = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise SourceFailed(f"it is not valid JSON: {error}") from error
    return value


def _json_number(value: object, where: str) -> Measured:
    if value is None:
        return Measured(None, note=f"{where} is null")
    if isinstance(value, int | float):
        return Measured(float(value))
    raise SourceFailed(f"{where} is not a number")


def _tokens(pointer: str) -> list[str]:
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise SourceFailed(f"the pointer {pointer!r} does not start with '/'")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _p95(values: list[float]) -> float:
    """The nearest rank."""
    return sorted(values)[math.ceil(_P95 * len(values)) - 1]


_AGGREGATES: Final[Mapping[str, Callable[[list[float]], float]]] = {
    "last": lambda values: values[-1],
    "mean": statistics.fmean,
    "sum": math.fsum,
    "min": min,
    "max": max,
    "median": statistics.median,
    "p95": _p95,
}
