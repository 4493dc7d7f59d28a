"""Operations of a document, with what paths and the whole document say about them. Pure."""

import re
from dataclasses import dataclass
from typing import Final

from core.actions import JsonObject, JsonValue
from core.orchestration.openapi.nodes import Node, follow
from core.orchestration.openapi.shapes import to_text

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")

Demand = frozenset[tuple[str, str]]
"""One way to be let in: (scheme, what it asks for) pairs that are all needed."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    name: str  # "POST /orders/{id}"
    node: Node
    parameters: dict[tuple[str, str], Node]  # (in, name), path parameters by their position
    body: Node | None
    responses: dict[str, Node]
    demands: frozenset[Demand]

    @property
    def deprecated(self) -> bool:
        """Still there, and not for long."""
        return self.node.get("deprecated") is True


@dataclass(frozen=True, slots=True)
class Contract:
    """A document as operations by path (names of path parameters left out) and method."""

    document: JsonObject
    paths: dict[str, Node]
    operations: dict[tuple[str, str], Operation]


def read_contract(document: JsonObject) -> Contract:
    """All operations; what is no object where one belongs is left out."""
    paths: dict[str, Node] = {}
    operations: dict[tuple[str, str], Operation] = {}
    for path, given in Node(document, "").children("paths").items():
        item = follow(document, given)
        key = _PLACEHOLDER.sub("{}", path)
        paths[key] = given
        for method in METHODS:
            node = item.child(method)
            if node is not None:
                operations[key, method] = _read_operation(document, path, method, item, node)
    return Contract(document, paths, operations)


def _read_operation(
    document: JsonObject, path: str, method: str, item: Node, node: Node
) -> Operation:
    positions = {name: str(index) for index, name in enumerate(_PLACEHOLDER.findall(path))}
    parameters: dict[tuple[str, str], Node] = {}
    for each in (*item.listed("parameters"), *node.listed("parameters")):  # the later one wins
        found = follow(document, each)
        place, name = found.text("in"), found.text("name")
        if place == "header":
            name = name.lower()
        parameters[place, positions.get(name, name) if place == "path" else name] = found
    body = node.child("requestBody")
    return Operation(
        name=f"{method.upper()} {path}",
        node=node,
        parameters=parameters,
        body=follow(document, body) if body else None,
        responses={
            status.upper(): follow(document, each)
            for status, each in node.children("responses").items()
        },
        demands=_read_demands(document, node),
    )


def _read_demands(document: JsonObject, node: Node) -> frozenset[Demand]:
    given = node.get("security") if "security" in node.value else document.get("security")
    ways = given if isinstance(given, list | tuple) else ()
    demands = {_read_demand(document, Node(way, "")) for way in ways if isinstance(way, dict)}
    return frozenset(demands) or frozenset({Demand()})


def _read_demand(document: JsonObject, way: Node) -> Demand:
    needed: set[tuple[str, str]] = set()
    for scheme in way.value:
        needed.add((scheme, _describe_scheme(document, scheme)))
        scopes: JsonValue = way.get(scheme)
        if isinstance(scopes, list | tuple):
            needed |= {(scheme, f"the scope {each}") for each in scopes if isinstance(each, str)}
    return frozenset(needed)


def _describe_scheme(document: JsonObject, scheme: str) -> str:
    """How the scheme works; what is only for people is left out."""
    components = Node(document, "").child("components")
    schemes = components.children("securitySchemes") if components else {}
    if scheme not in schemes:
        return "a scheme that is not described"
    found = follow(document, schemes[scheme])
    told = {
        name: found.get(name)
        for name in ("type", "scheme", "in", "name", "openIdConnectUrl")
        if name in found.value
    }
    return to_text(told)
