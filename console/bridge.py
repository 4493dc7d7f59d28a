"""The one door between the bus and the screen: drains, folds, reads, sends."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

from console.fleet_bridge import FleetBridge
from console.language import _
from console.projection import (
    Snapshot,
    with_agents,
    with_approvals,
    with_audit_head,
    with_grants,
    with_trouble,
    with_verification,
)
from console.view_models.summary import Brief, brief_of
from core.bus import Bus
from core.clock import Clock
from core.errors import MaestroError
from core.ids import ActionId, OperatorId

if TYPE_CHECKING:  # not loaded for the first picture
    from core.commands import Command
    from core.events import CoreEvent
    from core.fleet_ports import FleetPort
    from core.ports import Dossier, OperatorPort, VerifyReport
    from core.records import (
        ActionQuery,
        ActionRecord,
        ApprovalRecord,
        AuditEntry,
        AuditQuery,
        SpanRecord,
    )

DRAIN_S: Final = 0.1  # at most ten flushes a second: more is not seen, only paid for
SLOW_S: Final = 1.0  # between reads that go to the store
IDLE_S: Final = 5.0  # deferred actions come back, and urgency grows, with no event
BRIEFS_MAX: Final = 4096
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _BriefKey:
    action_id: ActionId
    digest: str


class Bridge:
    """Holds the newest `snapshot` and carries the operator's reads and commands."""

    def __init__(
        self,
        *,
        operator: OperatorPort,
        bus: Bus,
        clock: Clock,
        operator_id: OperatorId,
        fleet: FleetPort | None = None,
        read_only: bool = False,
    ) -> None:
        """`fleet` None: this engine hosts no orchestrator. `read_only`: it sends no command."""
        self.snapshot = Snapshot()
        self.fleet = FleetBridge(fleet, clock, read_only=read_only)
        self.events = 0  # that came in, for the debug row
        self.reads = 0
        self.clock = clock
        self.operator_id = operator_id
        self._operator = operator
        self._bus = bus
        self._latest = bus.subscribe_latest()
        self._briefs: OrderedDict[_BriefKey, Brief] = OrderedDict()
        self._slow_at_s: float | None = None

    def close(self) -> None:
        """Stop listening."""
        self._bus.close(self._latest)

    async def run(self, changed: Callable[[], None]) -> None:
        """Keep the snapshot fresh until cancelled; `changed` is called after each change.

        Waits in the pace of the terminal, not of the domain: hence asyncio's sleep, not the clock.
        """
        while True:
            started_s = self.clock.monotonic_s()
            await self.refresh()
            changed()
            spent_s = self.clock.monotonic_s() - started_s
            # A slow store is asked less often, so that reading never fills the loop; but what is
            # held meanwhile has to come before the operator.
            await asyncio.sleep(min(max(DRAIN_S, 3 * spent_s), SLOW_S))
            await self._wait_events()

    async def _wait_events(self) -> None:
        """Until something happens, what was put off is due, or urgency may have changed."""
        snapshot = self.snapshot
        put_off = snapshot.agents_stale or snapshot.trail_stale
        try:
            async with asyncio.timeout(SLOW_S if put_off else IDLE_S):
                events = await self._latest.wait()
        except TimeoutError:
            if self.snapshot.alerts:
                self.ask_again()  # what could not be read may be readable again
            elif not put_off:
                self.snapshot = replace(self.snapshot, approvals_stale=True)
            return
        self.events += len(events)
        self._fold(events)
        self.snapshot = replace(self.snapshot, dropped=self._latest.dropped)

    def _fold(self, events: Sequence[CoreEvent]) -> None:
        if events:
            from console.folding import fold_all  # noqa: PLC0415 - not for the first picture

            self.snapshot = fold_all(self.snapshot, events)

    def ask_again(self) -> None:
        """Have everything read anew at the next refresh."""
        self.snapshot = replace(
            self.snapshot,
            approvals_stale=True,
            agents_stale=True,
            grants_stale=True,
            trail_stale=True,
        )

    async def refresh(self) -> None:
        """Fold what waits on the bus, then read again what events made stale."""
        self._fold(self._latest.drain())
        if self.snapshot.fleet_stale:
            self.snapshot = replace(self.snapshot, fleet_stale=False)
            self.fleet.stir()
        if self.snapshot.approvals_stale:
            approvals = await self._read("approvals", self._operator.list_approvals())
            if approvals is not None:
                self.snapshot = with_approvals(self.snapshot, approvals)
        if self.snapshot.grants_stale:
            grants = await self._read("rules", self._operator.list_grants())
            if grants is not None:
                self.snapshot = with_grants(self.snapshot, grants)
        if self._slow_reads_due():
            await self._read_slowly()

    def _slow_reads_due(self) -> bool:
        """Counting agents' actions costs the store more than the queue, which is in memory."""
        if not (self.snapshot.agents_stale or self.snapshot.trail_stale):
            return False
        now_s = self.clock.monotonic_s()
        if self._slow_at_s is not None and now_s - self._slow_at_s < SLOW_S:
            return False
        self._slow_at_s = now_s
        return True

    async def _read_slowly(self) -> None:
        if self.snapshot.agents_stale:
            agents = await self._read("agents", self._operator.list_agents())
            if agents is not None:
                self.snapshot = with_agents(self.snapshot, agents)
        if self.snapshot.trail_stale:
            from core.records import AuditQuery  # noqa: PLC0415 - not for the first picture

            newest = await self._read("audit", self._operator.read_audit(AuditQuery(limit=1)))
            if newest is not None:
                length, head = (newest[0].seq, newest[0].hash) if newest else (0, "")
                self.snapshot = with_audit_head(self.snapshot, length, head)

    async def _read(self, what: str, reading: Awaitable[T]) -> T | None:
        key = f"reading {what}"
        self.reads += 1
        try:
            found = await reading
        except MaestroError as error:
            self.snapshot = with_trouble(
                self.snapshot,
                key,
                _("cannot read {what}: {error}").format(what=_(what), error=error),
            )
            return None
        self.snapshot = with_trouble(self.snapshot, key, "")
        return found

    async def send(self, command: Command) -> None:
        """Carry a command out, then look at the queue again. Raises what the port raises."""
        self.fleet.refuse_when_read_only()
        try:
            await self._operator.dispatch(command)
        finally:
            self._slow_at_s = None  # what the operator did is seen at once
            self.ask_again()
            await self.refresh()

    async def show_action(self, action_id: ActionId) -> Dossier:
        """All that is needed to decide one action. Raises what the port raises."""
        return await self._operator.show_action(action_id)

    async def list_actions(self, query: ActionQuery) -> tuple[ActionRecord, ...]:
        """Actions, newest first. Raises what the port raises."""
        return await self._operator.list_actions(query)

    async def read_audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        """A page of the trail. Raises what the port raises."""
        return await self._operator.read_audit(query)

    async def load_trace(self, action_id: ActionId) -> tuple[SpanRecord, ...]:
        """The spans of one action's correlation. Raises what the port raises."""
        return await self._operator.load_trace(action_id)

    async def verify_audit(self) -> VerifyReport:
        """Verify the trail and keep what was found. Raises what the port raises."""
        report = await self._operator.verify_audit()
        self.snapshot = with_verification(self.snapshot, report)
        return report

    def brief(self, approval: ApprovalRecord) -> Brief | None:
        """Summary and policies of a held action, when they have been read."""
        return self._briefs.get(_BriefKey(approval.id, approval.digest))

    async def load_briefs(self, approvals: Iterable[ApprovalRecord]) -> bool:
        """Read the briefs of these that are not known; True when something new came in."""
        loaded = False
        for approval in approvals:
            key = _BriefKey(approval.id, approval.digest)
            if key in self._briefs:
                continue
            try:
                dossier = await self._operator.show_action(approval.id)
            except MaestroError:
                continue  # settled meanwhile, or unreadable: opening it says why
            self._briefs[key] = brief_of(dossier)
            loaded = True
            if len(self._briefs) > BRIEFS_MAX:
                self._briefs.popitem(last=False)
        return loaded
