"""Signed checkpoints: their one written form, signing, and walking a file of them.

Each line holds the hash of the line before it and is itself signed, so that one good signature
vouches for all lines before it.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.audit.model import Checkpoint
from core.audit.rules import GENESIS
from core.records import AuditHead

NO_CHECKPOINT: Final = "0" * 64  # `previous` of the first one
SAMPLE: Final = 1000  # signatures are checked this often on the way, and at the end
_DOMAIN: Final = "maestro-audit-checkpoint-v1\n"  # a signature of one kind never fits another
_COUNT: Final = "(0|[1-9][0-9]{0,17})"
_HASH: Final = '"([0-9a-f]{64})"'
_LINE: Final = re.compile(
    rf'\{{"n":{_COUNT},"length":{_COUNT},"head":{_HASH},"at":"([0-9T:.+-]{{20,40}})"'
    rf',"kind":"(open|group|close|anchor)","anchor_length":{_COUNT},"anchor_head":{_HASH}'
    rf',"previous":{_HASH},"key":"([0-9a-f]{{16}})","signature":"([0-9a-f]{{128}})"\}}'
)
_ANCHOR: Final = b'"kind":"anchor"'
_AFTER_PREVIOUS: Final = len(f'","key":"{"k" * 16}","signature":"{"s" * 128}"}}')
_PREVIOUS: Final = slice(-_AFTER_PREVIOUS - 64, -_AFTER_PREVIOUS)  # where it stands in a line


def key_id(public_key: Ed25519PublicKey) -> str:
    """16 hex digits that name a key; note them down outside the home."""
    return sha256(public_key.public_bytes_raw()).hexdigest()[:16]


def sign_checkpoint(key: Ed25519PrivateKey, unsigned: Checkpoint) -> Checkpoint:
    """The same checkpoint with its signature."""
    return Checkpoint(*unsigned[:-1], key.sign(_signed_bytes(unsigned)).hex())


def format_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The one written form, without a line end."""
    return f'{_payload(checkpoint)},"signature":"{checkpoint.signature}"}}'.encode()


def line_hash(line: bytes) -> str:
    """What the next line says as its `previous`."""
    return sha256(line).hexdigest()


def parse_checkpoint(line: bytes) -> Checkpoint | None:
    """Read exactly what `format_checkpoint` writes; None for anything else."""
    found = _LINE.fullmatch(line.decode("utf-8", "replace"))
    if found is None:
        return None
    n, length, head, at, kind, anchor_length, anchor_head, previous, key, signature = found.groups()
    return Checkpoint(
        n=int(n),
        length=int(length),
        head=head,
        at=at,
        kind=kind,
        anchor_length=int(anchor_length),
        anchor_head=anchor_head,
        previous=previous,
        key=key,
        signature=signature,
    )


def signature_holds(checkpoint: Checkpoint, public_key: Ed25519PublicKey) -> bool:
    """True when the key's owner signed exactly this."""
    try:
        public_key.verify(bytes.fromhex(checkpoint.signature), _signed_bytes(checkpoint))
    except InvalidSignature:
        return False
    return True


def next_checkpoint(
    last: Checkpoint | None,
    *,
    length: int,
    head: str,
    at: str,
    kind: str,
    key: str,
    previous: str = "",
) -> Checkpoint:
    """The unsigned successor of `last`; it keeps the anchor.

    `previous` is `line_hash` of the line of `last`, worked out when not given.
    """
    if not previous:
        previous = NO_CHECKPOINT if last is None else line_hash(format_checkpoint(last))
    return Checkpoint(
        n=1 if last is None else last.n + 1,
        length=length,
        head=head,
        at=at,
        kind=kind,
        anchor_length=0 if last is None else last.anchor_length,
        anchor_head=GENESIS.hash if last is None else last.anchor_head,
        previous=previous,
        key=key,
    )


class CheckpointWalk:
    """Yields checkpoints whose signature holds: one of every `SAMPLE` lines, and the last.

    The lines between are only hashed, as the signature further on vouches for them. Memory stays
    flat: no more lines are kept than are needed to find the last good one after a break.
    """

    def __init__(self, lines: Iterable[bytes], public_key: Ed25519PublicKey) -> None:
        self._lines = lines
        self._key = public_key
        self._key_id = key_id(public_key)
        self._unchecked: list[bytes] = []
        self._count = 0  # lines before those
        self.good: Checkpoint | None = None  # the last one that a signature vouches for
        self.problem = ""
        self.anchors: dict[int, AuditHead] = {}  # by their length

    @property
    def anchor(self) -> AuditHead:
        """The newest anchor."""
        return self.anchors[max(self.anchors)] if self.anchors else GENESIS

    def __iter__(self) -> Iterator[Checkpoint]:
        previous = NO_CHECKPOINT.encode()
        lines = iter(self._lines)
        while sample := list(islice(lines, SAMPLE)):
            hashes = [line_hash(line).encode() for line in sample]
            said = [line[_PREVIOUS] for line in sample]
            wanted = [previous, *hashes[:-1]]
            if said != wanted:
                first = next(place for place, each in enumerate(said) if each != wanted[place])
                self.problem = _explain_break(sample[first], self._count + first + 1)
                del sample[first:]
            previous = hashes[-1]
            self._unchecked = sample
            yield from self._vouch()
            if self.problem:
                return

    def _vouch(self) -> Iterator[Checkpoint]:
        """The last good one of the unchecked lines; whatever stands after it is forged."""
        lines = self._unchecked
        while lines:
            n = self._count + len(lines)
            checkpoint = parse_checkpoint(lines[-1])
            if checkpoint is None:
                self.problem = _not_the_form(n)
            elif checkpoint.key != self._key_id:
                self.problem = (
                    f"checkpoint {n} is signed with key {checkpoint.key}, not {self._key_id}"
                )
            elif not signature_holds(checkpoint, self._key):
                self.problem = f"checkpoint {n} is forged or edited: its signature fails"
            else:
                self._keep_anchors(checkpoint)
                self._count = n
                self.good = checkpoint
                lines.clear()
                yield checkpoint
                return
            lines.pop()

    def _keep_anchors(self, last: Checkpoint) -> None:
        if last.anchor_length == self.anchor.length:  # anchors are rare, and each is kept on
            return
        for line in self._unchecked:
            checkpoint = parse_checkpoint(line) if _ANCHOR in line else None
            if checkpoint is not None:
                length = checkpoint.anchor_length
                self.anchors[length] = AuditHead(length=length, hash=checkpoint.anchor_head)


def _explain_break(line: bytes, n: int) -> str:
    checkpoint = parse_checkpoint(line)
    if checkpoint is None:
        return _not_the_form(n)
    if checkpoint.n != n:
        return f"checkpoint {n} is missing: {checkpoint.n} stands in its place"
    return f"checkpoint {n} does not follow from the one before it: one was edited"


def _not_the_form(n: int) -> str:
    return f"checkpoint {n} is not in the form that was signed"


def _payload(each: Checkpoint) -> str:
    return (
        f'{{"n":{each.n},"length":{each.length},"head":"{each.head}","at":"{each.at}"'
        f',"kind":"{each.kind}","anchor_length":{each.anchor_length}'
        f',"anchor_head":"{each.anchor_head}","previous":"{each.previous}","key":"{each.key}"'
    )


def _signed_bytes(checkpoint: Checkpoint) -> bytes:
    return (_DOMAIN + _payload(checkpoint) + "}").encode()
