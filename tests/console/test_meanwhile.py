"""What others do, and what the clock does, while an operator looks at an action."""

from datetime import timedelta

from core.actions import ActionStatus, RiskLevel
from core.records import Vote
from tests.console.day import busy_operator
from tests.console.driving import open_console
from tests.console.fakes import PAUL, FakeOperator, action_id
from tests.factories import NOW, make_action_record, make_verdict


async def test_who_settled_the_action_in_sight_is_said_and_the_next_one_needs_reading() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("b09e41")
        await operator.settle_elsewhere("b09e41", "denied", by=PAUL)
        await console.hear()
        await console.until(lambda: "b09e41 waits no more: denied by paul" in console.toasts())
        await console.until(console.dossier_fits)
        assert console.selected() == action_id("b09e42")
        await console.press("a")  # meant for the one that is gone
    assert not operator.commands


async def test_an_action_that_expires_in_sight_leaves_and_cannot_be_approved() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", expires_at=NOW + timedelta(seconds=30))
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.see("29s left")
        console.clock.advance(40)
        console.app.tick()
        await console.see("expired")
        await console.press("a")
        assert "This action is settled already." in console.toasts()
        await operator.settle_elsewhere("aa0001", "expired", by=None)
        await console.hear()
        await console.until(lambda: "aa0001 waits no more: expired" in console.toasts())
        await console.see("nothing waits for you")
    assert not operator.commands


async def test_a_dialog_stays_with_its_action_when_somebody_else_settles_it() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", risk=RiskLevel.HIGH, arguments={"command": "first one"})
    operator.hold("bb0002", arguments={"command": "second one"})
    async with open_console(operator) as console:
        await console.open_approvals("aa0001")
        await console.press("a")
        await console.until(lambda: console.dialog() == "TypeIdDialog")
        await operator.settle_elsewhere("aa0001", "approved", by=PAUL)
        await console.hear()
        await console.see("aa0001 waits no more: approved by paul")
        assert "first one" in console.dossier_text()
        await console.type("0001")
        console.read_time()
        await console.press("a")
        assert console.dialog() == "TypeIdDialog"
        await console.press("escape")
        await console.until(lambda: not console.dialog())
        await console.until(lambda: "second one" in console.dossier_text())
    assert not operator.commands


async def test_an_unchanged_edit_no_longer_speaks_of_approving_what_is_settled() -> None:
    operator = FakeOperator()
    operator.hold("aa0001")
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("e")
        await console.until(lambda: console.dialog() == "EditDialog")
        await console.press("escape")
        await console.see("a there approves as it is")
        await operator.settle_elsewhere("aa0001", "denied", by=PAUL)
        await console.hear()
        await console.see("aa0001 waits no more: denied by paul", "Nothing is changed. Esc goes")
        assert "approves as it is" not in console.screen_text()


async def test_a_reason_typed_too_late_goes_nowhere() -> None:
    operator = FakeOperator()
    operator.hold("aa0001")
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("d")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await operator.settle_elsewhere("aa0001", "expired", by=None)
        await console.hear()
        await console.type("too late")
        await console.press("enter")
        assert "aa0001 waits no more: expired" in console.toasts()
    assert not operator.commands


async def test_a_new_action_takes_neither_screen_nor_selection() -> None:
    operator = FakeOperator()
    operator.hold("aa0001")
    async with open_console(operator) as console:
        await console.open_approvals()
        operator.pending.insert(0, operator.hold("cc0003", risk=RiskLevel.CRITICAL))
        operator.pending.pop()
        await console.hear()
        await console.see("cc0003", "2 approvals")
        assert console.selected() == action_id("aa0001")
        await console.press("a")
        await console.until(lambda: operator.commands)
    assert operator.commands[0].shown_digest == "shown-aa0001"


async def test_an_edit_by_somebody_else_is_shown_and_must_be_read() -> None:
    operator = FakeOperator()
    operator.hold("aa0001")
    async with open_console(operator) as console:
        await console.open_approvals()
        operator.change("aa0001", arguments_edited={"command": "ls -l"}, digest="sha256:other")
        await console.hear()
        await console.until(lambda: "an operator edited" in console.dossier_text())
        await console.press("a")
        assert not operator.commands
        console.read_time()
        await console.press("a")
        await console.until(lambda: operator.commands)
    assert operator.commands[0].shown_digest == "shown-aa0001+"


