"""Which columns of a table fit, and how wide each one is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from console.view_models.filters import Searched
from console.view_models.ink import Spans, plain_text

R = TypeVar("R")
SortKey = Callable[[R], str | float | None]
"""What a row is sorted by; None stands last in either direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. Those with the highest `drop` go first when room is short; 0 always stays."""

    title: str
    width: int  # cells; the least it needs when `flexible`
    flexible: bool = False
    right: bool = False
    drop: int = 0


def fit_columns(columns: Sequence[Column], width: int) -> tuple[tuple[int, int], ...]:
    """(index, width) of the columns to draw, one cell apart; the flexible one takes what is left.

    When even the columns that always stay do not fit, the flexible one shrinks, to 1 at least.
    """
    kept = list(range(len(columns)))

    def needed() -> int:
        return sum(columns[each].width for each in kept) + max(0, len(kept) - 1)

    for index in sorted(kept, key=lambda each: -columns[each].drop):
        if needed() <= width or not columns[index].drop:
            break
        kept.remove(index)
    spare = width - needed()
    return tuple(
        (each, max(1, columns[each].width + (spare if columns[each].flexible else 0)))
        for each in kept
    )


def searched_cells(columns: Sequence[Column], cells: Sequence[Spans]) -> Searched:
    """What a filter may ask of a row that is no more than what is drawn: its columns by title."""
    texts = {
        column.title.casefold(): plain_text(cell).strip()
        for column, cell in zip(columns, cells, strict=True)
    }
    return Searched(texts, " ".join(texts.values()))


def sort_rows(rows: Sequence[R], by: SortKey[R], *, falling: bool) -> list[R]:
    """Rows in the order of `by`; those it says nothing of last, equal ones as they stood."""
    keys = [by(each) for each in rows]
    told = [at for at, key in enumerate(keys) if key is not None]
    # Keys of one kind compare as they are, which is several times quicker than in pairs.
    ready: list[Any] = list(keys)
    if any(isinstance(key, str) for key in keys):
        plain = all(isinstance(key, str) for key in keys)
        ready = [_folded(key) if plain else _comparable(key) for key in keys]
    told.sort(key=lambda at: ready[at], reverse=falling)
    return [rows[at] for at in (*told, *(at for at, key in enumerate(keys) if key is None))]


def _folded(value: str | float | None) -> str:
    return str(value).casefold()


def _comparable(value: str | float | None) -> tuple[bool, float, str]:
    if isinstance(value, str):
        return (True, 0.0, value.casefold())
    return (False, value or 0.0, "")
