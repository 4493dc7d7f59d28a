"""`maestro`: the front door. Errors are one clear sentence on stderr, never a traceback."""

import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code: 0 ok, 1 finding or failure, 2 wrong use."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:2] == ["hook", "claude-code"]:
        # Starts once for every tool call of an agent: standard library only.
        from core.gateway.hook.command import main as run_hook  # noqa: PLC0415

        return run_hook(given[2:])
    try:
        return _run(given)
    except BrokenPipeError:
        # The reader went away (`maestro audit tail | head`); nothing is wrong, nothing to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _run(given: Sequence[str]) -> int:
    from console.cli.front import parse_front, run_front  # noqa: PLC0415

    options = parse_front(given)
    if options is not None:
        return run_front(options)
    from console.cli.app import run  # noqa: PLC0415

    return run(given)


def entry() -> None:
    """The installed script."""
    sys.exit(main())


if __name__ == "__main__":
    entry()
