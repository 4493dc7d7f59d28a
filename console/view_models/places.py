"""Where an operator has been: views, one opened from another, and the way back."""

from typing import Final, NamedTuple

_KEPT_MAX: Final = 100


class Step(NamedTuple):
    """One view: its screen, and what it is about."""

    screen: str
    argument: str = ""


Path = tuple[Step, ...]


class History:
    """Paths that were visited, with a place among them."""

    def __init__(self) -> None:
        self._paths: list[Path] = []
        self._at = -1
        self._before: Path = ()

    @property
    def here(self) -> Path:
        """The path in sight; () before the first."""
        return self._paths[self._at] if self._paths else ()

    def visit(self, path: Path) -> None:
        """Go somewhere new: what lay ahead is forgotten."""
        if not path or path == self.here:
            return
        self._before = self.here
        self._paths = [*self._paths[: self._at + 1], path][-_KEPT_MAX:]
        self._at = len(self._paths) - 1

    def move(self, by: int) -> Path:
        """Back (-1) or forward (1); () at either end."""
        at = self._at + by
        if not 0 <= at < len(self._paths):
            return ()
        self._before, self._at = self.here, at
        return self.here

    def last(self) -> Path:
        """The view before this one; () when there is none."""
        return self._before
