"""What `xargs` runs: one command with items of what it is fed."""

import re
import shlex
from typing import Final

from core.actions import RiskLevel
from core.risk.shell.catalog import Row, look_up
from core.risk.shell.decode import unescape_ansi
from core.risk.shell.options import Reading
from core.risk.shell.printed import printed_by
from core.risk.shell.programs_files import found_before
from core.risk.shell.review import Review
from core.risk.shell.syntax import Call, Word
from core.risk.shell.targets import is_shell_name

_ITEMS_MAX: Final = 64
_NULL: Final = re.compile(r"-[a-zA-Z]*0|--null")
_DELIMITER: Final = re.compile(r"-d(.*)|--delimiter(?:=(.*))?", re.DOTALL)


def run_items(review: Review, call: Call, _row: Row, reading: Reading) -> None:
    """Judge the command with each item, and with one that nobody knows where there may be more."""
    if not reading.rest:
        return
    row = look_up(review.catalog, reading.rest[0].text)
    if row is not None and row.special == "fetch" and _comes_from_environment(call):
        review.external = True
        review.note("sends-data", RiskLevel.MEDIUM, "Puts variables into an address.", call.span)
    mark = _placeholder(call.arguments)
    given = _given(call, lines=bool(mark)) or found_before(call)
    if mark:
        for item in given or (None,):
            review.run(call.inner(_filled(reading.rest, mark, item)))
        return
    if not given and (call.fed_by is None or call.fed_by.name == "cat" or call.fed_by.beside):
        given = (_unknown(call),)  # of a file that nobody looked into
    review.run(call.inner((*reading.rest, *given)))


def _unknown(call: Call) -> Word:
    return Word("$item", call.span, dynamic=True)


def _given(call: Call, *, lines: bool) -> tuple[Word, ...]:
    fed = call.heredoc if call.fed_by is None else printed_by(call.fed_by)
    items = _split(fed or "", _delimiter(call.arguments) or ("\n" if lines else ""))
    given = tuple(Word(text, call.span) for text in items[:_ITEMS_MAX])
    return given if len(items) <= _ITEMS_MAX else (*given, _unknown(call))


def _split(text: str, delimiter: str) -> list[str]:
    if delimiter:
        return [part.strip() for part in text.split(delimiter) if part.strip()]
    try:
        return shlex.split(text)
    except ValueError:  # a quote that is not closed
        return text.split()


def _delimiter(words: tuple[Word, ...]) -> str:
    """What parts the items when it is not any blank: a character after `-d`, or NUL."""
    for index, word in enumerate(words):
        if _NULL.fullmatch(word.text):
            return "\0"
        if found := _DELIMITER.fullmatch(word.text):
            after = words[index + 1].text if index + 1 < len(words) else ""
            return unescape_ansi(found[1] or found[2] or after)[:1]
        if not word.text.startswith("-"):
            return ""
    return ""


def _comes_from_environment(call: Call) -> bool:
    source = call.fed_by
    while source is not None:
        if source.name in {"env", "printenv", "set", "export"}:
            return True
        source = source.fed_by
    return False


def _placeholder(words: tuple[Word, ...]) -> str:
    """What stands for the item that xargs puts in: `{}` after `-I {}`, `-I{}`, `-i`."""
    for index, word in enumerate(words):
        if word.text == "-I" and index + 1 < len(words):
            return words[index + 1].text
        if word.text.startswith("-I"):
            return word.text[2:]
        if word.text in {"-i", "--replace"}:
            return "{}"
    return ""


def _filled(words: tuple[Word, ...], mark: str, item: Word | None) -> tuple[Word, ...]:
    """The command with what it is given; an item that nobody knows stays a variable."""
    text, dynamic = (item.text, item.dynamic) if item is not None else ("$item", True)
    whole = item is not None or is_shell_name(words[0].text)
    return tuple(
        Word(word.text.replace(mark, text), word.span, word.dynamic or dynamic)
        if mark in word.text and (whole or index == 0 or word.text.startswith(f"{mark}."))
        else word
        for index, word in enumerate(words)
    )
