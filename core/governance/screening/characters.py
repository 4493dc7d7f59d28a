"""Finds characters that move, hide or reorder text, and draws them as escapes. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from core.actions import RiskLevel

_BIDI: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_HIDDEN: Final = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_OTHER: Final = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
_ANSI: Final = (
    r"\x1b(?:\[[0-?]{0,64}+[ -/]{0,8}+[@-~]?"
    r"|[\]PX^_][^\x07\x1b\x9c]{0,1024}+(?:\x07|\x1b\\)?|[ -~])?"
    r"|\x9b[0-?]{0,64}+[ -/]{0,8}+[@-~]?"
)
_DANGEROUS: Final = re.compile(
    rf"(?P<ansi>{_ANSI})|(?P<bidi>[{_BIDI}]+)|(?P<hidden>[{_HIDDEN}]+)|(?P<control>[{_OTHER}]+)"
)
_ESCAPED: Final = re.compile(f"[\t\n\r{_OTHER}{_BIDI}{_HIDDEN}]")
_NAMED: Final = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
INVISIBLE: Final = re.compile(f"[{_BIDI}{_HIDDEN}]")


@dataclass(frozen=True, slots=True)
class Danger:
    """One family of such characters, as a finding tells of it."""

    code: str
    level: RiskLevel
    message: str


_DANGERS: Final = {
    "ansi": Danger(
        "terminal-escape", RiskLevel.MEDIUM, "a terminal escape sequence stands in the text"
    ),
    "bidi": Danger(
        "bidi-control", RiskLevel.MEDIUM, "characters that reorder the text as it is shown"
    ),
    "hidden": Danger("invisible-characters", RiskLevel.LOW, "characters that no screen shows"),
    "control": Danger("control-characters", RiskLevel.LOW, "control characters stand in the text"),
}


def find_dangers(text: str) -> Iterator[tuple[Danger, tuple[int, int]]]:
    """Each run of such characters, with its place."""
    if text.isascii() and text.isprintable():
        return
    for found in _DANGEROUS.finditer(text):
        yield _DANGERS[str(found.lastgroup)], found.span()


def strip_controls(text: str) -> str:
    """Text that is safe to draw: what would move, hide or reorder is shown as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return _ESCAPED.sub(lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if code < 0x100:  # noqa: PLR2004 - the widths of Python's own escapes
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004
