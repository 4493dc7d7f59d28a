"""`maestro` alone: the shortest way to the screen.

Options are read by hand first: the library that reads command lines, and the commands that it
would read them for, take longer to load than the screen.
"""

import asyncio
import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from console.cli.telling import NoTerminalError, exit_code_of
from console.looks import read_looks
from core.adapters.home import find_config, find_home, hold_home

if TYPE_CHECKING:
    from core.settings import Settings

READ_ONLY: Final = "--read-only"
_OPTIONS: Final = ("--home", "--config", "--port")
_PORT_MAX: Final = 65_535


@dataclass(frozen=True, slots=True)
class FrontOptions:
    """What `maestro` without a command takes."""

    home: Path | None = None
    config: Path | None = None
    port: int | None = None
    read_only: bool = False


def parse_front(arguments: Sequence[str]) -> FrontOptions | None:
    """The options when there is nothing but these, well formed; else None."""
    given: dict[str, str] = {}
    left = [each for each in arguments if each != READ_ONLY]
    while left:
        name, joined, value = left.pop(0).partition("=")
        if name not in _OPTIONS or not (joined or left):
            return None
        given[name] = value if joined else left.pop(0)
    port = given.get("--port", "0")
    if not (port.isascii() and port.isdecimal() and int(port) <= _PORT_MAX):
        return None
    home, config = given.get("--home"), given.get("--config")
    return FrontOptions(
        Path(home) if home else None,
        Path(config) if config else None,
        int(port) if "--port" in given else None,
        read_only=READ_ONLY in arguments,
    )


def run_front(options: FrontOptions) -> int:
    """Open the console; its exit code. Errors are a sentence on stderr."""

    def work() -> int:
        home = find_home(options.home)
        config = find_config(options.config, home)
        return open_screen(home, config, port=options.port, read_only=options.read_only)

    return exit_code_of(work)


def open_screen(
    home: Path, config: Path | None, *, port: int | None, read_only: bool = False
) -> int:
    """Run the console over an engine of its own; the exit code. Raises a MaestroError."""
    check_terminal()
    with hold_home(home):
        pass  # one that is in use is told here, before the screen; the engine takes it for good
    gc.disable()  # what is loaded now stays; it is switched on again once all is there
    from console.cli.host import run_console  # noqa: PLC0415 - loads the screen libraries

    def load() -> "Settings":
        from core.settings import load_settings  # noqa: PLC0415 - after the first picture

        settings = load_settings(config)
        if port is None:
            return settings
        gateway = settings.gateway.model_copy(update={"port": port})
        return settings.model_copy(update={"gateway": gateway})

    looks = read_looks(config)
    looks = replace(looks, read_only=looks.read_only or read_only)
    folder = config.parent if config else Path.cwd()
    return asyncio.run(run_console(home, load, folder=folder, looks=looks, config=config))


def check_terminal() -> None:
    """Raises NoTerminalError where no screen can be drawn."""
    if not sys.stdout.isatty() or not sys.stdin.isatty():
        raise NoTerminalError("the console needs a terminal; use `maestro serve` without one")
    kind = os.environ.get("TERM", "")
    if kind in {"", "dumb"}:
        named = f"TERM is {kind!r}" if kind else "TERM is not set"
        raise NoTerminalError(
            f"this terminal cannot draw the console ({named}); use `maestro serve` here, and the"
            " commands, such as `maestro approvals`"
        )
