"""Carries out what the gate allowed to hosted agents and operators: once, and tells the trail."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeGuard

from core.actions import Action, ActionStatus, Decision, JsonObject, OutcomeStatus
from core.bus import Bus
from core.clock import Clock
from core.errors import ActionConflict, MaestroError, PermissionDenied, StorageError
from core.events import ActionJudged, ActionSettled, CoreEvent
from core.governance.insiders import INSIDE, insider_role
from core.governance.own_entries import OwnEntries
from core.governance.released import Releases
from core.ids import ActionId, AgentId
from core.ports import ActionGate, Proposal, Store, Ticket
from core.records import ActionQuery, ActionRecord, Outcome, Role

Executor = Callable[[Action, JsonObject], Awaitable[str]]
"""Does one kind of action with the released arguments; returns one sentence of what came of it.

Raises a MaestroError with the reason when it could not be done.
"""

_Told = asyncio.Future[tuple[Outcome, str]]

# Allowed actions: of each principal, looked through after a restart; of all, remembered for `do`.
_OPEN_MAX: Final = 1_000


class Effects:
    """Where the allowed action of a hosted agent or an operator becomes an act.

    What was allowed when the program stopped is not done again: nobody knows whether it was done.
    """

    name = "effects"

    def __init__(
        self,
        *,
        gate: ActionGate,
        store: Store,
        own: OwnEntries,
        bus: Bus,
        clock: Clock,
        executors: Mapping[str, Executor],
    ) -> None:
        self._gate = gate
        self._store = store
        self._releases = Releases(store=store, clock=clock, bus=bus, own=own)
        self._clock = clock
        self._executors = executors
        self._began_at = clock.now()
        # Kept when it is done: that may come before the gate's answer, for which `do` still waits.
        self._told: dict[ActionId, _Told] = {}
        # Not a lossless subscription: should this service stay down, nobody may wait for it.
        self._due: asyncio.Queue[tuple[ActionId, _Told]] = asyncio.Queue(_OPEN_MAX)
        bus.listen(self._hear)

    async def propose(self, principal: AgentId, proposal: Proposal) -> Ticket:
        """Put an insider's action before the gate. Raises what `ActionGate.propose` raises."""
        if insider_role(principal) is None or proposal.agent != principal:
            raise PermissionDenied(f"{principal!r} is no principal of this program")
        return await self._gate.propose(proposal, token=INSIDE)

    async def do(self, principal: AgentId, proposal: Proposal, *, timeout_s: float) -> str:
        """Propose, and when it is allowed wait for what comes of it; one sentence.

        Raises PermissionDenied when the gate denies; MaestroError when carrying it out failed.
        """
        ticket = await self.propose(principal, proposal)
        if ticket.decision is Decision.DENY:
            raise PermissionDenied("; ".join(ticket.reasons) or "the gate denied it")
        if ticket.status is not ActionStatus.ALLOWED:
            return f"held for approval: {'; '.join(ticket.reasons)}"
        told = self._told.get(ticket.id)
        if told is None:  # more was due at once than is carried out
            return "allowed; it is not done yet"
        try:
            outcome, said = await asyncio.wait_for(asyncio.shield(told), timeout_s)
        except TimeoutError:
            return "allowed; it is not done yet"
        if outcome.status is not OutcomeStatus.SUCCEEDED:
            raise MaestroError(outcome.error or "it failed")
        return said or "done"

    async def run(self) -> None:
        """Carry out what is allowed from now on, until cancelled."""
        await self._close_unfinished()
        async with asyncio.TaskGroup() as tasks:
            while True:
                tasks.create_task(self._carry_out(*await self._due.get()))

    def _hear(self, event: CoreEvent) -> None:
        if _is_due(event):
            told: _Told = asyncio.get_running_loop().create_future()
            with contextlib.suppress(asyncio.QueueFull):  # it stays without an outcome, and undone
                self._due.put_nowait((event.action_id, told))
                self._told[event.action_id] = told
                if len(self._told) > _OPEN_MAX:
                    del self._told[next(iter(self._told))]

    async def _carry_out(self, action_id: ActionId, told: _Told) -> None:
        record = await self._store.get_action(action_id)
        if record is None or record.outcome is not None:
            return
        executor = self._executors.get(record.action.kind)
        if executor is None and insider_role(record.action.agent_id) is not Role.OPERATOR:
            return  # a hosted agent does by itself what only it can do, and reports it
        outcome, result = await self._execute(record, executor)
        # The next start tells that nobody knows; or somebody told already.
        with contextlib.suppress(StorageError, ActionConflict):
            await self._gate.report_outcome(action_id, outcome, result=result, token=INSIDE)
        told.set_result((outcome, result))

    async def _execute(
        self, record: ActionRecord, executor: Executor | None
    ) -> tuple[Outcome, str]:
        action = record.action
        if executor is None:
            return self._failed(f"nothing here can do {action.kind!r}"), ""
        try:
            await self._releases.require(record)
            released = record.arguments_released
            said = await executor(action, action.arguments if released is None else released)
        except MaestroError as error:
            return self._failed(str(error)), ""
        except Exception as error:  # noqa: BLE001 - whatever an executor does, its outcome is told
            return self._failed(f"{type(error).__name__}: {error}"), ""
        return Outcome(status=OutcomeStatus.SUCCEEDED, reported_at=self._clock.now()), said

    def _failed(self, why: str) -> Outcome:
        return Outcome(status=OutcomeStatus.FAILED, error=why, reported_at=self._clock.now())

    async def _close_unfinished(self) -> None:
        """What was allowed before the program stopped: whether it was done, nobody can tell."""
        for record in await self._allowed_to_insiders():
            if record.outcome is not None:
                continue
            if (record.decided_at or record.action.proposed_at) >= self._began_at:
                continue  # allowed while this was being read: it is carried out in a moment
            unknown = Outcome(
                status=OutcomeStatus.UNKNOWN,
                error="the program stopped before it could tell what came of this",
                reported_at=self._clock.now(),
            )
            with contextlib.suppress(PermissionDenied):  # nothing allowed it; the others go on
                await self._gate.report_outcome(record.id, unknown, result=None, token=INSIDE)

    async def _allowed_to_insiders(self) -> list[ActionRecord]:
        """Of each by itself: outside agents may have been allowed any number since."""
        found: list[ActionRecord] = []
        for principal in await self._store.list_principals():
            if insider_role(principal.id) is not None:
                query = ActionQuery(
                    agent_id=principal.id, status=ActionStatus.ALLOWED, limit=_OPEN_MAX
                )
                found += await self._store.list_actions(query)
        return found


def _is_due(event: CoreEvent) -> TypeGuard[ActionJudged | ActionSettled]:
    """An insider's action that has just been allowed, by policy or by a person."""
    return (
        isinstance(event, ActionJudged | ActionSettled)
        and event.decision is Decision.ALLOW
        and insider_role(event.agent_id) is not None
    )
