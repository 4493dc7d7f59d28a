"""What the first picture needs of the settings, read without the weight of checking them.

The engine reads and checks all of them a moment later; what is wrong is told then, in full.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import platformdirs

from console.language import ENGLISH, find_language, match_language

_NO: Final = frozenset({"false", "0", "no", "off", "f", "n"})


@dataclass(frozen=True, slots=True)
class Looks:
    """The section `[console]`, as far as it counts before the engine is there."""

    theme: str | None = None
    operator: str | None = None
    read_only: bool = False
    clock: bool = True
    bell: bool = True
    notify: str = "off"
    quiet: str = ""
    language: str | None = None  # asked for by name
    spoken: str = ENGLISH  # by the terminal; counts where none is asked for


def read_looks(config: Path | None) -> Looks:
    """From the environment, else from the file; nothing where either cannot be read."""
    section: Mapping[str, Any] = {}
    if config is not None:
        try:
            found = tomllib.loads(config.read_text(encoding="utf-8")).get("console")
        except (OSError, ValueError):
            found = None
        section = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    return Looks(
        theme=_find("theme", section),
        operator=_find("operator", section),
        # What cannot be understood closes: the engine says a moment later what is wrong with it.
        read_only=_flag("read_only", section) not in {"", *_NO},
        clock=_flag("clock", section) not in _NO,
        bell=_flag("bell", section) not in _NO,
        notify=_find("notify", section) or "off",
        quiet=_find("quiet", section) or "",
        language=_find_language(section),
        spoken=find_language(os.environ),
    )


def _find(key: str, section: Mapping[str, Any]) -> str | None:
    value = os.environ.get(f"MAESTRO_CONSOLE__{key.upper()}", section.get(key))
    return value if isinstance(value, str) else None


def _find_language(section: Mapping[str, Any]) -> str | None:
    said = os.environ.get("MAESTRO_LANGUAGE") or _find("language", section)
    return match_language(said) if said else None


def _flag(key: str, section: Mapping[str, Any]) -> str:
    return os.environ.get(f"MAESTRO_CONSOLE__{key.upper()}", str(section.get(key, ""))).casefold()


def theme_folders(home: Path) -> tuple[Path, ...]:
    """Where an operator's own themes lie; those of the home win."""
    return (platformdirs.user_config_path("maestro") / "themes", home / "themes")


def key_folders(home: Path) -> tuple[Path, ...]:
    """Where an operator's `keys.toml` is looked for; the one in the home wins."""
    return (home, platformdirs.user_config_path("maestro"))


def shorten_home(path: str) -> str:
    """A folder of one's own under `~`."""
    own = str(Path.home())
    return f"~{path[len(own) :]}" if path == own or path.startswith(f"{own}/") else path
