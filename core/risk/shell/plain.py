"""Reads the commonest commands, lines of plain words, as the grammar would read them."""

import re
from typing import Final

from core.risk.shell.syntax import Call, Script, Span, Word

_CALL: Final = r"[A-Za-z_./][\w./-]*(?: +[\w./:,@%+-]+)*"
_CALLS: Final = re.compile(rf"{_CALL}(?:(?:\n| && ){_CALL}){{0,31}}", re.ASCII)
_ONE_CALL: Final = re.compile(_CALL, re.ASCII)
_WORD: Final = re.compile(r"[^ ]+")
_KEYWORDS: Final = frozenset(
    {
        "case", "coproc", "declare", "do", "done", "elif", "else", "esac", "export", "fi", "for",
        "function", "if", "in", "local", "readonly", "select", "then", "time", "typeset", "unset",
        "unsetenv", "until", "while",
    }
)  # fmt: skip


def read_plain(text: str, *, at: int, known: dict[str, str]) -> Script | None:
    """What `parse` makes of it, or None where only the grammar can tell.

    Plain words hold no quote, expansion, operator, assignment or comment. Tests hold that both
    read them alike.
    """
    if _CALLS.fullmatch(text) is None:
        return None
    calls = [_call(text, found, at) for found in _ONE_CALL.finditer(text)]
    if any(call.name in _KEYWORDS for call in calls):
        return None
    return Script(tuple(calls), variables=dict(known))


def _call(text: str, found: re.Match[str], at: int) -> Call:
    start, end = found.span()
    words = tuple([_word(each, at) for each in _WORD.finditer(text, start, end)])
    return Call(
        words, Span(at + start, at + end), after_newline=start > 0 and text[start - 1] == "\n"
    )


def _word(found: re.Match[str], at: int) -> Word:
    start = at + found.start()
    return Word(found[0], Span(start, at + found.end()), literal_at=start)
