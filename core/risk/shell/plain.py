"""Reads the commonest command, one line of plain words, as the grammar would read it."""

import re
from typing import Final

from core.risk.shell.syntax import Call, Script, Span, Word, join_spans

_WORDS: Final = re.compile(r"[A-Za-z_./][\w./-]*(?: +[\w./:,@%+-]+)*", re.ASCII)
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
    if _WORDS.fullmatch(text) is None:
        return None
    words = tuple([_word(found, at) for found in _WORD.finditer(text)])
    if words[0].text in _KEYWORDS:
        return None
    return Script((Call(words, join_spans(words, words[0].span)),), variables=dict(known))


def _word(found: re.Match[str], at: int) -> Word:
    start = at + found.start()
    return Word(found[0], Span(start, at + found.end()), literal_at=start)
