"""Breaks logical lines into rows of the terminal. Nothing is ever cut, except lines that ask."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len, get_character_cell_size

from console.view_models.ink import Line, Span, Spans, Wrap
from console.widgets.toned import cells_in, cut_spans

_ROOM_MIN: Final = 12  # a lead that leaves less stands on a row of its own


class Wrapped(NamedTuple):
    """All rows of all lines; how many rows there are up to and with each line."""

    rows: list[Spans]
    ends: list[int]


def wrap_lines(lines: Sequence[Line], width: int) -> Wrapped:
    """All rows of all lines at `width` cells."""
    rows: list[Spans] = []
    ends: list[int] = []
    lead: Spans = ()
    room = width  # that `lead` leaves; many lines share one
    for line in lines:
        if line.lead is not lead:
            lead, room = line.lead, width - cells_in(line.lead)
        body = line.body
        if (not body and room >= 0) or (
            len(body) == 1 and len(body[0].text) < room and body[0].text.isascii()
        ):
            rows.append((*lead, *body))  # most lines fit, and there may be very many
        else:
            rows.extend(wrap_line(line, width))
        ends.append(len(rows))
    return Wrapped(rows, ends)


def wrap_line(line: Line, width: int) -> Iterator[Spans]:
    """The rows of one line."""
    if line.wrap is Wrap.CUT:
        yield tuple(cut_spans((*line.lead, *line.body), width))
        return
    lead, follow = line.lead, line.follow
    if lead and width - cells_in(lead) < min(_ROOM_MIN, cells_in(line.body)):
        yield tuple(cut_spans(lead, width))
        lead = follow = ()
    elif width - cells_in(follow) < _ROOM_MIN:
        follow = ()
    rooms = (max(1, width - cells_in(lead)), max(1, width - cells_in(follow)))
    text = "".join(span.text for span in line.body)
    rows = _breaks(text, *rooms, words=line.wrap is Wrap.WORDS)
    if len(rows) == 1:
        yield (*lead, *line.body)
        return
    for number, body in enumerate(_slices(line.body, rows)):
        yield (*(follow if number else lead), *body)


def _breaks(text: str, first: int, further: int, *, words: bool) -> list[tuple[int, int]]:
    """Where each row starts and ends in `text`; at least one row."""
    rows: list[tuple[int, int]] = []
    start, room = 0, first
    while True:
        end = _reach(text, start, room)
        if end >= len(text):
            return [*rows, (start, len(text))]
        resume = end
        if words and (space := text.rfind(" ", start + 1, end + 1)) > start:
            end, resume = space, space + 1
        rows.append((start, end))
        start, room = resume, further


def _reach(text: str, start: int, room: int) -> int:
    """How far `room` cells go from `start`: one character at least."""
    head = text[start : start + room]
    if head.isascii() and len(head) == cell_len(head):
        return start + len(head)
    used = 0
    for at in range(start, len(text)):
        used += get_character_cell_size(text[at])
        if used > room:
            return max(at, start + 1)
    return len(text)


def _slices(spans: Spans, rows: Sequence[tuple[int, int]]) -> Iterator[list[Span]]:
    """The spans of each row. Rows come in order, so each span is looked at once, however many."""
    left = iter(spans)
    text, tone = next(left, Span(""))
    offset = 0  # of `text` in the whole
    for start, end in rows:
        body: list[Span] = []
        while True:
            part = text[max(0, start - offset) : end - offset]
            if part:
                body.append(Span(part, tone))
            if offset + len(text) > end:
                break
            offset += len(text)
            following = next(left, None)
            if following is None:
                text = ""
                break
            text, tone = following
        yield body
