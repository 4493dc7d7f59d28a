"""The `audit` folder of a home: what lies where, and how it is read.

`checkpoints.jsonl` signed checkpoints · `signing.key`, `signing.pub` the key pair ·
`YYYY-MM-DD.jsonl` the daily copy of the entries. Lines end in a line feed and in nothing else:
entry texts may hold other line separators.
"""

import errno
import mmap
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO, FileIO
from itertools import chain
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from core.audit.model import Row
from core.errors import ConfigError

_DAY_FILE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.jsonl")
_LINE_SEQ: Final = re.compile(rb'\{"seq":([0-9]{1,18}),')
_DAILY_LINE: Final = re.compile(
    rb'\{"seq":([0-9]{1,18}),"hash":"([0-9a-f]{64})","entry":(\{.*\})\}', re.DOTALL
)
_MODE: Final = 0o600
_KEY_BYTES_MAX: Final = 65_536
_CHUNK_BYTES: Final = 131_072  # more would leave the cache before it is hashed


@dataclass(frozen=True, slots=True)
class AuditFiles:
    """Where the parts of one home's trail lie."""

    home: Path
    key_file: Path | None = None  # when the signing key is kept elsewhere

    @property
    def folder(self) -> Path:
        """All but, perhaps, the signing key."""
        return self.home / "audit"

    @property
    def checkpoints(self) -> Path:
        """One signed checkpoint a line."""
        return self.folder / "checkpoints.jsonl"

    @property
    def private_key(self) -> Path:
        """PKCS #8 PEM, mode 0600."""
        return self.key_file or self.folder / "signing.key"

    @property
    def public_key(self) -> Path:
        """PEM; a copy elsewhere is what makes verification independent of this home."""
        return self.folder / "signing.pub"

    def daily(self) -> tuple[Path, ...]:
        """Daily files, oldest first."""
        return tuple(path for path in self._named_as_daily() if _is_day(path.stem))

    def left_behind(self) -> Path | None:
        """A file that tells of a trail, whether the store is there or not."""
        return next((each for each in (self.checkpoints, *self.daily()) if size_of(each)), None)

    def misnamed(self) -> tuple[Path, ...]:
        """What is named as a daily file, of a day that there is not: the engine made none of it."""
        return tuple(path for path in self._named_as_daily() if not _is_day(path.stem))

    def _named_as_daily(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if _DAY_FILE.fullmatch(path.name))

    def daily_of(self, day: str) -> Path:
        """The file of one UTC day."""
        return self.folder / f"{day}.jsonl"


