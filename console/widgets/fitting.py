"""Rows of words that are too long lose whole words at their end: half a figure misleads."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from console.view_models.ink import Span, Spans, Tone
from console.widgets.toned import cells_in, cut_spans

_GAP: Final = re.compile(" {2,}")
_MORE: Final = Span(" …", Tone.DIM)
_LONG: Final = 16  # cells: a text of which a part is worth reading


def fit_parts(words: Spans, width: int) -> Spans:
    """`words`, whole if they fit; else with narrow gaps; else without the last parts, and `…`.

    Of a long text at the end as much is left as there is room for.

    What two spaces and more stand between are parts.
    """
    if cells_in(words) <= width:
        return words
    parts = list(_parts(words))
    row = _joined(parts)
    if cells_in(row) <= width:
        return row
    while len(parts) > 1:
        last = parts.pop()
        row = _joined(parts)
        room = width - cells_in(row)
        if cells_in(last) > _LONG and room > _LONG:
            return (*row, Span(" "), *cut_spans(tuple(last), room - 1))
        if room >= cells_in((_MORE,)):
            return (*row, _MORE)
    return tuple(cut_spans(words, width))


def _parts(words: Spans) -> Iterator[list[Span]]:
    part: list[Span] = []
    for span in words:
        first, *others = _GAP.split(span.text)
        if first:
            part.append(span._replace(text=first))
        for text in others:
            if part:
                yield part
            part = [span._replace(text=text)] if text else []
    if part:
        yield part


def _joined(parts: Sequence[Sequence[Span]]) -> Spans:
    row = list(parts[0])
    for before, part in pairwise(parts):
        gap = "" if before[-1].text.endswith(" ") or part[0].text.startswith(" ") else " "
        row += [Span(gap), *part] if gap else part
    return tuple(row)
