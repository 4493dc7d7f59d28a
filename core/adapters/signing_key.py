"""The key that signs the trail: made at the first start, closed to others at every one."""

import logging
import stat
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.audit.checkpoints import key_id
from core.audit.files import (
    AuditFiles,
    create_key,
    load_private_key,
    load_public_key,
    public_pem,
    size_of,
    write_new,
)
from core.errors import ConfigError

_LOG: Final = logging.getLogger("maestro.audit")
_OTHERS: Final = 0o077


def load_key(files: AuditFiles) -> Ed25519PrivateKey:
    """The signing key; made at first start, and never again once there is a trail.

    Raises ConfigError when it is gone, another one, or open to others and cannot be closed.
    """
    if files.private_key.exists():
        key = load_private_key(files.private_key)
        if not files.public_key.exists():
            write_new(files.public_key, public_pem(key.public_key()))
        elif key_id(load_public_key(files.public_key)) != key_id(key.public_key()):
            raise ConfigError(
                f"{files.private_key} does not belong to {files.public_key}:"
                " bring the right one back"
            )
        _close_key(files.private_key)
        return key
    if size_of(files.checkpoints) or files.public_key.exists():
        raise ConfigError(
            f"the signing key {files.private_key} is gone and the trail goes on: bring it back, or"
            " name it with [audit] key_file"
        )
    key = create_key(files.private_key)
    write_new(files.public_key, public_pem(key.public_key()))
    return key


def close_folder(folder: Path) -> None:
    """Take from others what they may do with the audit files. Raises OSError."""
    for path in (folder, *folder.iterdir()):
        if not path.is_symlink():
            _close_to_others(path)


def _close_key(path: Path) -> None:
    try:
        _close_to_others(path)
    except OSError as error:
        raise ConfigError(
            f"the signing key {path} can be read by others and cannot be closed to them"
            f" ({error.strerror}): chmod 600 {path}"
        ) from error


def _close_to_others(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        _LOG.warning("%s was open to others (mode %o): made private", path.name, mode)
        path.chmod(mode & ~_OTHERS)
