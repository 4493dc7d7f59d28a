"""Finds text that speaks to a model, in the clear or in disguise. Pure; time linear in it."""

import base64
import contextlib
import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from core.governance.screening.catalog import INJECTIONS
from core.governance.screening.characters import INVISIBLE
from core.governance.screening.hints import AnyHint

_DECODED_CHARS_MAX: Final = 200_000  # decoding is for a weak signal: not worth more of the budget
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,}+={0,2}")
_SHORTEST: Final = len("[INST]")
_HINTS: Final = tuple((hint, each) for each in INJECTIONS for hint in each.hints)
_ANY_HINT: Final = AnyHint(hint for hint, _ in _HINTS)
_GROUP: Final = 4  # letters of base64 that stand for three bytes


@dataclass(frozen=True, slots=True)
class Injection:
    """Where one stands in `text`; `decoded` when that is not the text as it came in."""

    text: str
    span: tuple[int, int]
    decoded: bool


def find_injection(text: str) -> Injection | None:
    """The first one found, or None."""
    span = _search(text)
    if span is not None:
        return Injection(text, span, decoded=False)
    plain = _decode(text[:_DECODED_CHARS_MAX])
    span = None if plain == text else _search(plain)
    return None if span is None else Injection(plain, span, decoded=True)


def _search(text: str) -> tuple[int, int] | None:
    if len(text) < _SHORTEST:
        return None
    lowered = text.lower()
    if _ANY_HINT.rules_out(lowered):
        return None
    for each in dict.fromkeys([each for hint, each in _HINTS if hint in lowered]):
        found = each.pattern.search(text)
        if found is not None:
            return found.span()
    return None


def _decode(text: str) -> str:
    """Undo what hides words: percent and HTML escapes, look-alike and invisible letters, base64."""
    if "%" in text:
        text = unquote(text)
    if "&" in text:
        with contextlib.suppress(ValueError):  # a number of more digits than Python reads
            text = html.unescape(text)
    if not text.isascii():
        # One character may become eighteen.
        text = unicodedata.normalize("NFKC", text)[:_DECODED_CHARS_MAX]
        text = INVISIBLE.sub("", text)
    return _BASE64.sub(_decode_base64, text)


def _decode_base64(found: re.Match[str]) -> str:
    letters = found[0].rstrip("=").replace("-", "+").replace("_", "/")
    if len(letters) % _GROUP == 1:  # no count of bytes ends so
        letters = letters[:-1]
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % _GROUP)).decode()
    except UnicodeDecodeError:
        return found[0]
