"""Entries as an export writes them, and reading back nothing but that."""

import csv
import json
import re
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any, Final, Literal, cast

from core.audit.files import open_regular

ExportFormat = Literal["jsonl", "csv"]
Exported = tuple[int, str, str, str]
"""seq, previous, hash, text."""

_FOR_PEOPLE: Final = ("at", "event", "actor", "action_id")
COLUMNS: Final = ("seq", *_FOR_PEOPLE, "previous", "hash", "text")
_TEXT_CHARS_MAX: Final = 2**30  # csv's own limit is less than one long argument
_SEQ: Final = re.compile("0|[1-9][0-9]{0,18}")


def write_line(entry: Exported) -> str:
    """One line of JSON Lines, with its end."""
    seq, previous, stored, text = entry
    value = {"seq": seq, "previous": previous, "hash": stored, "text": text}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def write_cells(entry: Exported, value: Any) -> tuple[str, ...]:
    """One row of the table; `value` is the text, parsed."""
    seq, previous, stored, text = entry
    return (str(seq), *_cells(value), previous, stored, text)


def parse_text(text: str) -> Any:
    """What a text says; None when it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class ExportedEntries:
    """The entries of an export, each held against what would have been written for its text.

    A reader of the file must not be told else than the signed text says: by a column for people,
    by a second value under the same name. So it ends before the first entry that differs in
    anything; `problem` says which. With `after`, the hash before the first entry, each must name
    the hash of the one before it.
    """

    def __init__(self, target: Path, form: object, *, after: str | None) -> None:
        self._target = target
        self._form = form
        self._after = after
        self.count = 0
        self.problem = ""

    def __iter__(self) -> Iterator[Exported]:
        # What is no UTF-8 becomes half a character pair, which no entry holds.
        with TextIOWrapper(
            cast("Any", open_regular(self._target)),
            encoding="utf-8",
            newline="",
            errors="surrogateescape",
        ) as file:
            read = _read_table(file) if self._form == "csv" else map(_read_line, file)
            for entry in read:
                if entry is None:
                    self._refuse("is not as it was exported")
                elif self._after not in {None, entry[1]}:
                    self._refuse("does not name the hash of the one before it")
                if entry is None or self.problem:
                    return
                self.count += 1
                self._after = None if self._after is None else entry[2]
                yield entry

    def _refuse(self, why: str) -> None:
        self.problem = f"number {self.count + 1} of the exported entries {why}: it was edited"


def _read_line(line: str) -> Exported | None:
    value = parse_text(line)
    try:
        entry = value["seq"], value["previous"], value["hash"], value["text"]
    except (KeyError, TypeError):
        return None
    if [*map(type, entry)] != [int, str, str, str]:
        return None
    return entry if _is_text(line) and write_line(entry) == line else None


def _read_table(file: Iterator[str]) -> Iterator[Exported | None]:
    before = csv.field_size_limit(_TEXT_CHARS_MAX)  # of the whole process
    try:
        rows = csv.reader(file)
        if next(rows, None) != [*COLUMNS]:
            yield None
        for row in rows:
            yield _read_row(row)
    except csv.Error:
        yield None
    finally:
        csv.field_size_limit(before)


def _read_row(row: list[str]) -> Exported | None:
    if len(row) != len(COLUMNS) or not _SEQ.fullmatch(row[0]) or not _is_text("".join(row)):
        return None
    previous, stored, text = row[-3:]
    entry = int(row[0]), previous, stored, text
    return entry if [*write_cells(entry, parse_text(text))] == row else None


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _cells(value: Any) -> Iterator[str]:
    """Columns for people, none of which a spreadsheet takes for a formula; `text` stays exact."""
    for name in _FOR_PEOPLE:
        try:
            cell = "" if value[name] is None else str(value[name])
        except (KeyError, TypeError):
            cell = ""
        yield f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell
