"""Literals that are looked for before any pattern is tried. Pure."""

import re
from collections.abc import Iterable
from typing import Final

_SHORT: Final = 100  # characters up to which one pattern of all literals is the quickest look


class AnyHint:
    """Whether one of many literals may stand in a text; for ordinary short text that is cheap."""

    def __init__(self, hints: Iterable[str]) -> None:
        self._pattern: Final = re.compile("|".join(sorted({re.escape(each) for each in hints})))

    def rules_out(self, lowered: str) -> bool:
        """True when none stands in lower-cased text; of long text nothing is said."""
        return len(lowered) <= _SHORT and self._pattern.search(lowered) is None
