"""What every command knows: the home, the configuration, and how it prints."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, NamedTuple

import typer

from core.adapters.home import find_config, find_home

if TYPE_CHECKING:
    from core.settings import Settings

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Home folder; else MAESTRO_HOME, else the default.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Configuration file; else maestro.toml in the home.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


class Before(NamedTuple):
    """Options that stood before the command: they count unless it says otherwise."""

    home: Path | None = None
    config: Path | None = None
    port: int | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """Where a command works."""

    home: Path
    config: Path | None

    before: ClassVar[Before] = Before()

    @classmethod
    def remember(cls, before: Before) -> None:
        """Keep the options that stood before the command."""
        cls.before = before

    @classmethod
    def make(cls, home: Path | None, config: Path | None = None) -> "Context":
        """The command's own options first, then those before it, then the environment."""
        found = find_home(home or cls.before.home)
        return cls(found, find_config(config or cls.before.config, found))

    @property
    def folder(self) -> Path:
        """Where relative paths of the settings start."""
        return self.config.parent if self.config else Path.cwd()

    def settings(self, *, port: int | None = None) -> "Settings":
        """Read the settings. Raises ConfigError."""
        from core.settings import load_settings  # noqa: PLC0415 - most commands ask the engine

        settings = load_settings(self.config)
        port = self.before.port if port is None else port
        if port is None:
            return settings
        gateway = settings.gateway.model_copy(update={"port": port})
        return settings.model_copy(update={"gateway": gateway})


def say(text: str = "") -> None:
    """One line on stdout."""
    sys.stdout.write(text + "\n")


def say_json(value: Any, *, indent: int | None = None) -> None:
    """One JSON document: on a line of its own, or indented for people."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, default=str, indent=indent) + "\n")


def say_table(rows: list[Mapping[str, str]]) -> None:
    """Columns as wide as they need to be; nothing is cut."""
    if not rows:
        return
    names = list(rows[0])
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in names}
    say("  ".join(name.upper().ljust(widths[name]) for name in names).rstrip())
    for row in rows:
        say("  ".join(row[name].ljust(widths[name]) for name in names).rstrip())
