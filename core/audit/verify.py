"""Is this the trail that was written? Streams entries against signatures and checkpoints."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.audit.checkpoints import CheckpointWalk, signature_holds
from core.audit.model import Checkpoint, Row
from core.audit.rules import (
    GENESIS,
    SIGNATURE_CHARS,
    entry_signed_bytes,
    extend_head,
    split_signature,
)
from core.errors import AuditChainBroken
from core.ports import VerifyReport
from core.records import AuditEntry, AuditHead

_SAMPLE: Final = 1000  # signatures in entries are checked this often on the way, and at the end
_SAMPLE_CHARS: Final = 4_000_000  # or after so much text, which is kept until then


def entry_signature_holds(previous: str, text: str, public_key: Ed25519PublicKey) -> bool:
    """True when the key's owner wrote this entry after that hash: no entry before it is forged."""
    parts = split_signature(text)
    if parts is None:
        return False
    unsigned, signature = parts
    try:
        public_key.verify(signature, entry_signed_bytes(previous, unsigned))
    except InvalidSignature:
        return False
    return True


def follow_rows(
    rows: Iterable[Row], *, signed: AuditHead, copied: AuditHead, public_key: Ed25519PublicKey
) -> AuditHead:
    """The head that `rows` lead to, from the lesser of the two heads through the greater one.

    `signed` is what the last checkpoint says, `copied` the last line of the daily copy. Raises
    AuditChainBroken when the rows do not pass through both, or go on without a signature.
    """
    behind, ahead = sorted((signed, copied), key=lambda head: head.length)
    witness = "the last checkpoint" if ahead == signed else "the daily copy"
    head = behind
    previous = text = ""
    for seq, text, digest in rows:  # noqa: B007 - the last one is what the signature is in
        previous = head.hash
        head = extend_head(head, (AuditEntry(seq=seq, text=text, hash=digest),))
        if head.length == ahead.length and head != ahead:
            break
    if head.length < ahead.length:
        raise AuditChainBroken(
            f"the trail was cut off: it ends at entry {head.length}, {witness} reaches"
            f" {ahead.length}",
            position=head.length + 1,
        )
    if head.length == ahead.length and head != ahead:
        raise AuditChainBroken(
            f"entry {head.length} is not the one that {witness} holds", position=head.length
        )
    if head.length > signed.length and not entry_signature_holds(previous, text, public_key):
        raise AuditChainBroken(
            f"entry {head.length} is not signed with this home's key: an entry after"
            f" {signed.length} was not written by the engine",
            position=signed.length + 1,
        )
    return head


