"""Opening files that are files: not pipes, which wait, and not devices, which have no end."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from core.errors import SourceFailed


def open_regular(path: Path) -> BinaryIO:
    """Unbuffered, for reading. Raises SourceFailed, OSError."""
    # Without O_NONBLOCK, opening a pipe waits for whoever writes into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SourceFailed("it is not a regular file")
    return open(descriptor, "rb", buffering=0)  # noqa: PTH123 - a descriptor has no path


def read_at_most(file: BinaryIO, count: int) -> bytes:
    """Its first `count` bytes, or all."""
    parts = bytearray()
    while len(parts) < count and (part := file.read(count - len(parts))):
        parts += part
    return bytes(parts)
