"""What specialists are given: files, the trail of their actions, the comparison of contracts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.actions import JsonObject
from core.agents.contracts import CompareContracts
from core.agents.settings import OrchestrationSettings
from core.fleet import Message
from core.fleet_ports import AgentContext
from core.ids import ActionId
from core.ports import AgentView
from core.records import ActionRecord

FindAction = Callable[[ActionId], Awaitable[ActionRecord | None]]
"""Where an action stands; None when nobody knows it."""

WhyNot = Callable[[str, str], str]
"""(kind, resource) -> why nobody here can carry that out, or ""."""


EndConflict = Callable[[Message, AgentContext], Awaitable[JsonObject]]
"""Takes `conflict.found`: ends the conflict by the rules, or leaves it to the operator."""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file that is there."""

    path: str
    changed_at: datetime


class TextFiles(Protocol):
    """Reads declared files; never blocks the loop."""

    async def read_text(self, path: str) -> str:
        """The whole text. Raises SourceFailed: missing, unreadable, too big, not UTF-8."""
        ...

    async def list_files(self, pattern: str) -> tuple[FileSeen, ...]:
        """Files that fit a shell pattern, by path; a bounded number. Raises SourceFailed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """All that the ten specialists are built from."""

    settings: OrchestrationSettings
    files: TextFiles
    compare: CompareContracts
    find_action: FindAction
    why_not: WhyNot = lambda _kind, _resource: ""
    list_agents: Callable[[], Awaitable[Sequence[AgentView]]] | None = None
    end_conflict: EndConflict | None = None
