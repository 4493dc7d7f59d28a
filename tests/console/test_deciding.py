"""Every key of the queue, and what it sends."""

from datetime import timedelta
from typing import Any

import pytest
from textual.widgets import TextArea

from console.keymap import Need
from console.outbox import RECALL_S
from core.actions import RiskLevel
from core.commands import ApproveAction, DeferAction, DenyAction, EditAction
from core.errors import ApprovalSettled
from core.ids import AgentId
from core.records import Vote
from tests.console.day import busy_operator
from tests.console.driving import open_console
from tests.console.fakes import PAUL, FakeOperator, action_id
from tests.factories import NOW


def one_held(**changes: object) -> FakeOperator:
    operator = FakeOperator()
    operator.hold("aa0001", **changes)
    return operator


async def test_a_approves_exactly_what_was_shown() -> None:
    operator = one_held()
    held = operator.pending[0]
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("a")
        await console.until(lambda: operator.commands)
        assert operator.commands == [
            ApproveAction(
                operator=console.app.bridge.operator_id,
                shown_digest="shown-aa0001",
                key="a",
                action_id=held.id,
                digest=held.digest,
            )
        ]
        await console.until(lambda: "✓ approved aa0001" in console.toasts())
        await console.until(lambda: console.selected() is None)


async def test_nothing_changes_on_screen_before_the_core_has_said_so() -> None:
    operator = one_held()
    async with open_console(operator) as console:
        await console.open_approvals()
        operator.before_dispatch = lambda: seen.append(console.selected())
        seen: list[object] = []
        await console.press("a")
        await console.until(lambda: seen)
        assert seen == [action_id("aa0001")]


async def test_d_asks_a_reason_and_takes_no_empty_one() -> None:
    operator = one_held()
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("d")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.press("enter")
        assert console.dialog() == "ReasonDialog"
        assert "Deny: a reason is needed." in console.toasts()
        await console.type("wrong host")
        await console.press("enter")
        await console.until(lambda: operator.commands)
    command = operator.commands[0]
    assert isinstance(command, DenyAction)
    assert (command.reason, command.key, command.shown_digest) == (
        "wrong host",
        "d",
        "shown-aa0001",
    )


async def test_a_dialog_answers_nothing_in_a_window_that_hides_it() -> None:
    operator = one_held()
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("d")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.type("wrong host")
        await console.pilot.resize_terminal(50, 24)
        await console.press("enter")
        assert any("too small" in each for each in console.toasts())
        await console.pilot.resize_terminal(80, 24)
        assert not operator.commands
        await console.press("enter")
        await console.until(lambda: operator.commands)  # what was typed is there still


@pytest.mark.parametrize("key", ["n", "f"])
@pytest.mark.parametrize(("choice", "minutes"), [("1", 5), ("2", 15), ("3", 60)])
async def test_not_now_puts_off(key: str, choice: str, minutes: int) -> None:
    operator = one_held(expires_at=NOW + timedelta(hours=2))
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press(key)
        await console.until(lambda: console.dialog() == "DeferDialog")
        await console.press(choice)
        await console.until(lambda: operator.commands)
        command = operator.commands[0]
        assert isinstance(command, DeferAction)
        assert command.until == console.clock.now() + timedelta(minutes=minutes)
        assert command.key == key
        await console.until(lambda: "not now" in console.screen_text())


@pytest.mark.parametrize(
    ("left_s", "words"),
    [
        (600, ("1 5 minutes", "2 15: too long", "3 60: too long")),
        (120, ("1 5: too long", "no time left to put it off: decide it now")),
    ],
)
async def test_not_now_offers_what_fits_under_the_same_keys(
    left_s: int, words: tuple[str, ...]
) -> None:
    operator = one_held(expires_at=NOW + timedelta(seconds=left_s))
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("n")
        await console.until(lambda: console.dialog() == "DeferDialog")
        await console.see(*words)
        await console.press("3")
        assert console.dialog() == "DeferDialog"
    assert not operator.commands


