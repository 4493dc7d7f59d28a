"""Facts in their two written forms: Cedar's context, and the JSON object that is recorded."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Final

from pydantic import TypeAdapter, ValidationError

from core.actions import JsonObject, JsonValue
from core.governance.model import Facts, PolicyRequest

_FACTS: Final = TypeAdapter(Facts)
_NAMES: Final = tuple(each.name for each in fields(Facts))
_VALUES: Final[Callable[[Facts], tuple[bool | int, ...]]] = attrgetter(*_NAMES)
_SETS: Final[tuple[tuple[str, Callable[[Facts], frozenset[str]]], ...]] = tuple(
    (each.name, attrgetter(each.name)) for each in fields(Facts) if each.type not in (bool, int)
)

Attribute = Callable[[PolicyRequest], str]
"""Writes one attribute of the context as `"name":value`."""


@lru_cache(maxsize=1024)
def _write_set(values: frozenset[str]) -> str:
    return json.dumps(sorted(values))


def _fact(name: str, kind: object) -> Attribute:
    read = attrgetter(f"facts.{name}")
    if kind is bool:
        yes, no = f'"{name}":true', f'"{name}":false'
        return lambda request: yes if read(request) else no
    if kind is int:
        return lambda request: f'"{name}":{read(request)}'
    return lambda request: f'"{name}":{_write_set(read(request))}'


ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    "role": lambda asked: f'"role":{{"__entity":{{"type":"Role","id":"{asked.principal.role}"}}}}',
    "kind": lambda asked: f'"kind":{json.dumps(asked.kind)}',
    "resource": lambda asked: f'"resource":{json.dumps(asked.resource)}',
    **{each.name: _fact(each.name, each.type) for each in fields(Facts)},
}
"""Each attribute of the schema's `Facts`, and how it is written."""


def write_context(request: PolicyRequest, attributes: Iterable[Attribute]) -> str:
    """Cedar's context as JSON text, with these attributes alone.

    Reading the context is what costs most in an evaluation, so nobody sends what no policy reads.
    """
    return "{" + ",".join([write(request) for write in attributes]) + "}"


def facts_to_json(facts: Facts) -> JsonObject:
    """Facts as a JSON object, sets sorted, for the trail and for replay."""
    written: dict[str, JsonValue] = dict(zip(_NAMES, _VALUES(facts), strict=True))
    for name, read in _SETS:
        written[name] = sorted(read(facts))
    return written


def facts_from_json(written: JsonObject) -> Facts:
    """The way back. A fact that is not given has its default; unknown ones are left out.

    Raises: ValueError for a fact of the wrong type.
    """
    try:
        return _FACTS.validate_json(json.dumps(written), strict=True)
    except ValidationError as error:
        faults = (f"{each['loc'][0]}: {each['msg']}" for each in error.errors())
        raise ValueError("; ".join(faults)) from error
