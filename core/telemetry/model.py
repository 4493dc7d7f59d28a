"""Neutral rows that every decoder gives and every map reads. Pure.

An attribute is read straight into a numbered field of its row; a map's tables say which key goes
where. What no table names is counted, never kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol, TypeVar, cast

from core.ids import AgentId, SessionId
from core.usage import ModelCall, ToolUse

Value = str | int | float | bool | None
Fields = list[Value]

_KNOWN_MAX: Final = 2_048  # keys of one table
_KEY_MAX: Final = 100
NOT_NEEDED: Final = -1  # known, and nothing is made of it
CONTENT: Final = -2  # prompts, outputs, arguments: counted and dropped

OPERATION: Final = 0
EVENT: Final = 1
EVENT_KIND: Final = 2
AGENT: Final = 3
SESSION: Final = 4
MODEL: Final = 5
REQUEST_MODEL: Final = 6
PROVIDER: Final = 7
OLD_PROVIDER: Final = 8
RESPONSE_ID: Final = 9
INPUT: Final = 10
OUTPUT: Final = 11
CACHE_READ: Final = 12
CACHE_WRITE: Final = 13
REASONING: Final = 14
COST_USD: Final = 15
COST_MICROS: Final = 16
DURATION_MS: Final = 17
FIRST_TOKEN_MS: Final = 18
STATUS: Final = 19
ERROR: Final = 20
TOOL: Final = 21
CALL_ID: Final = 22
MCP_SERVER: Final = 23
OK: Final = 24
DECISION: Final = 25
DECIDED_BY: Final = 26
SEQUENCE: Final = 27
FIELDS: Final = 28


_T = TypeVar("_T", bound=tuple[Any, ...])


class MakeTuple(Protocol):
    """A named tuple of all its values, in order: half the time of calling its class.

    For rows of which tens of thousands a second are made, and nothing else: no count is checked.
    """

    def __call__(self, kind: type[_T], values: tuple[Any, ...], /) -> _T: ...


make_tuple: Final = cast("MakeTuple", vars(tuple)["__new__"])


class SpanRow(NamedTuple):
    """One span. Ids are lower-case hex, "" where there is none; times are ns since the epoch."""

    trace_id: str
    id: str
    parent_id: str
    start_ns: int
    end_ns: int
    failed: bool
    fields: Fields


class LogRow(NamedTuple):
    """One log record. `event` is its name, "" when it has none."""

    event: str
    at_ns: int
    fields: Fields


class PointRow(NamedTuple):
    """One point of a metric. `value` is the sum for histograms, whose `samples` are above 0."""

    metric: str
    kind: str  # "gauge", "sum" or "histogram"
    delta: bool  # what came since the last point; else since `start_ns`
    start_ns: int
    at_ns: int
    value: float
    samples: int
    bounds: tuple[float, ...]
    buckets: tuple[int, ...]
    labels: tuple[tuple[str, str], ...]  # sorted, bounded
    stream: int  # tells senders and label sets apart, also by labels that are not kept


@dataclass(frozen=True, slots=True)
class Table:
    """Where attributes go: key -> field, or NOT_NEEDED, or CONTENT; then by prefix."""

    fields: Mapping[str, int]
    content: tuple[str, ...] = ()
    not_needed: tuple[str, ...] = ()
    known: dict[str, int] = field(init=False, compare=False, repr=False)
    """`fields`, and what was found by prefix: the same keys come with every record."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "known", dict(self.fields))

    def look_up(self, key: str) -> int | None:
        """Where a key goes that `known` does not name; None: nobody knows it."""
        if self.content and key.startswith(self.content):
            found = CONTENT
        elif self.not_needed and key.startswith(self.not_needed):
            found = NOT_NEEDED
        else:
            return None
        if len(self.known) < _KNOWN_MAX and len(key) <= _KEY_MAX:
            self.known[key] = found
        return found


class Memory(Protocol):
    """A small bounded memory that a map may keep from one record to a later one."""

    def get(self, key: str, /) -> Value:
        """What was put there; None when nothing was, or when it is forgotten."""
        ...

    def put(self, key: str, value: Value, /) -> None:
        """Remember; the oldest is forgotten first."""
        ...


class Reader(Protocol):
    """What a map asks while it reads the rows of one emitter."""

    emitter: str

    @property
    def memory(self) -> Memory: ...

    def agent(self, name: Value) -> AgentId:
        """The agent to show for what the emitter calls it; None when it names none."""
        ...

    def session(self, name: Value, /) -> SessionId | None: ...

    def text(self, value: Value, /) -> str | None:
        """A short printable name without a secret in it, or None for nothing."""
        ...

    def key(self, value: Value) -> str | None:
        """A short printable id, which nobody is shown; or None for nothing."""
        ...

    def at(self, at_ns: int) -> datetime: ...

    def cost(
        self,
        reported_micros: int | None,
        *,
        provider: str | None,
        model: str | None,
        started_at: datetime,
        tokens: "Counts",
    ) -> tuple[int | None, str]:
        """Cost in micros of a USD, and on what basis: reported, else priced, else unpriced."""
        ...


class Tokens(NamedTuple):
    """Tokens of one call; None is unknown. `input` has the cached ones in it."""

    input: int | None
    output: int | None
    cache_read: int | None
    cache_write: int | None


Counts = tuple[int | None, int | None, int | None, int | None]  # Tokens, also without names
Found = ModelCall | ToolUse


@dataclass(frozen=True, slots=True, kw_only=True)
class EmitterMap:
    """How one family of tools is read: its one authoritative signal, and what goes where in it.

    A signal without a table is counted and not read: what it says again must not count twice.
    """

    kind: str  # "claude-code", "codex", "gemini-cli", "genai", "openinference", "unknown"
    spans: Table | None = None
    logs: Table | None = None
    map_span: Callable[[SpanRow, Reader, str | None], Found | None] | None = None
    map_log: Callable[[LogRow, Reader], Found | None] | None = None
    run_name: Callable[[Fields], str | None] | None = None  # of the agent whose run a span is
    own_name: Callable[[Fields], bool] | None = None  # False: the name is an ancestor's


@dataclass(slots=True, kw_only=True)
class Batch:
    """What one resource and scope sent in one request."""

    service: str
    version: str
    scope: str
    map: EmitterMap
    spans: list[SpanRow] = field(default_factory=list[SpanRow])
    logs: list[LogRow] = field(default_factory=list[LogRow])
    points: list[PointRow] = field(default_factory=list[PointRow])
    spans_seen: int = 0
    logs_seen: int = 0
    points_seen: int = 0
    rejected: int = 0
    content_dropped: int = 0
    unmapped: dict[str, int] = field(default_factory=dict[str, int])
