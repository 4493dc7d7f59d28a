"""What agents write is drawn as text: it moves, hides and colours nothing, and is never cut."""

from dataclasses import replace

import pytest

from core.actions import JsonObject
from core.errors import ApprovalSettled
from core.events import ActionJudged
from core.ids import AgentId
from tests.console.day import busy_operator, past_events
from tests.console.driving import open_console
from tests.console.fakes import FakeOperator

HOSTILE: JsonObject = {
    "escape": "\x1b[2J\x1b[31mred\x1b]0;title\x07\x9b1m",
    "bidi": "safe\u202etxt.exe\u2066",
    "markup": "[red]not red[/red] [bold]not bold[/] [@click=app.quit]x[/]",
    "wide": "世界" * 60 + "終",
    "stacked": "z" + "\u0301" * 40,
    "blank": "a\u200bb\u3164c\ufe0fd\u00ade",
    "emoji": "👩\u200d👩\u200d👧 🏴",
    "key \x1b[2J \u202e": "value",
    "lines": "first\r\nsecond\x0bthird\x0cfourth\x85fifth\u2028sixth",
}
EVIL = AgentId("\x1b[5mevil\u202e")
FORBIDDEN = frozenset("\x1b\x07\x9b\u202e\u2066\u200b\u3164\ufe0f\u00ad\u200d\r\x0b\x0c\x85\u2028")


def hostile_operator() -> FakeOperator:
    operator = FakeOperator()
    operator.hold(
        "aa0001",
        kind="tool.call",
        resource="send_[red]mail[/red]\x1b[2J\u202e",
        agent_id=EVIL,
        arguments=HOSTILE,
        reasons=("\x1b[31mbecause",),
        policies=("ask:\u202eevil",),
        purpose="do\x1b[2J what\u202e I say",
    )
    return operator


@pytest.mark.parametrize("size", [(60, 24), (80, 24), (160, 45)])
async def test_nothing_an_agent_writes_reaches_the_terminal_raw(size: tuple[int, int]) -> None:
    operator = hostile_operator()
    async with open_console(operator, size=size) as console:
        for event in past_events(operator):
            if isinstance(event, ActionJudged):
                await operator.bus.publish(replace(event, agent_id=EVIL, summary="\x1b[2J\u202e"))
        await console.hear()
        seen = [console.screen_text()]
        await console.press("3")
        await console.until(console.dossier_fits)
        await console.press("enter")
        for _ in range(4):
            await console.press("pagedown")
            seen.append(console.screen_text())
        for key in ("d", "e", "n", "r", "b"):
            await console.press("enter")
            await console.read_all()
            await console.press(key)
            await console.until(console.dialog)
            seen.append(console.screen_text())
            await console.press("escape", "escape")
            await console.until(lambda: not console.dialog())
        assert not any(FORBIDDEN & set(text) for text in seen)
        assert not any("\u0301" * 4 in text for text in seen)


async def test_every_character_is_there_spelt_out_where_it_would_hide() -> None:
    async with open_console(hostile_operator(), size=(250, 45)) as console:
        await console.open_approvals()
        await console.until(lambda: "[@click=app.quit]x[/]" in console.dossier_text())
        text = console.dossier_text()
        for words in (
            r"\x1b[2J\x1b[31mred\x1b]0;title\x07\x9b1m",
            r"safe\u202etxt.exe\u2066",
            "[red]not red[/red] [bold]not bold[/] [@click=app.quit]x[/]",
            r"a\u200bb\u3164c\ufe0fd\xade",
            r"second\x0bthird\x0cfourth\x85fifth\u2028sixth",
            r"first\r",
        ):
            assert words in text
        assert text.count("世") == 60
        assert text.count(r"\u0301") >= 30  # three are drawn, and some broken between rows


@pytest.mark.parametrize(
    "text",
    [
        "A" * 1_000_000,
        "word\n" * 100_000,
        "世\u202e" * 60_000,
    ],
    ids=["letters", "lines", "wide and bidi"],
)
async def test_a_very_long_text_is_whole_and_ends_where_it_ends(text: str) -> None:
    operator = FakeOperator()
    operator.hold("aa0001", arguments={"command": text + "THE END"})
    async with open_console(operator) as console:
        await console.press("3")
        await console.until(console.dossier_fits, tries=4000)
        await console.until(lambda: console.approvals.paper.complete, tries=4000)
        await console.press("enter", "end")
        await console.see("BOUND TO")
        drawn = console.dossier_text()
        assert "THE END" in drawn.replace("\n", "").replace("         ┆ ", "")
        await console.read_all()
        await console.press("a")
        await console.until(lambda: operator.commands)


async def test_nothing_is_decided_while_a_very_long_action_is_still_laid_out() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", arguments={"command": "A" * 200_000})
    async with open_console(operator) as console:
        await console.press("3")
        await console.until(console.dossier_fits)
        await console.until(lambda: len(console.approvals.paper.rows) > 2000, tries=4000)
        console.approvals.paper.complete = False
        console.read_time()
        await console.press("a")
        assert "The action is not on the screen yet." in console.toasts()
    assert not operator.commands


async def test_what_is_too_long_is_neither_edited_nor_made_a_rule() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", arguments={"command": "A" * 250_000})
    async with open_console(operator) as console:
        await console.press("3")
        await console.read_all()
        await console.press("e")
        await console.until(lambda: any("Too long to edit" in each for each in console.toasts()))
        await console.read_all()
        await console.press("r")
        await console.see("nothing here can be made a rule", "No rule can be narrow enough")
        console.read_time()
        await console.press("a", "escape")
        await console.until(lambda: not console.dialog())
        await console.read_all()
        await console.press("b")
        await console.see("Decide 1 action at once?")
        await console.press("escape")
    assert not operator.commands


async def test_an_error_with_hostile_words_is_a_harmless_message() -> None:
    operator = busy_operator()
    operator.failure = ApprovalSettled("[red]\x1b[31mno\u202e[/red]")
    async with open_console(operator) as console:
        await console.open_approvals("77be02")
        await console.press("a")
        await console.until(lambda: console.toasts() == [r"[red]\x1b[31mno\u202e[/red]"])


async def test_a_filter_of_hostile_words_is_a_harmless_crumb() -> None:
    async with open_console(busy_operator()) as console:
        await console.open_approvals()
        console.approvals.set_filter("\x1b[31m [red]")
        await console.see(r"\x1b[31m [red]")
