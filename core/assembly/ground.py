"""What the orchestrator stands on."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.bus import Bus
from core.clock import Clock
from core.governance.own_entries import OwnEntries
from core.governance.screening.rules import screen
from core.ids import IdSource
from core.orchestration.degradation import Degradation
from core.orchestration.desk import FindTrust
from core.ports import ActionGate, AgentView, Store
from core.records import AuditDraft, PrincipalRecord, WriteUnit
from core.settings import Settings
from core.supervisor import Supervisor


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the orchestrator stands on."""

    home: Path
    base: Path  # relative paths of the settings start here
    settings: Settings
    clock: Clock
    ids: IdSource
    bus: Bus
    store: Store
    own: OwnEntries
    gate: ActionGate
    degradation: Degradation
    supervisor: Supervisor
    principals: Callable[[], tuple[PrincipalRecord, ...]]
    find_trust: FindTrust
    list_agents: Callable[[], Awaitable[tuple[AgentView, ...]]]

    async def audit(self, draft: AuditDraft) -> None:
        """Put one entry on the trail, without the secrets in it. Raises StorageError."""
        body = screen(draft.body).redacted
        clean = replace(draft, body=body if isinstance(body, Mapping) else {})
        await self.store.commit(WriteUnit(audit=(clean,)))
