"""Two schemas compared, for who sends the value and for who reads it. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.actions import JsonObject
from core.agents.contracts import ContractFinding, ContractLevel
from core.orchestration.openapi.nodes import Node, follow, join_pointer, name_place
from core.orchestration.openapi.shapes import LOWER, UPPER, Shape, flatten, to_key

_PAIRS_MAX: Final = 50_000


class Way(StrEnum):
    """Which way a value goes."""

    REQUEST = "request"  # the old side sends: what it sends must still be taken
    RESPONSE = "response"  # the old side reads: what it gets must be what it can read


Key = tuple[str, str, Way]
"""Where the two schemas of a pair stand, and which way their values go."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An old and a new schema, and which way their values go."""

    old: Node
    new: Node
    way: Way

    @property
    def key(self) -> Key:
        """Places are enough: a document does not change while it is compared."""
        return self.old.pointer, self.new.pointer, self.way


class SchemaComparison:
    """Compares each pair of schemas once: circles end, and what is shared costs nothing more."""

    def __init__(self, old: JsonObject, new: JsonObject) -> None:
        self._old = old
        self._new = new
        self._found: dict[Key, tuple[ContractFinding, ...]] = {}
        self._used_by: dict[Key, list[Key]] = {}
        self._too_big = False

    def compare(self, old: Node, new: Node, way: Way) -> Key:
        """Compare these and the schemas within; the key tells later whether that broke."""
        root = self._pair(old, new, way)
        waiting = [root]
        while waiting:
            pair = waiting.pop()
            if pair.key in self._found:
                continue
            if len(self._found) >= _PAIRS_MAX:
                self._too_big = True
                break
            before, after = flatten(self._old, pair.old), flatten(self._new, pair.new)
            self._found[pair.key] = (
                *_compare_shapes(before, after, pair),
                *_compare_choices(self._new, before, after, pair),
            )
            for each in _inside(before, after):
                inside = self._pair(*each, pair.way)
                self._used_by.setdefault(inside.key, []).append(pair.key)
                waiting.append(inside)
        return root.key

    def findings(self) -> Iterator[ContractFinding]:
        """All that differs in what was compared."""
        for each in self._found.values():
            yield from each
        if self._too_big:
            said = f"More than {_PAIRS_MAX:,} pairs of schemas: the rest is not compared."
            yield _found("too-big", ContractLevel.WARNING, "", said)

    def find_broken(self) -> frozenset[Key]:
        """The pairs that break, or that hold one that does."""
        waiting = [key for key, found in self._found.items() if any(map(_is_breaking, found))]
        broken = set(waiting)
        while waiting:
            for user in self._used_by.get(waiting.pop(), ()):
                if user not in broken:
                    broken.add(user)
                    waiting.append(user)
        return frozenset(broken)

    def _pair(self, old: Node, new: Node, way: Way) -> Pair:
        return Pair(_settle(self._old, old), _settle(self._new, new), way)


def _is_breaking(finding: ContractFinding) -> bool:
    return finding.level is ContractLevel.BREAKING


def _settle(document: JsonObject, node: Node) -> Node:
    """Where a plain reference leads; one with members beside it stays a place of its own."""
    while len(node.value) == 1 and "$ref" in node.value:
        found = follow(document, node)
        return node if found.problem else found
    return node


def _inside(old: Shape, new: Shape) -> Iterator[tuple[Node, Node]]:
    for name, before in old.properties.items():
        after = new.properties.get(name)
        if after is not None:
            yield before, after
    if old.items is not None and new.items is not None:
        yield old.items, new.items
    if old.rest is not None and new.rest is not None:
        yield old.rest, new.rest
    yield from _match_choices(old, new)[0]


def _match_choices(
    old: Shape, new: Shape
) -> tuple[list[tuple[Node, Node]], list[Node], list[Node]]:
    """Alternatives that belong together, those that are gone, those that have come.

    The same text first; what is left over pairs up in order when both sides have as many.
    """
    left: dict[str, list[Node]] = {}
    for each in new.choices:
        left.setdefault(to_key(each.value), []).append(each)
    pairs: list[tuple[Node, Node]] = []
    gone: list[Node] = []
    for each in old.choices:
        same = left.get(to_key(each.value))
        if same:
            pairs.append((each, same.pop(0)))
        else:
            gone.append(each)
    come = [each for rest in left.values() for each in rest]
    if len(gone) == len(come) and not any("$ref" in each.value for each in (*gone, *come)):
        return [*pairs, *zip(gone, come, strict=True)], [], []
    return pairs, gone, come


def _compare_choices(
    document: JsonObject, old: Shape, new: Shape, pair: Pair
) -> Iterator[ContractFinding]:
    _, gone, come = _match_choices(old, new)
    place = name_place(pair.new.pointer)
    if pair.way is Way.REQUEST and new.choices:
        for each in gone:
            yield _found(
                "alternative-removed",
                ContractLevel.BREAKING,
                each.pointer,
                f"{place} no longer takes {_name_choice(each)}.",
            )
    if pair.way is Way.RESPONSE and old.choices:
        for each in come:
            yield _found(
                "alternative-added",
                ContractLevel.WARNING,
                follow(document, each).pointer,
                f"{place} can now be {_name_choice(each)} too.",
            )


def _name_choice(node: Node) -> str:
    named = node.text("$ref").rsplit("/", 1)[-1] or node.text("title")
    return named or "one of its alternatives"


