"""Which columns of a table fit, and how wide each one is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from console.view_models.filters import Searched
from console.view_models.ink import Spans, plain_text

R = TypeVar("R")
Key = str | float | datetime | None
SortKey = Callable[[R], Key]
"""What a row is sorted by; None stands last in either direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. Those with the highest `drop` go first when room is short; 0 always stays."""

    title: str
    width: int  # cells; the least it needs when `flexible`
    flexible: bool = False
    most: int = 0  # cells that a flexible one takes, while another can take the rest; 0: all
    right: bool = False
    drop: int = 0
    is_drawn: bool = False  # its signs say something by how dark they are


def fit_columns(columns: Sequence[Column], width: int) -> tuple[tuple[int, int], ...]:
    """(index, width) of the columns to draw, one cell apart; the flexible ones take what is left.

    When even the columns that always stay do not fit, the first of those shrinks, to 1 at least.
    """
    kept = list(range(len(columns)))

    def needed() -> int:
        return sum(columns[each].width for each in kept) + max(0, len(kept) - 1)

    for index in sorted(kept, key=lambda each: -columns[each].drop):
        if needed() <= width or not columns[index].drop:
            break
        kept.remove(index)
    spare = width - needed()
    widths = {each: columns[each].width for each in kept}
    flexible = [each for each in kept if columns[each].flexible]
    for each in flexible:
        room = columns[each].most - columns[each].width
        given = min(spare, room) if columns[each].most and each != flexible[-1] else spare
        widths[each] = max(1, widths[each] + given)
        spare -= given
    return tuple(widths.items())


def searched_cells(columns: Sequence[Column], cells: Sequence[Spans]) -> Searched:
    """What a filter may ask of a row that is no more than what is drawn: its columns by title."""
    texts = {
        column.title.casefold(): plain_text(cell).strip()
        for column, cell in zip(columns, cells, strict=True)
    }
    return Searched(texts, " ".join(texts.values()))
