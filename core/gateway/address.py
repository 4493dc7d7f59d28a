"""Where the running gateway listens, and the local user's agent token. Standard library only:
the hook command starts once for every tool call."""

import json
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from core.errors import ConfigError

ADDRESS_FILE = "gateway.json"
TOKEN_FILE = "agent.token"  # noqa: S105 - a file's name
NOT_RUNNING = (
    "Maestro Console is not running; start it with `maestro` or `maestro serve`, then try again"
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

    Raises: ConfigError when the file is missing (the console never ran here) or unreadable.
    """
    path = home / ADDRESS_FILE
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        host, port = document.get("host"), document.get("port")
        if "url" in document:
            parts = urlsplit(str(document["url"]))
            host, port = parts.hostname, parts.port
    except FileNotFoundError:
        raise ConfigError(f"{NOT_RUNNING} (no {path})") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} does not say where the gateway listens: {error}") from error
    if not isinstance(host, str) or not host or not isinstance(port, int):
        raise ConfigError(f"{path} does not say where the gateway listens")
    return GatewayAddress(host, port)


def read_token(home: Path) -> str:
    """Read the agent token. Raises: ConfigError when there is none; the text never holds it."""
    path = home / TOKEN_FILE
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"the agent token at {path} cannot be read: {_why(error)}") from None
    if not token.isprintable() or not token:
        raise ConfigError(f"the agent token at {path} is empty or damaged")
    return token


def _why(error: OSError | ValueError) -> str:
    """The cause without any of the file's content."""
    return (error.strerror or "unknown") if isinstance(error, OSError) else "not plain text"
