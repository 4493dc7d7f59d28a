"""Undoes quoting, so that rules see what a program would see."""

import re
from typing import Final

_ESCAPE: Final = re.compile(r"\\(\n|.)", re.DOTALL)
_STRING_ESCAPE: Final = re.compile(r'\\(["\\$`]|\n)')
_ANSI: Final = re.compile(
    r"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|[0-7]{1,3}|c.|.)", re.DOTALL
)
_ANSI_NAMED: Final = {
    "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b",
    "f": "\f", "v": "\v",
}  # fmt: skip
_BRACE: Final = re.compile(r"\{([^{}\s]*,[^{}\s]*)\}")
_SPREAD_MAX: Final = 64
_CODE_POINT_MAX: Final = 0x10FFFF


def unescape_word(text: str) -> str:
    """An unquoted word without its backslashes."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: "" if found[1] == "\n" else found[1], text)


def unescape_string(text: str) -> str:
    """The inside of a double-quoted string."""
    if "\\" not in text:
        return text
    return _STRING_ESCAPE.sub(lambda found: "" if found[1] == "\n" else found[1], text)


def unescape_ansi(text: str) -> str:
    """The inside of `$'…'`, and of what `printf` and `echo -e` print."""
    return _ANSI.sub(_ansi_character, text)


def _ansi_character(found: re.Match[str]) -> str:
    escape = found[1]
    kind = escape[0]
    if kind in "xuU" and len(escape) > 1:
        code = int(escape[1:], 16)
        return chr(code) if code <= _CODE_POINT_MAX else ""
    if kind in "01234567":
        return chr(int(escape, 8) & 0xFF)
    if kind == "c":
        return ""
    return _ANSI_NAMED.get(kind, escape)


def spread(text: str) -> list[str]:
    """The words that `{a,b}` stands for; those past a bound stay as they are."""
    found = [text]
    for _ in range(_SPREAD_MAX):
        index = next((i for i, word in enumerate(found) if _BRACE.search(word)), None)
        if index is None or len(found) > _SPREAD_MAX:
            break
        word = found.pop(index)
        brace = _BRACE.search(word)
        if brace is not None:
            parts = brace[1].split(",")
            found[index:index] = [word[: brace.start()] + p + word[brace.end() :] for p in parts]
    return found
