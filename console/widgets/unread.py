"""Which rows of a text were not in sight yet, of those that must be before anybody consents."""

from collections.abc import Sequence
from typing import Final

from console.view_models.ink import Line, Spans, Tone

# Rows of each line that must be in sight. Lines are counted from the last of them, as 1: what comes
# to stand above, as a vote does, moves none. Rows are counted from the top.
Due = dict[int, set[int]]
_END: Final = 0  # stands for the end, whatever its line is


def find_due(lines: Sequence[Line], rows: Sequence[Spans], ends: Sequence[int], number: int) -> Due:
    """Of the first `number` lines every marked row, and the last row of all; `ends` says how many
    rows there are up to and with each line.
    """
    due: Due = {}
    start = 0
    for at, end in enumerate(ends[:number]):
        if any(span.tone is Tone.MARK for span in lines[at].body):
            due[number - at] = {each for each in range(start, end) if is_marked(rows[each])}
        start = end
    if number:
        due[_END] = {start - 1}
    return due


def is_marked(row: Spans) -> bool:
    """Whether a risky part stands in it."""
    return any(span.tone is Tone.MARK for span in row)


class Unread:
    """What is left to be seen of one content, however often it is laid out anew."""

    def __init__(self) -> None:
        self._about = ""
        self._seen: set[int] = set()
        self._due: Due = {}
        self._left: Due = {}
        self._is_laid_out = False

    @property
    def is_read(self) -> bool:
        """Whether all of it that must be was in sight."""
        return self._is_laid_out and not self._left

    @property
    def is_end_seen(self) -> bool:
        """Whether the last row was in sight."""
        return self._is_laid_out and _END not in self._left

    @property
    def first(self) -> int | None:
        """The first row that is to be seen yet; None where there is none."""
        return min((row for rows in self._left.values() for row in rows), default=None)

    @property
    def marked(self) -> list[int]:
        """The rows with a risky part that are to be seen yet."""
        return sorted(row for line in self._left.keys() - {_END} for row in self._left[line])

    def begin(self, about: str) -> None:
        """`about` names a content; another one was not seen at all."""
        self._is_laid_out = False
        if about != self._about:
            self._about, self._seen, self._due, self._left = about, set(), {}, {}

    def lay_out(self, due: Due) -> None:
        """Where it stands now. A line of which a part was not seen is to be seen whole, where it
        was broken or placed otherwise before.
        """
        if due != self._due:
            self._due = due
            self._left = {line: rows for line, rows in due.items() if line not in self._seen}
        self._is_laid_out = True

    def look(self, top: int, bottom: int) -> None:
        """The rows from `top` up to `bottom`, without it, are in sight."""
        left = {
            line: {row for row in rows if not top <= row < bottom}
            for line, rows in self._left.items()
        }
        self._seen.update(line for line, rows in left.items() if not rows)
        self._left = {line: rows for line, rows in left.items() if rows}
