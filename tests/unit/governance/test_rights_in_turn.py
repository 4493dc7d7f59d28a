"""Rights and trust of one agent change one after the other, whoever else writes meanwhile."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from core.actions import Decision, OutcomeStatus
from core.audit.standing import Standing, find_unfounded
from core.commands import SetQuarantine
from core.errors import ActionConflict, ActionNotFound, StorageError
from core.governance.model import PolicyAnswer, PolicyRequest
from core.ids import AgentId, OperatorId
from core.records import Outcome, WriteUnit
from core.settings import AgentSettings
from tests.factories import NOW, make_token
from tests.unit.governance.gatehouse import Gatehouse, say

ANA = OperatorId("ana")
CODER = AgentId("coder")
DONE = Outcome(status=OutcomeStatus.SUCCEEDED, reported_at=NOW)


def rule(request: PolicyRequest) -> PolicyAnswer:
    if request.resource == "bad":
        return say(Decision.DENY, "forbid:bad", violation=True)
    return say(Decision.DENY if request.facts.quarantined else Decision.ALLOW)


class Slowly:
    """A store whose commits wait for `go`, and are finished though their caller goes away."""

    def __init__(self, house: Gatehouse) -> None:
        self.go = asyncio.Event()
        self._commit: Callable[[WriteUnit], Awaitable[object]] = house.store.commit
        house.store.commit = self.commit  # type: ignore[method-assign,assignment]

    async def commit(self, unit: WriteUnit) -> object:
        return await asyncio.shield(self._later(unit))

    async def _later(self, unit: WriteUnit) -> object:
        await self.go.wait()
        return await self._commit(unit)


async def quarantine(house: Gatehouse) -> None:
    command = SetQuarantine(operator=ANA, agent_id=CODER, quarantined=True, reason="odd")
    await house.desk.dispatch(command)


def is_quarantined(house: Gatehouse) -> bool:
    known = house.principals.find(CODER)
    assert known is not None
    return known.quarantined


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_quarantine_outlives_a_proposal_that_is_being_written() -> None:
    house = Gatehouse(rule=rule)
    await house.propose()
    house.clock.advance(61)  # when it was last seen is written again
    slowly = Slowly(house)
    proposal = asyncio.create_task(house.propose())
    await settle()
    command = asyncio.create_task(quarantine(house))
    await settle()
    slowly.go.set()
    await asyncio.gather(proposal, command)
    assert is_quarantined(house)
    await house.restart()
    assert is_quarantined(house)
    assert (await house.propose()).decision is Decision.DENY


async def test_what_was_being_judged_is_judged_again_under_the_quarantine() -> None:
    house = Gatehouse(rule=rule)
    await house.propose()
    house.clock.advance(61)
    go = asyncio.Event()
    counsel = house.counsel.counsel

    async def slow(*given: object) -> object:
        await go.wait()
        return await counsel(*given)  # type: ignore[arg-type]

    house.counsel.counsel = slow  # type: ignore[method-assign,assignment]
    proposal = asyncio.create_task(house.propose())
    await settle()
    await quarantine(house)
    go.set()
    assert (await proposal).decision is Decision.DENY
    assert is_quarantined(house)


async def test_violations_at_the_same_time_count_one_by_one() -> None:
    alone, together = Gatehouse(rule=rule), Gatehouse(rule=rule)
    for _ in range(10):
        await alone.propose(resource="bad")
    slowly = Slowly(together)
    proposals = [asyncio.create_task(together.propose(resource="bad")) for _ in range(10)]
    await settle()
    slowly.go.set()
    await asyncio.gather(*proposals)
    expected, got = (each.principals.find_trust(CODER) for each in (alone, together))
    assert expected is not None
    assert got is not None
    assert (got.violations, got.score) == (expected.violations, expected.score)
    assert is_quarantined(together)
    assert together.store.events().count("agent.registered") == 1


async def test_a_clean_outcome_beside_a_violation_takes_nothing_of_it_back() -> None:
    house = Gatehouse(rule=rule)
    allowed = await house.propose()
    slowly = Slowly(house)
    violation = asyncio.create_task(house.propose(resource="bad"))
    await settle()
    report = asyncio.create_task(
        house.gate.report_outcome(allowed.id, DONE, result=None, token=make_token())
    )
    await settle()
    slowly.go.set()
    await asyncio.gather(violation, report)
    trust = house.principals.find_trust(CODER)
    assert trust is not None
    assert (trust.violations, trust.clean) == (1, 1)


async def test_what_a_caller_leaves_behind_is_held_all_the_same() -> None:
    house = Gatehouse()
    slowly = Slowly(house)
    proposal = asyncio.create_task(house.propose())
    await settle()
    proposal.cancel()
    with pytest.raises(asyncio.CancelledError):
        await proposal
    slowly.go.set()
    await settle()
    assert len(house.queue) == len(await house.store.list_pending()) == 1
    assert house.principals.find(CODER) is not None


async def test_a_quarantine_is_finished_though_its_operator_goes_away() -> None:
    house = Gatehouse(rule=rule)
    await house.propose()
    slowly = Slowly(house)
    command = asyncio.create_task(quarantine(house))
    await settle()
    command.cancel()
    with pytest.raises(asyncio.CancelledError):
        await command
    slowly.go.set()
    await settle()
    assert is_quarantined(house)


async def test_nobody_unknown_is_put_into_quarantine() -> None:
    house = Gatehouse()
    with pytest.raises(ActionNotFound, match="no agent 'coder' is known here"):
        await quarantine(house)


async def test_a_session_is_opened_beside_a_quarantine() -> None:
    house = Gatehouse(rule=rule)
    await house.propose()
    house.clock.advance(61)
    slowly = Slowly(house)
    opening = asyncio.create_task(
        house.gate.open_session("s", agent="coder", cwd="/w", token=make_token())
    )
    await settle()
    command = asyncio.create_task(quarantine(house))
    await settle()
    slowly.go.set()
    await asyncio.gather(opening, command)
    assert is_quarantined(house)


async def test_one_key_sent_twice_at_once_with_other_arguments_is_refused() -> None:
    house = Gatehouse(rule=rule)
    slowly = Slowly(house)
    calls = [
        asyncio.create_task(house.propose(idempotency_key="k", arguments={"command": command}))
        for command in ("ls", "rm -rf /srv")
    ]
    await settle()
    slowly.go.set()
    first, second = await asyncio.gather(*calls, return_exceptions=True)
    assert not isinstance(first, BaseException)
    assert isinstance(second, ActionConflict)
    assert "'k' stands for another action" in str(second)


async def test_a_key_stands_for_the_call_of_its_own_session() -> None:
    house = Gatehouse(rule=rule)
    first = await house.propose(idempotency_key="k", session="s-1")
    again = await house.propose(idempotency_key="k", session="s-1")
    assert first.id == again.id
    with pytest.raises(ActionConflict, match="stands for another action"):
        await house.propose(idempotency_key="k", session="s-2")


async def test_settings_reach_agents_that_are_known_already() -> None:
    house = Gatehouse(rule=rule)
    await house.propose()
    await quarantine(house)
    house.agents = {"coder": AgentSettings(pack="lockdown", permissions=("read_files",))}
    await house.restart()
    known = house.principals.find(CODER)
    assert known is not None
    assert (known.pack, known.permissions, known.quarantined) == ("lockdown", ("read_files",), True)
    await house.restart()
    assert house.store.events().count("agent.configured") == 1  # only what changes is written
    house.agents = {}
    await house.restart()
    known = house.principals.find(CODER)
    assert known is not None
    assert (known.pack, known.permissions) == ("coding-agent", ("call_tools",))
    entries = [json.loads(each.text) for each in house.store.trail]
    assert not find_unfounded(entries, Standing(principals=(known,)))


async def test_old_rights_are_not_used_when_new_ones_cannot_be_written() -> None:
    house = Gatehouse(rule=rule)
    await house.propose()
    house.agents = {"coder": AgentSettings(pack="lockdown")}
    house.store.fail_with = StorageError("the disk is full")
    with pytest.raises(StorageError, match="the disk is full"):
        await house.restart()
