"""Disks that are full, read-only or failing, and files that others hold; real ones, not fakes."""

import contextlib
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest


@contextlib.contextmanager
def mounted(*arguments: str, at: Path) -> Generator[None]:
    """A mount for the time of a test; the test is skipped where mounting is not allowed."""
    at.mkdir(exist_ok=True)
    try:
        subprocess.run(["mount", *arguments, str(at)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"mounting is not allowed here: {error}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


@contextlib.contextmanager
def small_disk(at: Path, size: str) -> Generator[None]:
    """An empty disk of that size, such as `2m`."""
    with mounted("-t", "tmpfs", "-o", f"size={size}", "none", at=at):
        yield


def fill(disk: Path) -> Path:
    """Take all the room there is; delete the file that is returned to give it back."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    return ballast


@contextlib.contextmanager
def read_only_view(folder: Path, *, at: Path) -> Generator[None]:
    """The same folder at another place, where not even root can write it."""
    with mounted("--bind", str(folder), at=at):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(at)], check=True)
        yield


@contextlib.contextmanager
def file_size_limit(limit: int) -> Generator[None]:
    """Writes of this process beyond `limit` bytes fail with EFBIG, as with a quota."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


@contextlib.contextmanager
def immutable(*paths: Path) -> Generator[None]:
    """Files that even root cannot write, though they are open already."""
    chattr = shutil.which("chattr")
    if chattr is None or subprocess.run([chattr, "+i", *paths], check=False).returncode:
        pytest.skip("files cannot be made immutable here")
    try:
        yield
    finally:
        subprocess.run([chattr, "-i", *paths], check=True)


@contextlib.contextmanager
def locked_by_another_process(path: Path) -> Generator[None]:
    """The SQLite file `path`, with its lock held by a process of its own."""
    code = (
        "import sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('BEGIN EXCLUSIVE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        yield
        other.communicate()
