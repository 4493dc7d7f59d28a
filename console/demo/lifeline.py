"""No process of the demo outlives whoever started it, however that one ended."""

import os
import sys
import threading


def end_with_parent() -> None:
    """End this process when its standard input closes, which a dead parent cannot prevent."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    # Unbuffered: a thread that holds the lock of a buffered reader would stop a normal exit.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)
