"""How far an agent was trusted after an entry, told in it, and held against its record. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from core.actions import JsonObject
from core.records import TrustRecord

WITH_TRUST: Final = "with_trust"
"""Where a body tells it: behind all its other names, so that it is found without parsing."""
_DIGITS: Final = 4
_EVENT: Final = b',"event":"'
_OBJECT: Final = b',"with_trust":{"agent":"'
_BEGIN: Final = len(b',"with_trust":')
_AT: Final = b'","at":"'
_LENGTH_MAX: Final = 500  # of what `tell_trust` makes
_BRACE: Final = ord("}")


def tell_trust(trust: TrustRecord | None) -> JsonObject | None:
    """All that decides how far an agent is trusted, now and later; None while nothing is known."""
    if trust is None:
        return None
    return {
        "agent": trust.id,
        "at": trust.updated_at.isoformat(),
        "clean": trust.clean,
        "score": round(trust.score, _DIGITS),
        "start": round(trust.start, _DIGITS),
        "violations": trust.violations,
    }


def find_told_trust(text: bytes) -> tuple[bytes, bytes] | None:
    """The agent named in an entry's text, as it was sealed, and what `tell_trust` told of it there.

    Nothing is parsed: all entries of a trail pass. None where it tells nothing, or an agent put
    something like it deeper into the body: that one is followed by more than the body's own end.
    """
    end = text.rfind(_EVENT) - 1  # of the body; only numbers and a signature stand after it
    if end < 1 or text[end - 1] != _BRACE:
        return None
    begin = text.rfind(_OBJECT, max(0, end - _LENGTH_MAX), end)
    if begin < 0:
        return None
    told = text[begin + _BEGIN : end]
    return (told[: told.find(_AT)], told) if told.count(b"}") == 1 else None


def trust_differs(record: TrustRecord, told: Mapping[str, Any]) -> bool:
    """Whether the record says other than what was told."""
    try:
        return tell_trust(record) != told
    except (TypeError, AttributeError):  # an edited store can hold any type
        return True