async def test_e_shows_the_difference_before_it_sends() -> None:
    operator = one_held(arguments={"command": "ls", "n": 1})
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("e")
        await console.until(lambda: console.dialog() == "EditDialog")
        area = console.app.screen.query_one("#text", TextArea)
        area.text = '{"command": "ls -l", "n": 1}'
        await console.press("escape")
        await console.until(lambda: "- ls" in console.paper("review"))
        assert "+ ls -l" in console.paper("review")
        console.read_time()
        await console.press("enter")
        assert not operator.commands
        await console.press("a")
        await console.until(lambda: operator.commands)
    command = operator.commands[0]
    assert isinstance(command, EditAction)
    assert command.arguments == {"command": "ls -l", "n": 1}
    assert (command.shown_digest, command.key) == ("shown-aa0001", "e")


async def test_consent_to_a_risky_edit_is_asked_beside_what_it_changes() -> None:
    operator = one_held(
        kind="mcp.call",
        resource="shop/refund",
        arguments={"amount": 50, "order": "b-117"},
        risk=RiskLevel.HIGH,
    )
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("e")
        await console.until(lambda: console.dialog() == "EditDialog")
        area = console.app.screen.query_one("#text", TextArea)
        area.text = area.text.replace("50", "55")
        await console.press("escape")
        await console.see("approve the edit")
        console.read_time()
        await console.press("a")
        await console.until(lambda: console.dialog() == "TypeIdDialog")
        await console.see("Approve this edit of high risk?", "edited: this would run")
        await console.see("amount", "- 50", "+ 55")
        assert "b-117" not in console.paper("change")
        await console.type("0001")
        console.read_time()
        await console.press("a")
        await console.until(lambda: operator.commands)
    command = operator.commands[0]
    assert isinstance(command, EditAction)
    assert command.arguments == {"amount": 55, "order": "b-117"}


async def test_a_long_change_can_be_read_on_while_the_id_is_typed() -> None:
    before = "\n".join(f"old {number}" for number in range(40))
    operator = one_held(arguments={"command": before}, risk=RiskLevel.HIGH)
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.read_all()
        await console.press("e")
        await console.until(lambda: console.dialog() == "EditDialog")
        area = console.app.screen.query_one("#text", TextArea)
        area.text = '{"command": "the end"}'
        await console.press("escape")
        await console.see("approve the edit")
        console.read_time()
        await console.press("a")
        await console.until(lambda: console.dialog() == "TypeIdDialog")
        assert "+ the end" not in console.screen_text()
        await console.type("00")
        await console.press(*["pagedown"] * 8)
        await console.see("+ the end")
        await console.press(*["up"] * 8)
        await console.see("- old 0")
        await console.type("01")
        await console.see("The id fits")


async def test_invalid_json_is_kept_and_explained() -> None:
    operator = one_held()
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("e")
        await console.until(lambda: console.dialog() == "EditDialog")
        area = console.app.screen.query_one("#text", TextArea)
        area.text = '{"command": }'
        await console.press("escape")
        await console.until(lambda: "line 1, column 13" in console.paper("review"))
        await console.see("cannot be sent", "e go on editing")
        assert "approve the edit" not in console.screen_text()
        console.read_time()
        await console.press("a")
        assert console.dialog() == "EditDialog"
        await console.press("e")
        assert area.text == '{"command": }'
        assert area.has_focus
        await console.press("escape", "escape")
        assert not console.dialog()
    assert not operator.commands


async def test_the_difference_is_of_what_would_be_sent_also_the_second_time() -> None:
    operator = one_held()
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("e")
        await console.until(lambda: console.dialog() == "EditDialog")
        area = console.app.screen.query_one("#text", TextArea)
        area.text = '{"command": "ls first"}'
        await console.press("escape")
        await console.until(lambda: "ls first" in console.paper("review"))
        await console.press("e")
        await console.until(lambda: area.has_focus)
        area.text = '{"command": "ls second"}'
        await console.press("escape")
        await console.until(lambda: "ls second" in console.paper("review"))
    assert not operator.commands


async def test_an_edit_that_changes_nothing_is_not_sent() -> None:
    operator = one_held()
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("e")
        await console.until(lambda: console.dialog() == "EditDialog")
        await console.press("escape")
        await console.until(lambda: "Nothing is changed" in console.paper("review"))
        console.read_time()
        await console.press("a")
    assert not operator.commands


