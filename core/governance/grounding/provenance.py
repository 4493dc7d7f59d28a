"""Where a target stands in text that came from tools, and whether that text tells to act on it."""

import re
from collections.abc import Iterable
from typing import Final

from core.governance.grounding.request import fold, read_verbs

UNTRUSTED_CHARS_MAX: Final = 1_500_000
_LOOKUPS_MAX: Final = 32
_HITS_MAX: Final = 200
_ORDERED_CHARS_MIN: Final = 3  # "add 2 cups" orders nothing with the handle "2"
_BEFORE_CHARS: Final = 160
_SENTENCE_END: Final = re.compile(r"[.!?]\s")


class ToolText:
    """Text that came from tools, folded only when asked about.

    It can only add doubt: nothing that stands in it ever grounds a target. More of it than is
    read, or more questions than are answered, count as ordering anything.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = tuple(text for text in texts if text)
        self._folded: str | None = None
        self._lookups_left = _LOOKUPS_MAX
        self._complete = sum(map(len, self._texts)) <= UNTRUSTED_CHARS_MAX

    def holds(self, value: str) -> bool:
        """Whether the value stands in the text."""
        return bool(self._hits(value))

    def tells(self, value: str, verbs: frozenset[str]) -> bool:
        """Whether a sentence of the text orders one of `verbs` before it names the value."""
        if not self._texts or len(value) < _ORDERED_CHARS_MIN:
            return False
        if not self._complete or not self._lookups_left:
            return True
        folded, hits = self._load(), self._hits(value)
        for at in hits:
            before = folded[max(0, at - _BEFORE_CHARS) : at]
            if not verbs.isdisjoint(read_verbs(_SENTENCE_END.split(before)[-1])):
                return True
        return len(hits) == _HITS_MAX

    def _hits(self, value: str) -> list[int]:
        hits: list[int] = []
        if not self._lookups_left:
            return hits
        self._lookups_left -= 1
        folded, wanted = self._load(), fold(value).strip()
        at = folded.find(wanted) if wanted else -1
        while at >= 0 and len(hits) < _HITS_MAX:
            end = at + len(wanted)
            if not (folded[at - 1 : at].isalnum() or folded[end : end + 1].isalnum()):
                hits.append(at)
            at = folded.find(wanted, end)
        return hits

    def _load(self) -> str:
        if self._folded is None:
            self._folded = fold("\n".join(self._texts)[-UNTRUSTED_CHARS_MAX:])
        return self._folded
