"""Text from outside made safe to show: what is hidden is spelt out, and nothing is dropped."""

from collections.abc import Iterator
from typing import Final
from unicodedata import category

_NAMED: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
# Printable by Unicode's book, blank to the eye: variation selectors, fillers, joiners.
_BLANK: Final = frozenset(
    "".join(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
    + "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
)
_MARKS: Final = frozenset({"Mn", "Me"})
_MARKS_MAX: Final = 3  # on one letter; pointed Hebrew and tone marks need no more
_BYTE_MAX: Final = 0xFF
_SHORT_MAX: Final = 0xFFFF


def is_hidden(character: str) -> bool:
    """True when drawing `character` could move, hide or reorder other text, or show nothing."""
    return not character.isprintable() or character in _BLANK


def spell_out(character: str) -> str:
    """The visible form of a hidden character: `\\x1b`, `\\u202e`."""
    code = ord(character)
    if character in _NAMED:
        return _NAMED[character]
    if code <= _BYTE_MAX:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= _SHORT_MAX else f"\\U{code:08x}"


def visible(text: str) -> str:
    """`text` with every hidden character spelt out; nothing is dropped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(spell_out(each) if hidden else each for each, hidden in find_hidden(text))


def find_hidden(text: str) -> Iterator[tuple[str, bool]]:
    """Each character, and whether it must be spelt out.

    Marks that pile up on one letter reach into the rows above and below: past a few they, and
    those that stand on no letter at all, are spelt out too.
    """
    room = 0
    for character in text:
        mark = character > "\u02ff" and category(character) in _MARKS
        if is_hidden(character) or (mark and not room):
            room = 0
            yield character, True
        else:
            room = room - 1 if mark else _MARKS_MAX
            yield character, False