def open_regular(path: Path) -> FileIO:
    """Open for reading, unbuffered. Raises OSError, also where reading could wait for ever: of a
    pipe, say.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return FileIO(descriptor)


def read_lines(path: Path, *, begin: int = 0, size: int | None = None) -> Iterator[bytes]:
    """Complete lines without their ends, from byte `begin` up to `size`; nothing when absent."""
    return chain.from_iterable(_read_chunks(path, begin, size))


def _read_chunks(path: Path, begin: int, size: int | None) -> Iterator[list[bytes]]:
    try:
        file = open_regular(path)
    except FileNotFoundError:
        return
    with file:
        left = (os.fstat(file.fileno()).st_size if size is None else size) - begin
        file.seek(begin)
        rest = b""
        while data := file.read(min(left, _CHUNK_BYTES)):
            left -= len(data)
            lines = BytesIO(rest + data).readlines()  # a quarter of the time of a split
            rest = b"" if lines[-1].endswith(b"\n") else lines.pop()
            yield [line[:-1] for line in lines]


class LinesOfFiles:
    """The complete lines of some files, one file after the other.

    `files` are paths, each with the size in bytes up to which it is read. No file stays open
    between two calls but the one whose lines are being looked at.
    """

    def __init__(self, files: Iterable[tuple[Path, int]]) -> None:
        self._files = iter(files)
        self._path, self._size = Path(), 0
        self._begin = 0  # of the next line, in bytes
        self._lines: Iterator[bytes] | None = iter(())  # from there on; None: to be opened there
        self._line: bytes | None = None  # the next line, once it was looked at

    @property
    def file(self) -> str:
        """The stem of the file that was last looked at or taken from."""
        return self._path.stem

    def peek(self) -> bytes | None:
        """The next line without its end; None after the last one."""
        while self._line is None:
            if self._lines is None:
                self._lines = read_lines(self._path, begin=self._begin, size=self._size)
            self._line = next(self._lines, None)
            if self._line is None and not self._open_next():
                return None
        return self._line

    def take(self) -> None:
        """Go past the line that `peek` gave."""
        if self._line is not None:
            self._begin += len(self._line) + 1
            self._line = None

    def take_all(self, lines: bytes) -> bool:
        """Go past `lines`, whole with their ends, when the file goes on with just these."""
        if self._begin == self._size and not self._open_next():
            return False
        if self._begin + len(lines) > self._size or lines != self._read(len(lines)):
            return False
        self._begin += len(lines)
        self._lines = self._line = None
        return True

    def _read(self, length: int) -> bytes:
        try:
            file = open_regular(self._path)
        except FileNotFoundError:
            return b""
        with file:
            file.seek(self._begin)
            return file.read(length)

    def _open_next(self) -> bool:
        following = next(self._files, None)
        if following is None:
            return False
        self._path, self._size = following
        self._begin, self._lines = 0, None
        return True


def _is_day(stem: str) -> bool:
    try:
        date.fromisoformat(stem)
    except ValueError:
        return False
    return True


def read_tail(path: Path) -> tuple[bytes, int]:
    """The last complete line (empty when none) and the size up to its end, in bytes."""
    if not path.exists() or (path.is_file() and not path.stat().st_size):
        return b"", 0
    with (
        open_regular(path) as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        end = content.rfind(b"\n") + 1
        begin = content.rfind(b"\n", 0, max(end - 1, 0)) + 1
        return content[begin : end - 1] if end else b"", end


def parse_daily_line(line: bytes) -> Row | None:
    """Read exactly what `daily_line` writes, without its end; None for anything else."""
    found = _DAILY_LINE.fullmatch(line)
    if found is None:
        return None
    return int(found[1]), found[3], found[2]


def line_seq(line: bytes) -> int:
    """The entry number that a daily line starts with; 0 when it does not."""
    found = _LINE_SEQ.match(line)
    return int(found[1]) if found else 0


def size_of(path: Path) -> int:
    """Bytes in a file; 0 when it is not there."""
    return path.stat().st_size if path.exists() else 0


def load_private_key(path: Path) -> Ed25519PrivateKey:
    """Read the signing key. Raises ConfigError when it is no unencrypted Ed25519 key."""
    try:
        key = load_pem_private_key(_read_small(path), password=None)
    except OSError as error:
        raise ConfigError(f"cannot read the signing key {path}: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path} is not an unencrypted PEM private key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} is not an Ed25519 key")
    return key


def load_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key. Raises ConfigError when it is not Ed25519 in PEM."""
    try:
        key = load_pem_public_key(_read_small(path))
    except OSError as error:
        raise ConfigError(f"cannot read the public key {path}: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path} is not a PEM public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{path} is not an Ed25519 key")
    return key


def _read_small(path: Path) -> bytes:
    with open_regular(path) as file:
        return file.read(_KEY_BYTES_MAX)


def create_key(path: Path) -> Ed25519PrivateKey:
    """Make a signing key, durable before it signs anything. Raises ConfigError."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        write_new(path, pem)
    except OSError as error:
        raise ConfigError(f"cannot write the signing key {path}: {error.strerror}") from error
    return key


def public_pem(key: Ed25519PublicKey) -> bytes:
    """The public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def write_new(path: Path, data: bytes) -> None:
    """Write a small file whole or not at all: mode 0600, on the disk on return."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)  # a crash may have left one, with any mode
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
