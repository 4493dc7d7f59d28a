"""JSON as a flat list of paths and values: nothing can hide in its depth."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from core.actions import JsonValue

_PLAIN_KEY: Final = re.compile(r"[^\W\d][\w-]*")


class Leaf(NamedTuple):
    """One value that holds no other."""

    path: str  # as findings spell it: `a.b[0]`
    shown: str  # the same, keys that could be misread in quotes: `a["b.c"]`
    value: JsonValue


def leaves_of(value: JsonValue, *, root: str = "") -> tuple[Leaf, ...]:
    """Every leaf in order; empty lists and objects are leaves too. `root` starts the paths."""
    return tuple(walk_leaves(value, root))


def walk_leaves(value: JsonValue, root: str = "") -> Iterator[Leaf]:
    """The leaves one by one, for whoever needs only the first ones."""
    # A stack, not recursion: how deep arguments go is the agent's choice.
    waiting = [Leaf(root, "", value)]
    while waiting:
        path, shown, item = waiting.pop()
        if isinstance(item, Mapping) and item:
            inner = [
                Leaf(f"{path}.{key}" if path else key, _join(shown, key), each)
                for key, each in item.items()
            ]
            waiting.extend(reversed(inner))
        elif isinstance(item, Sequence) and not isinstance(item, str) and item:
            inner = [Leaf(f"{path}[{at}]", f"{shown}[{at}]", each) for at, each in enumerate(item)]
            waiting.extend(reversed(inner))
        else:
            yield Leaf(path, shown, item)


def _join(shown: str, key: str) -> str:
    if not _PLAIN_KEY.fullmatch(key):
        return f"{shown}[{literal(key)}]"
    return f"{shown}.{key}" if shown else key


def literal(value: JsonValue) -> str:
    """A value as JSON writes it."""
    return json.dumps(value, ensure_ascii=False, default=str)
