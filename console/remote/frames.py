"""From the lines of the engine's event stream to events. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from core.codec import decode_value
from core.events import CoreEvent

LOST: Final = "Lost"
_KINDS: Final[Mapping[str, Any]] = {each.__name__: each for each in get_args(CoreEvent)}


class Lost:
    """Some events are missing: everything must be read again."""


@dataclass(slots=True)
class Frames:
    """Puts lines together. `last_id` is where to go on after a break."""

    last_id: str = ""
    _name: str = ""
    _id: str = ""
    _data: list[str] = field(default_factory=list[str])

    def restart(self) -> None:
        """Forget a frame that a break has cut."""
        self._name, self._id, self._data = "", "", []

    def feed(self, line: str) -> Iterator[CoreEvent | Lost]:
        """One line, without its end; what it completes."""
        if line:
            self._keep(line)
            return
        name, data, identity = self._name, "\n".join(self._data), self._id
        self.restart()
        if data:
            yield from read_frame(name, data)
        if identity:
            self.last_id = identity

    def _keep(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._id = value


def read_frame(name: str, data: str) -> Iterator[CoreEvent | Lost]:
    """The event; nothing for a kind that this console does not know, `Lost` for a damaged one."""
    if name == LOST:
        yield Lost()
    elif name in _KINDS:
        try:
            event: CoreEvent | None = decode_value(_KINDS[name], json.loads(data))
        except (ValueError, RecursionError):
            event = None
        yield event or Lost()