async def test_r_shows_the_rule_before_it_approves_with_it() -> None:
    operator = one_held(
        kind="file.write", resource="/srv/shop/prices.toml", arguments={"content": "x"}
    )
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("r", "a")  # typed in one breath: the rule was not read
        assert console.dialog() == "RememberDialog"
        assert not operator.commands
        assert "these arguments alone" in console.paper("rule").replace("\n", " ")
        await console.press("down", "down", "tab", "down")
        assert "For 1 hour" in console.paper("rule")
        assert "/srv/shop/*" in console.paper("rule").replace("\n", "")
        console.read_time()
        await console.press("enter")
        assert not operator.commands
        await console.press("a")
        await console.until(lambda: operator.commands)
    command = operator.commands[0]
    assert isinstance(command, ApproveAction)
    assert command.remember is not None
    assert (command.remember.resource_pattern, command.remember.duration_s) == (
        "/srv/shop/*",
        3600,
    )


async def test_a_long_address_hides_neither_how_wide_a_rule_is_nor_the_warning() -> None:
    address = "https://api.payments.example.com/v1/" + "customers/" * 30 + "refunds"
    operator = one_held(kind="tool.call", resource=address, arguments={"amount": 12})
    async with open_console(operator, size=(80, 24)) as console:
        await console.open_approvals()
        await console.press("r")
        choices = console.screen_text().split("FITS")[1].splitlines()[1:4]
        words = ("these arguments alone", "any arguments", "all below, any arguments")
        for row, wide in zip(choices, words, strict=True):
            assert f" {wide} · https://api." in row
        assert "with these arguments alone on" in " ".join(console.screen_text().split())
        await console.press("down")
        assert "whatever the arguments are: another amount" in console.screen_text()


async def test_a_critical_action_is_never_remembered() -> None:
    operator = one_held(risk=RiskLevel.CRITICAL)
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("r")
        assert not console.dialog()
        assert "What is critical, or needs two people, is never remembered." in console.toasts()


async def test_what_needs_two_people_is_never_remembered() -> None:
    async with open_console(one_held(votes_needed=2)) as console:
        await console.open_approvals()
        await console.press("r")
        assert not console.dialog()


@pytest.mark.parametrize("risk", [RiskLevel.HIGH, RiskLevel.CRITICAL])
async def test_high_risk_asks_for_the_end_of_the_id(risk: RiskLevel) -> None:
    operator = one_held(risk=risk)
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("a")
        await console.until(lambda: console.dialog() == "TypeIdDialog")
        console.read_time()
        await console.type("0002")
        said = console.paper("asked")
        assert "not the end" in said
        assert "last four characters" in said
        await console.press("enter", "backspace", "a", "enter")
        assert not operator.commands
        await console.press("backspace", "1")
        console.read_time()
        await console.press("enter")
        assert not operator.commands
        await console.press("a")
        await console.until(lambda: operator.commands)
    assert isinstance(operator.commands[0], ApproveAction)


async def test_a_held_down_key_does_not_confirm() -> None:
    operator = FakeOperator()
    operator.hold("aa000a", risk=RiskLevel.HIGH)
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("a")
        await console.until(lambda: console.dialog() == "TypeIdDialog")
        console.read_time()
        await console.press("0", "0", "0", "a", "a", "a")
        assert not operator.commands
        await console.press("escape")
        assert not console.dialog()


async def test_critical_needs_two_people_and_says_one_of_two() -> None:
    operator = one_held(risk=RiskLevel.CRITICAL, votes_needed=2)
    async with open_console(operator) as console:
        await console.open_approvals()
        assert "0 of 2 approvals" in console.paper("dossier")
        await console.press("a")
        await console.until(lambda: console.dialog() == "TypeIdDialog")
        await console.type("0001")
        console.read_time()
        await console.press("a")
        await console.until(lambda: "1 of 2" in console.dossier_text())
        console.read_time()
        await console.press("a")
        assert "You have approved this: another operator must approve." in console.toasts()
        assert not console.dialog()
    assert len(operator.commands) == 1


