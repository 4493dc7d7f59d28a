"""The file side of the audit trail: the daily copy and the signed checkpoints."""

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.audit.checkpoints import (
    format_checkpoint,
    key_id,
    next_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
    signature_holds,
)
from core.audit.files import (
    AuditFiles,
    create_key,
    line_seq,
    load_private_key,
    load_public_key,
    public_pem,
    read_tail,
    size_of,
    sync_folder,
    write_new,
)
from core.audit.model import Checkpoint, Row
from core.audit.rules import GENESIS, daily_line, entry_day, extend_head
from core.audit.verify import check_tail
from core.clock import Clock
from core.errors import (
    AuditChainBroken,
    ConfigError,
    StorageError,
    StorageFull,
    StorageReadOnly,
)
from core.records import AuditDraft, AuditEntry, AuditHead

_BATCH: Final = 500  # entries written at a time when catching up
_APPEND: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
_MODE: Final = 0o600

RowsAfter = Callable[[int], Iterable[Row]]
"""Stored entries with a greater seq, in order; called from the thread that writes."""


class AuditJournal:
    """Follows the store: `record` after each durable commit, from the store's writer thread.

    The order of life is `open`, `catch_up`, `record`…, `close`. A failed write leaves the files as
    they were and `problem` set; the next `record` or `sync` first writes what is missing.
    """

    def __init__(self, files: AuditFiles, clock: Clock, key: Ed25519PrivateKey) -> None:
        self._files = files
        self._clock = clock
        self._key = key
        self._key_id = key_id(key.public_key())
        self._lock = threading.Lock()
        self._notes: list[AuditDraft] = []
        self._rows_after: RowsAfter | None = None
        self._checkpoints = self._open_mended(files.checkpoints)
        self._last = self._read_last()
        daily = files.daily()
        self._day = daily[-1].stem if daily else ""
        self._daily = self._open_mended(daily[-1]) if daily else None
        self._copied = self._read_copied(daily)  # the daily files hold entries up to here
        self._unsynced = False
        self._closed = False
        self.problem = "the journal has not caught up with the store yet"

    @classmethod
    def open(cls, home: Path, clock: Clock, *, key_file: Path | None = None) -> Self:
        """Open the `audit` folder of `home`, mend torn last lines, read the last checkpoint.

        Raises ConfigError when the signing key of an existing trail is gone or another one,
        AuditChainBroken when the last checkpoint does not hold, StorageError.
        """
        files = AuditFiles(home, key_file)
        try:
            files.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(files, clock, _load_key(files))
        except OSError as error:
            raise _storage_error(error, files.folder) from error

    def catch_up(self, head: AuditHead, rows_after: RowsAfter) -> None:
        """Hold the store against the last checkpoint, copy what the files lack, sign where it is.

        Raises AuditChainBroken when the store was cut, changed or added to, StorageError.
        """
        check_tail(head, self._last)
        self._rows_after = rows_after
        with self._lock:
            self._check_unsigned(head, rows_after)
            self._follow(head, "open")
            self._sync_files()

    def record(self, entries: Sequence[AuditEntry]) -> None:
        """Copy and sign durable entries. Raises StorageError; then `problem` says why."""
        head = AuditHead(length=entries[-1].seq, hash=entries[-1].hash)
        with self._lock:
            if self.problem or entries[0].seq != self._copied + 1:
                self._follow(head, "group")
                return
            rows = [(each.seq, each.text, each.hash) for each in entries]
            self._guarded(lambda: self._copy_and_sign(rows, head))

    def sync(self) -> None:
        """Flush; after a failure, write what is missing. What fails stands in `problem`."""
        with self._lock, contextlib.suppress(StorageError, AuditChainBroken):
            if self._closed:
                return
            if self.problem and self._rows_after is not None:
                self._follow(None, "group")
            if self._unsynced:
                self._guarded(self._sync_files)

    def anchor(self, head: AuditHead) -> None:
        """Sign that the entries up to `head` may live in the daily files alone; durable."""
        with self._lock:
            last = self._last
            if last is None or head.length > last.length:
                raise AuditChainBroken("an anchor must lie in the trail", position=head.length)
            at = AuditHead(length=last.length, hash=last.head)
            self._guarded(lambda: self._sign(at, "anchor", anchor=head))
            self._sync_files()

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
            with contextlib.suppress(StorageError, OSError):
                if not self.problem and self._last is not None:
                    end = AuditHead(length=self._last.length, hash=self._last.head)
                    self._guarded(lambda: self._sign(end, "close"))
                self._sync_files()
            for descriptor in (self._checkpoints, self._daily):
                if descriptor is not None:
                    os.close(descriptor)

    def _check_unsigned(self, head: AuditHead, rows_after: RowsAfter) -> None:
        """What a crash left unsigned must at least follow from what was signed."""
        start = GENESIS
        if self._last is not None:
            start = AuditHead(length=self._last.length, hash=self._last.head)
        unsigned = (AuditEntry(seq=seq, text=text, hash=hash_)
                    for seq, text, hash_ in rows_after(start.length))  # fmt: skip
        if extend_head(start, unsigned) != head:
            raise AuditChainBroken(
                f"the trail changed while it was read; it should end at entry {head.length}",
                position=head.length,
            )

    def _follow(self, head: AuditHead | None, kind: str) -> None:
        """Copy everything that the store has and the files lack, then sign it."""
        rows_after = self._rows_after
        if rows_after is None:
            return

        def work() -> None:
            last: Row | None = None
            batch: list[Row] = []
            for row in rows_after(self._copied):
                last = row
                batch.append(row)
                if len(batch) == _BATCH:
                    self._copy(batch)
                    batch.clear()
            if batch:
                self._copy(batch)
            end = head or (AuditHead(length=last[0], hash=last[2]) if last else None)
            if end is not None and end.length:
                self._sign(end, kind)

        self._guarded(work)

    def _copy_and_sign(self, rows: Sequence[Row], head: AuditHead) -> None:
        self._copy(rows)
        self._sign(head, "group")

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            failure = _storage_error(error, self._files.folder)
            self.problem = str(failure)
            raise failure from error
        except StorageError as failure:
            self.problem = str(failure)
            raise
        self.problem = ""

    def _copy(self, rows: Sequence[Row]) -> None:
        """Append to the daily files, one write a day."""
        for day, group in groupby(rows, key=lambda row: entry_day(row[1])):
            lines = list(group)
            self._append(self._daily_for(day), b"".join(daily_line(*row) for row in lines))
            self._copied = lines[-1][0]

    def _daily_for(self, day: str) -> int:
        if self._daily is None or day > self._day:
            # Days only go on: a wall clock that steps back stays in the newest file.
            fresh = os.open(self._files.daily_of(day), _APPEND, _MODE)
            if self._daily is not None:
                os.fdatasync(self._daily)
                os.close(self._daily)
            self._daily, self._day = fresh, day
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
        )
        if anchor is not None:
            unsigned = unsigned._replace(anchor_length=anchor.length, anchor_head=anchor.hash)
        signed = sign_checkpoint(self._key, unsigned)
        self._append(self._checkpoints, f"{format_checkpoint(signed)}\n".encode())
        self._last = signed

    def _append(self, descriptor: int, data: bytes) -> None:
        """All of it, or the file as it was."""
        before = os.fstat(descriptor).st_size
        try:
            while data:
                data = data[os.write(descriptor, data) :]
        except OSError:
            os.ftruncate(descriptor, before)
            raise
        self._unsynced = True

    def _sync_files(self) -> None:
        os.fdatasync(self._checkpoints)
        if self._daily is not None:
            os.fdatasync(self._daily)
        self._unsynced = False

    def _open_mended(self, path: Path) -> int:
        """Open for appending; a last line that a crash tore is taken off, and noted."""
        _, end = read_tail(path)
        torn = size_of(path) - end
        descriptor = os.open(path, _APPEND, _MODE)
        if torn:
            os.ftruncate(descriptor, end)
            self._notes.append(
                AuditDraft(
                    event="audit.mended",
                    at=self._clock.now(),
                    actor="audit-journal",
                    action_id=None,
                    body={"file": path.name, "torn_bytes": torn},
                )
            )
        return descriptor

    def _read_last(self) -> Checkpoint | None:
        line, _ = read_tail(self._files.checkpoints)
        if not line:
            return None
        last = parse_checkpoint(line.decode("utf-8", "replace"))
        if last is None or not signature_holds(last, self._key.public_key()):
            raise AuditChainBroken(
                f"the last line of {self._files.checkpoints} is not signed with this home's key:"
                " it was edited; bring the file back from a backup",
                position=last.length if last else 0,
            )
        return last

    def _read_copied(self, daily: Sequence[Path]) -> int:
        """The last entry that the daily files hold; an empty newest file says nothing."""
        for path in reversed(daily):
            line, _ = read_tail(path)
            if line:
                return line_seq(line)
        return 0


