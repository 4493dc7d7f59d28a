"""Calls the running console's gateway with the operator's token; standard library only."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from core.errors import ConfigError, MaestroError
from core.gateway.address import not_running, parse_token, read_address
from core.gateway.tokens import token_path
from core.records import TokenKind

_TIMEOUT_S = 30.0


class GatewayRefusedError(MaestroError):
    """The gateway answered with a problem; the text is its own."""


def call_gateway(home: Path, method: str, path: str, body: Any = None) -> Any:
    """Send one request as the local operator and return the JSON answer.

    Raises: ConfigError when nothing runs in this home, GatewayRefusedError otherwise.
    """
    data = None if body is None else json.dumps(body).encode()
    try:
        return json.loads(_send(home, method, path, data))
    except ValueError as error:
        raise ConfigError(f"what listens for {home} gives no answer: {error}") from error


def fetch_bytes(home: Path, path: str) -> bytes:
    """Like `call_gateway`, for an answer that is not JSON."""
    return _send(home, "GET", path, None)


def _send(home: Path, method: str, path: str, data: bytes | None) -> bytes:
    address = read_address(home)
    request = urllib.request.Request(  # noqa: S310 - the address is our own, on loopback
        address.url + path,
        data=data,
        method=method,
        headers={
            "Authorization": f"Bearer {_token(home)}",
            "Content-Type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - as above
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        raise GatewayRefusedError(_words(error)) from error
    except OSError as error:
        if isinstance(getattr(error, "reason", error), ConnectionRefusedError):
            raise ConfigError(not_running(home)) from error
        raise ConfigError(f"what listens at {address.url} gives no answer: {error}") from error


def _token(home: Path) -> str:
    path = token_path(home, TokenKind.OPERATOR)
    try:
        text = path.read_text(encoding="ascii")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except ValueError:
        raise ConfigError(f"cannot read {path}: not plain text") from None
    return parse_token(text, where=f"the operator token at {path}")


def _words(error: urllib.error.HTTPError) -> str:
    try:
        problem = json.load(error)
        return str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        return f"the gateway answered {error.code} {error.reason}"
