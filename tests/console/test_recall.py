"""A decision can be taken back until it is sent; whatever happens meanwhile, nothing runs by it."""

from datetime import timedelta
from typing import Any

import pytest

from console.outbox import RECALL_S
from core.actions import RiskLevel
from core.commands import ApproveAction, DenyAction
from core.errors import ApprovalSettled
from tests.console.day import busy_operator
from tests.console.driving import Driver, open_console
from tests.console.fakes import PAUL, FakeOperator, action_id
from tests.factories import NOW

WINDOWS: Any = {"recall_s": RECALL_S}


def two_held() -> FakeOperator:
    operator = FakeOperator()
    operator.hold("aa0001", risk=RiskLevel.MEDIUM, arguments={"command": "first one"})
    operator.hold("bb0002", risk=RiskLevel.MEDIUM, arguments={"command": "second one"})
    return operator


async def approve(console: Driver, tail: str) -> None:
    await console.open_approvals(tail)
    await console.press("a")
    await console.until(lambda: action_id(tail) in console.app.front.outbox.about)


async def test_the_agent_is_told_nothing_before_the_window_ends() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
        pressed_at = console.clock.now()
        await console.see("u takes back: maria approves aa0001 in 3s", "the agent is not told yet")
        await console.see("approve in 3s")
        console.clock.advance(1.0)
        await console.hear()  # one second more
        assert not operator.commands
        console.clock.advance(1.1)
        await console.until(lambda: operator.commands)
        await console.until(lambda: "✓ approved aa0001" in console.toasts())
        await console.until(lambda: "takes back" not in console.screen_text())
    (command,) = operator.commands
    assert isinstance(command, ApproveAction)
    assert command.pressed_at == pressed_at


async def test_what_is_taken_back_is_never_sent() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
        await console.press("u")
        assert console.toasts()[-1].startswith("Taken back: approve aa0001.")
        assert console.selected() == action_id("aa0001")
        console.clock.advance(60)
        await console.hear()
        await console.until(lambda: not console.app.front.outbox.about)
        await console.press("u")
        assert console.toasts()[-1].startswith("No decision can be taken back")
    assert not operator.commands


async def test_the_next_action_is_shown_while_a_decision_waits_and_both_are_sent() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
        await console.until(lambda: "second one" in console.dossier_text())
        await console.read_all()
        await console.press("a")
        await console.see("(and 1 before it)")
        console.clock.advance(4)
        await console.until(lambda: len(operator.commands) == 2)


async def test_nothing_is_decided_twice() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
        console.approvals.queue.select(action_id("aa0001"))
        await console.until(lambda: "first one" in console.dossier_text())
        console.read_time()
        await console.press("d")
        assert not console.dialog()
        assert any("u takes it back" in each for each in console.toasts())


async def test_u_takes_back_what_is_selected_rather_than_what_came_last() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
        await approve(console, "bb0002")
        console.approvals.queue.select(action_id("aa0001"))
        await console.press("u")
        console.clock.advance(5)
        await console.until(lambda: operator.commands)
        await console.until(lambda: not console.app.front.outbox.about)
    assert [each.action_id for each in operator.commands if isinstance(each, ApproveAction)] == [
        action_id("bb0002")
    ]


async def test_u_works_on_every_screen() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
        await console.press("1")
        await console.press("u")
        await console.until(lambda: not console.app.front.outbox.about)
        assert any("Taken back: approve aa0001" in each for each in console.toasts())
    assert not operator.commands


async def test_a_console_that_ends_inside_the_window_has_told_nobody() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
    assert not operator.commands
    assert len(operator.pending) == 2


async def test_leaving_says_that_it_sends_and_then_sends() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
        await console.press("q")
        await console.until(lambda: console.dialog() == "QuitDialog")
        await console.see("1 decision not sent yet: leaving sends what you decided.")
        await console.see("Leave while 2 approvals wait?")
        console.read_time()
        await console.press("q")
        await console.until(lambda: operator.commands)


