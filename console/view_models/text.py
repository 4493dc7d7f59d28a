"""Text from outside made safe to draw, and the short forms of times and ids."""

from collections.abc import Iterator
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Final

from console.language import date_form, day_form, minute_form, npgettext, numeral, time_form
from console.view_models.ink import Span, Spans, Tone
from core import printable

find_hidden: Final = printable.find_hidden
is_hidden: Final = printable.is_hidden
whole: Final = printable.visible
ID_TAIL: Final = 6
_SHORT_MAX: Final = 400
_LONG_MAX: Final = 10_000
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86400


def visible(text: str) -> str:
    """Made safe, for a place of one line: what no line has room for ends in `…`, never looked at.

    Where somebody decides on what is shown, take `whole`.
    """
    return whole(text if len(text) <= _SHORT_MAX else f"{text[:_SHORT_MAX]}…")


def short_words(text: str) -> str:
    """Made safe, and so short that it leaves what lies below in sight: for a toast."""
    return visible(text)


def visible_spans(text: str, tone: Tone = Tone.PLAIN) -> Spans:
    """Made safe, for a pane beside a list; a text that nobody reads to its end tells what is left.

    Where somebody decides on what is shown, take `whole_spans`.
    """
    if len(text) <= _LONG_MAX:
        return whole_spans(text, tone)
    left = Span(f"… +{numeral(len(text) - _LONG_MAX)}", Tone.WARN)
    return (*whole_spans(text[:_LONG_MAX], tone), left)


def whole_spans(text: str, tone: Tone = Tone.PLAIN) -> Spans:
    """Like `whole`, the spelt-out parts in a tone of their own: no text can imitate them."""
    if text.isascii() and text.isprintable():
        return (Span(text, tone),) if text else ()
    return tuple(_runs(text, tone))


def cell_spans(text: str, tone: Tone = Tone.PLAIN) -> Spans:
    """Like `visible_spans`, but no more than a line shows: a megabyte costs time."""
    return whole_spans(text if len(text) <= _SHORT_MAX else f"{text[:_SHORT_MAX]}…", tone)


def _runs(text: str, tone: Tone) -> Iterator[Span]:
    for hidden, run in groupby(find_hidden(text), lambda each: each[1]):
        if hidden:
            yield Span("".join(printable.spell_out(each) for each, _ in run), Tone.ESCAPE)
        else:
            yield Span("".join(each for each, _ in run), tone)


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
    return at.astimezone(zone).strftime(time_form())


def day_and_time(at: datetime, zone: tzinfo) -> str:
    """Date and wall time in the operator's zone."""
    return at.astimezone(zone).strftime(f"{date_form()} {time_form()}")


def short_time(at: datetime, zone: tzinfo, now: datetime) -> str:
    """Of today the time to the second, of other days the day and the minute."""
    if at.astimezone(zone).date() == now.astimezone(zone).date():
        return time_of_day(at, zone)
    return at.astimezone(zone).strftime(f"{day_form()} {minute_form()}")


def count(number: int, one: str, many: str) -> str:
    """`1 approval`, `3 approvals`, `1,204 entries`."""
    return f"{numeral(number)} {npgettext('count', one, many, number)}"
