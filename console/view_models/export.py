"""Rows of a list as CSV and JSON: all that they hold, without secrets.

What would move a terminal that prints them is spelt out: in JSON as JSON spells it, so that it
reads back the same.
"""

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final, cast

from core.actions import JsonValue
from core.governance.screening.rules import screen
from core.printable import find_hidden

# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_SHORT_MAX: Final = 0xFFFF
_LEFT: Final = frozenset("\t\n\r")  # what lays out a file


def export_files(rows: Iterable[object]) -> Mapping[str, bytes]:
    """Ending -> content. Secrets are taken out, as everywhere that something is kept."""
    objects = [screen(_plain(row)).redacted for row in rows]
    text = json.dumps(objects, indent=2, ensure_ascii=False, allow_nan=False)
    return {".csv": _encode(_to_csv(objects)), ".json": _encode(_inert(text))}


def _spelt(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code <= _SHORT_MAX else json.dumps(character)[1:-1]


def _inert(text: str) -> str:
    """With JSON's own spelling of what would move, turn round or hide."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _spelt(each) if hidden and each not in _LEFT else each for each, hidden in find_hidden(text)
    )


def _encode(text: str) -> bytes:
    return text.encode(errors="backslashreplace")


def _plain(value: Any) -> JsonValue:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        held = cast("Mapping[object, object]", value)
        return {str(name): _plain(each) for name, each in held.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in cast("Iterable[object]", value)]
    return _plain_leaf(value.value if isinstance(value, Enum) else value)


def _plain_leaf(value: Any) -> JsonValue:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _to_csv(objects: Sequence[JsonValue]) -> str:
    flat = [dict(_leaves(each)) for each in objects]
    names = list(dict.fromkeys(name for row in flat for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([[_cell(row.get(name)) for name in names] for row in flat])
    return out.getvalue()


def _leaves(value: JsonValue, path: str = "") -> Iterable[tuple[str, JsonValue]]:
    """Dotted names and values; lists stay whole."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}" if path else name)
    else:
        yield path, value


def _cell(value: JsonValue) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        value = _inert(value)
        return "'" + value if value.startswith(_FORMULA) else value
    if isinstance(value, int | float):
        return value
    return _inert(json.dumps(value, ensure_ascii=False))
