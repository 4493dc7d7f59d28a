"""Every injected fault ends in a deny that is audited."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from core.actions import Action, ActionStatus, Counsel, Decision
from core.errors import StorageError
from core.governance import enforcement, facts, shell_actions
from core.governance.model import PolicyAnswer, PolicyRequest
from core.ids import SessionId
from core.ports import Ticket
from core.records import SessionRecord
from tests.unit.governance.gatehouse import Gatehouse, say


def allow(_request: PolicyRequest) -> PolicyAnswer:
    return say(Decision.ALLOW)


def _broken(*_args: object, **_kwargs: object) -> object:
    raise RuntimeError("injected")


def break_judge(house: Gatehouse, _patch: pytest.MonkeyPatch) -> None:
    house.judge.error = RuntimeError("injected")


def silence_judge(house: Gatehouse, _patch: pytest.MonkeyPatch) -> None:
    house.judge.rule = lambda _request: None  # type: ignore[assignment,return-value]


def hang_judge(house: Gatehouse, patch: pytest.MonkeyPatch) -> None:
    async def never(_request: PolicyRequest) -> PolicyAnswer:
        await asyncio.Event().wait()
        raise AssertionError

    patch.setattr(house.judge_port, "judge", never)
    patch.setattr(house.enforcement, "_judge_timeout_s", 0.01)


def break_counsel(house: Gatehouse, _patch: pytest.MonkeyPatch) -> None:
    house.counsel.error = RuntimeError("injected")


def silence_counsel(house: Gatehouse, _patch: pytest.MonkeyPatch) -> None:
    house.counsel.answer = None


def hang_counsel(house: Gatehouse, patch: pytest.MonkeyPatch) -> None:
    async def never(*_args: object) -> Counsel:
        await asyncio.Event().wait()
        raise AssertionError

    patch.setattr(house.counsel, "counsel", never)
    patch.setattr(house.enforcement, "_counsel_timeout_s", 0.01)


def break_both(house: Gatehouse, patch: pytest.MonkeyPatch) -> None:
    break_judge(house, patch)
    break_counsel(house, patch)


def _forget() -> None:
    """What was looked at before would be answered without the part that is about to fail."""
    facts.look_at_command.cache_clear()
    facts.look_at_nobodys.cache_clear()
    shell_actions.classify_short.cache_clear()


def break_screening(_house: Gatehouse, patch: pytest.MonkeyPatch) -> None:
    _forget()
    patch.setattr(facts, "screen", _broken)


def break_grounding(_house: Gatehouse, patch: pytest.MonkeyPatch) -> None:
    _forget()
    patch.setattr(facts, "ground_action", _broken)


def break_shell(_house: Gatehouse, patch: pytest.MonkeyPatch) -> None:
    _forget()
    patch.setattr(shell_actions, "classify_command", _broken)


def break_clock(house: Gatehouse, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(house.clock, "now", _broken)


def break_stopwatch(house: Gatehouse, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(house.clock, "monotonic_s", _broken)


def break_session_store(house: Gatehouse, patch: pytest.MonkeyPatch) -> None:
    async def unreadable(_session: SessionId) -> SessionRecord | None:
        raise StorageError("injected")

    patch.setattr(house.store, "get_session", unreadable)


def break_trail(house: Gatehouse, _patch: pytest.MonkeyPatch) -> None:
    house.trail_problem = "the disk of the daily copy is full"


Break = Callable[[Gatehouse, pytest.MonkeyPatch], None]
FAULTS: tuple[Break, ...] = (
    break_judge,
    silence_judge,
    hang_judge,
    break_counsel,
    silence_counsel,
    hang_counsel,
    break_both,
    break_screening,
    break_grounding,
    break_shell,
    break_clock,
    break_stopwatch,
    break_session_store,
    break_trail,
)


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_fault_is_an_audited_deny(
    fault: Break,
    waits: bool,  # noqa: FBT001 - a case of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = Gatehouse(rule=allow)
    house.counsel.waits = house.judge_port.waits = waits
    await house.propose()
    fault(house, monkeypatch)
    ticket: Ticket = await house.propose(session="s")
    assert (ticket.decision, ticket.status) == (Decision.DENY, ActionStatus.DENIED)
    assert "blocked because" in ticket.reasons[0]
    last = house.store.drafts[-1]
    assert (last.event, last.body["decision"]) == ("action.judged", "deny")
    policies = last.body["policies"]
    assert isinstance(policies, list)
    assert str(policies[0]).startswith("fail-safe:")
    assert house.gate.statistics.blocked_by_fault == 1


async def test_an_errors_text_never_carries_a_secret_into_the_trail() -> None:
    house = Gatehouse(rule=allow)
    secret = "ghp_" + "a1B2" * 9
    house.judge.error = RuntimeError(f"cannot parse {secret}")
    ticket = await house.propose()
    assert secret not in ticket.reasons[0]
    assert secret not in "".join(entry.text for entry in house.store.trail)


async def test_when_screening_itself_fails_no_argument_reaches_the_trail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = Gatehouse(rule=allow)
    monkeypatch.setattr(facts, "screen", _broken)
    monkeypatch.setattr(enforcement, "screen", _broken)
    ticket = await house.propose(arguments={"command": "very-private"})
    assert ticket.decision is Decision.DENY
    assert "very-private" not in house.store.trail[-1].text


async def test_counsel_cannot_change_what_the_judge_sees_or_what_runs() -> None:
    house = Gatehouse(rule=allow)

    async def meddle(action: object, *_rest: object) -> Counsel:
        action.arguments["command"] = "rm -rf /"  # type: ignore[attr-defined]
        return Counsel(called_for=False)

    house.counsel.counsel = meddle  # type: ignore[method-assign,assignment]
    ticket = await house.propose(arguments={"command": "ls"})
    assert ticket.arguments == {"command": "ls"}


async def test_judge_and_counsel_run_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    house = Gatehouse(rule=allow)
    inside: set[str] = set()
    both = asyncio.Event()

    async def enter(name: str) -> None:
        inside.add(name)
        if len(inside) == 2:
            both.set()
        await both.wait()

    async def judge(_request: PolicyRequest) -> PolicyAnswer:
        await enter("judge")
        return say(Decision.ALLOW)

    async def counsel(*_args: object) -> Counsel:
        await enter("counsel")
        return Counsel(called_for=False)

    house.judge_port.waits = True
    monkeypatch.setattr(house.judge_port, "judge", judge)
    monkeypatch.setattr(house.counsel, "counsel", counsel)
    assert (await house.propose()).decision is Decision.ALLOW


async def test_what_the_counsel_does_to_its_copy_changes_nothing_that_runs() -> None:
    house = Gatehouse(rule=lambda _: say(Decision.ALLOW))
    given: dict[str, Any] = {"to": {"names": ["ana", {"deep": "x"}]}, "amount": 3}

    async def tamper(action: Action, *_: object) -> Counsel:
        inner = cast("dict[str, Any]", action.arguments["to"])
        inner["names"][1]["deep"] = "changed"
        inner["names"].append("eve")
        return Counsel(called_for=False)

    house.counsel.counsel = tamper  # type: ignore[method-assign,assignment]
    ticket = await house.propose(kind="tool.call", arguments=given)
    record = await house.store.get_action(ticket.id)
    assert record is not None
    assert record.arguments_released == {"to": {"names": ["ana", {"deep": "x"}]}, "amount": 3}
