"""What comes before the operator by itself is decided by no key that was meant for another."""

import pytest

from console.outbox import RECALL_S
from console.view_models.guard import GUARD_S, UNASKED_S
from core.actions import RiskLevel
from core.commands import ApproveAction
from tests.console.day import busy_operator
from tests.console.driving import Driver, open_console
from tests.console.fakes import MARIA, PAUL, FakeOperator, action_id

TAILS = ("aa0001", "bb0002", "cc0003", "dd0004")


def several_held() -> FakeOperator:
    operator = FakeOperator()
    for tail in TAILS:
        operator.hold(tail, risk=RiskLevel.MEDIUM, arguments={"command": f"make {tail}"})
    return operator


def decided(console: Driver) -> list[str]:
    """What was decided here, sent already or not."""
    return [each for each in TAILS if console.app.front.outbox.was_decided_here(action_id(each))]


async def test_a_key_that_is_held_down_decides_once() -> None:
    operator = several_held()
    async with open_console(operator, recall_s=RECALL_S) as console:
        await console.open_approvals("aa0001")
        for _ in range(40):  # two seconds
            await console.press("a")
            console.clock.advance(0.05)
            await console.until(console.dossier_fits)
        assert len(decided(console)) == 1
        assert len(console.toasts()) == 1  # why is said, and not over and over
        console.read_time()
        await console.press("a")
        await console.until(lambda: len(decided(console)) == 2)


async def test_a_second_press_soon_after_is_not_for_the_next_one() -> None:
    operator = several_held()
    async with open_console(operator, recall_s=RECALL_S) as console:
        await console.open_approvals("aa0001")
        await console.press("a")
        await console.until(console.card_drawn)
        console.clock.advance(0.6)
        await console.press("a")
        assert len(decided(console)) == 1


async def test_who_goes_to_what_came_by_itself_reads_it_for_as_long_as_anything_chosen() -> None:
    operator = several_held()
    async with open_console(operator, recall_s=RECALL_S) as console:
        await console.open_approvals("aa0001")
        await console.press("a")
        await console.until(console.card_drawn)
        await console.press("enter")
        await console.until(console.card_drawn)
        console.clock.advance(GUARD_S + 0.1)
        assert GUARD_S + 0.1 < UNASKED_S
        await console.press("a")
        await console.until(lambda: len(decided(console)) == 2)


@pytest.mark.parametrize("by", [PAUL, MARIA])
@pytest.mark.parametrize("key", ["enter", "down"])
async def test_what_takes_the_place_of_what_was_read_must_be_chosen(by: object, key: str) -> None:
    operator = several_held()
    async with open_console(operator) as console:
        await console.open_approvals("bb0002")
        await operator.settle_elsewhere("bb0002", "denied", by=by)  # type: ignore[arg-type]
        await console.hear()
        await console.until(lambda: console.selected() != action_id("bb0002"))
        await console.until(console.card_drawn)
        said = f"bb0002 waits no more: denied by {by}"
        assert said in console.toasts()  # also when it was oneself, elsewhere
        console.clock.advance(60)
        await console.press("a")
        assert not operator.commands
        assert any(each.startswith("What you read waits no more") for each in console.toasts())
        await console.press(key)
        await console.until(console.card_drawn)
        console.read_time()
        await console.press("a")
        await console.until(lambda: operator.commands)


@pytest.mark.parametrize("key", ["down", "up", "home", "end", "pagedown"])
async def test_the_only_one_left_is_chosen_with_the_keys_that_are_named(key: str) -> None:
    operator = several_held()
    async with open_console(operator) as console:
        await console.open_approvals("bb0002")
        for short in [each.id[-6:] for each in console.approvals.queue.rows]:
            if short != "aa0001":
                await operator.settle_elsewhere(short, "denied", by=PAUL)
        await console.hear()
        await console.until(lambda: console.selected() == action_id("aa0001"))
        await console.until(console.card_drawn)
        console.clock.advance(60)
        await console.press("a")
        assert not operator.commands
        await console.press(key)
        console.read_time()
        await console.press("a")
        await console.until(lambda: operator.commands)


async def test_marks_stay_when_the_group_is_not_decided() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("b09e41")
        await console.press("space")
        await console.press("space")
        marked = console.approvals.queue.marked
        assert len(marked) == 2
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        await console.press("escape")
        await console.until(lambda: console.dialog() != "GroupDialog")
        assert console.approvals.queue.marked == marked


async def test_a_group_says_how_many_others_settled() -> None:
    operator = busy_operator()
    async with open_console(operator, recall_s={RiskLevel.LOW: 5.0}) as console:
        await console.open_approvals("b09e41")
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        console.read_time()
        await console.press("a")
        await console.see("approves 3 actions")
        await operator.settle_elsewhere("b09e42", "denied", by=PAUL)
        await console.hear()
        console.clock.advance(9)
        said = "✓ approved 3 actions; 1 of them were settled by others"
        await console.until(lambda: said in console.toasts())
    assert len([each for each in operator.commands if isinstance(each, ApproveAction)]) == 2


async def test_the_last_question_ends_when_others_edited_what_it_is_about() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", risk=RiskLevel.HIGH)
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("a")
        await console.until(lambda: console.dialog() == "TypeIdDialog")
        await console.type("0001")
        operator.change("aa0001", arguments_edited={"command": "ls -l"}, digest="sha256:other")
        await console.hear()
        await console.see("aa0001 was edited meanwhile: read it again", "Esc goes back")
        assert "The id fits" not in console.screen_text()
        console.read_time()
        await console.press("a")
        assert console.dialog() == "TypeIdDialog"
    assert not operator.commands
