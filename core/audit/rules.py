"""How entries are written, chained and told apart. Pure.

The text of an entry is JSON with sorted keys, no spaces and characters as they are (not escaped to
ASCII), so that it can be read and searched. Lone surrogates, which UTF-8 cannot hold, are written
as JSON escapes; numbers that JSON cannot hold (NaN, infinities) as strings.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from hashlib import sha256
from typing import Any, Final

from core.errors import AuditChainBroken
from core.ports import VerifyReport
from core.records import AuditDraft, AuditEntry, AuditHead

GENESIS: Final = AuditHead(length=0, hash="0" * 64)

_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DAY: Final = re.compile(r'"at":"([0-9]{4}-[0-9]{2}-[0-9]{2})T')


def seal_entries(head: AuditHead, drafts: Sequence[AuditDraft]) -> tuple[AuditEntry, ...]:
    """Give each draft its place and hash after `head`.

    Raises TypeError when a body holds something that is not JSON: a defect of who made it.
    """
    entries: list[AuditEntry] = []
    seq, last = head.length, head.hash
    for draft in drafts:
        seq += 1
        text = _entry_text(seq, draft)
        last = chain_hash(last, text)
        entries.append(AuditEntry(seq=seq, text=text, hash=last))
    return tuple(entries)


def chain_hash(previous: str, text: str) -> str:
    """SHA-256 over the previous hash (64 hex digits, as ASCII) and the text (as UTF-8)."""
    return sha256((previous + text).encode("utf-8", "surrogatepass")).hexdigest()


def extend_head(head: AuditHead, entries: Iterable[AuditEntry]) -> AuditHead:
    """The head after `entries`.

    Raises AuditChainBroken at the first one that does not follow.
    """
    seq, last = head.length, head.hash
    for entry in entries:
        seq += 1
        last = chain_hash(last, entry.text)
        if entry.seq != seq or entry.hash != last:
            raise AuditChainBroken(
                f"audit entry {seq} does not follow from entry {seq - 1}", position=seq
            )
    return AuditHead(length=seq, hash=last)


def entry_suffix(seq: int) -> str:
    """How the text of entry `seq` ends: sorted keys put its number last but one."""
    return f',"seq":{seq},"v":1}}'


def entry_day(text: str) -> str:
    """The UTC day of an entry as YYYY-MM-DD.

    The first match is the entry's own field: only `action_id` and `actor` stand before it, and
    quotes inside them are escaped. Raises ValueError when there is none.
    """
    found = _DAY.search(text)
    if found is None:
        raise ValueError("the entry has no time")
    return found[1]


def daily_line(seq: int, text: str, digest: str) -> bytes:
    """One line of the daily copy: JSON with the entry's exact text as a string."""
    return f'{{"seq":{seq},"hash":"{digest}","text":{_encode(text)}}}\n'.encode(
        "utf-8", "surrogatepass"
    )


def describe_report(report: VerifyReport) -> str:
    """One sentence for operator and command line."""
    if not report.ok:
        return f"BROKEN: {report.problem}"
    tail = report.entries - report.signed_length
    signed = "all signed" if not tail else f"{tail} after the last signed checkpoint"
    return f"ok: {report.entries} entries, {signed}, head {report.head}"


def _entry_text(seq: int, draft: AuditDraft) -> str:
    value = {
        "action_id": draft.action_id,
        "actor": draft.actor,
        "at": draft.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "body": draft.body,
        "event": draft.event,
        "seq": seq,
        "v": 1,
    }
    try:
        text = _encode(value)
    except (TypeError, ValueError):  # rare, so it costs ordinary entries nothing
        text = _encode(_plain(value))
    if not text.isascii():
        text = _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text


def _plain(value: Any) -> Any:
    """The same value in the types that the encoder knows."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        fields: Mapping[Any, Any] = value
        return {str(key): _plain(each) for key, each in fields.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        items: Sequence[Any] = value
        return [_plain(each) for each in items]
    raise TypeError(f"an audit body cannot hold {type(value).__name__}")