async def approve_after(operator: FakeOperator, **meanwhile: Any) -> list[str]:
    """The toasts after an approval before which something changed inside its window."""
    async with open_console(operator, recall_s=RECALL_S) as console:
        await console.open_approvals()
        await console.press("a")
        if console.dialog() == "TypeIdDialog":
            await console.type("0001")
            console.read_time()
            await console.press("a")
        await console.until(lambda: console.app.front.outbox.held)
        operator.change("aa0001", **meanwhile)
        console.clock.advance(11)
        await console.until(lambda: operator.commands and console.toasts())
        return console.toasts()


async def test_an_approval_that_another_one_completes_is_said_to_be_complete() -> None:
    operator = one_held(risk=RiskLevel.CRITICAL, votes_needed=2)
    paul = (Vote(operator=PAUL, digest="d", at=NOW),)
    assert "✓ 2 of 2 approvals for aa0001" in await approve_after(operator, votes=paul)
    assert not operator.pending


@pytest.mark.parametrize("before", [1, 2])
async def test_an_approval_that_turns_out_to_be_one_of_two_is_said_to_be(before: int) -> None:
    """Two people are wanted meanwhile, or the first one's consent counts no more."""
    operator = one_held(risk=RiskLevel.HIGH, votes_needed=before)
    if before > 1:
        operator.change("aa0001", votes=(Vote(operator=PAUL, digest="d", at=NOW),))
    toasts = await approve_after(operator, votes_needed=2, votes=())
    assert "✓ 1 of 2 approvals for aa0001" in toasts
    assert operator.pending


async def test_the_second_person_can_approve() -> None:
    operator = one_held(risk=RiskLevel.CRITICAL, votes_needed=2)
    operator.change("aa0001", votes=(Vote(operator=PAUL, digest="d", at=NOW),))
    async with open_console(operator) as console:
        await console.open_approvals()
        assert "1 of 2 approvals: paul; yours is missing" in console.paper("dossier")
        await console.press("a")
        await console.until(lambda: console.dialog() == "TypeIdDialog")
        await console.type("0001")
        console.read_time()
        await console.press("a")
        await console.until(lambda: not operator.pending)


async def test_a_decision_that_comes_too_late_says_so_and_stays() -> None:
    operator = one_held()
    operator.failure = ApprovalSettled("this action was decided elsewhere: \x1b[31m")
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("a")
        await console.until(console.toasts)
        assert console.toasts() == [r"this action was decided elsewhere: \x1b[31m"]
        assert console.selected() == action_id("aa0001")
        await console.until(lambda: not list(console.approvals.missing()))
        await console.see("✗ approve failed  shell.execute")  # the toast goes by, the row stays
        operator.failure = None
        console.read_time()
        await console.press("a")
        await console.until(lambda: "✓ approved aa0001" in console.toasts())
        assert "failed" not in console.screen_text()


async def test_g_decides_the_marked_ones_each_by_its_own_command() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("b09e41")
        await console.press("space", "space")
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        assert "page" in console.paper("group")
        console.read_time()
        await console.press("enter")
        assert not operator.commands
        await console.press("a")
        await console.until(lambda: len(operator.commands) == 2)
    sent = [each for each in operator.commands if isinstance(each, ApproveAction)]
    assert [(each.action_id[-6:], each.shown_digest) for each in sent] == [
        ("b09e41", "shown-b09e41"),
        ("b09e42", "shown-b09e42"),
    ]


async def test_g_without_marks_takes_the_same_agent_kind_and_policies() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("b09e42")
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        console.read_time()
        await console.press("d")
        await console.until(lambda: console.dialog() == "ReasonDialog")
        await console.type("no exports")
        await console.press("enter")
        await console.until(lambda: len(operator.commands) == 3)
    assert all(isinstance(each, DenyAction) for each in operator.commands)
    assert {each.action_id[-6:] for each in operator.commands if isinstance(each, DenyAction)} == {
        "b09e41",
        "b09e42",
        "b09e43",
    }


