"""Where a target stands in text that came from tools, and whether that text tells to act on it."""

import re
from collections.abc import Iterable
from typing import Final

from core.governance.grounding.request import fold, read_verbs

UNTRUSTED_CHARS_MAX: Final = 400_000
_HITS_MAX: Final = 20
_ORDERED_CHARS_MIN: Final = 3  # "add 2 cups" orders nothing with the handle "2"
_BEFORE_CHARS: Final = 160
_SENTENCE_END: Final = re.compile(r"[.!?]\s")


class ToolText:
    """Text that came from tools, newest first up to a cap; folded only when asked about.

    It can only add doubt: nothing that stands in it ever grounds a target.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(texts)
        self._folded: str | None = None

    def holds(self, value: str) -> bool:
        """Whether the value stands in the text."""
        return next(iter(self._hits(value)), None) is not None

    def tells(self, value: str, verbs: frozenset[str]) -> bool:
        """Whether a sentence of the text orders one of `verbs` before it names the value."""
        if len(value) < _ORDERED_CHARS_MIN:
            return False
        folded = self._load()
        for at in self._hits(value):
            before = folded[max(0, at - _BEFORE_CHARS) : at]
            if not verbs.isdisjoint(read_verbs(_SENTENCE_END.split(before)[-1])):
                return True
        return False

    def _hits(self, value: str) -> list[int]:
        folded, wanted = self._load(), fold(value).strip()
        hits: list[int] = []
        at = folded.find(wanted) if wanted else -1
        while at >= 0 and len(hits) < _HITS_MAX:
            end = at + len(wanted)
            if not (folded[at - 1 : at].isalnum() or folded[end : end + 1].isalnum()):
                hits.append(at)
            at = folded.find(wanted, end)
        return hits

    def _load(self) -> str:
        if self._folded is None:
            kept: list[str] = []
            left = UNTRUSTED_CHARS_MAX
            for text in reversed(self._texts):
                kept.append(fold(text[:left]))
                left -= len(text)
                if left <= 0:
                    break
            self._folded = "\n".join(kept)
        return self._folded
