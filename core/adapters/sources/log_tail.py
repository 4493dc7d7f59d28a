"""Follows one log file by offset and inode, over rotations."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from core.adapters.sources.regular import open_regular

FIRST_BYTES_MAX: Final = 4_000_000  # how far back the first read goes
READ_BYTES_MAX: Final = 16_000_000  # of one read; the next goes on
_LINE_BYTES_MAX: Final = 65_536
_CHUNK_BYTES: Final = 1_000_000


@dataclass(slots=True)
class _Open:
    """A file that is being followed."""

    file: BinaryIO
    inode: tuple[int, int]
    rest: bytes = b""  # a line whose end is still to come
    skip: bool = field(default=False)  # until the next line begins
    rotated: bool = False  # another file took its name at the read before


class LogTail:
    """Blocking; one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened: list[_Open] = []

    def read_lines(self) -> list[str]:
        """Whole lines since the read before; at the first read, those near the end.

        Raises SourceFailed, OSError.
        """
        self._open_newest()
        lines: list[str] = []
        budget = READ_BYTES_MAX
        for each in self._opened:
            budget -= self._drain(each, lines, budget)
        # A server writes a little into the old file until it has opened the new one: the old
        # one is looked at once more.
        for each in [each for each in self._opened[:-1] if each.rotated and budget > 0]:
            each.file.close()
            self._opened.remove(each)
        for each in self._opened[:-1]:
            each.rotated = True
        return lines

    def close(self) -> None:
        """Let go of the files."""
        for each in self._opened:
            each.file.close()
        self._opened.clear()

    def _open_newest(self) -> None:
        try:
            file = open_regular(self._path)
        except FileNotFoundError:
            if self._opened:
                return  # between two steps of a rotation
            raise
        found = os.fstat(file.fileno())
        inode = (found.st_dev, found.st_ino)
        known = next((each for each in self._opened if each.inode == inode), None)
        if known is not None:
            file.close()
            if found.st_size < known.file.tell():  # copied away and cut
                known.file.seek(0)
                known.rest, known.skip = b"", False
            return
        start = 0 if self._opened else max(0, found.st_size - FIRST_BYTES_MAX)
        file.seek(start)
        self._opened.append(_Open(file, inode, skip=start > 0))

    def _drain(self, each: _Open, lines: list[str], budget: int) -> int:
        """Read to the end, or until the budget is spent; how much was read."""
        spent = 0
        while spent < budget:
            chunk = each.file.read(min(_CHUNK_BYTES, budget - spent))
            if not chunk:
                break
            spent += len(chunk)
            *whole, each.rest = (each.rest + chunk).split(b"\n")
            if each.skip and whole:
                each.skip = False
                del whole[0]
            lines += [line.decode(errors="replace") for line in whole]
            if len(each.rest) > _LINE_BYTES_MAX:
                each.rest, each.skip = b"", True
        return spent
