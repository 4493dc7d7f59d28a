"""Settings in force as rows: value, origin, default; never a secret."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, cast
from urllib.parse import urlsplit

from console.view_models.settings import DEFAULT
from core.governance.screening.rules import screen
from core.office_ports import SettingRow

_SECRET: Final = re.compile(r"(?i)(secret|token|password|passphrase|credential|api_?key)s?$")
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

FindOrigin = Callable[[Sequence[str]], str]
"""Where the setting of this path was made; "" for nowhere."""


def setting_rows(
    values: Mapping[str, Any], defaults: Mapping[str, Any], find_origin: FindOrigin
) -> tuple[SettingRow, ...]:
    """One row a setting, in the order of the sections; both mappings as JSON."""
    known = {path: _text(value) for path, value in _leaves(defaults)}
    return tuple(
        _row(path, value, known.get(path, ""), find_origin(path) or DEFAULT)
        for path, value in _leaves(values)
    )


def _row(path: tuple[str, ...], value: Any, default: str, origin: str) -> SettingRow:
    text = _text(value)
    hidden = bool(text) and _may_be_secret(path, text)
    return SettingRow(
        key=".".join(path),
        value="" if hidden else text,
        origin=origin,
        default=default,
        hidden=hidden,
    )


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, Mapping):
        for name, each in cast("Mapping[str, object]", value).items():
            yield from _leaves(each, (*path, name))
    else:
        yield path, value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(map(str, cast("Sequence[object]", value)))
    return str(value)


def _may_be_secret(path: tuple[str, ...], text: str) -> bool:
    """An environment handed on, a telling name, an address with more than a place in it."""
    if "env" in path[:-1] or _SECRET.search(path[-1]):
        return True
    if any(_says_too_much(word) for word in text.split() if _ADDRESS.match(word)):
        return True
    found = screen({path[-1]: text})
    return found.secrets


def _says_too_much(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return True
    return bool(parts.query or parts.fragment or parts.password)
