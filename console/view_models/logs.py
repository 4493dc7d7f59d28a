"""The engine's own log: JSON lines, newest first. What is no such line is shown as it stands."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from console.language import N_, _
from console.view_models.columns import Column, SortKey
from console.view_models.facts import fact, title_of
from console.view_models.filters import Searched
from console.view_models.ink import Line, Span, Spans, Tone, told
from console.view_models.text import cell_spans, day_and_time, short_time

COLUMNS: Final = (
    Column(title=N_("AT"), width=11),
    Column(title=N_("LEVEL"), width=9),
    Column(title=N_("PART"), width=14, drop=1),
    Column(title=N_("WHAT"), width=20, flexible=True),
)
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
FLOORS: Final = ("info", "warning", "error")
_SIGNS: Final[Mapping[str, Span]] = {
    "critical": Span(N_("✗ CRITIC."), Tone.BAD),
    "error": Span(N_("✗ error"), Tone.BAD),
    "warning": Span(N_("▲ warning"), Tone.WARN),
    "info": Span(N_("i info"), Tone.INFO),
    "debug": Span(N_("· debug"), Tone.DIM),
}
_UNREAD: Final = Span(N_("? unread"), Tone.WARN)
_HEAD: Final = ("at", "level", "logger", "event")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One line. `level` "" for one that could not be read: then `event` is the line itself."""

    key: str
    at: datetime | None
    level: str
    part: str
    event: str
    more: tuple[tuple[str, str], ...] = ()


SORTS: Final[Mapping[str, SortKey[LogRow]]] = {
    "LEVEL": lambda row: LEVELS.index(row.level) if row.level in LEVELS else None,
    "PART": lambda row: row.part,
}


def read_lines(lines: Iterable[str]) -> tuple[LogRow, ...]:
    """Rows, newest first; equal lines stay apart."""
    seen: dict[str, int] = {}
    rows: list[LogRow] = []
    for line in lines:
        seen[line] = number = seen.get(line, 0) + 1
        rows.append(_read(line, f"{number} {line}"))
    return tuple(reversed(rows))


def _read(line: str, key: str) -> LogRow:
    try:
        found: Any = json.loads(line)
        at = datetime.fromisoformat(found["at"])
        level = str(found["level"])
        rest = {name: value for name, value in found.items() if name not in _HEAD}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return LogRow(key=key, at=None, level="", part="", event=line)
    return LogRow(
        key=key,
        at=at if at.tzinfo else None,
        level=level,
        part=str(found.get("logger", "")),
        event=str(found.get("event", "")),
        more=tuple((str(name), _text(value)) for name, value in rest.items() if value is not None),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def searched(row: LogRow) -> Searched:
    """What a filter may ask of it."""
    asked = {"level": row.level, "part": row.part}
    more = " ".join(f"{name} {value}" for name, value in row.more)
    return Searched(asked, f"{row.level} {row.part} {row.event} {more}")


def grave_enough(row: LogRow, floor: str) -> bool:
    """Whether a line is at least as grave; what could not be read always is."""
    return row.level not in LEVELS or LEVELS.index(row.level) >= LEVELS.index(floor)


def log_cells(row: LogRow, zone: tzinfo, now: datetime) -> tuple[Spans, ...]:
    """One line, in the order of `COLUMNS`."""
    bad = row.level in {"error", "critical"}
    return (
        (Span(short_time(row.at, zone, now) if row.at else "-", Tone.DIM),),
        (told(_SIGNS.get(row.level, _UNREAD)),),
        cell_spans(row.part.removeprefix("maestro."), Tone.DIM),
        cell_spans(row.event, Tone.STRONG if bad else Tone.PLAIN),
    )


def log_title(total: int, shown: int, *, floor: str, follow: bool) -> Spans:
    """How many, which levels, and whether it moves."""
    levels = "" if floor == FLOORS[0] else _("  {floor} and worse").format(floor=_(floor))
    moves = Span(_("  ● following"), Tone.OK) if follow else Span(_("  ■ held still"), Tone.WARN)
    return title_of(_("LOG"), total, shown, Span(levels, Tone.WARN), moves)


def log_lines(row: LogRow, zone: tzinfo) -> tuple[Line, ...]:
    """The record whole."""
    if not row.level:
        why = _("not a line of the engine's log: it stands here as it is")
        return (fact(_("unread"), why), fact(_("line"), row.event))
    return (
        fact(_("at"), day_and_time(row.at, zone) if row.at else "-"),
        fact(_("level"), _(row.level)),
        fact(_("part"), row.part),
        fact(_("what"), row.event),
        *(fact(name, value) for name, value in row.more),
    )
