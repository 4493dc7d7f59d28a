"""Patterns that are tried only where a literal stands which each of their matches holds."""

import re
from dataclasses import dataclass

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hinted:
    """A pattern and its `hints`; looking for a literal is far quicker than trying a pattern."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]

    def find(self, text: str) -> Place | None:
        """Where the pattern first matches."""
        for hint in self.hints:
            if hint in text:
                found = self.pattern.search(text)
                return found.span() if found else None
        return None


def hinted(hints: str, pattern: str) -> Hinted:
    """A pattern with its hints, which blanks separate."""
    return Hinted(tuple(hints.split()), re.compile(pattern))
