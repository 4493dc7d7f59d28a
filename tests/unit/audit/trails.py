"""Trails in memory: sealed rows and signed checkpoint lines."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.audit.checkpoints import format_checkpoint, key_id, next_checkpoint, sign_checkpoint
from core.audit.model import Checkpoint, Row
from core.audit.rules import GENESIS, seal_entries
from core.records import AuditHead
from tests.factories import NOW, make_draft

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def make_rows(count: int, *, per_write: int = 1, **changes: Any) -> list[Row]:
    rows: list[Row] = []
    head = GENESIS
    while len(rows) < count:
        drafts = [make_draft(**changes)] * min(per_write, count - len(rows))
        for entry in seal_entries(head, drafts, sign=KEY.sign):
            rows.append((entry.seq, entry.text.encode(), entry.hash.encode()))
            head = AuditHead(length=entry.seq, hash=entry.hash)
    return rows


def rehash(rows: Sequence[Row]) -> list[Row]:
    last = GENESIS.hash.encode()
    done: list[Row] = []
    for seq, text, _ in rows:
        last = sha256(last + text).hexdigest().encode()
        done.append((seq, text, last))
    return done


def head_at(rows: Sequence[Row], length: int) -> AuditHead:
    return AuditHead(length=length, hash=rows[length - 1][2].decode()) if length else GENESIS


def make_lines(
    heads: Sequence[AuditHead],
    *,
    key: Ed25519PrivateKey = KEY,
    kinds: dict[int, str] | None = None,
    anchors: dict[int, AuditHead] | None = None,
) -> list[bytes]:
    """A checkpoint over each head; `kinds` and `anchors` by the number of the line."""
    last: Checkpoint | None = None
    lines: list[bytes] = []
    for number, head in enumerate(heads, 1):
        unsigned = next_checkpoint(
            last,
            length=head.length,
            head=head.hash,
            at=NOW.isoformat(timespec="microseconds"),
            kind=(kinds or {}).get(number, "group"),
            key=key_id(key.public_key()),
        )
        if anchors and number in anchors:
            unsigned = unsigned._replace(
                kind="anchor",
                anchor_length=anchors[number].length,
                anchor_head=anchors[number].hash,
            )
        last = sign_checkpoint(key, unsigned)
        lines.append(format_checkpoint(last))
    return lines
