"""One program that sends telemetry, and what arrived from it."""

from datetime import datetime
from typing import Final

from core.telemetry.model import Batch
from core.telemetry.reader import Names
from core.telemetry.rules import OTHERS, Tally
from core.usage import EmitterView

_EMITTERS_MAX: Final = 200
_KEYS_MAX: Final = 64  # unmapped ones by name; the rest together


class Emitter:
    """Counts of one program."""

    def __init__(self, name: str, at: datetime) -> None:
        self.name = name
        self.version = ""
        self.kind = "unknown"
        self.first_at = self.last_at = at
        self.spans = self.logs = self.points = self.rejected = self.content_dropped = 0
        self.unmapped: dict[str, int] = {}
        self.tally = Tally()
        self.inherits = False  # its calls do not name their agent: an ancestor does

    def note(self, batch: Batch, names: Names, at: datetime) -> None:
        """Count what arrived."""
        self.last_at = at
        self.version = names.clean(batch.version) or self.version
        if batch.map.kind != "genai":  # which reads whatever nobody knows
            self.kind = batch.map.kind
        self.spans += batch.spans_seen
        self.logs += batch.logs_seen
        self.points += batch.points_seen
        self.rejected += batch.rejected
        self.content_dropped += batch.content_dropped
        for key, count in batch.unmapped.items():
            shown = key if key in self.unmapped else names.clean(key) or OTHERS
            if shown not in self.unmapped and len(self.unmapped) >= _KEYS_MAX:
                shown = OTHERS
            self.unmapped[shown] = self.unmapped.get(shown, 0) + count

    def view(self) -> EmitterView:
        """As it stands."""
        return EmitterView(
            emitter=self.name,
            version=self.version,
            kind=self.kind,
            first_at=self.first_at,
            last_at=self.last_at,
            spans=self.spans,
            logs=self.logs,
            points=self.points,
            rejected=self.rejected,
            unmapped=dict(self.unmapped),
            content_dropped=self.content_dropped,
            totals=self.tally.totals(),
        )


class Emitters:
    """By name, bounded: what comes after the 200th is one of the "others"."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known: dict[str, Emitter] = {}

    def note(self, batch: Batch, at: datetime) -> Emitter:
        """Who sent this; counted."""
        name = self._names.clean(batch.service) or "unknown"
        if name not in self._known and len(self._known) >= _EMITTERS_MAX:
            name = OTHERS
        found = self._known.setdefault(name, Emitter(name, at))
        found.note(batch, self._names, at)
        return found

    def all(self) -> tuple[Emitter, ...]:
        """In the order of their first arrival."""
        return tuple(self._known.values())