async def test_what_is_taken_out_of_a_group_is_in_no_count_and_not_decided() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("b09e41")
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        assert "Decide 3 actions at once?" in console.screen_text()
        console.read_time()
        await console.press("space")
        await console.until(lambda: "Decide 2 actions at once?" in console.screen_text())
        console.read_time()
        await console.press("a")
        await console.until(lambda: len(operator.commands) == 2)
    assert {
        each.action_id[-6:] for each in operator.commands if isinstance(each, ApproveAction)
    } == {
        "b09e42",
        "b09e43",
    }


async def test_a_group_never_approves_high_risk() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("8f2a1c")
        await console.press("space", "space", "b")  # 8f2a1c is high, c41d07 critical
        await console.until(lambda: console.dialog() == "GroupDialog")
        assert "left out of approving: high risk is approved alone" in console.paper("group")
        console.read_time()
        await console.press("a")
        assert "None of these can be approved in a group." in console.toasts()
        await console.press("escape")
    assert not operator.commands


async def test_a_group_tells_each_failure() -> None:
    operator = busy_operator()
    operator.failure = ApprovalSettled("decided elsewhere")
    async with open_console(operator) as console:
        await console.open_approvals("b09e41")
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        console.read_time()
        await console.press("a")
        await console.until(lambda: len(console.toasts()) == 3)
        assert "b09e42: decided elsewhere" in console.toasts()
        assert not any("approved" in each for each in console.toasts())


async def test_escape_decides_nothing_anywhere() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("77be02")
        await console.read_on()
        for key in ("d", "n", "r", "b", "e"):
            console.read_time()
            await console.press(key)
            await console.until(console.dialog)
            await console.press("escape", "escape", "escape")
            await console.until(lambda: not console.dialog())
            await console.until(lambda: Need.IDLE not in console.approvals.missing())
    assert not operator.commands


async def test_a_redacted_secret_is_sent_as_it_was_after_an_edit() -> None:
    operator = one_held(
        arguments={"url": "https://a", "key": "s3cret"},
        shown={"url": "https://a", "key": "[secret]"},
        agent_id=AgentId("coder"),
    )
    async with open_console(operator) as console:
        await console.open_approvals()
        assert "s3cret" not in console.screen_text()
        await console.press("e")
        await console.until(lambda: console.dialog() == "EditDialog")
        area = console.app.screen.query_one("#text", TextArea)
        assert "s3cret" not in area.text
        area.text = area.text.replace("https://a", "https://b")
        await console.press("escape")
        await console.until(lambda: "+ https://b" in console.paper("review"))
        assert "s3cret" not in console.paper("review")
        console.read_time()
        await console.press("a")
        await console.until(lambda: operator.commands)
    command = operator.commands[0]
    assert isinstance(command, EditAction)
    assert command.arguments == {"url": "https://b", "key": "s3cret"}


async def test_a_group_says_its_kind_once_and_shows_where_its_actions_differ() -> None:
    operator = FakeOperator()
    for number in range(3):
        command = f"git push --force --no-verify origin release/branch{number}"
        operator.hold(f"aa000{number}", arguments={"command": command})
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        await console.see("at once?  shell.execute", "branch0 ", "branch1 ", "branch2 ")


async def test_a_long_rule_is_shown_whole_and_read_before_it_is_made() -> None:
    path = "/".join(f"folder-number-{number}" for number in range(60))
    operator = one_held(kind="file.read", resource=f"/srv/{path}", arguments={})
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.read_on()
        await console.press("r")
        await console.until(lambda: console.dialog() == "RememberDialog")
        await console.see("the rule")
        assert "It can be revoked." not in console.screen_text()
        console.read_time()
        await console.press("a")
        words = "Read the rule to its end first: . shows the next page."
        assert words in console.toasts()
        for _ in range(10):
            await console.press("full_stop")
        await console.see("It can be revoked.")
        await console.press("a")
        await console.until(lambda: operator.commands)


async def test_no_word_of_the_edit_s_verdict_is_broken() -> None:
    operator = one_held(
        arguments={"url": "https://a", "key": "[redacted:x]"},
        shown={"url": "https://a", "key": "[redacted:x]"},
    )
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("e")
        await console.until(lambda: console.dialog() == "EditDialog")
        verdict = console.paper("verdict").split("\n")
        assert " alone knows the digest)" in " ".join(each.strip() for each in verdict)
