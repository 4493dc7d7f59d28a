"""Standing rules are shown with their end, and ended by hand."""

from core.commands import RevokeGrant
from core.errors import InvalidAction
from tests.console.day import busy_operator
from tests.console.driving import open_console
from tests.console.fakes import FakeOperator


async def test_rules_say_what_they_let_through_and_until_when() -> None:
    async with open_console(busy_operator()) as console:
        await console.see("1 rule in force")
        await console.press("s")
        await console.see("1 rule in force, 1 ended", "✓ holds", "npm run *", "38m00s", "· ended")
        await console.press("enter")
        await console.see("made of", "action f00004", "by maria")
        await console.press("y")
        assert console.app.clipboard.endswith("g001")
        await console.press("escape", "down")
        await console.see("by paul")
        await console.press("x")
        assert "This rule has ended already." in console.toasts()


async def test_x_ends_a_rule_after_asking() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.press("s")
        await console.see("npm run *")
        await console.press("x", "x")  # in one breath: the question was not read
        await console.until(lambda: console.dialog() == "RevokeDialog")
        assert not operator.commands
        await console.press("escape")
        await console.until(lambda: not console.dialog())
        await console.press("x")
        await console.until(lambda: console.dialog() == "RevokeDialog")
        console.read_time()
        await console.press("x")
        await console.see("✗ revoked", "0 rules in force, 2 ended")
        assert any(each.startswith("✓ revoked rule") for each in console.toasts())
    command = operator.commands[0]
    assert isinstance(command, RevokeGrant)
    assert (command.grant_id[-4:], command.key) == ("g001", "x")


async def test_a_refused_revocation_says_why() -> None:
    operator = busy_operator()
    operator.failure = InvalidAction("the rule is no longer in force")
    async with open_console(operator) as console:
        await console.press("s")
        await console.see("npm run *")
        await console.press("x")
        await console.until(lambda: console.dialog() == "RevokeDialog")
        console.read_time()
        await console.press("x")
        await console.until(lambda: "the rule is no longer in force" in console.toasts())


async def test_without_rules_it_says_how_to_make_one() -> None:
    operator = FakeOperator()
    operator.broken = {"list_grants"}
    async with open_console(operator) as console:
        await console.press("s")
        await console.see("not read yet", "no rule yet", "In approvals, r makes one")
        await console.press("x", "y")
        assert console.toasts() == ["Nothing is selected."]  # said once while it stands there


async def test_escape_leaves_the_rules() -> None:
    async with open_console(busy_operator()) as console:
        await console.press("s")
        await console.see("npm run *")
        await console.press("enter", "escape")
        await console.see("npm run *", "Esc")
        await console.press("escape")
        await console.until(lambda: console.app.screen is console.approvals)
