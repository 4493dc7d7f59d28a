"""The one door between the bus and the screen: drains, folds, reads, sends."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from console.projection import (
    Snapshot,
    fold_all,
    with_agents,
    with_approvals,
    with_audit_head,
    with_trouble,
    with_verification,
)
from console.view_models.summary import Brief, brief_of
from core.bus import Bus
from core.clock import Clock
from core.commands import Command
from core.errors import MaestroError
from core.ids import ActionId, OperatorId
from core.ports import Dossier, OperatorPort, VerifyReport
from core.records import ApprovalRecord, AuditEntry, AuditQuery, SpanRecord

DRAIN_S: Final = 0.1  # at most ten flushes a second: more is not seen, only paid for
AGENTS_S: Final = 2.0  # counting agents' actions costs the store more than a queue does
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
        self, *, operator: OperatorPort, bus: Bus, clock: Clock, operator_id: OperatorId
    ) -> None:
        self.snapshot = Snapshot()
        self.clock = clock
        self.operator_id = operator_id
        self._operator = operator
        self._bus = bus
        self._latest = bus.subscribe_latest()
        self._briefs: OrderedDict[_BriefKey, Brief] = OrderedDict()
        self._agents_at_s: float | None = None

    def close(self) -> None:
        """Stop listening."""
        self._bus.close(self._latest)

    async def run(self, changed: Callable[[], None]) -> None:
        """Keep the snapshot fresh until cancelled; `changed` is called after each change.

        Waits in the pace of the terminal, not of the domain: hence asyncio's sleep, not the clock.
        """
        await self._read_head()
        while True:
            started_s = self.clock.monotonic_s()
            await self.refresh()
            changed()
            spent_s = self.clock.monotonic_s() - started_s
            # A slow store is asked less often, so that reading never fills the loop.
            await asyncio.sleep(max(DRAIN_S, 3 * spent_s))
            await self._wait_events()

    async def _wait_events(self) -> None:
        try:
            async with asyncio.timeout(IDLE_S):
                events = await self._latest.wait()
        except TimeoutError:
            if self.snapshot.approvals or self.snapshot.alerts:
                self.ask_again()
            return
        self.snapshot = replace(fold_all(self.snapshot, events), dropped=self._latest.dropped)

    def ask_again(self) -> None:
        """Have the queue and the agents read anew at the next refresh."""
        self.snapshot = replace(self.snapshot, approvals_stale=True, agents_stale=True)

    async def refresh(self) -> None:
        """Fold what waits on the bus, then read again what events made stale."""
        self.snapshot = fold_all(self.snapshot, self._latest.drain())
        if self.snapshot.approvals_stale:
            approvals = await self._read("approvals", self._operator.list_approvals())
            if approvals is not None:
                self.snapshot = with_approvals(self.snapshot, approvals)
        if self.snapshot.agents_stale and self._may_read_agents():
            agents = await self._read("agents", self._operator.list_agents())
            if agents is not None:
                self.snapshot = with_agents(self.snapshot, agents)

    def _may_read_agents(self) -> bool:
        now_s = self.clock.monotonic_s()
        if self._agents_at_s is not None and now_s - self._agents_at_s < AGENTS_S:
            return False
        self._agents_at_s = now_s
        return True

    async def _read_head(self) -> None:
        newest = await self._read("audit", self._operator.read_audit(AuditQuery(limit=1)))
        if newest:
            self.snapshot = with_audit_head(self.snapshot, newest[0].seq, newest[0].hash)

    async def _read(self, what: str, reading: Awaitable[T]) -> T | None:
        key = f"reading {what}"
        try:
            found = await reading
        except MaestroError as error:
            self.snapshot = with_trouble(self.snapshot, key, f"cannot read {what}: {error}")
            return None
        self.snapshot = with_trouble(self.snapshot, key, "")
        return found

    async def send(self, command: Command) -> None:
        """Carry a command out, then look at the queue again. Raises what the port raises."""
        try:
            await self._operator.dispatch(command)
        finally:
            self.ask_again()
            await self.refresh()

    async def show_action(self, action_id: ActionId) -> Dossier:
        """All that is needed to decide one action. Raises what the port raises."""
        return await self._operator.show_action(action_id)

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