def _load_key(files: AuditFiles) -> Ed25519PrivateKey:
    """The signing key; made at first start, and never again once there is a trail."""
    if files.private_key.exists():
        key = load_private_key(files.private_key)
        if not files.public_key.exists():
            write_new(files.public_key, public_pem(key.public_key()))
        elif key_id(load_public_key(files.public_key)) != key_id(key.public_key()):
            raise ConfigError(
                f"{files.private_key} does not belong to {files.public_key}: bring the right one back"
            )
        return key
    if size_of(files.checkpoints) or files.public_key.exists():
        raise ConfigError(
            f"the signing key {files.private_key} is gone and the trail goes on: bring it back, or"
            " name it with [audit] key_file"
        )
    key = create_key(files.private_key)
    write_new(files.public_key, public_pem(key.public_key()))
    return key


def _storage_error(error: OSError, where: Path) -> StorageError:
    kinds = {
        errno.ENOSPC: (StorageFull, "the disk is full: make room"),
        errno.EDQUOT: (StorageFull, "the disk quota is used up: make room"),
        errno.EROFS: (StorageReadOnly, "the disk is read-only: make it writable"),
    }
    kind, hint = kinds.get(error.errno or 0, (StorageError, error.strerror or str(error)))
    return kind(f"the audit files in {where} cannot be written: {hint}")
