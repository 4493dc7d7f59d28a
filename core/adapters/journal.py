"""The file side of the audit trail: signed checkpoints and the daily copy."""

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.actions import JsonObject
from core.adapters.append_file import AppendFile, Flush
from core.adapters.signing_key import close_folder, load_key
from core.audit.checkpoints import (
    format_checkpoint,
    key_id,
    line_hash,
    next_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
    signature_holds,
)
from core.audit.files import AuditFiles, parse_daily_line, read_tail, sync_folder
from core.audit.model import CHECKPOINT_LAG_MAX, Checkpoint, Row
from core.audit.rules import GENESIS, daily_line, entry_day, seal_entries
from core.audit.verify import follow_rows
from core.clock import Clock
from core.errors import (
    AuditChainBroken,
    StorageError,
    StorageFull,
    StorageReadOnly,
)
from core.records import AuditDraft, AuditEntry, AuditHead

_BATCH: Final = 500  # entries written at a time when catching up

RowsAfter = Callable[[int], Iterable[Row]]
"""Stored entries with a greater seq, in order; called from the thread that writes."""


class AuditJournal:
    """Follows the store: `record` after each durable commit, from the store's writer thread.

    The order of life is `open`, `catch_up`, `record`…, `close`; the store seals with `seal`.
    Each write carries a signature of its own and is copied at once; a checkpoint is signed by each
    `sync`, and before the copy goes `CHECKPOINT_LAG_MAX` entries beyond the last one, so that a
    copy further ahead shows that the checkpoints were cut. A failed write leaves the files as they
    were and `problem` set; the next `record` or `sync` first writes what is missing. Only a `sync`
    that found every file in its place and wrote all of it takes the problem back: the denial of
    an action is a write as well, and that it can be written says nothing of the other files.
    """

    def __init__(self, files: AuditFiles, clock: Clock, key: Ed25519PrivateKey) -> None:
        self._files = files
        self._clock = clock
        self._key = key
        self._key_id = key_id(key.public_key())
        self._lock = threading.Lock()
        self._notes: list[AuditDraft] = []
        self._rows_after: RowsAfter | None = None
        self._last = self._read_last()
        self._last_line_hash = ""  # not known before the first line that is written here
        daily = files.daily()
        self._copied = self._read_copied(daily)  # the daily files hold entries up to here
        self._checkpoints = self._open_mended(files.checkpoints)
        self._daily = self._open_mended(daily[-1]) if daily else None
        self._day = daily[-1].stem if daily else ""  # of the newest daily file
        self._closed = False
        self._failures = 0
        self.problem = "the journal has not caught up with the store yet"

    @classmethod
    def open(cls, home: Path, clock: Clock, *, key_file: Path | None = None) -> Self:
        """Open the `audit` folder of `home`, mend torn last lines, read the last checkpoint.

        Raises ConfigError when the signing key of an existing trail is gone, another one, or open
        to others for good,
        AuditChainBroken when the last checkpoint or daily line does not hold, StorageError.
        """
        files = AuditFiles(home, key_file)
        try:
            files.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            close_folder(files.folder)
            return cls(files, clock, load_key(files))
        except OSError as error:
            raise _storage_error(error, files.folder) from error

    @property
    def reached(self) -> AuditHead:
        """How far the daily files follow the store; may be read from any thread."""
        return self._copied

    def seal(self, head: AuditHead, drafts: Sequence[AuditDraft]) -> tuple[AuditEntry, ...]:
        """`seal_entries` with this home's signature; see there."""
        return seal_entries(head, drafts, sign=self._key.sign)

    def catch_up(self, head: AuditHead, rows_after: RowsAfter) -> None:
        """Hold the store against the files, sign where it is, copy what the daily files lack.

        Raises AuditChainBroken when the store was cut, changed or added to, StorageError.
        """
        if self._last is None and head.length:
            raise AuditChainBroken(
                f"the trail has {head.length} entries and no signed checkpoint: the checkpoint"
                f" file {self._files.checkpoints} was removed; bring it back",
                position=1,
            )
        with self._lock:
            before = self._signed
            reached = max(before.length, self._copied.length)
            if head.length < reached:
                raise AuditChainBroken(
                    f"the trail was cut off: it ends at entry {head.length}, its files reach"
                    f" {reached}",
                    position=head.length + 1,
                )
            self._rows_after = rows_after
            end = self._follow("open")
            if end != head:
                raise AuditChainBroken(
                    f"the trail changed while it was read; it should end at entry {head.length}",
                    position=head.length,
                )
            self._guarded(self._sync_files)
            self.problem = ""
            if before.length < end.length:
                self._note(
                    {
                        "file": self._files.checkpoints.name,
                        "entries_without_checkpoint": end.length - before.length,
                    }
                )

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """Copy durable entries. Raises StorageError; then `problem` says why."""
        with self._lock:
            if self._rows_after is None or self._copied.length != entries[0].seq - 1:
                self._follow("group")
                return
            rows = [(each.seq, each.text.encode(), each.hash.encode()) for each in entries]
            self._guarded(lambda: self._copy_signed(rows))

    def sync(self) -> None:
        """Sign and flush; after a failure, write what is missing. What fails is `problem`.

        The files are looked for here, once a second, and not at each write: that costs much more
        when it is seldom done.
        """
        flushes: list[Flush] = []

        def begin() -> None:
            for file in self._open_files():
                file.check_there()
            if self._copied.length > self._signed.length:
                self._sign(self._copied, "group")
            flushes.extend(file.begin_flush() for file in self._open_files() if file.unsynced)

        failures = self._failures
        with self._lock, contextlib.suppress(StorageError):
            if self._closed or self._rows_after is None:
                return
            if self.problem:
                self._follow("group")
            self._guarded(begin)
        # Without the lock: an entry's writer would wait for the disk, and the agent for him.
        failed = [error for error in map(Flush.run, flushes) if error is not None]
        with self._lock:
            if failed:
                self._fail(_storage_error(failed[0], self._files.folder))
                return
            for each in flushes:
                each.settle()
            if self._failures == failures:  # nor did a write fail meanwhile
                self.problem = ""

    def anchor(self, head: AuditHead) -> None:
        """Sign that the entries up to `head` may live in the daily files alone; durable.

        Raises AuditChainBroken when `head` does not lie in the trail, StorageError.
        """
        with self._lock:
            if self._last is None or head.length > self._copied.length:
                raise AuditChainBroken("an anchor must lie in the trail", position=head.length)
            if head.length <= self._last.anchor_length:
                return
            self._guarded(self._sync_files)
            self._guarded(lambda: self._sign(self._copied, "anchor", anchor=head))
            self._guarded(self._sync_files)

    def take_notes(self) -> tuple[AuditDraft, ...]:
        """What opening had to mend, for the trail; once."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def close(self) -> None:
        """Sign the clean end, flush and close. A journal that lags is closed without a word."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            with contextlib.suppress(StorageError):
                if not self.problem:
                    # Durable first: a clean end says that the copy is complete.
                    self._guarded(self._sync_files)
                    self._guarded(lambda: self._sign(self._copied, "close"))
                self._guarded(self._sync_files)
            for file in self._open_files():
                file.close()

    @property
    def _signed(self) -> AuditHead:
        """The head that the last checkpoint is over."""
        last = self._last
        return AuditHead(length=last.length, hash=last.head) if last else GENESIS

    def _follow(self, kind: str) -> AuditHead:
        """Sign and copy what the store has and the files lack, once it is seen to follow."""
        if self._rows_after is None:
            raise StorageError(self.problem)
        rows_after = self._rows_after
        begin = min(self._copied.length, self._signed.length)
        end = self._signed

        def work() -> None:
            nonlocal end
            end = follow_rows(
                rows_after(begin),
                signed=self._signed,
                copied=self._copied,
                public_key=self._key.public_key(),
            )
            if end != self._signed or kind == "open":
                self._sign(end, kind)
            batch: list[Row] = []
            for row in rows_after(self._copied.length):
                if row[0] > end.length:  # committed since; its own `record` comes
                    break
                batch.append(row)
                if len(batch) == _BATCH:
                    self._copy(batch)
                    batch.clear()
            self._copy(batch)

        self._guarded(work)
        return end

    def _copy_signed(self, rows: Sequence[Row]) -> None:
        seq, _, digest = rows[-1]
        if seq - self._signed.length > CHECKPOINT_LAG_MAX:
            self._sign(AuditHead(length=seq, hash=digest.decode()), "group")
        self._copy(rows)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            failure = _storage_error(error, self._files.folder)
            self._fail(failure)
            raise failure from error
        except StorageError as failure:
            self._fail(failure)
            raise

    def _fail(self, failure: StorageError) -> None:
        self._failures += 1
        self.problem = str(failure)

    def _copy(self, rows: Sequence[Row]) -> None:
        """Append to the daily files, one write a day."""
        if len(rows) == 1:  # as nearly always
            self._copy_day(entry_day(rows[0][1]), rows)
            return
        for day, group in groupby(rows, key=lambda row: entry_day(row[1])):
            self._copy_day(day, list(group))

    def _copy_day(self, day: str, rows: Sequence[Row]) -> None:
        self._daily_for(day).append(b"".join([daily_line(row) + b"\n" for row in rows]))
        self._copied = AuditHead(length=rows[-1][0], hash=rows[-1][2].decode())

    def _daily_for(self, day: str) -> AppendFile:
        current = self._daily
        # Days only go on: a wall clock that steps back stays in the newest file.
        if current is not None and day <= self._day:
            return current
        if current is not None:
            current.sync()
        self._daily, self._day = AppendFile(self._files.daily_of(day)), day
        if current is not None:
            current.close()
        sync_folder(self._files.folder)
        return self._daily

    def _sign(self, head: AuditHead, kind: str, *, anchor: AuditHead | None = None) -> None:
        unsigned = next_checkpoint(
            self._last,
            length=head.length,
            head=head.hash,
            at=self._clock.now().isoformat(timespec="microseconds"),
            kind=kind,
            key=self._key_id,
            previous=self._last_line_hash,
        )
        if anchor is not None:
            unsigned = unsigned._replace(anchor_length=anchor.length, anchor_head=anchor.hash)
        signed = sign_checkpoint(self._key, unsigned)
        line = format_checkpoint(signed)
        self._checkpoints.append(line + b"\n")
        self._last, self._last_line_hash = signed, line_hash(line)

    def _sync_files(self) -> None:
        for file in self._open_files():
            file.sync()

    def _open_files(self) -> tuple[AppendFile, ...]:
        return (self._checkpoints,) if self._daily is None else (self._checkpoints, self._daily)

    def _open_mended(self, path: Path) -> AppendFile:
        """Open for appending; a last line that a crash tore is taken off, and noted."""
        _, end = read_tail(path)
        file, torn = AppendFile.open_mended(path, whole=end)
        if torn:
            self._note({"file": path.name, "torn_bytes": torn})
        return file

    def _note(self, body: JsonObject) -> None:
        at = self._clock.now()
        self._notes.append(
            AuditDraft(
                event="audit.mended", at=at, actor="audit-journal", action_id=None, body=body
            )
        )

    def _read_last(self) -> Checkpoint | None:
        line, _ = read_tail(self._files.checkpoints)
        if not line:
            return None
        last = parse_checkpoint(line)
        if last is None or not signature_holds(last, self._key.public_key()):
            raise AuditChainBroken(
                f"the last line of {self._files.checkpoints} is not signed with this home's key:"
                " it was edited; bring the file back from a backup",
                position=last.length if last else 0,
            )
        return last

    def _read_copied(self, daily: Sequence[Path]) -> AuditHead:
        """The last entry that the daily files hold; an empty newest file says nothing."""
        for path in reversed(daily):
            line, _ = read_tail(path)
            if line:
                row = parse_daily_line(line)
                if row is None:
                    raise AuditChainBroken(
                        f"the last line of {path} is no entry: it was edited; move the file away,"
                        " and it is written anew",
                        position=0,
                    )
                return AuditHead(length=row[0], hash=row[2].decode())
        last = self._last
        return AuditHead(length=last.anchor_length, hash=last.anchor_head) if last else GENESIS


def _storage_error(error: OSError, where: Path) -> StorageError:
    kinds = {
        errno.ENOSPC: (StorageFull, "the disk is full: make room"),
        errno.EDQUOT: (StorageFull, "the disk quota is used up: make room"),
        errno.EROFS: (StorageReadOnly, "the disk is read-only: make it writable"),
        errno.EACCES: (StorageReadOnly, "no right to write there: make it writable"),
        errno.EPERM: (StorageReadOnly, "no right to write there: make it writable"),
    }
    said = error.strerror or str(error)
    path = Path(os.fsdecode(error.filename or ""))
    said = f"{path.name}: {said}" if path.parent == where else said
    kind, hint = kinds.get(error.errno or 0, (StorageError, said))
    return kind(f"the audit files in {where} cannot be written: {hint}")
