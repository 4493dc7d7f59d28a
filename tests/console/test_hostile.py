"""What agents write is drawn as text: it moves, hides and colours nothing, and is never cut."""

from dataclasses import replace

import pytest

from core.actions import JsonObject, RiskLevel
from core.commands import ApproveAction
from core.errors import ApprovalSettled
from core.events import ActionJudged
from core.ids import AgentId, OperatorId
from tests.console.day import busy_operator, past_events
from tests.console.driving import open_console
from tests.console.fakes import FakeOperator, action_id

pytestmark = pytest.mark.no_cover  # counted elsewhere, in half the time

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
        assert "The action is not on the screen yet: Enter opens it." in console.toasts()
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
        assert "approve with this rule" not in console.screen_text()
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
        await console.read_on()
        await console.press("a")
        await console.until(lambda: console.toasts() == [r"[red]\x1b[31mno\u202e[/red]"])


async def test_a_filter_of_hostile_words_is_a_harmless_crumb() -> None:
    async with open_console(busy_operator()) as console:
        await console.open_approvals()
        console.approvals.set_filter("\x1b[31m [red]")
        await console.see(r"\x1b[31m [red]")


DISGUISED: dict[str, tuple[str, str, JsonObject]] = {
    "request": (
        "network.request",
        "https://a@evil.example",
        {
            "method": "PO\x1b[2JST\u202e",
            "url": "https://shop.example\u202e@evil.example/\x1b]0;x\x07",
            "headers": {"X-\x1b[31m[red]": "v\u200b" * 50, "b": ["[red]"]},
            "body": '{"a": "\x9b1m", "b": [1, "\u2066"]}',
        },
    ),
    "address": ("network.request", "x", {"url": "https://[bad", "method": "GET"}),
    "query": (
        "data.query",
        "db\u202e",
        {"query": "select '\x1b[2J' -- \u202e [red]\nfrom t; drop\u200b table \"x\x07"},
    ),
    "message": (
        "message.send",
        "mail",
        {
            "to": ["a\u202e@b.c", "[red]x[/]@\x1b[2J.d", {"n": 1}, "世" * 50],
            "subject": "s\x1b[5m\u2028t",
            "body": "b\x85\n[bold]c" + "\u0301" * 30,
        },
    ),
    "command": (
        "shell.execute",
        "bash",
        {"command": "echo 'a\x1b[2J' \"[red]$(cat \u202ef)\" > o\x07 <<E\nx\u200b\nE\n"},
    ),
    "no command": ("shell.execute", "bash", {"command": ["a", "\x1b[2J"]}),
    "broken command": ("shell.execute", "bash", {"command": "if ((( \x1b[31m `'"}),
    "edit": (
        "file.write",
        "/a\u202e",
        {"old_string": "\x1b[2J\nb", "new_string": "[red]\n\u202e", "file_path": "\x9b"},
    ),
}


@pytest.mark.parametrize("name", DISGUISED)
@pytest.mark.parametrize("size", [(60, 24), (160, 45)])
async def test_what_would_run_is_drawn_inert_whatever_it_is(
    name: str, size: tuple[int, int]
) -> None:
    kind, resource, arguments = DISGUISED[name]
    operator = FakeOperator()
    operator.hold("aa0001", kind=kind, resource=resource, arguments=arguments, agent_id=EVIL)
    operator.hold("aa0002", kind=kind, resource=resource, arguments=arguments, agent_id=EVIL)
    async with open_console(operator, size=size) as console:
        await console.open_approvals("aa0001")
        await console.press("enter")
        await console.read_all()
        seen = [console.screen_text(), console.dossier_text().replace("\n", " ")]
        await console.press("b")
        await console.until(lambda: console.dialog() == "GroupDialog")
        seen.append(console.screen_text())
    assert not any(FORBIDDEN & set(text) for text in seen)
    assert not any("\u0301" * 4 in text for text in seen)


def nested(depth: int) -> JsonObject:
    value: JsonObject = {"leaf": "THE END"}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("tool.call", {f"key {number}": number for number in range(10_000)} | {"z": "THE END"}),
        ("tool.call", nested(400)),
        ("network.request", {"url": "https://a.b", "body": nested(400)}),
        ("message.send", {"to": ["a@b.c"] * 10_000, "subject": "s" * 50_000, "body": "THE END"}),
        ("data.query", {"query": "select a from b; " * 20_000 + "THE END"}),
        ("shell.execute", {"command": "rm -rf a; " * 1_900 + "THE END"}),
    ],
    ids=["keys", "nested", "nested body", "recipients", "query", "commands"],
)
async def test_much_is_drawn_whole_and_can_be_decided(kind: str, arguments: JsonObject) -> None:
    operator = FakeOperator()
    operator.hold("aa0001", kind=kind, arguments=arguments)
    async with open_console(operator) as console:
        await console.press("3")
        await console.until(console.dossier_fits, tries=4000)
        await console.read_all()
        rows = console.dossier_text().split("\n")
        drawn = "".join(row.rpartition("┆ ")[2] if "┆ " in row else row for row in rows)
        assert "THE END" in drawn
        await console.press("a")
        await console.until(lambda: operator.commands)


async def test_a_countdown_of_a_hostile_operator_name_is_harmless() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", risk=RiskLevel.MEDIUM, agent_id=EVIL)
    async with open_console(operator, recall_s={RiskLevel.MEDIUM: 3.0}) as console:
        console.app.bridge.operator_id = OperatorId("ma\x1b[2Jria\u202e")
        await console.open_approvals()
        await console.press("a")
        await console.see(r"u takes back: ma\x1b[2Jria\u202e approves aa0001")


async def test_a_flood_of_arrivals_moves_nothing_under_the_cursor() -> None:
    operator = FakeOperator()
    operator.hold("aa0001", risk=RiskLevel.LOW, arguments={"command": "the one in sight"})
    async with open_console(operator) as console:
        await console.open_approvals("aa0001")
        for number in range(300):
            risk = list(RiskLevel)[number % 4]
            operator.hold(f"f{number:05}", risk=risk, arguments={"command": f"flood {number}"})
            operator.pending.sort(key=lambda each: -each.risk.rank)
            if number % 20 == 0:
                await console.hear()
                assert console.selected() == action_id("aa0001")
                assert "the one in sight" in console.dossier_text()
        await console.hear()
        await console.press("a")
        await console.until(lambda: operator.commands)
    (command,) = operator.commands
    assert isinstance(command, ApproveAction)
    assert (command.action_id, command.shown_digest) == (action_id("aa0001"), "shown-aa0001")
