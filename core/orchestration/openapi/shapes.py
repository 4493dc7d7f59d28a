"""A schema as one flat shape: `allOf` merged, versions 3.0 and 3.1 of OpenAPI made alike. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from core.actions import JsonObject, JsonValue
from core.orchestration.openapi.nodes import Node, follow

_PARTS_MAX: Final = 64  # schemas merged by `allOf`, nested ones too
LOWER: Final = ("minimum", "minLength", "minItems", "minProperties")
UPPER: Final = ("maximum", "maxLength", "maxItems", "maxProperties")


@dataclass(slots=True)
class Shape:
    """What a value may look like. None is "anything"."""

    types: frozenset[str] | None = None
    properties: dict[str, Node] = field(default_factory=dict[str, Node])
    required: frozenset[str] = frozenset()
    closed: bool = False  # other properties are refused
    rest: Node | None = None  # schema of other properties
    items: Node | None = None
    values: frozenset[str] | None = None  # enum or const, as JSON texts
    format: str = ""
    pattern: str = ""
    bounds: dict[str, float] = field(default_factory=dict[str, float])
    choices: tuple[Node, ...] = ()  # of oneOf or anyOf
    problems: list[str] = field(default_factory=list[str])


def flatten(document: JsonObject, node: Node) -> Shape:
    """The shape of a schema, with all that `allOf` brings in."""
    shape = Shape()
    waiting, seen = [node], set[str]()
    while waiting and len(seen) < _PARTS_MAX:
        found = follow(document, waiting.pop(0))
        if found.problem:
            shape.problems.append(found.problem)
        if found.pointer in seen:
            continue
        seen.add(found.pointer)
        _merge(shape, found)
        waiting.extend(found.listed("allOf"))
    if waiting:
        shape.problems.append(f"only {_PARTS_MAX} schemas of an allOf are compared")
    return shape


def to_text(value: JsonValue) -> str:
    """One text for one JSON value, whatever the order of its keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def to_key(value: JsonValue) -> str:
    """A text that tells schemas apart, whatever the order of their keys and lists."""
    if isinstance(value, Mapping):
        inside = sorted(f"{name!r}:{to_key(each)}" for name, each in value.items())
    elif isinstance(value, list | tuple):
        inside = sorted(to_key(each) for each in value)
    else:
        return to_text(value)
    return f"{type(value).__name__}({','.join(inside)})"


def _merge(shape: Shape, node: Node) -> None:
    types = _read_types(node)
    if types is not None:
        shape.types = types if shape.types is None else (shape.types & types or shape.types)
    values = _read_values(node)
    if values is not None:
        shape.values = values if shape.values is None else shape.values & values
    for name, each in node.children("properties").items():
        shape.properties.setdefault(name, each)
    required = node.get("required")
    if isinstance(required, list | tuple):
        shape.required |= {each for each in required if isinstance(each, str)}
    shape.closed = shape.closed or node.get("additionalProperties") is False
    shape.rest = shape.rest or node.child("additionalProperties")
    shape.items = shape.items or node.child("items")
    shape.format = shape.format or node.text("format")
    shape.pattern = shape.pattern or node.text("pattern")
    shape.choices = shape.choices or node.listed("oneOf") or node.listed("anyOf")
    _merge_bounds(shape, node)


def _merge_bounds(shape: Shape, node: Node) -> None:
    for name, pick in (*((each, max) for each in LOWER), *((each, min) for each in UPPER)):
        value = node.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            shape.bounds[name] = pick(shape.bounds.get(name, value), value)


def _read_types(node: Node) -> frozenset[str] | None:
    given = node.get("type")
    if isinstance(given, str):
        types = {given}
    elif isinstance(given, list | tuple):
        types = {each for each in given if isinstance(each, str)}
    elif isinstance(node.get("properties"), Mapping):
        types = {"object"}
    elif isinstance(node.get("items"), Mapping):
        types = {"array"}
    else:
        return None
    if node.get("nullable") is True:  # OpenAPI 3.0
        types.add("null")
    return frozenset(types)


def _read_values(node: Node) -> frozenset[str] | None:
    if "const" in node.value:
        return frozenset({to_text(node.get("const"))})
    listed = node.get("enum")
    if not isinstance(listed, list | tuple):
        return None
    return frozenset(to_text(each) for each in listed)
