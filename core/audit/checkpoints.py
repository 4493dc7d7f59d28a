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


def key_id(public_key: Ed25519PublicKey) -> str:
    """16 hex digits that name a key; note them down outside the home."""
    return sha256(public_key.public_bytes_raw()).hexdigest()[:16]


def sign_checkpoint(key: Ed25519PrivateKey, unsigned: Checkpoint) -> Checkpoint:
    """The same checkpoint with its signature."""
    signed = unsigned._replace(signature=key.sign(_signed_bytes(unsigned)).hex())
    return signed._replace(digest=_digest(format_checkpoint(signed)))


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The one written form, without a line end."""
    return f'{_payload(checkpoint)},"signature":"{checkpoint.signature}"}}'


def parse_checkpoint(line: str) -> Checkpoint | None:
    """Read exactly what `format_checkpoint` writes; None for anything else."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    n, length, head, at, kind, anchor_length, anchor_head, previous, key, signature = found.groups()
    return Checkpoint(
        int(n),
        int(length),
        head,
        at,
        kind,
        int(anchor_length),
        anchor_head,
        previous,
        key,
        signature,
        _digest(line),
    )


def signature_holds(checkpoint: Checkpoint, public_key: Ed25519PublicKey) -> bool:
    """True when the key's owner signed exactly this."""
    try:
        public_key.verify(bytes.fromhex(checkpoint.signature), _signed_bytes(checkpoint))
    except (InvalidSignature, ValueError):
        return False
    return True


class CheckpointWalk:
    """Yields checkpoints while they chain; at its end `problem` and `good` tell what holds.

    `None` in the input stands for a line that is no checkpoint. Memory stays flat: only the last
    `SAMPLE` are kept, enough to find the last good one after a break.
    """

    def __init__(
        self, checkpoints: Iterable[Checkpoint | None], public_key: Ed25519PublicKey
    ) -> None:
        self._source = checkpoints
        self._key = public_key
        self._key_id = key_id(public_key)
        self._recent: deque[Checkpoint] = deque(maxlen=SAMPLE)
        self.good: Checkpoint | None = None  # the last one that a signature vouches for
        self.problem = ""
        self.anchors: dict[int, AuditHead] = {}  # by their length

    @property
    def anchor(self) -> AuditHead:
        """The newest anchor."""
        return self.anchors[max(self.anchors)] if self.anchors else GENESIS

    def __iter__(self) -> Iterator[Checkpoint]:
        last: Checkpoint | None = None
        for checkpoint in self._source:
            problem = self._find_problem(last, checkpoint)
            if problem or checkpoint is None:
                self._settle(problem)
                return
            self._recent.append(checkpoint)
            length = checkpoint.anchor_length
            if length and length not in self.anchors:
                self.anchors[length] = AuditHead(length=length, hash=checkpoint.anchor_head)
            if checkpoint.n % SAMPLE == 0 and not self._vouch(checkpoint):
                return
            last = checkpoint
            yield checkpoint
        self._settle("")

    def _vouch(self, checkpoint: Checkpoint) -> bool:
        if signature_holds(checkpoint, self._key):
            self.good = checkpoint
            return True
        self._settle("")
        return False

    def _find_problem(self, last: Checkpoint | None, checkpoint: Checkpoint | None) -> str:
        n = 1 if last is None else last.n + 1
        if checkpoint is None:
            return f"checkpoint {n} is not in the form that was signed"
        if checkpoint.n != n:
            return f"checkpoint {n} is missing: {checkpoint.n} stands in its place"
        if checkpoint.previous != (NO_CHECKPOINT if last is None else last.digest):
            return f"checkpoint {n} does not follow from the one before it"
        if checkpoint.key != self._key_id:
            return f"checkpoint {n} is signed with key {checkpoint.key}, not {self._key_id}"
        if last is not None and checkpoint.length < last.length:
            return f"checkpoint {n} says {checkpoint.length} entries after {last.length}"
        return ""

    def _settle(self, problem: str) -> None:
        """Go back to the last good signature; whatever stands after it is forged."""
        self.problem = problem
        while self._recent and self._recent[-1] != self.good:
            checkpoint = self._recent.pop()
            if signature_holds(checkpoint, self._key):
                self.good = checkpoint
                return
            self.problem = f"checkpoint {checkpoint.n} is forged or edited: its signature fails"


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
        previous=NO_CHECKPOINT if last is None else last.digest,
        key=key,
    )


def _payload(each: Checkpoint) -> str:
    return (
        f'{{"n":{each.n},"length":{each.length},"head":"{each.head}","at":"{each.at}"'
        f',"kind":"{each.kind}","anchor_length":{each.anchor_length}'
        f',"anchor_head":"{each.anchor_head}","previous":"{each.previous}","key":"{each.key}"'
    )


def _signed_bytes(checkpoint: Checkpoint) -> bytes:
    return (_DOMAIN + _payload(checkpoint) + "}").encode()


def _digest(line: str) -> str:
    return sha256(line.encode()).hexdigest()
