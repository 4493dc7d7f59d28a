"""Places in a document: JSON pointers, references followed, names for people. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.actions import JsonObject, JsonValue

_REFERENCES_MAX: Final = 32
_EMPTY: Final[JsonObject] = {}
_SILENT: Final = frozenset(
    ("properties", "schema", "content", "allOf", "components", "paths", "additionalProperties")
)


@dataclass(frozen=True, slots=True)
class Node:
    """An object and where it stands. A reference that leads nowhere is said in `problem`."""

    value: JsonObject
    pointer: str
    problem: str = ""

    def get(self, name: str) -> JsonValue:
        """A member's value, or None."""
        return self.value.get(name)

    def text(self, name: str) -> str:
        """A member that is a text, else ""."""
        value = self.value.get(name)
        return value if isinstance(value, str) else ""

    def child(self, name: str) -> "Node | None":
        """A member that is an object."""
        value = self.value.get(name)
        return Node(value, join_pointer(self.pointer, name)) if isinstance(value, Mapping) else None

    def children(self, name: str) -> "dict[str, Node]":
        """The objects within a member that is an object."""
        inside = self.child(name)
        if inside is None:
            return {}
        found = ((key, inside.child(key)) for key in inside.value)
        return {key: node for key, node in found if node is not None}

    def listed(self, name: str) -> "tuple[Node, ...]":
        """The objects within a member that is a list."""
        value = self.value.get(name)
        if not isinstance(value, list | tuple):
            return ()
        at = join_pointer(self.pointer, name)
        return tuple(
            Node(each, join_pointer(at, str(index)))
            for index, each in enumerate(value)
            if isinstance(each, Mapping)
        )


def join_pointer(pointer: str, name: str) -> str:
    """RFC 6901: `~` and `/` in names are escaped."""
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def split_pointer(pointer: str) -> tuple[str, ...]:
    """The names of a pointer."""
    return tuple(
        part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:] if part
    )


def follow(document: JsonObject, node: Node) -> Node:
    """The node, with its `$ref` followed within the document, and members beside it kept.

    A circle, a reference to another document and one that leads nowhere end in an empty node with
    the problem.
    """
    beside: dict[str, JsonValue] = {}
    for _ in range(_REFERENCES_MAX):
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return Node({**node.value, **beside}, node.pointer) if beside else node
        beside = {**{key: each for key, each in node.value.items() if key != "$ref"}, **beside}
        target = _find(document, reference)
        if target is None:
            return Node(_EMPTY, node.pointer, f"the reference {reference!r} leads nowhere here")
        node = target
    return Node(_EMPTY, node.pointer, "references go in a circle")


def _find(document: JsonObject, reference: str) -> Node | None:
    if not reference.startswith("#/"):
        return None
    value: JsonValue = document
    names = split_pointer(reference[1:])
    for name in names:
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list | tuple) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return Node(value, reference[1:]) if isinstance(value, Mapping) else None


def name_place(pointer: str) -> str:
    """A place for people: `Order.items[].price`, `POST /orders request body: note`."""
    parts = split_pointer(pointer)
    start, inside = parts[:1], parts[2:]
    if start == ("paths",) and inside:
        return _name_in_operation(parts)
    if start == ("components",) and inside:
        return _join(inside)
    return _join(parts) or "the document"


def _name_in_operation(parts: tuple[str, ...]) -> str:
    operation = f"{parts[2].upper()} {parts[1]}"
    rest = parts[3:]
    if rest[:1] == ("requestBody",):
        return _with(f"{operation} request body", rest[3:] if rest[1:2] == ("content",) else ())
    if rest[:1] == ("responses",) and len(rest) > 1:
        return _with(
            f"{operation} response {rest[1]}", rest[4:] if rest[2:3] == ("content",) else rest[2:]
        )
    return _with(operation, rest)


def _with(start: str, rest: tuple[str, ...]) -> str:
    inside = _join(rest)
    return f"{start}: {inside}" if inside else start


def _join(parts: tuple[str, ...]) -> str:
    """`properties` and the like are how the document says it, and no part of the name."""
    text = ""
    for part in parts:
        if part == "items":
            text += "[]"
        elif part not in _SILENT:
            text += f".{part}" if text else part
    return text
