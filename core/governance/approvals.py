"""The queue of held actions: durable, ordered by urgency, each one settled once."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from core.actions import ActionStatus, Decision
from core.bus import Bus
from core.clock import Clock
from core.errors import ActionNotFound, ApprovalSettled, MaestroError, WriteConflict
from core.events import ActionSettled, AuditBroken, ServiceFailed, ServiceRecovered
from core.governance.deadlines import seconds_left, time_at_start
from core.governance.record import bind_records, name_deed
from core.governance.rules import order_queue
from core.governance.screening.texts import redact_text
from core.governance.taking_up import deny_edited, is_as_told
from core.ids import ActionId
from core.ports import Store, Tracer
from core.records import (
    ActionRecord,
    ApprovalRecord,
    ApprovalStatus,
    ApprovalTransition,
    AuditDraft,
    Record,
    WriteUnit,
)

_LOOK_EVERY_S: Final = 0.5


@dataclass(slots=True, eq=False)
class HeldAction:
    """One action that waits for an operator. `lock` orders everything that happens to it."""

    record: ActionRecord
    approval: ApprovalRecord
    expires_monotonic_s: float  # a wall clock that steps back must not lengthen an approval
    since_monotonic_s: float
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    waits: list[datetime] = field(default_factory=list[datetime])  # when each caller will give up

    def as_awaited(self) -> ApprovalRecord:
        """The approval, and until when a caller waits for it: what is told and never written."""
        until = max(self.waits, default=None)
        return replace(self.approval, awaited_until=until) if until else self.approval


class ApprovalQueue:
    """Holds, orders, expires and settles. `run` expires what nobody answered."""

    name = "approvals"

    def __init__(self, *, store: Store, clock: Clock, bus: Bus, tracer: Tracer) -> None:
        self._store = store
        self._clock = clock
        self._bus = bus
        self._tracer = tracer
        self._held: dict[ActionId, HeldAction] = {}
        self._filled = asyncio.Event()
        self._problem = ""  # why overdue actions stay as they are, as last told

    async def load(self) -> None:
        """Take up what was pending when the last process ended."""
        now = await time_at_start(self._store, self._clock)
        for approval in await self._store.list_pending():
            record = await self._store.get_action(approval.id)
            if record is None:
                continue
            if await is_as_told(self._store, record, approval):
                self._hold(record, approval, now)
            else:
                await self._deny_edited(record, approval)

    async def _deny_edited(self, record: ActionRecord, approval: ApprovalRecord) -> None:
        """What somebody edited while nothing ran waits no more; operators are told."""
        now_s = self._clock.monotonic_s()
        held = HeldAction(record, approval, now_s, now_s)
        denied = deny_edited(record, approval, self._clock.now())
        with contextlib.suppress(MaestroError):  # it is not taken up, and shown, all the same
            await self.settle(held, denied.approval, denied.record, drafts=denied.drafts)
        await self._bus.publish(
            AuditBroken(at=self._clock.now(), position=0, message=denied.record.decision_reason)
        )

    def hold(self, record: ActionRecord, approval: ApprovalRecord) -> None:
        """Put a durably written action into the queue."""
        self._hold(record, approval, self._clock.now())

    def _hold(self, record: ActionRecord, approval: ApprovalRecord, now: datetime) -> None:
        now_s = self._clock.monotonic_s()
        ends_s = now_s + seconds_left(approval, now)
        self._held[approval.id] = HeldAction(record, approval, ends_s, now_s)
        self._filled.set()

    def __len__(self) -> int:
        return len(self._held)

    def list(self) -> tuple[ApprovalRecord, ...]:
        """Pending ones, most urgent first."""
        pending = (held.as_awaited() for held in self._held.values())
        return order_queue(pending, now=self._clock.now())

    def peek(self, action_id: ActionId) -> HeldAction | None:
        """The held action, or None."""
        return self._held.get(action_id)

    async def find(self, action_id: ActionId) -> HeldAction:
        """The held action. Raises ApprovalSettled when it is decided, ActionNotFound otherwise."""
        held = self._held.get(action_id)
        if held is not None:
            return held
        approval = await self._store.get_approval(action_id)
        if approval is None:
            raise ActionNotFound(f"no approval {action_id!r} is known here")
        raise ApprovalSettled(describe_settled(approval))

    async def wait(self, action_id: ActionId, timeout_s: float) -> None:
        """Return when the action is no longer held, or after `timeout_s`."""
        held = self._held.get(action_id)
        if held is None or timeout_s <= 0:
            return
        until = self._clock.now() + timedelta(seconds=timeout_s)
        held.waits.append(until)
        try:
            async with asyncio.timeout(timeout_s):
                await held.settled.wait()
        except TimeoutError:
            return
        finally:
            held.waits.remove(until)

    async def run(self) -> None:
        """Expire what is overdue, until cancelled."""
        while True:
            await self._filled.wait()  # nothing held, nothing to wake for
            await self.expire_overdue()
            if not self._held:
                self._filled.clear()
            await self._clock.sleep(_LOOK_EVERY_S)

    async def expire_overdue(self) -> None:
        """Settle as EXPIRED, which is a deny, everything whose time has passed.

        What cannot be written is told, and tried again at the next look: a store that fails for
        some seconds must not end expiry.
        """
        problem = ""
        for held in tuple(self._held.values()):
            if self.is_overdue(held):
                problem = await self._try_to_expire(held) or problem
        await self._tell_problem(problem)

    async def _try_to_expire(self, held: HeldAction) -> str:
        """Why it is held still, or ""."""
        try:
            async with held.lock:
                if not held.settled.is_set():
                    await self.expire(held)
        except MaestroError as error:
            return "" if held.settled.is_set() else str(error)
        return ""

    async def _tell_problem(self, problem: str) -> None:
        """Publish it once, and once that it is over."""
        before, self._problem = self._problem, problem
        if problem == before:
            return
        at = self._clock.now()
        if not problem:
            await self._bus.publish(ServiceRecovered(at=at, service=self.name))
            return
        message = f"what nobody answered in time cannot be denied, and waits on: {problem}"
        await self._bus.publish(
            ServiceFailed(at=at, service=self.name, message=message, restarting=True)
        )

    def is_overdue(self, held: HeldAction) -> bool:
        """True once either clock says that the time has passed."""
        return (
            self._clock.now() >= held.approval.expires_at
            or self._clock.monotonic_s() >= held.expires_monotonic_s
        )

    async def expire(self, held: HeldAction) -> None:
        """Settle one as EXPIRED. The caller holds its lock."""
        at = self._clock.now()
        reason = "nobody answered in time; expired approvals are denied"
        approval = replace(
            held.approval, status=ApprovalStatus.EXPIRED, settled_at=at, reason=reason
        )
        record = replace(
            held.record,
            # A key stands for one run: after expiry the same call is a new action.
            action=replace(held.record.action, idempotency_key=None),
            status=ActionStatus.EXPIRED,
            decided_at=at,
            decision_reason=reason,
        )
        draft = AuditDraft(
            event="approval.expired",
            at=at,
            actor="approvals",
            action_id=approval.id,
            body={
                **name_deed(approval),
                "digest": approval.digest,
                "created_at": approval.created_at.isoformat(),
            },
        )
        await self.settle(held, approval, record, drafts=(draft,))

    async def settle(
        self,
        held: HeldAction,
        approval: ApprovalRecord,
        record: ActionRecord,
        *,
        drafts: tuple[AuditDraft, ...],
        puts: tuple[Record, ...] = (),
    ) -> None:
        """Write the end of a held action, then tell. Raises ApprovalSettled when another won.

        What was begun is finished, whoever goes away meanwhile: a caller that is cancelled between
        the write and what follows would leave an action here that the store knows as settled.
        """
        await asyncio.shield(self._settle(held, approval, record, drafts=drafts, puts=puts))

    async def _settle(
        self,
        held: HeldAction,
        approval: ApprovalRecord,
        record: ActionRecord,
        *,
        drafts: tuple[AuditDraft, ...],
        puts: tuple[Record, ...],
    ) -> None:
        await self._change(held, approval, record, drafts=drafts, puts=puts)
        await self._let_go(held, approval)

    async def _let_go(self, held: HeldAction, approval: ApprovalRecord) -> None:
        """Free whoever waits, and tell: the store has it as settled."""
        held.settled.set()
        self._held.pop(approval.id, None)
        record = held.record
        ended = self._clock.now()
        waited = timedelta(seconds=self._clock.monotonic_s() - held.since_monotonic_s)
        self._tracer.record(
            "wait", action=record.action, started_at=ended - waited, ended_at=ended, ok=True
        )
        allowed = approval.status is ApprovalStatus.APPROVED
        await self._bus.publish(
            ActionSettled(
                at=approval.settled_at or ended,
                action_id=approval.id,
                agent_id=approval.agent_id,
                correlation_id=record.action.correlation_id,
                decision=Decision.ALLOW if allowed else Decision.DENY,
                status=approval.status.value,
                by=approval.settled_by,
                reason=redact_text(approval.reason),
                edited=approval.arguments_edited is not None,
            )
        )

    async def change(
        self,
        held: HeldAction,
        approval: ApprovalRecord,
        record: ActionRecord,
        *,
        drafts: tuple[AuditDraft, ...],
    ) -> None:
        """Replace a pending approval in the store and here, as whole as `settle` does. The caller
        holds its lock.
        """
        await asyncio.shield(self._change(held, approval, record, drafts=drafts, puts=()))

    async def _change(
        self,
        held: HeldAction,
        approval: ApprovalRecord,
        record: ActionRecord,
        *,
        drafts: tuple[AuditDraft, ...],
        puts: tuple[Record, ...],
    ) -> None:
        transition = ApprovalTransition(
            to=approval,
            digest_expected=held.approval.digest,
            votes_expected=len(held.approval.votes),
        )
        first, *others = drafts  # the first one is of the approval itself
        bound = (bind_records(first, record, approval), *others)
        unit = WriteUnit(puts=(record, *puts), transitions=(transition,), audit=bound)
        try:
            await self._store.commit(unit)
        except WriteConflict as conflict:
            raise ApprovalSettled(await self._who_won(held)) from conflict
        held.approval = approval
        held.record = record

    async def _who_won(self, held: HeldAction) -> str:
        """What the store says of it; what is settled there is no longer held here."""
        action_id = held.approval.id
        stored = await self._store.get_approval(action_id)
        if stored is None:
            return f"approval {action_id!r} is gone"
        if stored.status is not ApprovalStatus.PENDING:
            await self._let_go(held, stored)
        return describe_settled(stored)


def describe_settled(approval: ApprovalRecord) -> str:
    """Who settled it, how and when, as a sentence."""
    by = f" by {approval.settled_by}" if approval.settled_by else ""
    when = _clock_time(approval.settled_at)
    return f"approval {approval.id} was already {approval.status.value}{by}{when}"


def _clock_time(at: datetime | None) -> str:
    return f" at {at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
