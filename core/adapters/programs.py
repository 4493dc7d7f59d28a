"""Runs a program that the configuration names: no shell, a limit on time and on what it says."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Mapping, Sequence
from typing import Final

from core.errors import OperationFailed

_SAID_MAX: Final = 2_000  # bytes of its output that are kept: the last ones


async def run_program(
    argv: Sequence[str], *, timeout_s: float, variables: Mapping[str, str] | None = None
) -> str:
    """Run it and return the last line that it printed. `variables` join its environment.

    Raises OperationFailed when it cannot be started, ends with a status other than 0, or takes
    longer than `timeout_s`: then it and all that it started are ended.
    """
    # A file, not a pipe: a daemon that it starts may hold its output open for ever.
    with tempfile.TemporaryFile() as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                env={**os.environ, **(variables or {})},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # a group of its own, so that it can be ended whole
            )
        except (OSError, ValueError) as error:
            raise OperationFailed(f"cannot start {argv[0]!r}: {error}") from error
        try:
            async with asyncio.timeout(timeout_s):
                status = await process.wait()
        except TimeoutError as error:
            raise OperationFailed(f"{argv[0]!r} took longer than {timeout_s:g} s; ended") from error
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        output.seek(max(0, output.seek(0, os.SEEK_END) - _SAID_MAX))
        last = output.read().decode(errors="replace").strip().rpartition("\n")[2]
    if status != 0:
        raise OperationFailed(f"{argv[0]!r} ended with status {status}: {last or 'no word'}")
    return last
