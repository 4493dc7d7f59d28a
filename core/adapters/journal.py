"""The file side of the audit trail: the daily copy and the signed checkpoints."""

import contextlib
import errno
import os
import threading
from collections.abc import Callable, Iterable, Sequence
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
    load_private_key,
    load_public_key,
    parse_daily_line,
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

UNFLUSHED_MAX: Final = 1000  # entries; bounds what a power cut leaves unsigned
_BATCH: Final = 500  # entries written at a time when catching up

RowsAfter = Callable[[int], Iterable[Row]]
"""Stored entries with a greater seq, in order; called from the thread that writes."""


class AuditJournal:
    """Follows the store: `record` after each durable commit, from the store's writer thread.

    The order of life is `open`, `catch_up`, `record`…, `close`. A failed write leaves the files as
    they were and `problem` set; the next `record` or `sync` first writes what is missing.
    """

    def __init__(self, files: AuditFiles, clock: Clock, key: Ed25519PrivateKey | None) -> None:
        self._files = files
        self._clock = clock
        self._key = key
        self._notes: list[AuditDraft] = []
        self._lock = threading.Lock()
        self._rows_after: RowsAfter | None = None
        self._unflushed = 0
        self._target = 0  # length of the store's trail as far as it was told
        self._checkpoints = self._open_mended(files.checkpoints)
        self._last = self._read_last()
        daily = files.daily()
        self._daily = self._open_mended(daily[-1]) if daily else None
        self._copied = self._read_copied()
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