async def test_leaving_stays_when_what_was_decided_is_refused() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
        operator.failure = ApprovalSettled("too late")
        await console.press("q")
        await console.until(lambda: console.dialog() == "QuitDialog")
        console.read_time()
        await console.press("q")
        await console.until(lambda: "too late" in console.toasts())
        assert console.app.is_running
        operator.failure = None


async def test_what_expires_inside_the_window_stays_denied() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
        await operator.settle_elsewhere("aa0001", "expired", by=None)
        await console.hear()
        said = "aa0001 waits no more: expired; yours was not sent"
        await console.until(lambda: said in console.toasts())
        console.clock.advance(60)
        await console.until(lambda: not console.app.front.outbox.about)
    assert not operator.commands


async def test_somebody_elses_decision_inside_the_window_wins() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await approve(console, "aa0001")
        await operator.settle_elsewhere("aa0001", "denied", by=PAUL)
        await console.hear()
        said = "aa0001 waits no more: denied by paul; yours was not sent"
        await console.until(lambda: said in console.toasts())
    assert not operator.commands


async def test_a_late_decision_is_held_for_half_of_what_is_left() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", risk=RiskLevel.MEDIUM, expires_at=NOW + timedelta(seconds=4.5))
    async with open_console(operator, **WINDOWS) as console:
        await console.open_approvals()
        await console.press("a")
        await console.until(lambda: console.app.front.outbox.held)
        (decided,) = console.app.front.outbox.held
        assert console.app.front.outbox.left_s(decided) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("risk", "window_s"),
    [(RiskLevel.LOW, 0), (RiskLevel.MEDIUM, 3), (RiskLevel.HIGH, 10), (RiskLevel.CRITICAL, 10)],
)
async def test_the_window_goes_by_the_risk(risk: RiskLevel, window_s: float) -> None:
    async with open_console(two_held(), **WINDOWS) as console:
        assert console.app.front.outbox.window_s(risk, 600) == window_s
        assert console.app.front.outbox.window_s(risk, -1) == 0


async def test_low_risk_is_sent_at_once() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", risk=RiskLevel.LOW)
    async with open_console(operator, **WINDOWS) as console:
        await console.open_approvals()
        await console.press("a")
        await console.until(lambda: operator.commands)
        assert not console.app.front.outbox.held


async def test_a_denial_can_be_taken_back_too() -> None:
    operator = two_held()
    async with open_console(operator, **WINDOWS) as console:
        await console.open_approvals("aa0001")
        await console.press("d")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.type("no")
        await console.press("enter")
        await console.see("u takes back: maria denies aa0001")
        console.clock.advance(4)
        await console.until(lambda: operator.commands)
    assert isinstance(operator.commands[0], DenyAction)


async def test_a_group_is_taken_back_whole() -> None:
    operator = busy_operator()
    async with open_console(operator, recall_s={RiskLevel.LOW: 5.0}) as console:
        await console.open_approvals("b09e41")
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        console.read_time()
        await console.press("a")
        await console.see("u takes back: maria approves 3 actions in 5s")
        await console.press("u")
        console.clock.advance(9)
        await console.until(lambda: not console.app.front.outbox.about)
    assert not operator.commands


async def test_a_refusal_inside_a_group_is_told_and_the_others_are_carried_out() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("b09e41")
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        operator.drop("b09e42")
        console.read_time()
        await console.press("a")
        await console.until(lambda: len(operator.commands) == 3)
        await console.until(lambda: "✓ approved 3 actions; 1 of them failed" in console.toasts())


async def test_space_takes_an_action_out_of_a_group() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("b09e41")
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        await console.see("approve 3", "deny 3")
        await console.press("down")
        await console.until(lambda: "= 2" in console.paper("group"))
        await console.press("space")
        await console.see("approve 2", "taken out")
        console.read_time()
        await console.press("a")
        await console.until(lambda: len(operator.commands) == 2)
    assert {each.action_id for each in operator.commands if isinstance(each, ApproveAction)} == {
        action_id("b09e41"),
        action_id("b09e43"),
    }
