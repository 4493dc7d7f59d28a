"""What a report is, whatever it is about and however it is written. Pure values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Value = str | int | float | bool | datetime | None
"""None is "not known": said so to people, null or nothing for programs."""


class Kind(StrEnum):
    """What the values of a column are, so that each form can write them well."""

    TEXT = "text"
    COUNT = "count"
    NUMBER = "number"
    SHARE = "share"  # 0..1
    SECONDS = "seconds"
    USD_MICROS = "usd_micros"
    TIME = "time"
    CODE = "code"  # digests, commands: fixed width


NUMERIC = frozenset({Kind.COUNT, Kind.NUMBER, Kind.SHARE, Kind.SECONDS, Kind.USD_MICROS})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str  # for programs: snake_case
    title: str  # for people
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns."""

    name: str  # for programs, and of its CSV file: kebab-case
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: str = ""  # what is left out, or why it is empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One named value."""

    name: str
    title: str
    value: Value
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report: words, then facts, then tables."""

    title: str
    words: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of one report."""

    name: str  # of its kind: "approvals"
    title: str
    home: str
    made_at: datetime
    since: datetime
    until: datetime
    sections: tuple[Section, ...]
    demo: bool = False  # said at the top of every form

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, in order."""
        return tuple(table for section in self.sections for table in section.tables)