async def test_what_another_edited_stands_there_with_its_own_verdict_and_its_like() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", risk=RiskLevel.CRITICAL, votes_needed=2, reasons=("deletes the shop",))
    mails = make_verdict(reasons=("mails a file",), policies=("ask:mails",))
    operator.past = [
        make_action_record(
            action={"id": action_id("bb0001")}, status=ActionStatus.ALLOWED, verdict=mails
        )
    ]
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.until(lambda: "deletes the shop" in console.dossier_text())
        operator.change(
            "aa0001",
            arguments_edited={"command": "mail shop.tgz"},
            verdict_edited=mails,
            risk=RiskLevel.MEDIUM,
            digest="sha256:other",
            votes=(Vote(operator=PAUL, digest="sha256:other", at=NOW),),
        )
        await console.hear()
        await console.see("mails a file", "1 of 2  edited", "mail shop.tgz", "▰▰▱▱ med")
        await console.until(lambda: "✓ 1 approved" in console.dossier_text())
        assert "paul edited the arguments" in console.dossier_text()
        assert "deletes the shop" not in console.dossier_text()
        assert "CRIT" not in console.screen_text()


async def test_what_was_put_off_comes_back_by_itself() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", deferred_until=NOW + timedelta(minutes=5))
    async with open_console(operator) as console:
        await console.press("3")
        await console.see("not now 5m00s")
        console.clock.advance(301)
        console.app.tick()
        await console.until(lambda: "not now 5m" not in console.screen_text())


async def test_nothing_is_put_off_beyond_its_end() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", expires_at=NOW + timedelta(minutes=10))
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("n")
        await console.until(lambda: console.dialog() == "DeferDialog")
        await console.press("3")
        assert console.toasts()[0].startswith("It expires before that")
        await console.press("1")
        await console.until(lambda: operator.commands)


async def test_a_group_says_who_settled_one_of_it_and_leaves_it_out() -> None:
    operator = FakeOperator()
    for number in range(3):
        operator.hold(f"aa000{number}", risk=RiskLevel.LOW)
    async with open_console(operator) as console:
        await console.open_approvals("aa0000")
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        await console.see("Decide 3 actions")
        await operator.settle_elsewhere("aa0000", "denied", by=PAUL)
        operator.change("aa0001", arguments_edited={"command": "ls -l"}, digest="sha256:other")
        await console.hear()
        await console.see("Decide 1 action at once?", "gone", "a approve 1")
        assert "aa0000 waits no more: denied by paul" in console.paper("group")
        console.read_time()
        await console.press("a")
        await console.until(lambda: operator.commands)
    assert [each.shown_digest for each in operator.commands] == ["shown-aa0002"]


async def test_a_group_ends_when_all_of_it_was_settled_also_while_a_reason_is_typed() -> None:
    operator = FakeOperator()
    operator.hold("aa0000")
    operator.hold("aa0001")
    async with open_console(operator) as console:
        await console.open_approvals("aa0000")
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        console.read_time()
        await console.press("d")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        for tail in ("aa0000", "aa0001"):
            await operator.settle_elsewhere(tail, "denied", by=PAUL)
        await console.hear()
        await console.see("aa0001 waits no more: denied by paul")
        await console.type("late")
        await console.press("enter")
    assert not operator.commands


async def test_the_question_of_leaving_follows_what_waits() -> None:
    operator = FakeOperator()
    operator.hold("aa0000")
    operator.hold("aa0001")
    async with open_console(operator) as console:
        await console.press("q")
        await console.until(lambda: console.dialog() == "QuitDialog")
        await console.see("2 approvals wait?")
        await operator.settle_elsewhere("aa0000", "denied", by=PAUL)
        await console.hear()
        await console.see("1 approval waits?")
        await operator.settle_elsewhere("aa0001", "denied", by=PAUL)
        await console.hear()
        await console.see("Leave? Nothing waits any more.")


async def test_putting_off_follows_the_time_that_is_left_and_the_end() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", expires_at=NOW + timedelta(minutes=10))
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("n")
        await console.until(lambda: console.dialog() == "DeferDialog")
        await console.see("1 5 minutes")
        console.clock.advance(400)
        await console.see("1 5: too long", "3m19s", "no time left to put it off")
        await operator.settle_elsewhere("aa0001", "expired", by=None)
        await console.hear()
        await console.see("aa0001 waits no more: expired")
        await console.press("1")
        assert console.dialog() == "DeferDialog"
    assert not operator.commands
