"""Is this the trail that was written? Streams entries against signatures and checkpoints."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice
from typing import Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.audit.checkpoints import CheckpointWalk, key_id
from core.audit.model import Checkpoint, Row
from core.audit.rules import GENESIS, SIGNATURE_BYTES, SIGNED, entry_signed_bytes, split_signature
from core.errors import AuditChainBroken
from core.ports import VerifyReport
from core.records import AuditHead

_SAMPLE: Final = 1000  # signatures in entries are checked this often on the way, and at the end
_SAMPLE_BYTES: Final = 4_000_000  # or after so much text, which is kept until then
_ROWS: Final = 256  # hashed at a time; more would leave the cache before they are compared
_NEVER: Final = 2**63


def entry_signature_holds(previous: bytes, text: bytes, public_key: Ed25519PublicKey) -> bool:
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
    length, head = behind.length, behind.hash.encode()
    previous = text = b""
    passed = length < ahead.length or behind == ahead
    for seq, text, stored in rows:
        length, previous = length + 1, head
        head = sha256(previous + text).hexdigest().encode()
        if seq != length or head != stored:
            raise AuditChainBroken(
                f"audit entry {length} does not follow from entry {length - 1}", position=length
            )
        passed = passed and (length != ahead.length or head == ahead.hash.encode())
    if length < ahead.length:
        raise AuditChainBroken(
            f"the trail was cut off: it ends at entry {length}, {witness} reaches {ahead.length}",
            position=length + 1,
        )
    if not passed:
        raise AuditChainBroken(
            f"entry {ahead.length} is not the one that {witness} holds", position=ahead.length
        )
    if length > signed.length and not entry_signature_holds(previous, text, public_key):
        raise AuditChainBroken(
            f"entry {length} is not signed with this home's key: an entry after {signed.length}"
            " was not written by the engine",
            position=signed.length + 1,
        )
    return AuditHead(length=length, hash=head.decode())


class _Broken(Exception):  # noqa: N818 - a finding, never seen outside this module
    """The first thing that does not hold, and the entry to look at."""

    def __init__(self, problem: str, first_bad: int | None) -> None:
        super().__init__(problem)
        self.first_bad = first_bad


class Verification:
    """One pass over `rows` (one snapshot, in order), the checkpoint lines drawn along with it.

    `expected` is a head noted outside the home: the trail must pass through it. `start` is a
    signed anchor when the entries before it are kept elsewhere. Read the checkpoints before the
    rows: a running engine commits first and signs afterwards.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        checkpoint_lines: Iterable[bytes],
        public_key: Ed25519PublicKey,
        *,
        expected: AuditHead | None = None,
        start: AuditHead = GENESIS,
    ) -> None:
        self._rows = rows
        self._key = public_key
        self._walk = CheckpointWalk(checkpoint_lines, public_key)
        self._signed: Iterator[Checkpoint] = iter(self._walk)
        self._next: Checkpoint | None = None  # the next one to pass, of those that were checked
        self._expected = expected or start
        self._start = start
        self._length = start.length
        self._head = start.hash.encode()
        self._agreed = start.length  # length of the last checkpoint that the rows agree with
        self._vouched = start.length  # up to here a signature that was checked is over the rows
        self._unchecked: list[Row] = []  # taken since then
        self._unchecked_after = self._head
        self._kept_bytes = 0

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
        problem, first_bad = "", None
        try:
            self._pull_checkpoint()
            self._read_rows()
            self._judge_end()
        except _Broken as found:
            problem, first_bad = str(found), found.first_bad
        for _ in self._signed:  # how far the good signatures reach, whatever the rows are
            pass
        good = self._walk.good
        return VerifyReport(
            ok=not problem,
            entries=self._length,
            head=self._head.decode(),
            signed_length=good.length if good else 0,
            problem=problem,
            first_bad=first_bad,
            key=key_id(self._key),
        )

    def _read_rows(self) -> None:
        """Hash along, some rows at a time: what is plainly right costs the least."""
        rows = iter(self._rows)
        while some := list(islice(rows, min(_ROWS, self._next_stop() - self._length))):
            if len(self._unchecked) >= _SAMPLE or self._kept_bytes > _SAMPLE_BYTES:
                self._check_signatures()
            if not self._follow_plainly(some):
                self._stop_at_bad(some)
            self._pass_marks()

    def _follow_plainly(self, rows: list[Row]) -> bool:
        """Take `rows` if each of them follows; False leaves all to `_stop_at_bad`.

        This is the cost of verification: nothing is parsed in it.
        """
        numbers, texts, stored = zip(*rows, strict=True)
        pairs = zip((self._head, *stored), texts, strict=False)
        try:
            hashed = [sha256(head + text).hexdigest().encode() for head, text in pairs]
        except TypeError:
            return False
        first = self._length + 1
        if tuple(hashed) != stored or numbers != tuple(range(first, first + len(rows))):
            return False
        self._unchecked += rows
        self._kept_bytes += sum(map(len, texts))
        self._length, self._head = numbers[-1], hashed[-1]
        return True

    def _stop_at_bad(self, rows: list[Row]) -> NoReturn:
        """Take rows up to the first one that does not follow, and say what is wrong with it."""
        left = iter(rows)
        try:
            while True:
                found, text, stored = next(left)
                seq = self._length + 1
                hashed = sha256(self._head + text).hexdigest().encode()
                if found != seq or hashed != stored:
                    raise _differs(seq, found)
                self._length, self._head = seq, hashed
        except TypeError as error:  # an edited store can hold any type
            seq = self._length + 1
            raise _Broken(f"entry {seq} is not text: it was edited", seq) from error

    def _next_stop(self) -> int:
        """The next length at which to look further than the chain."""
        lengths = [self._expected.length, self._next.length if self._next else _NEVER]
        return min((each for each in lengths if each > self._length), default=_NEVER)

    def _pull_checkpoint(self) -> None:
        """Draw the next checkpoint that the rows have not passed."""
        self._next = next((each for each in self._signed if each.length > self._length), None)

    def _pass_marks(self) -> None:
        """Hold the row just hashed against the checkpoint or the noted head of its length."""
        head, signed = AuditHead(length=self._length, hash=self._head.decode()), self._next
        if self._expected.length == head.length and self._expected != head:
            raise _Broken(f"entry {head.length} is not the one that was noted outside", head.length)
        if signed is None or signed.length != head.length:
            return
        if signed.head != head.hash:
            self._check_signatures()
            raise _Broken(
                f"an entry from {self._agreed + 1} to {head.length} was changed and the chain"
                f" hashed anew: checkpoint {signed.n} is signed over another",
                self._agreed + 1,
            )
        self._agreed = head.length
        self._vouch(head.length)  # it is signed over all of them: no need of their own signatures
        self._pull_checkpoint()

    def _check_signatures(self) -> None:
        """Check the newest signature seen; when it fails, find the first that does.

        One that holds vouches for all before it, so none that fails can stand before it.
        """
        rows = self._unchecked
        signed = [
            place
            for place, (_, text, _) in enumerate(rows)
            if text.endswith(SIGNED, 0, -SIGNATURE_BYTES)
        ]
        if signed and not self._holds(signed[-1]):
            first = bisect_left(signed, x=True, key=lambda place: not self._holds(place))
            seq = rows[signed[first]][0]
            after = rows[signed[first - 1]][0] if first else self._vouched
            raise _Broken(
                f"an entry from {after + 1} to {seq} was changed and the chain hashed anew without"
                f" the key: the signature in entry {seq} fails",
                after + 1,
            )
        self._vouch(rows[signed[-1]][0] if signed else self._vouched)

    def _vouch(self, seq: int) -> None:
        """The key's owner wrote all up to `seq`; what was kept to see that may go."""
        self._vouched, self._unchecked_after = seq, self._head
        self._unchecked.clear()
        self._kept_bytes = 0

    def _holds(self, place: int) -> bool:
        previous = self._unchecked[place - 1][2] if place else self._unchecked_after
        return entry_signature_holds(previous, self._unchecked[place][1], self._key)

    def _judge_end(self) -> None:
        for _ in self._signed:
            pass
        good, length = self._walk.good, self._length
        covered = good.length if good else 0
        if good is not None and covered > length:
            raise _Broken(
                f"the trail was cut off: it ends at entry {length}, checkpoint {good.n} is signed"
                f" over {covered}",
                length + 1,
            )
        if self._expected.length > length:
            raise _Broken(
                f"the trail ends at entry {length}; outside, {self._expected.length} was noted",
                length + 1,
            )
        self._check_signatures()
        if self._vouched < length:
            raise _Broken(
                f"entries from {self._vouched + 1} to {length} carry no signature: the engine did"
                " not write them",
                self._vouched + 1,
            )
        self._judge_checkpoints(covered)

    def _judge_checkpoints(self, covered: int) -> None:
        length, start = self._length, self._start
        if self._walk.problem:
            raise _Broken(self._walk.problem, covered + 1 if covered < length else None)
        if start != GENESIS and start != self._walk.anchors.get(start.length):
            first = start.length + 1
            raise _Broken(f"no signed checkpoint lets the trail start at entry {first}", first)
        noted = self._expected
        if noted.length <= start.length and noted != start:
            raise _Broken(f"the head noted outside, at {noted.length}, is not in the trail", None)
        if length and self._walk.good is None:
            raise _Broken(
                f"the checkpoint file was emptied or removed: {length} entries, none signed there",
                1,
            )


def _differs(seq: int, found: int) -> _Broken:
    if not found:  # as what is no number at all is handed over
        return _Broken(f"entry {seq} is missing, or what numbers it is no number: edited", seq)
    if found != seq:
        return _Broken(f"entry {seq} is missing: {found} stands in its place", seq)
    return _Broken(f"entry {seq} does not hash to what stands beside it: edited or moved", seq)