def _compare_shapes(old: Shape, new: Shape, pair: Pair) -> Iterator[ContractFinding]:
    for problem in new.problems:
        if problem in old.problems:
            continue
        yield _found("unresolved", ContractLevel.WARNING, pair.new.pointer, f"{problem}.")
    for compare in _COMPARISONS:
        yield from compare(old, new, pair)


def _compare_types(old: Shape, new: Shape, pair: Pair) -> Iterator[ContractFinding]:
    if old.types == new.types:
        return
    # Who sends must still be understood; who reads must know all that can come.
    sent, taken = (old, new) if pair.way is Way.REQUEST else (new, old)
    holds = _takes(taken.types, sent.types)
    level = ContractLevel.INFO if holds else ContractLevel.BREAKING
    code = "type-changed" if holds else "type-narrowed"
    if not holds and pair.way is Way.RESPONSE:
        code = "type-widened"
    yield _found(
        code,
        level,
        pair.new.pointer,
        f"{name_place(pair.new.pointer)} is {_name_types(new)} instead of {_name_types(old)}.",
    )


def _takes(taken: frozenset[str] | None, sent: frozenset[str] | None) -> bool:
    if taken is None:
        return True
    if sent is None:
        return False
    return all(each in taken or (each == "integer" and "number" in taken) for each in sent)


def _name_types(shape: Shape) -> str:
    return " or ".join(sorted(shape.types)) if shape.types else "anything"


def _compare_values(old: Shape, new: Shape, pair: Pair) -> Iterator[ContractFinding]:
    place = name_place(pair.new.pointer)
    if pair.way is Way.REQUEST:
        if new.values is None or old.values == new.values:
            return
        gone = None if old.values is None else old.values - new.values
        if gone is None or gone:
            what = _name_values(gone) if gone else "values outside a list"
            yield _found(
                "enum-narrowed",
                ContractLevel.BREAKING,
                pair.new.pointer,
                f"{place} no longer takes {what}.",
            )
    elif old.values is not None and old.values != new.values:
        come = None if new.values is None else new.values - old.values
        if come is None or come:
            what = _name_values(come) if come else "values outside the list"
            yield _found(
                "enum-widened",
                ContractLevel.WARNING,
                pair.new.pointer,
                f"{place} can now be {what}.",
            )


def _name_values(values: frozenset[str]) -> str:
    shown = sorted(values)[:5]
    return ", ".join(shown) + (" …" if len(values) > len(shown) else "")


def _compare_format(old: Shape, new: Shape, pair: Pair) -> Iterator[ContractFinding]:
    for name, before, after in (
        ("format", old.format, new.format),
        ("pattern", old.pattern, new.pattern),
    ):
        if before == after:
            continue
        # A form that who sends need not keep, or that who reads can rely on, harms nobody.
        loosened = not after if pair.way is Way.REQUEST else not before
        level = ContractLevel.INFO if loosened else ContractLevel.BREAKING
        if not loosened and (name == "pattern" or not after):
            level = ContractLevel.WARNING  # whether what comes still fits, nobody can tell
        yield _found(
            f"{name}-changed",
            level,
            pair.new.pointer,
            f"{name_place(pair.new.pointer)} has the {name} {after or 'none'!r} instead of"
            f" {before or 'none'!r}.",
        )


def _compare_bounds(old: Shape, new: Shape, pair: Pair) -> Iterator[ContractFinding]:
    for name in (*LOWER, *UPPER):
        before, after = old.bounds.get(name), new.bounds.get(name)
        sign = 1 if name in LOWER else -1
        if before == after or pair.way is Way.RESPONSE or after is None:
            continue
        if before is None or sign * after > sign * before:
            was = "none" if before is None else f"{before:g}"
            yield _found(
                "bound-narrowed",
                ContractLevel.BREAKING,
                pair.new.pointer,
                f"{name_place(pair.new.pointer)} has {name} {after:g} instead of {was}.",
            )


def _compare_properties(old: Shape, new: Shape, pair: Pair) -> Iterator[ContractFinding]:
    request = pair.way is Way.REQUEST
    for name, node in old.properties.items():
        if name not in new.properties:
            breaks = new.closed or not request
            level = ContractLevel.BREAKING if breaks else ContractLevel.WARNING
            told = "is refused now" if new.closed else "is ignored now"
            said = told if request else "is gone"
            place = name_place(node.pointer)
            yield _found("property-removed", level, node.pointer, f"{place} {said}.")
    for name, node in new.properties.items():
        if name not in old.properties and name not in new.required:
            place = name_place(node.pointer)
            yield _found("property-added", ContractLevel.INFO, node.pointer, f"{place} is new.")
    place = name_place(pair.new.pointer)
    for name in sorted(new.required - old.required if request else old.required - new.required):
        at = new.properties.get(name)
        if not request and at is None and name in old.properties:
            continue  # said already: it is gone
        pointer = at.pointer if at else join_pointer(pair.new.pointer, "required")
        said = f"must have {name!r} now" if request else f"may lack {name!r} now"
        code = "property-required" if request else "property-optional"
        yield _found(code, ContractLevel.BREAKING, pointer, f"{place} {said}.")
    if request and new.closed and not old.closed:
        yield _found(
            "properties-closed",
            ContractLevel.BREAKING,
            pair.new.pointer,
            f"{place} refuses properties that are not listed.",
        )


def _found(code: str, level: ContractLevel, pointer: str, message: str) -> ContractFinding:
    return ContractFinding(code=code, level=level, pointer=pointer, message=message)


_COMPARISONS: Final[tuple[Callable[[Shape, Shape, Pair], Iterator[ContractFinding]], ...]] = (
    _compare_types,
    _compare_values,
    _compare_format,
    _compare_bounds,
    _compare_properties,
)
