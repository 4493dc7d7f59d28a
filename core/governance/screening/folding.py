"""Text as a reader, or a program, may take it: look-alike letters plain, invisible ones gone. Pure.

A letter that stands for exactly one of ASCII becomes it, so all that moves is what is taken out.
"""

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

from core.governance.screening.characters import INVISIBLE


@dataclass(frozen=True, slots=True)
class Folded:
    """The text, and where characters were taken out: by how many each place has moved."""

    text: str
    gone: tuple[int, ...] = ()

    def unfold(self, start: int, end: int) -> tuple[int, int]:
        """The same stretch in the text as it came in; `end` is behind `start`."""
        return self._place(start), self._place(end - 1) + 1

    def _place(self, at: int) -> int:
        return at + bisect_right(self.gone, at)


def fold(text: str) -> Folded | None:
    """None for a text that is what it looks like: nearly all are."""
    if text.isascii() or (unicodedata.is_normalized("NFKC", text) and not INVISIBLE.search(text)):
        return None
    places = [found.start() for found in INVISIBLE.finditer(text)]
    gone = tuple(place - number for number, place in enumerate(places))
    return Folded("".join(map(_plain, INVISIBLE.sub("", text))), gone)


def fold_name(name: str) -> str:
    """The name of a value, folded."""
    folded = fold(name)
    return name if folded is None else folded.text


@lru_cache(maxsize=1024)
def _plain(letter: str) -> str:
    if letter.isascii():
        return letter
    plain = unicodedata.normalize("NFKC", letter)
    return plain if len(plain) == 1 and plain.isascii() else letter
