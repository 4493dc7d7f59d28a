"""Is this the trail that was written? Streams entries against signed checkpoints."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.audit.checkpoints import CheckpointWalk, signature_holds
from core.audit.model import Checkpoint, Row
from core.audit.rules import GENESIS, entry_suffix
from core.errors import AuditChainBroken
from core.ports import VerifyReport
from core.records import AuditHead

UNSIGNED_MAX: Final = 10_000
"""Entries that may stand after the last checkpoint. A killed process leaves one group commit; a
power cut what the journal had not flushed; a journal on a full disk the denials made since."""


def verify_chain(
    rows: Iterable[Row],
    checkpoints: Iterable[Checkpoint | None],
    public_key: Ed25519PublicKey,
    *,
    expected: AuditHead | None = None,
    start: AuditHead = GENESIS,
) -> VerifyReport:
    """Verify `rows` (one snapshot, in order) against `checkpoints` (None: an unreadable line).

    `expected` is a head noted outside the home: the trail must pass through it. `start` is a signed
    anchor when the entries before it are archived. Read the checkpoints before the rows: a
    running engine commits first and signs second.
    """
    return _Verification(rows, checkpoints, public_key, expected=expected, start=start).report()


def check_tail(head: AuditHead, last: Checkpoint | None) -> None:
    """Hold the store's head against the last signed checkpoint, before anything is appended.

    Raises AuditChainBroken when the store is behind it, differs from it, or goes on where a clean
    stop says that it ended.
    """
    if last is None:
        if head.length:
            raise AuditChainBroken(
                f"the trail has {head.length} entries and no signed checkpoint: the checkpoint "
                "file was removed; bring it back",
                position=1,
            )
        return
    if head.length < last.length:
        raise AuditChainBroken(_cut(head.length, last), position=head.length + 1)
    if head.length == last.length and head.hash != last.head:
        raise AuditChainBroken(
            f"entry {head.length} is not the one that checkpoint {last.n} was signed over",
            position=head.length,
        )
    problem = _unsigned_problem(head.length, last)
    if problem:
        raise AuditChainBroken(problem, position=last.length + 1)


class _Verification:
    """One pass over the rows, the checkpoints drawn along with it."""

    def __init__(
        self,
        rows: Iterable[Row],
        checkpoints: Iterable[Checkpoint | None],
        public_key: Ed25519PublicKey,
        *,
        expected: AuditHead | None,
        start: AuditHead,
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

    def report(self) -> VerifyReport:
        """Find the first problem, in the order that matters to who has to look."""
        self._advance()
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

    def _advance(self) -> None:
        """Draw the next checkpoint that the rows have not passed."""
        self._next = next((each for each in self._signed if each.length > self._agreed), None)

    def _read_rows(self) -> tuple[str, int | None]:
        """Hash along. This loop is the cost of verification: nothing is parsed in it."""
        seq, head = self._length, self._head
        noted = self._expected.length if self._expected else -1
        try:
            for found, text, stored in self._rows:
                seq += 1
                if found != seq or not text.endswith(entry_suffix(seq)):
                    return _misplaced(seq, found), seq
                head = sha256((head + text).encode("utf-8", "surrogatepass")).hexdigest()
                if head != stored:
                    return f"entry {seq} does not hash to what was stored with it", seq
                if self._next is not None and seq >= self._next.length:
                    problem = self._compare(head)
                    if problem:
                        return problem, self._agreed + 1
                if seq == noted and self._expected and head != self._expected.hash:
                    return f"entry {seq} is not the one that was noted outside", seq
                self._length, self._head = seq, head
        except (AttributeError, TypeError):  # whoever edits the store can put any type there
            return f"entry {self._length + 1} is not text", self._length + 1
        return "", None

    def _compare(self, head: str) -> str:
        """Hold the row just hashed against every checkpoint of its length."""
        signed = self._next
        length = self._length + 1
        while signed is not None and signed.length == length:
            if signed.head != head:
                if not signature_holds(signed, self._key):
                    return f"checkpoint {signed.n} is forged or edited: its signature fails"
                return (
                    f"an entry from {self._agreed + 1} to {length} was changed and the chain "
                    f"hashed anew without the key: checkpoint {signed.n} is signed over another"
                )
            signed = next(self._signed, None)
        self._next = signed
        self._agreed = length
        return ""

    def _judge_end(self) -> tuple[str, int | None]:
        good = self._walk.good
        length = self._length
        if good is not None and good.length > length:
            return _cut(length, good), length + 1
        if self._expected is not None and self._expected.length > length:
            noted = self._expected.length
            return f"the trail ends at entry {length}; outside, {noted} was noted", length + 1
        if self._walk.problem:
            return self._walk.problem, self._first_unsigned(good)
        if self._start != GENESIS and self._walk.anchors.get(self._start.length) != (
            self._start.hash
        ):
            return f"no signed checkpoint lets the trail start after {self._start.length}", (
                self._start.length + 1
            )
        if good is None and length:
            return "no signed checkpoint covers the trail", 1
        problem = _unsigned_problem(length, good) if good else ""
        return problem, self._first_unsigned(good) if problem else None

    def _first_unsigned(self, good: Checkpoint | None) -> int | None:
        first = (good.length if good else 0) + 1
        return first if first <= self._length else None


def _misplaced(seq: int, found: object) -> str:
    if found == seq:
        return f"entry {seq} says another number in its text: it was moved or edited"
    return f"entry {seq} is missing: {found} stands in its place"


def _cut(length: int, signed: Checkpoint) -> str:
    return (
        f"the trail was cut off: it ends at entry {length}, checkpoint {signed.n} is signed over "
        f"{signed.length}"
    )


def _unsigned_problem(length: int, last: Checkpoint) -> str:
    beyond = length - last.length
    if beyond and last.kind == "close":
        return (
            f"{beyond} entries stand after the checkpoint of a clean stop at {last.length}: "
            "they were not written by the engine"
        )
    if beyond > UNSIGNED_MAX:
        return (
            f"{beyond} entries stand after the last signed checkpoint at {last.length}; a crash "
            f"leaves at most {UNSIGNED_MAX}"
        )
    return ""
