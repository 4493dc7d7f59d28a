"""Secrets in lists whose name, or program, stands in another item: calls, pairs, lines. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from core.actions import JsonValue
from core.governance.screening.hints import AnyHint
from core.governance.screening.judgement import NAME_HINTS, classify_name
from core.governance.screening.secrets import Span, find_secrets

_PAIR: Final = 2
_NAME: Final = re.compile(r"[\w .-]{1,64}")
_PEM: Final = "-----BEGIN"
# Without a name, or one of these programs, items tell nothing together: calls stay cheap.
_ANY_CLUE: Final = AnyHint(
    (*NAME_HINTS, "curl", "mysql", "maria", "login", "redis-cli", "private", "ldap")
)
# Text that could run something is never hidden because of what stands beside it.
_RUNS: Final = ";|&<>()$`"


def find_across(items: Sequence[JsonValue]) -> dict[int, list[Span]]:
    """Spans by item, of what only the items together tell: `["mysql", "--password", "x"]`,
    `["Authorization", "Bearer x"]`, the lines of a key.
    """
    if len(items) < _PAIR:
        return {}
    texts = [each if isinstance(each, str) else "\n" for each in items]
    if [each for each in texts if each[:1] == "-"]:
        if _ANY_CLUE.rules_out(" ".join(texts).lower()):
            return {}
        lines = any(each.startswith(_PEM) for each in texts)
        return _find(texts, "\n" if lines else " ")
    if len(texts) != _PAIR or not classify_name(texts[0])[1] or not _NAME.fullmatch(texts[0]):
        return {}
    return _find(texts, ": ")


def _find(texts: Sequence[str], glue: str) -> dict[int, list[Span]]:
    spans = find_secrets(glue.join(texts))
    return dict(_divide(spans, texts, len(glue))) if spans else {}


def _divide(
    spans: Sequence[Span], texts: Sequence[str], gap: int
) -> Iterator[tuple[int, list[Span]]]:
    """What of the spans lies in each item. Both go on together: each is looked at once."""
    begin, at = 0, 0
    for index, text in enumerate(texts):
        end = begin + len(text)
        inside: list[Span] = []
        while at < len(spans) and spans[at][0] < end:
            start, stop, kind = spans[at]
            inside.append((max(start, begin) - begin, min(stop, end) - begin, kind))
            if stop > end:
                break  # it goes on in the next item
            at += 1
        if inside:
            yield index, _beside(text, inside)
        begin = end + gap


def _beside(text: str, spans: Sequence[Span]) -> list[Span]:
    """Those that the item alone does not tell, up to the item's end: what is given as an item of
    its own has blanks and quotes in it as they are.
    """
    alone = find_secrets(text)
    starts = [start for start, _, _ in alone]
    told = [
        alone[bisect_right(starts, start) - 1] if starts else (0, 0, "") for start, _, _ in spans
    ]
    runs_at = max(map(text.rfind, _RUNS))
    return [
        (start, end if runs_at >= end else len(text), kind)
        for (start, end, kind), (first, last, _) in zip(spans, told, strict=True)
        if start < end and not first <= start < end <= last
    ]
