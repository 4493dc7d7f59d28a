"""Pair coordinators; outside programs that send telemetry; their sessions."""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from textual.binding import BindingType

from console.fleet_bridge import COORDINATORS, Ask
from console.language import N_
from console.screens.base import Asked, Front, bindings_for
from console.screens.lying import LyingOn
from console.screens.reading import AskedList
from console.view_models import telemetry as words
from console.view_models.filters import Searched
from console.view_models.ink import Line, Spans, Tone
from console.view_models.text import visible_spans
from core.fleet import CoordinatorState
from core.usage import EmitterView, SessionUsage

_EVERY_S: Final = 5.0
EMITTERS: Final[Ask[tuple[EmitterView, ...]]] = Ask(
    N_("the telemetry"), lambda port, _: port.emitters(), every_s=_EVERY_S
)
SESSIONS: Final[Ask[tuple[SessionUsage, ...]]] = Ask(
    N_("the sessions"), lambda port, _: port.sessions(), every_s=_EVERY_S
)


class CoordinatorsScreen(AskedList[CoordinatorState]):
    """The pairs: when each ran, when it runs next, what it found."""

    NAME = "coordinators"
    FIELDS = ("pair", "state")
    ASK = COORDINATORS
    COLUMNS = words.COORDINATOR_COLUMNS
    NOTHING = N_("no pair is kept in step")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("coordinators")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=lambda each: each.name, sorts=words.COORDINATOR_SORTS)

    def heading(self, rows: tuple[CoordinatorState, ...], shown: int) -> Spans:
        """How many."""
        return words.coordinators_title(rows, shown)

    def searched(self, row: CoordinatorState) -> Searched:
        """What a filter may ask of it."""
        return words.coordinator_searched(row)

    def cells(self, row: CoordinatorState) -> tuple[Spans, ...]:
        """One pair."""
        return words.coordinator_cells(row, self.front.view().now)

    def whole(self, row: CoordinatorState) -> tuple[Spans, tuple[Line, ...]]:
        """One pair whole."""
        title = visible_spans(row.name, Tone.STRONG)
        return title, words.coordinator_lines(row, self.front.zone)

    def name_of(self, row: CoordinatorState) -> str:
        """What it says."""
        return "\n".join(row.findings) or row.note or row.name


class TelemetryScreen(AskedList[EmitterView]):
    """What each outside program sent, and what of it was understood."""

    NAME = "telemetry"
    FIELDS = ("program", "as")
    ASK = EMITTERS
    COLUMNS = words.EMITTER_COLUMNS
    NOTHING = N_("no outside program has sent telemetry since the start")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("telemetry")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=_emitter_key, sorts=words.EMITTER_SORTS)

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Sessions lie one key away."""
        return {**super().handlers, "to_sessions": lambda _: self._to_sessions()}

    def _to_sessions(self) -> None:
        self.post_message(Asked("sessions"))

    def heading(self, rows: tuple[EmitterView, ...], shown: int) -> Spans:
        """How many, what they came to."""
        return words.emitters_title(rows, shown)

    def searched(self, row: EmitterView) -> Searched:
        """What a filter may ask of it."""
        return words.emitter_searched(row)

    def cells(self, row: EmitterView) -> tuple[Spans, ...]:
        """One program."""
        return words.emitter_cells(row, self.front.view().now)

    def whole(self, row: EmitterView) -> tuple[Spans, tuple[Line, ...]]:
        """One program whole."""
        return visible_spans(row.emitter, Tone.STRONG), words.emitter_lines(row, self.front.zone)

    def name_of(self, row: EmitterView) -> str:
        """Its name."""
        return row.emitter


class SessionsScreen(LyingOn, AskedList[SessionUsage]):
    """Tokens and cost of each session of an outside agent."""

    NAME = "sessions"
    UNDER = "telemetry"
    FIELDS = ("agent", "session", "model")
    ASK = SESSIONS
    COLUMNS = words.SESSION_COLUMNS
    NOTHING = N_("no session of an outside agent is kept")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("sessions")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=_session_key, sorts=words.SESSION_SORTS)

    def close_part(self) -> bool:
        """Back to the list."""
        if self.close_pane() or not self.table.has_focus:
            self.table.focus()
            return True
        return False

    def heading(self, rows: tuple[SessionUsage, ...], shown: int) -> Spans:
        """How many, what they came to."""
        return words.sessions_title(rows, shown)

    def searched(self, row: SessionUsage) -> Searched:
        """What a filter may ask of it."""
        return words.session_searched(row)

    def cells(self, row: SessionUsage) -> tuple[Spans, ...]:
        """One session."""
        return words.session_cells(row, self.front.view().now)

    def whole(self, row: SessionUsage) -> tuple[Spans, tuple[Line, ...]]:
        """One session whole."""
        title = visible_spans(row.session or row.agent, Tone.STRONG)
        return title, words.session_lines(row, self.front.zone)

    def name_of(self, row: SessionUsage) -> str:
        """Its id."""
        return row.session or row.agent


def _emitter_key(row: EmitterView) -> str:
    return f"{row.emitter} {row.version} {row.kind}"


def _session_key(row: SessionUsage) -> str:
    return f"{row.emitter} {row.agent} {row.session}"
