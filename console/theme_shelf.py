"""The themes that there are: those that ship, and the operator's own files beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from console.language import _
from console.themes import SUFFIX, ThemeFile, read_shipped, read_theme, shipped_themes
from core.errors import ConfigError

_TOO_LARGE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one state of a file from another."""

    modified_ns: int
    size_bytes: int


class ThemeShelf:
    """Finds themes by name and reads only the one that is asked for.

    A file of the operator's takes the place of a theme that ships, and a later folder's that of
    an earlier one.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        """`folders` need not exist."""
        self._folders = tuple(folders)

    @property
    def may_change(self) -> bool:
        """Whether there is a folder to look at again."""
        return any(each.is_dir() for each in self._folders)

    def names(self) -> tuple[str, ...]:
        """All there are, by name."""
        return tuple(sorted({*shipped_themes(), *self._own()}))

    def read(self, name: str) -> ThemeFile:
        """Raises ConfigError: no such theme, or what is wrong with its file, and where."""
        own = self._own()
        if name in own:
            return _read_file(own[name], name)
        if name in shipped_themes():
            return read_shipped(name)
        raise ConfigError(
            _("no theme {name!r}; there are {names}").format(
                name=name, names=", ".join(self.names())
            )
        )

    def stamp(self, name: str) -> Stamp | None:
        """The state of the operator's own file of this name; None when there is none."""
        path = self._own().get(name)
        try:
            state = path.stat() if path else None
        except OSError:
            return None
        return Stamp(state.st_mtime_ns, state.st_size) if state else None

    def _own(self) -> Mapping[str, Path]:
        found: dict[str, Path] = {}
        for folder in self._folders:
            try:
                files = sorted(each for each in folder.iterdir() if each.suffix == SUFFIX)
            except OSError:
                continue  # not there, or closed to us: then it holds no theme of ours
            found |= {each.stem: each for each in files}
        return found


def _read_file(path: Path, name: str) -> ThemeFile:
    try:
        with path.open("rb") as file:
            data = file.read(_TOO_LARGE + 1)
        text = data.decode("utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(_("{path}: is not text in UTF-8").format(path=path)) from error
    if len(data) > _TOO_LARGE:
        raise ConfigError(_("{path}: is larger than a theme can be").format(path=path))
    return read_theme(text, where=str(path), name=name)
