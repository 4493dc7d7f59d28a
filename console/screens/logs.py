"""The engine's own log, newest first."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.binding import BindingType

from console.language import N_, _
from console.office import ELSEWHERE
from console.screens.base import Front, bindings_for
from console.screens.reading import ReadList
from console.view_models.filters import Searched
from console.view_models.ink import Line, Spans, Tone
from console.view_models.logs import (
    COLUMNS,
    FLOORS,
    SORTS,
    LogRow,
    grave_enough,
    log_cells,
    log_lines,
    log_title,
    read_lines,
    searched,
)
from console.view_models.text import visible_spans
from core.errors import ConfigError


class LogsScreen(ReadList[LogRow]):
    """Follows the file while it is in front; Enter shows a record whole."""

    NAME = "logs"
    FIELDS = ("level", "part")
    COLUMNS = COLUMNS
    NOTHING = N_("the log is empty")
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("logs")

    def __init__(self, front: Front) -> None:
        super().__init__(front, key=lambda each: each.key, sorts=SORTS, follow=True)
        self._follows = True
        self._floor = FLOORS[0]
        self._lines: tuple[str, ...] = ()
        self._rows: tuple[LogRow, ...] = ()

    def every_s(self) -> float | None:
        """Each second, while it follows."""
        return 1.0 if self._follows else None

    async def read(self) -> tuple[LogRow, ...]:
        """The newest lines; lines that are known are not read again."""
        if self.front.office.read_log is None:
            raise ConfigError(_(ELSEWHERE))
        lines = await self.front.office.read_log()
        if lines is not self._lines:
            self._lines, self._rows = lines, read_lines(lines)
        return self._rows

    @property
    def handlers(self) -> Mapping[str, Callable[[str], None]]:
        """Following, and how grave."""
        return {
            **super().handlers,
            "follow": lambda _: self._turn(),
            "level": lambda _: self._next_floor(),
        }

    def _turn(self) -> None:
        self._follows = not self._follows
        self.update()

    def _next_floor(self) -> None:
        self._floor = FLOORS[(FLOORS.index(self._floor) + 1) % len(FLOORS)]
        self.update()

    def heading(self, rows: tuple[LogRow, ...], shown: int) -> Spans:
        """How many, which levels."""
        return log_title(len(rows), shown, floor=self._floor, follow=self._follows)

    def searched(self, row: LogRow) -> Searched:
        """What a filter may ask of it."""
        return searched(row)

    def cells(self, row: LogRow) -> tuple[Spans, ...]:
        """One line."""
        return log_cells(row, self.front.zone, self.front.view().now)

    def whole(self, row: LogRow) -> tuple[Spans, tuple[Line, ...]]:
        """One record."""
        return visible_spans(row.event[:200], Tone.STRONG), log_lines(row, self.front.zone)

    def basis(self) -> tuple[object, ...]:
        """The filter, and how grave."""
        return (*super().basis(), self._floor)

    def kept(self, row: LogRow) -> bool:
        """By the filter, and how grave it is."""
        return grave_enough(row, self._floor) and super().kept(row)

    def name_of(self, row: LogRow) -> str:
        """What it says."""
        return row.event
