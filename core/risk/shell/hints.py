"""Patterns that are tried only where a literal stands which each of their matches holds.

Looking for a literal is far quicker than trying a long alternation at each character, and most
words of most commands hold none of the literals.
"""

import re
from dataclasses import dataclass
from typing import Final

Place = tuple[int, int]

_SHORT: Final = 48  # characters up to which one pattern of all hints is the quickest look


@dataclass(frozen=True, slots=True)
class Hinted:
    """Patterns, each with its hints, and all the hints as one pattern."""

    groups: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]
    any_hint: re.Pattern[str]

    def may_be_in(self, text: str) -> bool:
        """False when no pattern can match, as far as a quick look tells."""
        return len(text) > _SHORT or self.any_hint.search(text) is not None

    def find(self, text: str) -> Place | None:
        """Where the first pattern that matches does so."""
        if not self.may_be_in(text):
            return None
        for hints, pattern in self.groups:
            for hint in hints:
                if hint in text:
                    found = pattern.search(text)
                    if found is not None:
                        return found.span()
                    break
        return None


def hinted(*groups: tuple[str, str]) -> Hinted:
    """Patterns from pairs of hints, which blanks separate, and the pattern that they serve."""
    return _all_of([(tuple(hints.split()), re.compile(pattern)) for hints, pattern in groups])


def together(*several: Hinted) -> Hinted:
    """Several patterns as one, to look once whether any of them may match."""
    return _all_of([group for each in several for group in each.groups])


def _all_of(groups: list[tuple[tuple[str, ...], re.Pattern[str]]]) -> Hinted:
    literals = {re.escape(hint) for hints, _ in groups for hint in hints}
    return Hinted(tuple(groups), re.compile("|".join(sorted(literals))))
