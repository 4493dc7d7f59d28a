"""Operations that the configuration names a program for: restart, run again, move, roll back."""

import json
from collections.abc import Awaitable, Mapping, Sequence
from typing import Final, Protocol

from core.actions import Action, JsonObject
from core.errors import OperationFailed
from core.orchestration.fleet_view import Fleet

KINDS: Final = (
    "service.restart",
    "pipeline.rerun",
    "workers.move",
    "deploy.rollback",
    "config.change",
)
CONTROL: Final = "agent.control"
TUNING: Final = "tuning/"

Commands = Mapping[str, Mapping[str, Sequence[str]]]
"""kind -> resource -> program and arguments."""


class Run(Protocol):
    """Runs a program; see `core.adapters.programs.run_program`."""

    def __call__(
        self, argv: Sequence[str], *, timeout_s: float, variables: Mapping[str, str] | None = None
    ) -> Awaitable[str]: ...


class Operations:
    """Knows what can be carried out here, and carries out what the gate allowed."""

    def __init__(self, commands: Commands, *, fleet: Fleet, run: Run, timeout_s: float) -> None:
        self._commands = commands
        self._fleet = fleet
        self._run = run
        self._timeout_s = timeout_s

    def why_not(self, kind: str, resource: str) -> str:
        """Why nobody here can do it, with what to declare; "" when somebody can."""
        if kind == CONTROL or (kind == "config.change" and resource.startswith(TUNING)):
            return ""
        if resource in self._commands.get(kind, {}):
            return ""
        return (
            f'No program is named for it: [operations.commands."{kind}"] "{resource}" in'
            " maestro.toml."
        )

    async def carry_out(self, action: Action, arguments: JsonObject) -> str:
        """Do it, and say what came of it. Raises OperationFailed, AgentNotFound, InvalidAction.

        The program is the configuration's, word for word. What the action adds is in its
        environment: ACTION_ID, and ACTION_ARGUMENTS as JSON.
        """
        kind, resource = action.kind, action.resource
        if kind == CONTROL or (kind == "config.change" and resource.startswith(TUNING)):
            return await self._fleet.carry_out(action, arguments)
        argv = self._commands.get(kind, {}).get(resource)
        if not argv:
            raise OperationFailed(self.why_not(kind, resource))
        variables = {"ACTION_ID": action.id, "ACTION_ARGUMENTS": json.dumps(arguments)}
        return await self._run(argv, timeout_s=self._timeout_s, variables=variables)
