"""What the gate allows to insiders is done once, and what came of it stands in the trail."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from core.actions import Action, Decision, JsonObject, OutcomeStatus
from core.commands import ApproveAction, EditAction
from core.errors import MaestroError, PermissionDenied, StorageFull
from core.governance.insiders import hosted_principal, operator_principal
from core.ids import ActionId, OperatorId
from core.orchestration.effects import Effects
from core.ports import Proposal, Ticket
from core.records import Outcome, TokenRecord
from tests.unit.governance.gatehouse import Gatehouse, say

BACKEND = hosted_principal("backend")
ANA = operator_principal(OperatorId("ana"))


def restart(agent: str = ANA, *, kind: str = "agent.control") -> Proposal:
    return Proposal(
        agent=agent,
        kind=kind,
        resource="backend",
        arguments={"change": "restart"},
        purpose="it hangs",
    )


class Hands:
    """Executors that write down what they did, and can be made to fail."""

    def __init__(self) -> None:
        self.done: list[tuple[str, JsonObject]] = []
        self.error: Exception | None = None
        self.used = asyncio.Event()

    async def control(self, action: Action, arguments: JsonObject) -> str:
        if self.error is not None:
            raise self.error
        self.done.append((action.resource, arguments))
        self.used.set()
        return "restarted"


class Stage:
    """A gatehouse with effects over it."""

    def __init__(self, house: Gatehouse) -> None:
        self.house = house
        self.hands = Hands()
        self.effects = Effects(
            gate=house.gate,
            store=house.store,
            own=house.own,
            bus=house.bus,
            clock=house.clock,
            executors={"agent.control": self.hands.control},
        )

    async def outcome(self, action_id: ActionId) -> Outcome:
        while True:
            record = await self.house.store.get_action(action_id)
            if record is not None and record.outcome is not None:
                return record.outcome
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def running(house: Gatehouse) -> AsyncGenerator[Stage]:
    stage = Stage(house)
    task = asyncio.create_task(stage.effects.run())
    try:
        yield stage
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_what_is_allowed_is_done_at_once_and_told() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    async with running(house) as stage:
        assert await stage.effects.do(ANA, restart(), timeout_s=5) == "restarted"
    assert stage.hands.done == [("backend", {"change": "restart"})]
    assert house.store.events()[-2:] == ["action.judged", "action.outcome"]


async def test_what_is_held_is_done_when_a_person_has_approved_it() -> None:
    house = Gatehouse()
    async with running(house) as stage:
        said = await stage.effects.do(BACKEND, restart(BACKEND), timeout_s=5)
        assert said.startswith("held for approval")
        assert stage.hands.done == []
        (held,) = await house.desk.list_approvals()
        await house.desk.dispatch(
            ApproveAction(operator=OperatorId("ana"), action_id=held.id, digest=held.digest)
        )
        assert (await stage.outcome(held.id)).status is OutcomeStatus.SUCCEEDED
    assert len(stage.hands.done) == 1


async def test_what_is_denied_is_never_done() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.DENY))
    async with running(house) as stage:
        with pytest.raises(PermissionDenied, match="deny said"):
            await stage.effects.do(ANA, restart(), timeout_s=5)
    assert stage.hands.done == []


@pytest.mark.parametrize(
    ("error", "words"),
    [(MaestroError("it is gone"), "it is gone"), (RuntimeError("boom"), "RuntimeError: boom")],
)
async def test_a_failure_is_the_outcome_and_is_told(error: Exception, words: str) -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    async with running(house) as stage:
        stage.hands.error = error
        with pytest.raises(MaestroError, match=words):
            await stage.effects.do(ANA, restart(), timeout_s=5)


async def test_what_nobody_here_can_do_fails_with_a_word() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    async with running(house) as stage:
        with pytest.raises(MaestroError, match="nothing here can do"):
            await stage.effects.do(ANA, restart(kind="moon.land"), timeout_s=5)


async def test_what_only_the_agent_itself_can_do_is_left_to_it() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    async with running(house) as stage:
        own = await stage.effects.propose(BACKEND, restart(BACKEND, kind="moon.land"))
        await stage.effects.do(ANA, restart(), timeout_s=5)  # taken up after the one before
    record = await house.store.get_action(own.id)
    assert record is not None
    assert record.outcome is None


async def test_the_arguments_that_run_are_the_operators_edit() -> None:
    house = Gatehouse()
    async with running(house) as stage:
        ticket = await stage.effects.propose(BACKEND, restart(BACKEND))
        record = await house.store.get_action(ticket.id)
        assert record is not None
        await house.desk.dispatch(
            EditAction(
                operator=OperatorId("ana"),
                action_id=ticket.id,
                digest=record.digest,
                arguments={"change": "pause"},
            )
        )
        await stage.outcome(ticket.id)
    assert stage.hands.done == [("backend", {"change": "pause"})]


async def test_after_a_restart_nothing_is_done_twice_and_nobody_guesses() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    ticket = await Stage(house).effects.propose(ANA, restart())  # the program stops here
    for _ in range(1_001):
        await house.propose()  # an outside agent's actions are not ours to close
    house.clock.advance(1)
    async with running(house) as stage:
        outcome = await stage.outcome(ticket.id)
    assert outcome.status is OutcomeStatus.UNKNOWN
    assert stage.hands.done == []


async def test_what_is_allowed_before_the_service_runs_is_done_once_it_does() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    stage = Stage(house)
    ticket = await stage.effects.propose(ANA, restart())
    task = asyncio.create_task(stage.effects.run())
    assert (await stage.outcome(ticket.id)).status is OutcomeStatus.SUCCEEDED
    task.cancel()
    assert len(stage.hands.done) == 1


@pytest.mark.parametrize("written", [True, False])
async def test_what_is_done_before_the_gate_has_answered_is_told(
    monkeypatch: pytest.MonkeyPatch, *, written: bool
) -> None:
    """As when a slow reader of the bus holds up the announcement of the verdict."""
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    propose, report, reported = house.gate.propose, house.gate.report_outcome, asyncio.Event()

    async def propose_slowly(proposal: Proposal, *, token: TokenRecord) -> Ticket:
        ticket = await propose(proposal, token=token)
        await reported.wait()
        return ticket

    async def report_and_say_so(*about: Any, **more: Any) -> None:
        try:
            house.store.fail_with = None if written else StorageFull("the disk is full")
            await report(*about, **more)
        finally:
            reported.set()

    monkeypatch.setattr(house.gate, "propose", propose_slowly)
    monkeypatch.setattr(house.gate, "report_outcome", report_and_say_so)
    async with running(house) as stage:
        assert await stage.effects.do(ANA, restart(), timeout_s=5) == "restarted"


async def test_an_outside_name_is_refused() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    stage = Stage(house)
    for proposal in (restart("coder"), restart(BACKEND)):
        with pytest.raises(PermissionDenied):
            await stage.effects.propose(
                ANA if proposal.agent == BACKEND else hosted_principal("x"), proposal
            )


async def test_what_takes_longer_than_the_caller_waits_is_said_to_be_on_its_way() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    stage = Stage(house)  # nobody runs it: nothing is carried out
    assert await stage.effects.do(ANA, restart(), timeout_s=0) == "allowed; it is not done yet"


async def test_an_outcome_that_cannot_be_written_ends_the_wait_and_not_the_service() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    async with running(house) as stage:
        ticket = await stage.effects.propose(ANA, restart())
        house.store.fail_with = StorageFull("the disk is full")
        await stage.hands.used.wait()
        for _ in range(5):  # the report of the outcome fails meanwhile
            await asyncio.sleep(0)
        house.store.fail_with = None
        assert await stage.effects.do(ANA, restart(), timeout_s=5) == "restarted"
    record = await house.store.get_action(ticket.id)
    assert record is not None
    assert record.outcome is None
