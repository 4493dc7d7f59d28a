"""SHA-256, also for what is short and comes now and then. Pure.

OpenSSL's is the quicker one in a loop. For each action it is called once, after some milliseconds
in which others used the processor, and has to be found and set up from memory that is no longer
near: three such calls took some 70 µs of an action (`docs/adr/0020-code-that-is-seldom-run.md`).
"""

import hashlib
import importlib
from collections.abc import Callable
from typing import Any, Final

_SHORT_BYTES: Final = 4096  # of more, OpenSSL's speed outweighs what it takes to begin


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of `data`, 64 hex digits."""
    digest: str = begin_sha256(data).hexdigest()
    return digest


def begin_sha256(data: bytes) -> Any:
    """A SHA-256 that begins with `data`, as of `hashlib`: with `copy`, `update`, `hexdigest`."""
    return (_INTERPRETERS_OWN if len(data) <= _SHORT_BYTES else hashlib.sha256)(data)


def find_own() -> Callable[[bytes], Any]:
    """The interpreter's own; it can be built without: then OpenSSL's again."""
    for module in ("_sha2", "_sha256"):  # Python 3.12 and later; 3.11
        try:
            own: Callable[[bytes], Any] = importlib.import_module(module).sha256
        except ImportError:
            continue
        return own
    return hashlib.sha256


_INTERPRETERS_OWN: Final = find_own()
