"""Where an engine may be, and the token that opens it."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from core.errors import ConfigError
from core.gateway.address import parse_token, read_address
from core.gateway.tokens import token_path
from core.records import TokenKind

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def check_url(text: str) -> str:
    """`http://host:port` without a trailing slash.

    Raises ConfigError: a token goes in the clear over http, so that is for this machine alone.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigError(f"{text!r} is no address; one looks like http://127.0.0.1:7717")
    if parts.username is not None or parts.password is not None:
        raise ConfigError("no password in an address: the token is read from a file")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(f"{text!r} goes on after the port; give http://HOST:PORT alone")
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise ConfigError(
            f"{host} is another machine: the token would travel in the clear. Use https, or a"
            " tunnel such as `ssh -L 7717:127.0.0.1:7717`, and attach to its end here"
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port is None else f":{port}")


def find_url(given: str | None, home: Path) -> str:
    """The address given, else the one that the home's engine listens at. Raises ConfigError."""
    return check_url(given) if given else read_address(home).url


def read_operator_token(home: Path, file: Path | None) -> str:
    """From `file`, else from the home. Raises ConfigError; the text never holds the token."""
    path = file or token_path(home, TokenKind.OPERATOR)
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "not plain text"
        raise ConfigError(
            f"the operator token at {path} cannot be read: {why}. Name the engine's home with"
            " --home, or a file that holds the token with --token-file"
        ) from None
    return parse_token(text, where=f"the operator token at {path}")
