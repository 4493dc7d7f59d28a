"""Text that cannot be read as commands whole: what of it can be told all the same.

Padding must not make a command milder than it is alone. What is found here only adds to the
finding that the text could not be read.
"""

import re
from typing import Final

_LITERAL_MAX: Final = 200  # characters of a quoted text that are kept
_FILLED: Final = re.compile(r"\"[^$`]*[$`]")  # substitutions are made within these quotes
_PARTS: Final = re.compile(
    r"\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|(?<![^\s;&|()])#[^\n]*|[ \t]{2,}|\n{2,}", re.DOTALL
)


def collapse(text: str) -> str:
    """`text` without what no shell takes, comments and blanks, and with long literals shortened.

    Read from the start, so that quotes pair as a shell pairs them. A text with substitutions in
    it is no literal.
    """
    return _PARTS.sub(_shorten, re.sub("[\0\ud800-\udfff]", "", text))


def _shorten(found: re.Match[str]) -> str:
    part = found[0]
    match part[0]:
        case "#":
            return ""
        case " " | "\t" | "\n":
            return part[0]
        case "'" | '"' if len(part) > _LITERAL_MAX and not _FILLED.match(part):
            return f"{part[:_LITERAL_MAX]}{part[0]}"
        case _:
            return part
