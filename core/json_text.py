"""The quick JSON writer, and where its text is the one that any other writer makes. Pure.

What is left to the slower writers are values whose form is a matter of taste or of harm: numbers
that are not finite (orjson writes null), that need an exponent or more than 53 bits, text that is
not Unicode, and whatever is no plain JSON value (orjson has forms of its own for dates and others).
"""

from types import NoneType
from typing import Any, Final

import orjson

STRICT: Final = orjson.OPT_STRICT_INTEGER
"""For orjson wherever `is_common` was asked: integers of more than 53 bits are refused there."""

_SAFE: Final = frozenset((str, bool, int, NoneType))
_POSITIONAL_MIN: Final = 1e-4
_POSITIONAL_END: Final = 1e15  # floats between are written without an exponent


def is_common(value: object, *, floats: bool = True) -> bool:
    """True for JSON in plain dicts, lists and tuples that every writer writes alike.

    Neither the text in it is looked at, nor the size of integers: with STRICT orjson itself refuses
    what is not Unicode, keys that are no text, and integers of more than 53 bits. Raises
    RecursionError when nested without end.
    """
    kind = type(value)
    if kind in _SAFE:
        return True
    inside: Any = value
    if kind is float:
        size = abs(inside)
        return floats and (_POSITIONAL_MIN <= size < _POSITIONAL_END or size == 0)
    if kind is dict:
        inside = inside.values()
    elif kind is not list and kind is not tuple:
        return False
    for each in inside:  # all() of a generator takes twice as long
        if type(each) not in _SAFE and not is_common(each, floats=floats):
            return False
    return True


def write_sorted(value: object, *, floats: bool = True) -> bytes | None:
    """UTF-8 with keys in the order of code points and no spaces, or None: ask another writer.

    Raises RecursionError when nested without end.
    """
    if not is_common(value, floats=floats):
        return None
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | STRICT)
    except TypeError:  # orjson's own error is one
        return None
