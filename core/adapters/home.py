"""A home: the folder that one process hosts at a time."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import platformdirs

from core.errors import ConfigError, HomeInUse

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600


def find_home(given: Path | None) -> Path:
    """`--home`, else `MAESTRO_HOME`, else the platform's state folder."""
    named = given or os.environ.get("MAESTRO_HOME")
    return Path(named).expanduser() if named else platformdirs.user_state_path("maestro")


def find_config(given: Path | None, home: Path) -> Path | None:
    """`--config`, else `MAESTRO_CONFIG`, else `maestro.toml` in the home if it is there."""
    named = given or os.environ.get("MAESTRO_CONFIG")
    if named:
        return Path(named).expanduser()
    inside = home / "maestro.toml"
    return inside if inside.exists() else None


def prepare_home(home: Path) -> None:
    """Make the folder, closed to others. Raises ConfigError when that cannot be."""
    try:
        home.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        home.chmod(FOLDER_MODE)
    except OSError as error:
        raise ConfigError(
            f"the home {home} cannot be used: {error.strerror}; choose another with --home"
        ) from error


@contextlib.contextmanager
def hold_home(home: Path) -> Iterator[None]:
    """Host this home. Raises HomeInUse, saying who does and how to attach.

    The lock is the kernel's: it ends with the process, however that ends.
    """
    prepare_home(home)
    descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HomeInUse(_who(home, lock)) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _who(home: Path, lock: IO[str]) -> str:
    owner = lock.read().strip() or "another process"
    url = ""
    with contextlib.suppress(OSError, ValueError, KeyError):
        url = json.loads((home / "gateway.json").read_text(encoding="utf-8"))["url"]
    reach = f"; it answers at {url}" if url else ""
    return (
        f"the home {home} is hosted by process {owner}{reach}."
        " Use that one, stop it, or choose another home with --home"
    )
