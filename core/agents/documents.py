"""Declared documents as plain JSON values: JSON, YAML and TOML, bounded. Pure."""

import json
import tomllib
from collections.abc import Mapping
from datetime import date, time
from typing import Any, Final, cast

import yaml

from core.actions import JsonObject, JsonValue
from core.errors import SourceFailed

_NODES_MAX: Final = 200_000  # YAML aliases can make a short text very big
_DEPTH_MAX: Final = 100
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C where it is built


def parse_document(text: str, name: str) -> JsonObject:
    """The object in `text`; `name` ends in .json or .toml, anything else is read as YAML.

    Raises SourceFailed naming the document: not well formed, too big, not an object.
    """
    found = parse_value(text, name)
    if not isinstance(found, Mapping):
        raise SourceFailed(f"{name} holds no object at its top")
    return found


def parse_value(text: str, name: str) -> JsonValue:
    """The same for any value. Raises SourceFailed."""
    try:
        return _Plain(name).make_plain(_parse(text, name), 0)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise SourceFailed(f"{name} cannot be read: {reason}") from error


def _parse(text: str, name: str) -> object:
    if name.endswith(".json"):
        return json.loads(text)
    if name.endswith(".toml"):
        return tomllib.loads(text)
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader


class _Plain:
    """Makes keys texts and dates ISO texts, and counts what there is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes = 0

    def make_plain(self, value: object, depth: int) -> JsonValue:
        self._nodes += 1
        if self._nodes > _NODES_MAX or depth > _DEPTH_MAX:
            raise SourceFailed(
                f"{self._name} holds more than {_NODES_MAX:,} values or is nested more than"
                f" {_DEPTH_MAX} deep"
            )
        if isinstance(value, dict):
            pairs = cast("dict[Any, object]", value).items()
            return {str(key): self.make_plain(each, depth + 1) for key, each in pairs}
        if isinstance(value, list):
            return [self.make_plain(each, depth + 1) for each in cast("list[object]", value)]
        if isinstance(value, date | time):  # a datetime is a date
            return value.isoformat()
        if value is None or isinstance(value, bool | int | float | str):
            return value
        raise SourceFailed(f"{self._name} holds a value of type {type(value).__name__}")


def as_objects(value: JsonValue) -> tuple[JsonObject, ...]:
    """The objects in a list; () for anything else."""
    if not isinstance(value, list | tuple):
        return ()
    return tuple(each for each in value if isinstance(each, Mapping))


def as_text(value: JsonValue) -> str:
    """A text, or ""."""
    return value.strip() if isinstance(value, str) else ""


def as_texts(value: JsonValue) -> tuple[str, ...]:
    """The texts in a list, or the one text; () for anything else."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple):
        return ()
    return tuple(each for each in value if isinstance(each, str))


def as_number(value: JsonValue) -> float | None:
    """A number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
