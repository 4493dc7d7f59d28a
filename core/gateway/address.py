"""Where the running gateway listens, and the local user's agent token. Standard library only:
the hook command starts once for every tool call."""

import fcntl
import json
import os
import re
import shlex
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from core.errors import ConfigError

_TOKEN = re.compile("[!-~]+")
ADDRESS_FILE = "gateway.json"
LOCK_FILE = "lock"  # held by the process that hosts the home, for as long as it lives
TOKEN_FILE = "agent.token"  # noqa: S105 - a file's name


def not_running(home: Path) -> str:
    """What to say when no engine answers for this home."""
    where = f"--home {shlex.quote(str(home))}"
    return (
        f"Maestro Console is not running; start it with `maestro {where}` or"
        f" `maestro serve {where}`, then try again"
    )


class GatewayAddress(NamedTuple):
    """One HTTP endpoint."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """As `http://host:port`, without a trailing slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def read_address(home: Path) -> GatewayAddress:
    """Read `gateway.json`: `{"url": …}` or `{"host": …, "port": …}`.

    Raises: ConfigError when no process hosts the home, or the file is missing or unreadable.
    """
    path = home / ADDRESS_FILE
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        host, port = document.get("host"), document.get("port")
        if "url" in document:
            parts = urlsplit(str(document["url"]))
            host, port = parts.hostname, parts.port
    except FileNotFoundError:
        raise ConfigError(f"{not_running(home)} (no {path})") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} does not say where the gateway listens: {error}") from error
    if not isinstance(host, str) or not host or not isinstance(port, int):
        raise ConfigError(f"{path} does not say where the gateway listens")
    if not _is_hosted(home):  # anybody may have taken the port since, and would get the token
        raise ConfigError(f"{not_running(home)} ({path} is left from one that was killed)")
    return GatewayAddress(host, port)


def _is_hosted(home: Path) -> bool:
    try:
        descriptor = os.open(home / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def read_token(home: Path) -> str:
    """Read the agent token. Raises: ConfigError when there is none; the text never holds it."""
    path = home / TOKEN_FILE
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise ConfigError(f"the agent token at {path} cannot be read: {_why(error)}") from None
    return parse_token(text, where=f"the agent token at {path}")


def parse_token(text: str, *, where: str) -> str:
    """The token that a file holds: bare, or in the JSON that `maestro tokens create` prints.

    Raises: ConfigError when it is neither; its text begins with `where` and never holds the token.
    """
    token: Any = text.strip()
    if token.startswith("{"):
        try:
            token = json.loads(token)["secret"]
        except (ValueError, KeyError, RecursionError):
            token = None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ConfigError(
            f"{where} is empty or damaged: a token file holds the token alone, or the JSON that"
            " `maestro tokens create` prints"
        )
    return token


def _why(error: OSError | ValueError) -> str:
    """The cause without any of the file's content."""
    return (error.strerror or "unknown") if isinstance(error, OSError) else "not plain text"
