"""Declared files: read whole up to a bound, and listed by pattern, off the loop."""

import asyncio
import glob
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from core.agents.ports import FileSeen
from core.errors import SourceFailed

TEXT_BYTES_MAX: Final = 8_000_000
_LISTED_MAX: Final = 10_000


class LocalFiles:
    """Paths that are not absolute are taken from `base`."""

    def __init__(self, base: Path, *, bytes_max: int = TEXT_BYTES_MAX) -> None:
        self._base = base
        self._bytes_max = bytes_max

    async def read_text(self, path: str) -> str:
        """The whole text. Raises SourceFailed: missing, no plain file, too big, not UTF-8."""
        return await asyncio.to_thread(self._read, path)

    async def list_files(self, pattern: str) -> tuple[FileSeen, ...]:
        """Plain files that fit, by path. Raises SourceFailed when there are too many."""
        return await asyncio.to_thread(self._list, pattern)

    def _read(self, path: str) -> str:
        try:
            # Without waiting: a named pipe in the file's place must not hold a thread for ever.
            descriptor = os.open(self._base / path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:  # noqa: PTH123 - pathlib opens no descriptors
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise SourceFailed(f"{path} is no plain file")
                content = file.read(self._bytes_max + 1)
            if len(content) > self._bytes_max:
                raise SourceFailed(f"{path} is longer than {self._bytes_max:,} bytes")
            return content.decode("utf-8-sig")
        except OSError as error:
            raise SourceFailed(f"cannot read {path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise SourceFailed(f"{path} is not UTF-8 text: {error.reason}") from error

    def _list(self, pattern: str) -> tuple[FileSeen, ...]:
        seen: list[FileSeen] = []
        # Path.glob takes no absolute patterns, and the declared ones may be.
        for found in glob.iglob(str(self._base / pattern), recursive=True):  # noqa: PTH207
            try:
                status = Path(found).stat()
            except OSError:
                continue  # gone since it was listed, or a link to nowhere
            if not stat.S_ISREG(status.st_mode):
                continue
            if len(seen) >= _LISTED_MAX:
                raise SourceFailed(f"more than {_LISTED_MAX:,} files fit {pattern}")
            seen.append(FileSeen(found, datetime.fromtimestamp(status.st_mtime, UTC)))
        return tuple(sorted(seen, key=lambda each: each.path))
