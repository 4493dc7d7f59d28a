"""Texts without their secrets: purposes, resources and reasons come again and again. Pure."""

from functools import lru_cache
from typing import Final

from core.governance.screening.rules import screen

REMEMBERED_CHARS_MAX: Final = 2_000


def redact_text(text: str) -> str:
    """The text without its secrets."""
    return _redact_short(text) if len(text) <= REMEMBERED_CHARS_MAX else redact_anew(text)


def redact_texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Each of them without its secrets."""
    return tuple(map(redact_text, texts))


def redact_anew(text: str) -> str:
    """The same, not remembered."""
    return str(screen(text).redacted)


_redact_short = lru_cache(maxsize=1024)(redact_anew)
