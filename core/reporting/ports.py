"""What reports are made from."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.fleet_ports import FleetPort
from core.ids import OperatorId
from core.ports import VerifyReport
from core.records import ActionQuery, ActionRecord, AuditEntry, AuditQuery
from core.reporting.model import Section


class LedgerReads(Protocol):
    """Reads that a running engine and a store at rest both give."""

    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]: ...
    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]: ...
    async def verify_audit(self) -> VerifyReport: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """`fleet` is None where no engine runs: reports of the fleet need one."""

    home: str
    ledger: LedgerReads
    fleet: FleetPort | None = None
    made_by: OperatorId | None = None
    demo: bool = False


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` up to but not including `until`."""

    since: datetime
    until: datetime

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.since <= at < self.until


Build = Callable[[Sources, Period], Awaitable[tuple[Section, ...]]]
"""Makes the sections of one kind of report. Raises MaestroError with one sentence."""
