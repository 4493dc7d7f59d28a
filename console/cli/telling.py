"""Errors of a command line: one sentence on stderr and a code, never a traceback."""

import sys
from collections.abc import Callable

from core.errors import MaestroError


class NoTerminalError(MaestroError):
    """There is no terminal that a screen can be drawn on."""


def exit_code_of(work: Callable[[], int]) -> int:
    """What `work` returns; 1 when it failed, 2 when there is no terminal for it."""
    try:
        return work()
    except MaestroError as error:
        sys.stderr.write(f"maestro: {error}\n")
        return 2 if isinstance(error, NoTerminalError) else 1
    except BrokenPipeError:
        raise
    except OSError as error:  # a file of the home, or one named, that nobody foresaw to fail
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"maestro: {where}{error.strerror or error}\n")
        return 1
