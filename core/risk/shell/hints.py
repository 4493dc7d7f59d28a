"""Patterns that are tried only where a literal stands which each of their matches holds."""

import re
from dataclasses import dataclass
from typing import Final

Place = tuple[int, int]

_SHORT: Final = 48  # characters up to which one pattern of all hints is the quicker look


@dataclass(frozen=True, slots=True)
class Hinted:
    """A pattern and its `hints`; looking for a literal is far quicker than trying a pattern."""

    hints: tuple[str, ...]
    any_hint: re.Pattern[str]
    pattern: re.Pattern[str]

    def find(self, text: str) -> Place | None:
        """Where the pattern first matches."""
        if len(text) <= _SHORT:
            if self.any_hint.search(text) is None:
                return None
        elif not any(hint in text for hint in self.hints):
            return None
        found = self.pattern.search(text)
        return found.span() if found else None


def hinted(hints: str, pattern: str) -> Hinted:
    """A pattern with its hints, which blanks separate."""
    literals = tuple(hints.split())
    return Hinted(literals, re.compile("|".join(map(re.escape, literals))), re.compile(pattern))


def find_any(patterns: tuple[Hinted, ...], text: str) -> Place | None:
    """Where the first of `patterns` that matches does so."""
    for each in patterns:
        place = each.find(text)
        if place is not None:
            return place
    return None
