"""The quick JSON writer, and where its text is the one that any other writer makes. Pure.

What is left to the slower writers are values whose form is a matter of taste or of harm: numbers
that are not finite (orjson writes null), that need an exponent or more than 53 bits, text that is
not Unicode, and whatever is no plain JSON value (orjson has forms of its own for dates and others).
"""

from collections.abc import Iterable
from types import NoneType
from typing import Final, cast

import orjson

_SAFE: Final = frozenset((str, bool, NoneType))
_INT_MAX: Final = 2**53 - 1
_POSITIONAL_MIN: Final = 1e-4
_POSITIONAL_END: Final = 1e15  # floats between are written without an exponent


def is_common(value: object, *, floats: bool = True) -> bool:
    """True for JSON in plain dicts, lists and tuples that every writer writes alike.

    The text in it is not looked at: orjson itself refuses what is not Unicode, and keys that are
    no text. Raises RecursionError when nested without end.
    """
    kind = type(value)
    if kind in _SAFE:
        return True
    if kind is int:
        return -_INT_MAX <= cast("int", value) <= _INT_MAX
    if kind is float:
        size = abs(cast("float", value))
        return floats and (_POSITIONAL_MIN <= size < _POSITIONAL_END or size == 0)
    inside: Iterable[object]
    if kind is dict:
        inside = cast("dict[object, object]", value).values()
    elif kind is list or kind is tuple:
        inside = cast("Iterable[object]", value)
    else:
        return False
    for each in inside:  # all() of a generator takes twice as long
        inner = type(each)
        if inner in _SAFE or (inner is int and -_INT_MAX <= cast("int", each) <= _INT_MAX):
            continue
        if not is_common(each, floats=floats):
            return False
    return True


def write_sorted(value: object, *, floats: bool = True) -> bytes | None:
    """UTF-8 with keys in the order of code points and no spaces, or None: ask another writer.

    Raises RecursionError when nested without end.
    """
    if not is_common(value, floats=floats):
        return None
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # orjson's own error is one
        return None
