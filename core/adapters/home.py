"""A home: the folder that one process hosts at a time."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Generator
from pathlib import Path
from typing import Final

import platformdirs

from core.errors import ConfigError, HomeInUse

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
STORE_FILE: Final = "maestro.db"
_DEMO: Final = "demo"
_ADDRESS_FILE: Final = "gateway.json"
_TRIES: Final = 20
_TRY_S: Final = 0.005


def mark_demo(home: Path) -> None:
    """What is made from this home is said to be of a demo, also when it is copied away."""
    (home / _DEMO).touch(mode=0o600)


def is_demo(home: Path) -> bool:
    """Whether this is the home of a demo."""
    return (home / _DEMO).exists()


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
        raise _unusable(home, error) from error


@contextlib.contextmanager
def hold_home(home: Path) -> Generator[None]:
    """Host this home. Raises HomeInUse, saying who does and how to attach.

    The lock is the kernel's: it ends with the process, however that ends.
    """
    prepare_home(home)
    try:
        descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise _unusable(home, error) from error
    try:
        _take(descriptor, home)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, home: Path) -> None:
    try:
        _lock(descriptor)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        (home / _ADDRESS_FILE).unlink(missing_ok=True)  # of one that was killed
    except BlockingIOError as error:
        raise HomeInUse(_who(home, os.pread(descriptor, 32, 0).decode())) from error
    except OSError as error:
        raise _unusable(home, error) from error


def _lock(descriptor: int) -> None:
    """Raises BlockingIOError. Who only looks whether the home is hosted holds it for a moment."""
    for _ in range(_TRIES):
        with contextlib.suppress(BlockingIOError):
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(_TRY_S)
    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unusable(home: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"the home {home} cannot be used: {error.strerror}; mend that, or choose another with"
        " --home"
    )


def _who(home: Path, owner: str) -> str:
    owner = f"process {owner}" if owner else "another process"
    url = ""
    with contextlib.suppress(OSError, ValueError, KeyError):
        url = json.loads((home / _ADDRESS_FILE).read_text(encoding="utf-8"))["url"]
    reach = f"; it answers at {url}" if url else ""
    return (
        f"the home {home} is hosted by {owner}{reach}."
        f" Open a console onto it with `maestro attach --home {home}`, stop it, or choose another"
        " home with --home"
    )
