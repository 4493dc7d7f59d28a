"""Text from outside made safe to draw, and the short forms of times and ids."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Final
from unicodedata import category

from console.view_models.ink import Span, Spans, Tone

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
ID_TAIL: Final = 6
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86400


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
    return "".join(span.text for span in _runs(text, Tone.PLAIN))


def visible_spans(text: str, tone: Tone = Tone.PLAIN) -> Spans:
    """Like `visible`, the spelt-out parts in a tone of their own: no text can imitate them."""
    if text.isascii() and text.isprintable():
        return (Span(text, tone),) if text else ()
    return tuple(_runs(text, tone))


def _runs(text: str, tone: Tone) -> Iterator[Span]:
    for hidden, run in groupby(find_hidden(text), lambda each: each[1]):
        if hidden:
            yield Span("".join(spell_out(each) for each, _ in run), Tone.ESCAPE)
        else:
            yield Span("".join(each for each, _ in run), tone)


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


def short_id(identifier: str) -> str:
    """The last six characters: the first ones only tell the time."""
    return visible(identifier[-ID_TAIL:])


def duration(seconds: float) -> str:
    """`5s`, `1m40s`, `2h05m`, `3d04h`; below zero counts as zero."""
    whole = max(0, int(seconds))
    if whole < _MINUTE_S:
        return f"{whole}s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S}m{whole % _MINUTE_S:02d}s"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S}h{whole % _HOUR_S // _MINUTE_S:02d}m"
    return f"{whole // _DAY_S}d{whole % _DAY_S // _HOUR_S:02d}h"


def time_of_day(at: datetime, zone: tzinfo) -> str:
    """Wall time in the operator's zone, to the second."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def day_and_time(at: datetime, zone: tzinfo) -> str:
    """Date and wall time in the operator's zone."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def short_time(at: datetime, zone: tzinfo, now: datetime) -> str:
    """Of today the time to the second, of other days the day and the minute."""
    if at.astimezone(zone).date() == now.astimezone(zone).date():
        return time_of_day(at, zone)
    return at.astimezone(zone).strftime("%m-%d %H:%M")


def count(number: int, one: str, many: str = "") -> str:
    """`1 approval`, `3 approvals`, `1,204 entries`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
