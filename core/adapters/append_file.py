"""A file that only grows: a write is in it as a whole, or not at all."""

import errno
import os
import stat
from pathlib import Path
from typing import Final, Self

from core.errors import AuditChainBroken

# Without waiting: opening a pipe would last until somebody reads from it.
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
_MODE: Final = 0o600


class AppendFile:
    """Owns one open file, mode 0600; every method raises OSError as the system does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, _FLAGS, _MODE)
        found = os.fstat(self._descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(self._descriptor)
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        self._size = found.st_size
        self.unsynced = False

    @classmethod
    def open_mended(cls, path: Path, *, whole: int) -> tuple[Self, int]:
        """Open, cut back to `whole` bytes; also how many bytes a crash had left after them."""
        file = cls(path)
        torn = file._size - whole
        if torn:
            os.ftruncate(file._descriptor, whole)
            file._size = whole
            file.unsynced = True
        return file, torn

    def append(self, data: bytes) -> None:
        """Write all of `data`; after a failure the file ends as before.

        Raises AuditChainBroken when somebody else made the file shorter.
        """
        end = self._write(data)
        if end > self._size + len(data):  # somebody added to it, or an earlier failure is left
            os.ftruncate(self._descriptor, self._size)
            end = self._write(data)
        if end != self._size + len(data):
            os.ftruncate(self._descriptor, max(0, end - len(data)))
            raise self._touched()
        self._size = end
        self.unsynced = True

    def _write(self, data: bytes) -> int:
        """Where it ends: a write goes to the end of the file, wherever others have put that."""
        left = data
        try:
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def sync(self) -> None:
        """Bring what was written to the disk. Raises AuditChainBroken as `check_there` does."""
        self.check_there()
        if self.unsynced:
            os.fdatasync(self._descriptor)
            self.unsynced = False

    def begin_flush(self) -> "Flush":
        """For bringing to the disk what is written by now, while others go on writing."""
        return Flush(self, os.dup(self._descriptor), self._size)

    def end_flush(self, size: int) -> None:
        """So many bytes are on the disk."""
        self.unsynced = self.unsynced and self._size > size

    def close(self) -> None:
        """Close without flushing."""
        os.close(self._descriptor)

    def check_there(self) -> None:
        """Look whether its name still leads to this very file.

        Raises AuditChainBroken when somebody else removed, moved or replaced it, or cut it.
        """
        own = os.fstat(self._descriptor)
        try:
            named = self.path.stat()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise self._touched() from error
        if not os.path.samestat(own, named) or own.st_size < self._size:
            raise self._touched()

    def _touched(self) -> AuditChainBroken:
        return AuditChainBroken(
            f"{self.path} was removed, replaced or cut while in use; put it back and start again",
            position=0,
        )


class Flush:
    """Owns a descriptor of its own until `run` ends; the file may be closed meanwhile."""

    def __init__(self, file: AppendFile, descriptor: int, size: int) -> None:
        self._file = file
        self._descriptor = descriptor
        self._size = size

    def run(self) -> OSError | None:
        """Wait for the disk; what went wrong. Touches nothing that a writer uses."""
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            return error
        finally:
            os.close(self._descriptor)
        return None

    def settle(self) -> None:
        """After `run`, where nobody writes: tell the file."""
        self._file.end_flush(self._size)
