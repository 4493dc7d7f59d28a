"""What both decoders share: bounds, and which labels of a metric are kept."""

import functools
import gc
from collections.abc import Callable, Iterable
from typing import Any, Final

from core.telemetry.model import CONTENT, Batch, Table, Value
from core.telemetry.rules import TEXT_MAX, as_text

ATTRIBUTES_MAX: Final = 128  # read of one span, log record or point
LABELS_MAX: Final = 16
POINTS_MAX: Final = 20_000  # of one body
BUCKETS_MAX: Final = 200
TRACE_ID_BYTES: Final = 16
SPAN_ID_BYTES: Final = 8
ERRORS: Final = (2, "STATUS_CODE_ERROR")  # of a span's status, as JSON writes it
# What a row of the wrong shape raises when it is read; it is rejected, the others are not.
WRONG: Final = (AttributeError, KeyError, TypeError, ValueError, OverflowError)
_KEY_MAX: Final = 100
_UNMAPPED_MAX: Final = 256  # by name in one batch
_MORE: Final = "others"
_INT_MAX: Final = 2**64
_DIGITS_MAX: Final = 20
# One for each session or person: they would make a series each, and say who somebody is.
_PERSONAL: Final = (
    "session.",
    "conversation.",
    "prompt",
    "installation.",
    "user.",
    "organization.",
    "host.",
    "process.",
    "terminal.",
    "event.",
    "service.instance",
)


def uncollected(read: Callable[[bytes], list[Batch]]) -> Callable[[bytes], list[Batch]]:
    """Hold the garbage collector off while a body is read.

    What a body makes goes when it has been read, by count; to look through it for circles, again
    and again while it grows, takes a tenth of the reading.
    """

    @functools.wraps(read)
    def held(body: bytes) -> list[Batch]:
        if not gc.isenabled():
            return read(body)
        gc.disable()
        try:
            return read(body)
        finally:
            gc.enable()

    return held


def look_up(key: str, table: Table, batch: Batch) -> int:
    """Where a key goes that the table's fields do not name; what nobody knows is counted."""
    slot = table.look_up(key)
    if slot is None:
        unmapped = batch.unmapped
        key = key[:_KEY_MAX]
        if key not in unmapped and len(unmapped) >= _UNMAPPED_MAX:
            key = _MORE
        unmapped[key] = unmapped.get(key, 0) + 1
        return -1
    if slot == CONTENT:
        batch.content_dropped += 1
        return -1
    return slot


def keep_labels(pairs: Iterable[tuple[str, Value]]) -> tuple[tuple[str, str], ...]:
    """The labels of a series: texts, bounded, without those of one session or person."""
    kept: list[tuple[str, str]] = []
    for key, value in pairs:
        text = as_text(value)
        if text is not None and len(key) <= _KEY_MAX and not key.startswith(_PERSONAL):
            kept.append((key, text))
            if len(kept) == LABELS_MAX:
                break
    return tuple(sorted(kept))


def short(text: str) -> str:
    """At most as much of a text as is ever kept."""
    return text if len(text) <= TEXT_MAX else text[:TEXT_MAX]


def to_int(given: Any) -> int:
    """A 64-bit number, also as text; 0 for none. Raises ValueError, TypeError, OverflowError."""
    if given is None:
        return 0
    if isinstance(given, str):
        if len(given) > _DIGITS_MAX:
            raise ValueError("a number too long")
        number = int(given) if "." not in given and "e" not in given.lower() else float(given)
        if number % 1:
            raise ValueError("no whole number")
    else:
        number = given
    number = int(number)
    if not -_INT_MAX < number < _INT_MAX:
        raise ValueError("no 64-bit number")
    return number
