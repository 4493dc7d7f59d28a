"""Bounded memories: what was seen, what a map remembers."""

from collections import OrderedDict
from typing import Final

from core.telemetry.model import Value

_SEEN_MAX: Final = 65_536
_TWINS_MAX: Final = 16_384
_NOTES_MAX: Final = 8_192


class Seen:
    """Which ids came already: the newest 65,536 at least, in two generations."""

    def __init__(self, *, ids_max: int = _SEEN_MAX) -> None:
        self._ids_max = ids_max
        self._new: set[int] = set()
        self._old: set[int] = set()

    def add(self, emitter: str, id: str) -> bool:  # noqa: A002 - what it is
        """Remember; False when it was there before."""
        key = hash((emitter, id))
        if key in self._new or key in self._old:
            return False
        self._new.add(key)
        if len(self._new) >= self._ids_max:
            self._old, self._new = self._new, set()
        return True


class Twins:
    """Who told first of a call that the provider gave an id: the newest 16,384 at least."""

    def __init__(self, *, calls_max: int = _TWINS_MAX) -> None:
        self._calls_max = calls_max
        self._new: dict[int, tuple[str, str]] = {}
        self._old: dict[int, tuple[str, str]] = {}

    def first(self, emitter: str, response_id: Value, *, scope: str, id: str) -> tuple[str, str]:  # noqa: A002 - what it is
        """Scope and id of the record that told of it first, which may be this one."""
        key = hash((emitter, response_id))
        found = self._new.get(key) or self._old.get(key)
        if found is None:
            found = self._new[key] = scope, id
            if len(self._new) >= self._calls_max:
                self._old, self._new = self._new, {}
        return found


class Notes:
    """Small values by key; the oldest is forgotten first."""

    def __init__(self, *, notes_max: int = _NOTES_MAX) -> None:
        self._notes_max = notes_max
        self._notes: OrderedDict[str, Value] = OrderedDict()

    def get(self, key: str, /) -> Value:
        """What was put there; None when nothing was, or when it is forgotten."""
        return self._notes.get(key)

    def put(self, key: str, value: Value, /) -> None:
        """Remember, in place of what was there."""
        self._notes[key] = value
        self._notes.move_to_end(key)
        if len(self._notes) > self._notes_max:
            self._notes.popitem(last=False)

    def take(self, key: str) -> Value:
        """What was put there; it is forgotten."""
        return self._notes.pop(key, None)
