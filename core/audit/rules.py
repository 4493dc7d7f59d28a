"""How entries are written, chained, signed and told apart. Pure.

The text of an entry is JSON with sorted keys, no spaces and characters as they are (not escaped to
ASCII), so that it can be read and searched. Lone surrogates, which UTF-8 cannot hold, are written
as JSON escapes; numbers that JSON cannot hold (NaN, infinities) as strings.

The last entry of each write carries a signature over the chain up to and with itself. So no entry
can be made without the key, not even after the last checkpoint.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any, Final, cast

from core.audit.model import Row
from core.digests import begin_sha256, sha256_hex
from core.errors import AuditChainBroken
from core.json_text import write_sorted
from core.ports import VerifyReport
from core.records import AuditDraft, AuditEntry, AuditHead

GENESIS: Final = AuditHead(length=0, hash="0" * 64)

_encode = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
).encode
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DAY: Final = re.compile(rb'"at":"([0-9]{4}-[0-9]{2}-[0-9]{2})T')
_DOMAIN: Final = b"maestro-audit-entry-v1\n"  # a signature of one kind never fits another
_END: Final = b',"v":1}'
_SIGNATURE: Final = re.compile(rb',"signature":"([0-9a-f]{128})","v":1\}')
SIGNED: Final = b',"signature":"'
SIGNATURE_BYTES: Final = 128 + len(b'"' + _END)
"""A signed entry's text ends in SIGNED and so many bytes more."""

DAILY_LINE: Final = b'{"seq":%d,"hash":"%b","entry":%b}'
"""One line of the daily copy, without its end: seq, hash and the exact text of an entry."""

Sign = Callable[[bytes], bytes]
"""An Ed25519 signature (64 bytes) over the given bytes."""


def seal_entries(
    head: AuditHead, drafts: Sequence[AuditDraft], *, sign: Sign | None = None
) -> tuple[AuditEntry, ...]:
    """Give each draft its place and hash after `head`; sign the last one when `sign` is given.

    Raises TypeError when a body holds something that is not JSON: a defect of who made it.
    """
    entries: list[AuditEntry] = []
    seq, last = head.length, head.hash
    for draft in drafts:
        seq += 1
        text = _entry_text(seq, draft)
        if sign is not None and seq == head.length + len(drafts):
            text, last = _sign_entry(last, text, sign)
        else:
            last = chain_hash(last, text)
        entries.append(AuditEntry(seq=seq, text=text, hash=last))
    return tuple(entries)


def _sign_entry(previous: str, text: str, sign: Sign) -> tuple[str, str]:
    """The text with its signature, and its chain hash."""
    end = _END.decode()
    stem = text.removesuffix(end)
    both = begin_sha256((previous + stem).encode())  # the hashes with and without the signature
    unsigned = both.copy()
    unsigned.update(_END)
    signature = sign(_DOMAIN + unsigned.hexdigest().encode()).hex()
    rest = f',"signature":"{signature}"{end}'
    both.update(rest.encode())
    return stem + rest, both.hexdigest()


def entry_signed_bytes(previous: bytes, unsigned: bytes) -> bytes:
    """What the signature in an entry is over: its chain hash as it would be without it."""
    return _DOMAIN + sha256_hex(previous + unsigned).encode()


def split_signature(text: bytes) -> tuple[bytes, bytes] | None:
    """The text without its signature, and the signature; None when it carries none."""
    begin = max(len(text) - SIGNATURE_BYTES - len(SIGNED), 0)
    found = _SIGNATURE.fullmatch(text, begin)
    return (text[:begin] + _END, bytes.fromhex(found[1].decode())) if found else None


def chain_hash(previous: str, text: str) -> str:
    """SHA-256 over the previous hash (64 hex digits, as ASCII) and the text (as UTF-8)."""
    return sha256_hex((previous + text).encode())


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


def entry_day(text: bytes) -> str:
    """The UTC day of an entry as YYYY-MM-DD.

    The first match is the entry's own field: only `action_id` and `actor` stand before it, and
    quotes inside them are escaped. Raises ValueError when there is none.
    """
    found = _DAY.search(text)
    if found is None:
        raise ValueError("the entry has no time")
    return found[1].decode()


def daily_line(row: Row) -> bytes:
    """One line of the daily copy, without its end."""
    seq, text, digest = row
    return DAILY_LINE % (seq, digest, text)


def describe_report(report: VerifyReport) -> str:
    """One sentence for operator and command line."""
    if not report.ok:
        return f"BROKEN: {report.problem}"
    tail = report.entries - report.signed_length
    lag = f" (the last {tail} not yet under a checkpoint)" if tail else ""
    state, unproved = ("UNPROVED", f"; {report.unproved}") if report.unproved else ("ok", "")
    key = f", key {report.key}" if report.key else ""
    note = f" ({report.key_note})" if report.key_note else ""
    signed = f"{report.entries} entries, all signed{lag}, head {report.head}"
    return f"{state}: {signed}{key}{note}{unproved}"


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
    quick = write_sorted(value)
    if quick is not None:
        return quick.decode()
    try:
        text = _encode(value)
    except (TypeError, ValueError):
        text = _encode(_plain(value))
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(value: object) -> Any:
    """The same value in the types that the encoder knows."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        fields = cast("Mapping[object, object]", value)
        return {str(key): _plain(each) for key, each in fields.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_plain(each) for each in cast("Sequence[object]", value)]
    raise TypeError(f"an audit body cannot hold {type(value).__name__}")
