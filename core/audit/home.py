"""Verification of a whole home: store, signed checkpoints and daily copy held together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.audit.files import (
    AuditFiles,
    line_seq,
    load_public_key,
    parse_daily_line,
    read_checkpoints,
    read_lines,
    size_of,
)
from core.audit.model import Row
from core.audit.rules import GENESIS, daily_line
from core.audit.verify import verify_chain
from core.ports import VerifyReport
from core.records import AuditHead


def verify_home(
    home: Path,
    *,
    rows: Iterable[Row],
    public_key: Ed25519PublicKey | None = None,
    expected: AuditHead | None = None,
    from_anchor: bool = False,
) -> VerifyReport:
    """Verify the trail of `home`; `rows` are the store's entries, as one snapshot.

    Give `rows` lazily: the engine may be running, and what it signs after the snapshot must not
    look cut off. Entries that the store no longer holds are read from the daily files; with
    `from_anchor` they may be missing and the trail starts at the signed anchor. Without
    `public_key` the home's own is used, which whoever can replace the home can replace too.
    Raises ConfigError when the public key cannot be read.
    """
    files = AuditFiles(home)
    key = public_key or load_public_key(files.public_key)
    signed_bytes = size_of(files.checkpoints)
    copy = DailyCopy([(path, size_of(path)) for path in files.daily()])
    stored = iter(rows)
    first = next(stored, None)
    start = GENESIS
    if from_anchor and first is not None and first[0] != 1:
        start = find_anchor(files.checkpoints, first[0] - 1)
    report = verify_chain(
        _joined(first, stored, copy, start),
        read_checkpoints(files.checkpoints, size=signed_bytes),
        key,
        expected=expected,
        start=start,
    )
    return copy.judge(report)


def find_anchor(checkpoints: Path, length: int) -> AuditHead:
    """The anchor at `length`, or GENESIS when none was signed (yet to be vouched for)."""
    for checkpoint in read_checkpoints(checkpoints):
        if checkpoint is not None and checkpoint.anchor_length == length:
            return AuditHead(length=length, hash=checkpoint.anchor_head)
    return GENESIS


def _joined(
    first: Row | None, stored: Iterator[Row], copy: "DailyCopy", start: AuditHead
) -> Iterator[Row]:
    """Archived entries, then the store's, each of these held against its daily line."""
    if first is not None:
        if start == GENESIS and first[0] != 1:
            yield from copy.read_until(first[0])
        else:
            copy.skip_until(first[0])
        for row in chain((first,), stored):
            copy.compare(row)
            yield row
    copy.finish()


class DailyCopy:
    """The daily files as one stream; a second witness beside the store."""

    def __init__(self, files: Sequence[tuple[Path, int]]) -> None:
        self._lines = self._stream(files)
        self._line: bytes | None = None
        self._fresh = False  # first line of its file
        self._pull()
        self._problem = ""
        self._first_bad: int | None = None

    def read_until(self, seq: int) -> Iterator[Row]:
        """Entries before `seq`, from the files."""
        while self._line is not None and line_seq(self._line) < seq:
            row = parse_daily_line(self._line)
            if row is None:
                return
            yield row
            self._pull()

    def skip_until(self, seq: int) -> None:
        """Pass over what stands before `seq`."""
        while self._line is not None and line_seq(self._line) < seq:
            self._pull()

    def compare(self, row: Row) -> None:
        """Hold a stored entry against the next line. Whole files may be missing, lines not."""
        if self._line is None or self._problem:
            return
        seq, text, digest = row
        if self._line == daily_line(seq, text, digest)[:-1]:
            self._pull()
        elif not (self._fresh and line_seq(self._line) > seq):
            self._note(seq, f"entry {seq} is not what the daily copy holds: one was edited")

    def finish(self) -> None:
        """Nothing may be left when the store has ended: the store commits first."""
        if self._line is not None and not self._problem:
            seq = line_seq(self._line)
            self._note(seq, f"the daily copy holds entry {seq}, which the store lacks: cut off")

    def judge(self, report: VerifyReport) -> VerifyReport:
        """Add what the copy showed: a problem of its own, or the exact place of another."""
        if not self._problem:
            return report
        if report.ok:
            return replace(report, ok=False, problem=self._problem, first_bad=self._first_bad)
        return replace(
            report,
            first_bad=max(report.first_bad or 0, self._first_bad or 0),
            problem=f"{report.problem}; {self._problem}",
        )

    def _note(self, seq: int, problem: str) -> None:
        self._problem, self._first_bad = problem, seq

    def _pull(self) -> None:
        self._line, self._fresh = next(self._lines, (None, False))

    @staticmethod
    def _stream(files: Sequence[tuple[Path, int]]) -> Iterator[tuple[bytes, bool]]:
        for path, size in files:
            fresh = True
            for line in read_lines(path, size=size):
                yield line, fresh
                fresh = False
