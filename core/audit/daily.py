"""The daily files as one stream: a second witness beside the store."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Final

from core.audit.files import LinesOfFiles, line_seq, parse_daily_line
from core.audit.model import CHECKPOINT_LAG_MAX, Checkpoint, Row
from core.audit.rules import DAILY_LINE, daily_line, entry_day
from core.ports import VerifyReport

_ROWS: Final = 256  # held against the files at a time; more would leave the cache meanwhile
_WHOLE_LINE: Final = DAILY_LINE + b"\n"


class DailyCopy:
    """Whole files may be missing; what a file is there for must be in it, as in the store.

    `files` are the paths, oldest first, each with the size in bytes up to which it is read.
    """

    def __init__(self, files: Sequence[tuple[Path, int]]) -> None:
        self._days = {path.stem for path, _ in files}
        self._lines = LinesOfFiles(files)
        self._day = ""  # which file the entry before stands in, or stood in if it is missing
        self._covered = 0  # the last entry found
        self._lacking = 0  # the first entry after the end of the newest file
        self._problem = ""
        self._first_bad: int | None = None

    def read_until(self, seq: int) -> Iterator[Row]:
        """Entries before `seq`, from the files."""
        while (line := self._lines.peek()) is not None and line_seq(line) < seq:
            row = parse_daily_line(line)
            if row is None:
                self._note_nonsense(self._covered + 1)
                return
            self._covered = row[0]
            self._take()
            yield row

    def skip_until(self, seq: int) -> None:
        """Pass over what stands before `seq`."""
        while (line := self._lines.peek()) is not None and line_seq(line) < seq:
            self._take()

    def compare(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Hand the store's rows on, each held against its line; nothing may be left at the end."""
        return chain.from_iterable(self._compare_chunks(iter(rows)))

    def _compare_chunks(self, rows: Iterator[Row]) -> Iterator[list[Row]]:
        while some := list(islice(rows, _ROWS)):
            if not self._agree(some):
                for row in some:
                    self._compare_one(row)
            yield some
        line = self._lines.peek()
        if line is not None and not self._problem:
            seq = line_seq(line)
            if seq:  # the store commits first
                self._note(seq, f"the daily copy holds entry {seq}, which the store lacks")
            else:
                self._note_nonsense(self._covered + 1)

    def judge(self, report: VerifyReport, signed: Checkpoint | None) -> VerifyReport:
        """Add what the copy showed: a problem of its own, or the exact place of another."""
        if report.ok and signed is not None and not self._problem:
            self._judge_end(signed)
        if not self._problem:
            return report
        if not report.ok and (self._first_bad or 0) > report.entries + 1:
            return report  # rows are compared some way ahead of where they are hashed
        # Of what was hashed, this place is the first one and the exact one.
        problem = self._problem if report.ok else f"{report.problem}; {self._problem}"
        return replace(report, ok=False, problem=problem, first_bad=self._first_bad)

    def _agree(self, rows: list[Row]) -> bool:
        """True when one file goes on with just these rows; then they are passed."""
        lines = [_WHOLE_LINE % (seq, digest, text) for seq, text, digest in rows]
        if not self._lines.take_all(b"".join(lines)):
            return False
        self._covered, self._day = rows[-1][0], self._lines.file
        return True

    def _compare_one(self, row: Row) -> None:
        line = self._lines.peek()
        if line == daily_line(row):
            self._covered = row[0]
            self._take()
        elif row[0] and not self._problem:  # what has no number is left to the chain
            self._judge_difference(row[0], row[1], line)

    def _judge_difference(self, seq: int, text: bytes, line: bytes | None) -> None:
        found = line and line_seq(line)
        if found == seq:
            self._note(seq, f"entry {seq} is not what the daily copy holds: one was edited")
        elif found == 0:
            self._note_nonsense(seq)
        elif found and found < seq:
            self._note(found, f"the daily copy holds entry {found}, which the store lacks")
        else:
            self._judge_gap(seq, text, at_end=found is None)

    def _judge_gap(self, seq: int, text: bytes, *, at_end: bool) -> None:
        try:
            # Days only go on: an entry after a clock was set back stands in the newest file.
            self._day = max(self._day, entry_day(text))
        except ValueError:  # not an entry at all, which the chain will tell
            return
        if self._day not in self._days:
            return
        if at_end:
            self._lacking = self._lacking or seq
        else:
            self._note(seq, f"{self._day}.jsonl of the daily copy lacks entry {seq}")

    def _judge_end(self, signed: Checkpoint) -> None:
        """Checkpoints follow the copy closely; before a clean stop is signed, all are copied."""
        lag_max = 0 if signed.kind == "close" else CHECKPOINT_LAG_MAX
        if self._covered - signed.length > lag_max:
            self._note(
                signed.length + 1,
                f"the daily copy goes on to entry {self._covered}, the last signed checkpoint is"
                f" over {signed.length}: the checkpoint file was cut, or a power failure took its"
                " end",
            )
        elif self._lacking and signed.kind == "close":
            self._note(
                self._lacking,
                f"the daily copy was cut: it lacks entry {self._lacking}, and the engine stopped"
                " cleanly",
            )

    def _note_nonsense(self, seq: int) -> None:
        self._note(seq, f"{self._lines.file}.jsonl holds no entry where {seq} should stand")

    def _note(self, seq: int, problem: str) -> None:
        self._problem, self._first_bad = problem, seq

    def _take(self) -> None:
        self._lines.take()
        self._day = self._lines.file
