"""Is the store's trail whole, before it is served? Reads the store alone, once."""

from collections.abc import Callable, Iterable
from hashlib import sha256
from itertools import islice
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.audit.checkpoints import parse_checkpoint, signature_holds
from core.audit.files import AuditFiles, read_lines, read_tail
from core.audit.model import Row
from core.audit.rules import GENESIS
from core.errors import AuditChainBroken
from core.records import AuditHead

_ROWS: Final = 256  # hashed at a time; more would leave the cache before they are compared


def read_anchor(files: AuditFiles, public_key: Ed25519PublicKey) -> AuditHead:
    """Up to here entries may live in the daily files alone, says the last signed checkpoint."""
    line, _ = read_tail(files.checkpoints)
    last = parse_checkpoint(line)
    if last is None or not signature_holds(last, public_key):
        return GENESIS
    return AuditHead(length=last.anchor_length, hash=last.anchor_head)


def find_anchor(files: AuditFiles, public_key: Ed25519PublicKey, length: int) -> AuditHead:
    """The anchor that any checkpoint signed at `length`, or GENESIS."""
    for each in map(parse_checkpoint, read_lines(files.checkpoints)):
        if each and each.anchor_length == length and signature_holds(each, public_key):
            return AuditHead(length=length, hash=each.anchor_head)
    return GENESIS


def require_whole(
    rows: Iterable[Row],
    *,
    anchor: AuditHead,
    head: AuditHead,
    find_older: Callable[[int], AuditHead] = lambda _: GENESIS,
) -> None:
    """Follow `rows` from the beginning, or from where days were archived, to `head`.

    `head` is held against signatures already: so no row that leads to it was edited. `find_older`
    tells an anchor of before the last one, by its length. Raises AuditChainBroken.
    """
    left = iter(rows)
    first = next(left, None)
    if first is None:
        return
    length, last = _begin(first, anchor, find_older)
    while some := list(islice(left, _ROWS)):
        for seq, text, stored in some:
            length += 1
            last = sha256(last + text).hexdigest().encode()
            if seq != length or last != stored:
                raise _broken(length)
    if AuditHead(length=length, hash=last.decode()) != head:
        raise _broken(length)


def _begin(
    first: Row, anchor: AuditHead, find_older: Callable[[int], AuditHead]
) -> tuple[int, bytes]:
    """The first row, and its hash. What the archive left of a day has no entry before it."""
    seq, text, stored = first
    if not 0 < seq <= anchor.length + 1:
        raise AuditChainBroken(
            f"entries from {anchor.length + 1} to {seq - 1} were removed from the store; put back"
            " a backup of it",
            position=anchor.length + 1,
        )
    # A crash may have kept an archive from removing what it had signed away: then the one before
    # it says what stands before the first row. Without that any text could stand in this row.
    known = {0: GENESIS, anchor.length: anchor}
    before = known[seq - 1] if seq - 1 in known else find_older(seq - 1)
    follows = sha256(before.hash.encode() + text).hexdigest().encode() == stored
    if before.length != seq - 1 or not follows:
        raise _broken(seq)
    return seq, stored


def _broken(seq: int) -> AuditChainBroken:
    return AuditChainBroken(
        f"audit entry {seq} does not follow from entry {seq - 1}: somebody edited the store; see"
        " `maestro audit verify`",
        position=seq,
    )
