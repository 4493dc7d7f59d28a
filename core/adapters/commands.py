"""Allowed actions carried out by the programs that are declared for them. Never by a shell."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from typing import Final

from core.actions import Action, JsonObject
from core.errors import InvalidAction, MaestroError

_SAID_BYTES_MAX: Final = 16_384
_SAID_TEXT_MAX: Final = 500
_ARGUMENT_MAX: Final = 1_000
ANY: Final = "*"


class DeclaredCommands:
    """`[orchestration.commands."service.restart"] web = ["systemctl", "restart", "web"]`.

    The resource `*` stands for any. The action's arguments are handed over as environment
    variables ACTION_ARG_NAME, its resource as ACTION_RESOURCE: nothing is put into the command.
    """

    def __init__(
        self, declared: Mapping[str, Mapping[str, Sequence[str]]], *, timeout_s: float
    ) -> None:
        self._declared = declared
        self._timeout_s = timeout_s

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of action that something is declared for."""
        return tuple(self._declared)

    def why_not(self, kind: str, resource: str) -> str:
        """Why that cannot be carried out here, with what to do; "" when it can."""
        if self._find(kind, resource):
            return ""
        return (
            f"Nothing here can do {kind} on {resource!r}: declare a program for it under"
            f' [orchestration.commands."{kind}"] in maestro.toml.'
        )

    async def execute(self, action: Action, arguments: JsonObject) -> str:
        """Run the declared program; one line of what it said.

        Raises InvalidAction when none is declared, MaestroError when it fails or takes too long.
        """
        command = self._find(action.kind, action.resource)
        if not command:
            raise InvalidAction(self.why_not(action.kind, action.resource))
        environment = {
            **os.environ,
            "ACTION_KIND": action.kind,
            "ACTION_RESOURCE": action.resource,
            **_to_variables(arguments),
        }
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise MaestroError(f"{command[0]} could not be started: {error}") from error
        said, stopped = await self._wait(process)
        if stopped:
            raise MaestroError(
                f"{command[0]} took longer than {self._timeout_s:g} s and was stopped"
            )
        if process.returncode != 0:
            problem = f"{command[0]} ended with status {process.returncode}: {said}"
            raise MaestroError(problem.rstrip(": "))
        return said or "done"

    async def _wait(self, process: asyncio.subprocess.Process) -> tuple[str, bool]:
        """What it said last, and whether it had to be stopped.

        A service that it has started may hold its output open: what counts is that itself ended.
        """
        said: list[str] = [""]
        stopped = True
        try:
            async with asyncio.timeout(self._timeout_s):
                await _drain(process, said)
                await process.wait()
            stopped = False
        except TimeoutError:
            stopped = process.returncode is None
        finally:
            if stopped:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return said[0], stopped

    def _find(self, kind: str, resource: str) -> Sequence[str]:
        of_kind = self._declared.get(kind, {})
        return of_kind.get(resource) or of_kind.get(ANY) or ()


async def _drain(process: asyncio.subprocess.Process, said: list[str]) -> None:
    """Read to the end, so that the program is never held up; keep the last line in `said`."""
    kept = b""
    assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
    while chunk := await process.stdout.read(65_536):
        kept = (kept + chunk)[-_SAID_BYTES_MAX:]
        lines = kept.decode("utf-8", "replace").strip().splitlines()
        said[0] = lines[-1].strip()[:_SAID_TEXT_MAX] if lines else ""


def _to_variables(arguments: JsonObject) -> dict[str, str]:
    """Plain arguments alone; names in capitals, everything that is no letter or digit as _."""
    return {
        "ACTION_ARG_" + "".join(each if each.isalnum() else "_" for each in name).upper(): str(
            value
        )[:_ARGUMENT_MAX].replace("\0", "")
        for name, value in arguments.items()
        if isinstance(value, str | int | float) and name.isascii()
    }
