"""Signed checkpoints: their one written form, signing, and walking a file of them.

Each line holds the hash of the line before it and is itself signed, so that one good signature
vouches for all lines before it.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import sha256
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
# Enough of a line to walk on: one is read for every commit there ever was. The form as a whole
# need not be looked at where a signature further on vouches for the bytes.
_START: Final = re.compile(
    rb'\{"n":[0-9]{1,18},"length":([0-9]{1,18}),"head":"(.{64})","at":"[^"]{20,40}"'
    rb',"kind":"[a-z]+","anchor_length":([0-9]{1,18}),'
)
_AFTER_PREVIOUS: Final = len(f'","key":"{"k" * 16}","signature":"{"s" * 128}"}}')


def key_id(public_key: Ed25519PublicKey) -> str:
    """16 hex digits that name a key; note them down outside the home."""
    return sha256(public_key.public_bytes_raw()).hexdigest()[:16]


def sign_checkpoint(key: Ed25519PrivateKey, unsigned: Checkpoint) -> Checkpoint:
    """The same checkpoint with its signature."""
    return unsigned._replace(signature=key.sign(_signed_bytes(unsigned)).hex())


def format_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The one written form, without a line end."""
    return f'{_payload(checkpoint)},"signature":"{checkpoint.signature}"}}'.encode()


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
) -> Checkpoint:
    """The unsigned successor of `last`; it keeps the anchor."""
    return Checkpoint(
        n=1 if last is None else last.n + 1,
        length=length,
        head=head,
        at=at,
        kind=kind,
        anchor_length=0 if last is None else last.anchor_length,
        anchor_head=GENESIS.hash if last is None else last.anchor_head,
        previous=NO_CHECKPOINT if last is None else sha256(format_checkpoint(last)).hexdigest(),
        key=key,
    )


class CheckpointWalk:
    """Yields length and head of each line while they chain; then tells what holds.

    Memory stays flat: only the last `SAMPLE` lines are kept, enough to find the last good one
    after a break.
    """

    def __init__(self, lines: Iterable[bytes], public_key: Ed25519PublicKey) -> None:
        self._lines = lines
        self._key = public_key
        self._recent: deque[bytes] = deque(maxlen=SAMPLE)
        self._count = 0
        self._good_count = 0
        self.good: Checkpoint | None = None  # the last one that a signature vouches for
        self.problem = ""
        self.anchors: dict[int, AuditHead] = {}  # by their length

    @property
    def anchor(self) -> AuditHead:
        """The newest anchor."""
        return self.anchors[max(self.anchors)] if self.anchors else GENESIS

    def find_forgery(self) -> str:
        """What is wrong with the line yielded last; empty when it is signed."""
        return self._judge(self._recent[-1], self._count)[1]

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        previous = NO_CHECKPOINT.encode()
        length, anchor = 0, b"0"
        for line in self._lines:
            found = _START.match(line)
            chained = line[-_AFTER_PREVIOUS - 64 : -_AFTER_PREVIOUS] == previous
            if found is None or not chained or int(found[1]) < length:
                self._settle(_explain_break(line, self._count + 1, length))
                return
            self._recent.append(line)
            self._count += 1
            length = int(found[1])
            if found[3] != anchor:
                anchor = found[3]
                self._keep_anchor(line)
            if self._count % SAMPLE == 0 and not self._vouch():
                return
            previous = sha256(line).hexdigest().encode()
            yield length, found[2]
        self._settle("")

    def _keep_anchor(self, line: bytes) -> None:
        checkpoint = parse_checkpoint(line)
        if checkpoint is not None:
            length = checkpoint.anchor_length
            self.anchors[length] = AuditHead(length=length, hash=checkpoint.anchor_head)

    def _vouch(self) -> bool:
        checkpoint, _ = self._judge(self._recent[-1], self._count)
        if checkpoint is None:
            self._settle("")
            return False
        self.good, self._good_count = checkpoint, self._count
        return True

    def _judge(self, line: bytes, n: int) -> tuple[Checkpoint | None, str]:
        """The checkpoint, or why it is none."""
        checkpoint = parse_checkpoint(line)
        if checkpoint is None:
            return None, f"checkpoint {n} is not in the form that was signed"
        own = key_id(self._key)
        if checkpoint.key != own:
            return None, f"checkpoint {n} is signed with key {checkpoint.key}, not {own}"
        if not signature_holds(checkpoint, self._key):
            return None, f"checkpoint {n} is forged or edited: its signature fails"
        return checkpoint, ""

    def _settle(self, problem: str) -> None:
        """Go back to the last good signature; whatever stands after it is forged."""
        self.problem = problem
        for n in range(self._count, self._good_count, -1):
            checkpoint, forgery = self._judge(self._recent.pop(), n)
            if checkpoint is not None:
                self.good = checkpoint
                return
            self.problem = forgery


def _explain_break(line: bytes, n: int, length: int) -> str:
    checkpoint = parse_checkpoint(line)
    if checkpoint is None:
        return f"checkpoint {n} is not in the form that was signed"
    if checkpoint.n != n:
        return f"checkpoint {n} is missing: {checkpoint.n} stands in its place"
    if checkpoint.length < length:
        return f"checkpoint {n} says {checkpoint.length} entries after {length}"
    return f"checkpoint {n} does not follow from the one before it: one was edited"


def _payload(each: Checkpoint) -> str:
    return (
        f'{{"n":{each.n},"length":{each.length},"head":"{each.head}","at":"{each.at}"'
        f',"kind":"{each.kind}","anchor_length":{each.anchor_length}'
        f',"anchor_head":"{each.anchor_head}","previous":"{each.previous}","key":"{each.key}"'
    )


def _signed_bytes(checkpoint: Checkpoint) -> bytes:
    return (_DOMAIN + _payload(checkpoint) + "}").encode()
