"""Commands, help, palette, themes, traces, leaving."""

import pytest

from console.app import MaestroApp
from console.screens.trace import TraceScreen
from console.themes import shipped_themes
from core.errors import ConfigError
from core.events import AuditAdvanced
from tests.console.day import busy_operator
from tests.console.driving import open_console
from tests.console.fakes import MARIA, PAUL, FakeOperator
from tests.factories import NOW
from tests.fakes import FakeClock


async def test_help_lists_the_keys_of_the_screen_and_why_one_does_nothing_now() -> None:
    async with open_console(FakeOperator(), size=(100, 50)) as console:
        await console.press("3", "question_mark")
        await console.see("approvals \u203a help", "(not now: nothing is selected)", "EVERYWHERE")
        await console.press("question_mark", "escape")
        await console.see("maestro \u203a approvals")


async def test_a_command_does_what_its_key_does() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.open_approvals("77be02")
        await console.read_on()
        await console.press("colon")
        await console.see(":")
        await console.type("appr")
        await console.press("enter")
        assert any("could be approvals, approve" in each for each in console.toasts())
        await console.press("colon")
        await console.type("approve")
        await console.press("enter")
        await console.until(lambda: operator.commands)
    assert operator.commands[0].key == ":approve"


async def test_a_typo_gets_the_nearest_command_and_an_empty_line_nothing() -> None:
    async with open_console(FakeOperator()) as console:
        await console.press("colon", "enter", "colon")
        await console.type("verfy")
        await console.press("enter")
        assert "no command :verfy (did you mean :verify?)" in console.toasts()
        await console.press("colon")
        await console.type("defer")
        await console.press("enter")
        assert any(":defer does nothing on this screen." in each for each in console.toasts()) or (
            "Nothing is selected." in console.toasts()
        )


async def test_themes_change_by_a_command_and_unknown_ones_are_named() -> None:
    async with open_console(FakeOperator()) as console:
        await console.press("colon")
        await console.type("theme maestro-day")
        await console.press("enter")
        await console.until(lambda: console.app.theme == "maestro-day")
        await console.press("colon")
        await console.type("theme pink")
        await console.press("enter")
        assert any("no theme 'pink'; there are" in each for each in console.toasts())
        assert console.app.theme == "maestro-day"


@pytest.mark.parametrize("theme", sorted(shipped_themes()))
async def test_every_theme_draws_every_tone(theme: str) -> None:
    async with open_console(busy_operator(), theme=theme) as console:
        await console.open_approvals("8f2a1c")
        await console.read_on()
        await console.press("e")
        await console.until(lambda: console.dialog() == "EditDialog")


def test_a_theme_that_does_not_exist_is_refused_at_the_start() -> None:
    operator = FakeOperator()
    with pytest.raises(ConfigError, match="no theme 'pink'"):
        MaestroApp(operator, operator.bus, FakeClock(), MARIA, theme="pink")


def test_without_colours_nothing_but_the_mono_theme_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    operator = FakeOperator()
    app = MaestroApp(operator, operator.bus, FakeClock(), MARIA, theme="maestro-day")
    assert app.theme == "mono"


async def test_the_palette_knows_every_action_and_theme() -> None:
    async with open_console(FakeOperator()) as console:
        commands = {
            each.title: each for each in console.app.get_system_commands(console.app.screen)
        }
        assert {"approve", "verify", "rules", "theme maestro-day"} <= set(commands)
        commands["theme maestro-day"].callback()
        assert console.app.theme == "maestro-day"
        commands["rules"].callback()
        await console.see("STANDING RULES")


async def test_a_trace_is_drawn_and_its_steps_are_told() -> None:
    async with open_console(busy_operator()) as console:
        await console.open_approvals("8f2a1c")
        await console.press("t")
        await console.see("101.4 ms, 7 spans", "1 failed", "approval.wait", "█")
        await console.press("down")
        await console.see("0000000000000000a2"[2:], "maestro.agent  claude-code")
        await console.press("y")
        assert console.app.clipboard == "4bf92f3577b34da6a3ce929d0e0e4736"
        await console.press("escape")
        await console.see("maestro \u203a approvals")


async def test_a_trace_says_of_its_action_that_it_waits_until_it_is_settled() -> None:
    operator = FakeOperator()
    operator.hold("aa0001")
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("t")
        await console.see("? waits for an operator since 09:00:00")
        await operator.settle_elsewhere("aa0001", "denied", by=PAUL)
        await console.hear()
        assert "waits for an operator" not in console.screen_text()


async def test_an_action_without_spans_and_a_trace_that_cannot_be_read_say_so() -> None:
    operator = FakeOperator()
    operator.hold("aa0001")
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("t")
        await console.see("no spans kept for this action", "no span is kept")
        await console.press("y")
        await console.press("escape")
        operator.broken = {"load_trace"}
        await console.press("t")
        await console.see("load_trace: disk I/O error")
        assert isinstance(console.app.screen, TraceScreen)


async def test_leaving_asks_about_one_as_of_one() -> None:
    operator = FakeOperator()
    operator.hold("aa0001")
    async with open_console(operator) as console:
        await console.open_approvals()
        await console.press("q")
        await console.see("Leave while 1 approval waits?")


async def test_leaving_asks_while_something_waits() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.press("9", "q")
        await console.until(lambda: console.dialog() == "QuitDialog")
        await console.see("Leave while 6 approvals wait?", "leaving closes it")
        await console.press("q")
        assert console.dialog() == "QuitDialog"  # too soon to have been read
        await console.press("escape")
        await console.until(lambda: not console.dialog())
        await console.press("ctrl+q")
        await console.until(lambda: console.dialog() == "QuitDialog")
        console.read_time()
        await console.press("q")
        await console.until(lambda: not console.app.is_running)


async def test_leaving_with_nothing_waiting_is_one_key() -> None:
    async with open_console(FakeOperator(), mode="ATTACHED") as console:
        await console.press("question_mark")
        await console.see("overview \u203a help")
        await console.press("q")  # back first
        await console.see("maestro \u203a overview")
        await console.press("q")
        await console.until(lambda: not console.app.is_running)


async def test_the_bell_rings_once_when_something_begins_to_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    operator = FakeOperator()
    rung: list[int] = []

    def ring(_: MaestroApp) -> None:
        rung.append(1)

    monkeypatch.setattr(MaestroApp, "bell", ring)
    async with open_console(operator) as console:
        for number, words in enumerate(("1 approval", "2 approvals")):
            operator.hold(f"aa000{number}")
            console.app.bridge.ask_again()
            await operator.bus.publish(AuditAdvanced(at=NOW, length=number, head=""))
            await console.see(words)
    assert rung == [1]