class Verification:
    """One pass over `rows` (one snapshot, in order), the checkpoints drawn along with it.

    None among the checkpoints stands for an unreadable line. `expected` is a head noted outside
    the home: the trail must pass through it. `start` is a signed anchor when the entries before
    it are kept elsewhere. Read the checkpoints before the rows: a running engine commits first
    and signs second.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        checkpoints: Iterable[Checkpoint | None],
        public_key: Ed25519PublicKey,
        *,
        expected: AuditHead | None = None,
        start: AuditHead = GENESIS,
    ) -> None:
        self._rows = rows
        self._key = public_key
        self._walk = CheckpointWalk(checkpoints, public_key)
        self._signed: Iterator[Checkpoint] = iter(self._walk)
        self._next: Checkpoint | None = None
        self._expected = expected
        self._start = start
        self._length = start.length
        self._head = start.hash
        self._agreed = start.length  # length of the last checkpoint that the rows agree with
        self._vouched = start.length  # the last entry whose own signature was checked
        self._to_check: list[tuple[int, str, str]] = []  # seq, hash before it, text
        self._chars = 0

    @property
    def last_signed(self) -> Checkpoint | None:
        """After `report`: the last checkpoint that a signature vouches for."""
        return self._walk.good

    @property
    def anchor(self) -> AuditHead:
        """After `report`: up to here entries may live in the daily files alone."""
        return self._walk.anchor

    def report(self) -> VerifyReport:
        """Find the first problem, in the order that matters to who has to look."""
        self._next = next((each for each in self._signed if each.length > self._agreed), None)
        problem, first_bad = self._read_rows()
        for _ in self._signed:  # how far the good signatures reach, whatever the rows are
            pass
        if not problem:
            problem, first_bad = self._judge_end()
        good = self._walk.good
        return VerifyReport(
            ok=not problem,
            entries=self._length,
            head=self._head,
            signed_length=good.length if good else 0,
            problem=problem,
            first_bad=first_bad,
        )

    def _read_rows(self) -> tuple[str, int | None]:
        """Hash along. This loop is the cost of verification: nothing is parsed in it."""
        seq, head = self._length, self._head
        noted = self._expected.length if self._expected else -1
        try:
            for found, text, stored in self._rows:
                seq += 1
                if found != seq:
                    return f"entry {seq} is missing: {found} stands in its place", seq
                # Sorted keys put the number at the end, with or without a signature after it.
                if text.endswith(f',"seq":{seq},"signature":"', 0, -SIGNATURE_CHARS):
                    self._to_check.append((seq, head, text))
                    self._chars += len(text)
                elif not text.endswith(f',"seq":{seq},"v":1}}'):
                    return f"entry {seq} says another number in its text: moved or edited", seq
                head = sha256((head + text).encode("utf-8", "surrogatepass")).hexdigest()
                if head != stored:
                    return f"entry {seq} does not hash to what was stored with it: edited", seq
                self._length, self._head = seq, head
                if self._next is not None and seq >= self._next.length:
                    problem = self._compare()
                    if problem[0]:
                        return problem
                if len(self._to_check) >= _SAMPLE or self._chars > _SAMPLE_CHARS:
                    problem = self._check_signatures()
                    if problem[0]:
                        return problem
                if seq == noted and self._expected and head != self._expected.hash:
                    return f"entry {seq} is not the one that was noted outside", seq
        except (AttributeError, TypeError):  # whoever edits the store can put any type there
            return f"entry {seq} is not text", seq
        return "", None

    def _compare(self) -> tuple[str, int | None]:
        """Hold the row just hashed against every checkpoint of its length."""
        signed = self._next
        while signed is not None and signed.length == self._length:
            if signed.head != self._head:
                if not signature_holds(signed, self._key):
                    return _forged(signed), self._agreed + 1
                problem = self._check_signatures()
                return problem if problem[0] else self._changed(signed)
            signed = next(self._signed, None)
        self._next = signed
        self._agreed = self._length
        return "", None

    def _changed(self, signed: Checkpoint) -> tuple[str, int]:
        return (
            f"an entry from {self._agreed + 1} to {signed.length} was changed and the chain hashed"
            f" anew: checkpoint {signed.n} is signed over another"
        ), self._agreed + 1

    def _check_signatures(self) -> tuple[str, int | None]:
        """Check the newest signature seen; when it fails, find the first that does.

        One that holds vouches for all before it, so none that fails can stand before it.
        """
        rows = self._to_check
        if rows and not self._holds(rows[-1]):
            first = bisect_left(rows, True, key=lambda row: not self._holds(row))
            after = rows[first - 1][0] if first else self._vouched
            return (
                f"an entry from {after + 1} to {rows[first][0]} was changed and the chain hashed"
                f" anew without the key: the signature in entry {rows[first][0]} fails"
            ), after + 1
        if rows:
            self._vouched = rows[-1][0]
        self._to_check, self._chars = [], 0
        return "", None

    def _holds(self, row: tuple[int, str, str]) -> bool:
        return entry_signature_holds(row[1], row[2], self._key)

    def _judge_end(self) -> tuple[str, int | None]:
        good = self._walk.good
        length = self._length
        if good is not None and good.length > length:
            return (
                f"the trail was cut off: it ends at entry {length}, checkpoint {good.n} is signed"
                f" over {good.length}"
            ), length + 1
        if self._expected is not None and self._expected.length > length:
            noted = self._expected.length
            return f"the trail ends at entry {length}; outside, {noted} was noted", length + 1
        problem, first_bad = self._check_signatures()
        if problem:
            return problem, first_bad
        if self._vouched < length:
            return (
                f"entries from {self._vouched + 1} to {length} carry no signature: the engine did"
                " not write them"
            ), self._vouched + 1
        unsigned = (good.length if good else 0) + 1
        if self._walk.problem:
            return self._walk.problem, unsigned if unsigned <= length else None
        if self._start not in {GENESIS, self._walk.anchors.get(self._start.length)}:
            first = self._start.length + 1
            return f"no signed checkpoint lets the trail start at entry {first}", first
        if good is None and length:
            return "no signed checkpoint covers the trail: the checkpoint file was removed", 1
        return "", None


def _forged(checkpoint: Checkpoint) -> str:
    return f"checkpoint {checkpoint.n} is forged or edited: its signature fails"
