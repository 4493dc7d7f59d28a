"""The shell around the screens: filters, jumps, the way back, keys, memory, looking only."""

import json
from pathlib import Path

import pytest

from console.app import MaestroApp
from console.looks import Looks
from console.screens.audit import AuditScreen
from console.view_models.places import Step
from core.commands import AcknowledgeAlert
from core.errors import ConfigError
from core.governance.insiders import hosted_principal
from core.ids import AlertId
from tests.console.day import busy_operator
from tests.console.driving import Driver, open_console
from tests.console.fakes import MARIA, FakeOperator, action_id
from tests.console.fleet_driving import open_fleet, table
from tests.factories import NOW

ACK = AcknowledgeAlert(operator=MARIA, key="a", alert_id=AlertId("a1"))


async def command(console: Driver, text: str) -> None:
    await console.press("colon")
    await console.type(text)
    await console.press("enter")


async def keep(console: Driver, text: str) -> None:
    await console.press("slash")
    await console.type(text)
    await console.press("enter")


# -- filters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "words", "rows"),
    [
        ("2", "!state:online agent:/^(ai|video)$/", 2),
        ("4", "~bckerrt", 1),
        ("5", "type:task !backend", None),
        ("6", "severity:critical", None),
    ],
)
async def test_every_fleet_list_keeps_what_fits(key: str, words: str, rows: int | None) -> None:
    async with open_fleet(key, size=(120, 40)) as (console, _):
        before = len(table(console).rows)
        await keep(console, words)
        await console.hear()
        await console.see(f" / {words} ")
        assert len(table(console).rows) < before
        if rows is not None:
            assert len(table(console).rows) == rows
        await console.press("escape")
        await console.hear()
        assert len(table(console).rows) == before


async def test_a_wrong_expression_is_told_and_the_filter_stays() -> None:
    async with open_console(busy_operator()) as console:
        await console.open_approvals()
        await keep(console, "risk:low")
        await console.until(lambda: len(console.approvals.queue.rows) == 3)
        await console.press("slash", *["backspace"] * 8)
        await console.type("/[a/")
        await console.press("enter")
        assert any("is not a regular expression" in each for each in console.toasts())
        await console.see(" / risk:low ")
        assert len(console.approvals.queue.rows) == 3


async def test_a_filter_stays_with_its_view() -> None:
    async with open_console(busy_operator()) as console:
        await console.open_approvals()
        await keep(console, "!risk:low")
        await console.press("1")
        await keep(console, "what:deny")
        await console.press("3")
        await console.see(" / !risk:low ")
        await console.press("1")
        await console.see(" / what:deny ")
        await console.press("escape")
        await console.until(lambda: " / what:deny " not in console.screen_text())


async def test_the_trail_is_searched_on_for_what_the_store_cannot_look_for() -> None:
    operator = busy_operator()
    async with open_console(operator) as console:
        await console.press("9")
        await keep(console, "!event:approval.approved")
        screen = console.app.screen
        assert isinstance(screen, AuditScreen)
        await console.until(lambda: screen.entries)
        assert all("approval.approved" not in each.text for each in screen.entries)
        assert len(screen.entries) < len(operator.entries)


async def test_help_is_searched() -> None:
    async with open_console(FakeOperator(), size=(100, 40)) as console:
        await console.press("question_mark")
        await console.see("EVERYWHERE")
        await keep(console, "palette")
        await console.until(lambda: "EVERYWHERE" not in console.screen_text())
        await console.see("ctrl+p")
        await console.press("escape")
        await console.see("EVERYWHERE")
        await console.press("escape")
        await console.see("maestro \u203a overview")


# -- from one thing to what it belongs to ------------------------------------------------------


async def test_one_key_leads_from_an_alert_to_the_trace_and_escape_back() -> None:
    operator = busy_operator()
    async with open_fleet("6", size=(120, 40)) as (console, _):
        console.app.bridge._operator = operator  # pyright: ignore[reportPrivateUsage]
        wanted = next(each for each in table(console).rows if each.agent != "system")
        table(console).select(wanted.id)
        await console.press("g")
        await console.see(f"alerts \u203a {wanted.agent}", "what it is")
        await console.press("g")
        await console.see("\u203a actions", f"ACTIONS OF {wanted.agent}")
        await console.until(lambda: table(console).selected)
        assert operator.actions_asked_of == hosted_principal(wanted.agent)
        await console.press("g")
        await console.see("\u203a audit", "action:")
        entries = console.app.screen
        assert isinstance(entries, AuditScreen)
        await console.until(lambda: console.app.navigator.path[-1].screen == "entries")
        for crumb in ("actions", wanted.agent, "alerts"):
            await console.press("escape")
            await console.see(f"\u203a {crumb}")
        assert console.app.navigator.path == (Step("alerts"),)


async def test_an_entry_leads_to_the_trace_of_its_action() -> None:
    async with open_console(busy_operator()) as console:
        await console.open_approvals("8f2a1c")
        await console.press("g")
        await console.see("approvals \u203a audit")
        screen = console.app.screen
        assert isinstance(screen, AuditScreen)
        assert screen.filter.text == f"action:{action_id('8f2a1c')}"
        await console.press("escape")
        await console.see("maestro \u203a approvals")


async def test_the_way_back_and_forth() -> None:
    async with open_console(busy_operator()) as console:
        await console.press("3", "9")
        await console.see("maestro \u203a audit")
        await console.press("left_square_bracket")
        await console.see("maestro \u203a approvals")
        await console.press("left_square_bracket")
        await console.see("maestro \u203a overview")
        await console.press("left_square_bracket")
        assert "There is no other view in that direction." in console.toasts()
        await console.press("right_square_bracket")
        await console.see("maestro \u203a approvals")
        await console.press("minus")
        await console.see("maestro \u203a overview")
        await console.press("minus")
        await console.see("maestro \u203a approvals")


async def test_history_brings_back_what_was_opened_from_a_view() -> None:
    async with open_fleet("2", "enter", "9", "left_square_bracket") as (console, _):
        path = console.app.navigator.path
        assert [step.screen for step in path] == ["agents", "agent_detail"]
        await console.press("escape")
        await console.see("maestro \u203a agents")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("video", "agents \u203a video"),
        ("backend.error_rate", "metrics \u203a backend.error_rate"),
        ("api_throughput", "metrics \u203a backend.api_throughput"),
        ("1,204", "seq:1204"),
        ("Video", "agents \u203a video"),
        ("BACKEND.error_rate", "metrics \u203a backend.error_rate"),
    ],
)
async def test_goto_finds_things_by_their_names(name: str, words: str) -> None:
    async with open_fleet("2", size=(120, 40)) as (console, _):  # where no metric was read yet
        await command(console, f"goto {name}")
        await console.see(words)


async def test_goto_finds_a_held_action_by_its_end_and_says_when_there_is_nothing() -> None:
    async with open_console(busy_operator()) as console:
        await command(console, "goto 77be02")
        await console.until(lambda: console.selected() == action_id("77be02"))
        await command(console, "goto nowhere")
        assert any("Nothing here is called 'nowhere'" in each for each in console.toasts())


async def test_tab_completes_names_and_what_stands_after_them() -> None:
    async with open_fleet("2") as (console, _):
        await console.press("colon")
        await console.type("them")
        await console.see("Tab theme")
        await console.press("tab")
        assert console.line("line").value == "theme"
        await console.type(" maestro-d")
        await console.press("tab", "enter")
        await console.until(lambda: console.app.theme == "maestro-day")
        await console.press("colon")
        await console.type("agent vid")
        await console.press("tab")
        assert console.line("line").value == "agent video"


# -- copying, sorting, switches -----------------------------------------------------------------


async def test_y_copies_the_id_then_the_row_then_json() -> None:
    async with open_console(busy_operator()) as console:
        await console.open_approvals("77be02")
        await console.press("y")
        assert console.app.clipboard == action_id("77be02")
        await console.press("y")
        assert "\t" in console.app.clipboard
        await console.press("y")
        assert json.loads(console.app.clipboard)["ID"] == "77be02"
        assert f"Copied the JSON of {action_id('77be02')}. y again: the name." in console.toasts()
        await console.press("y")
        assert console.app.clipboard == action_id("77be02")


async def test_sorting_the_queue_keeps_the_selection() -> None:
    async with open_console(busy_operator()) as console:
        await console.open_approvals("77be02")
        await console.press("o")
        assert console.approvals.queue.order == ("RISK", False)
        assert console.selected() == action_id("77be02")
        await console.press("v")
        ranks = [each.risk.rank for each in console.approvals.queue.rows]
        assert ranks == sorted(ranks, reverse=True)
        assert console.selected() == action_id("77be02")


async def test_the_debug_row_says_what_drawing_costs() -> None:
    async with open_console(FakeOperator()) as console:
        await command(console, "debug")
        console.app.watch_over.sample()
        console.clock.advance(0.3)
        console.app.watch_over.sample()
        console.app.tick()
        await console.see("DEBUG", " lag ", "events/s", "dropped 0")
        await command(console, "debug")
        await console.until(lambda: " lag " not in console.screen_text())


async def test_the_clock_is_in_the_header_until_it_is_switched_off() -> None:
    async with open_console(FakeOperator(), size=(160, 40), host="box", home="/srv/m") as console:
        await console.see(NOW.strftime("%H:%M"), "maria@box", "/srv/m")
        await command(console, "clock")
        await console.until(lambda: not console.app.front.switches.clock)
        await console.until(lambda: f" {NOW:%H:%M} " not in console.screen_text().splitlines()[0])


# -- memory -------------------------------------------------------------------------------------


async def test_the_layout_comes_back(tmp_path: Path) -> None:
    async with open_console(busy_operator(), home=str(tmp_path)) as console:
        await console.open_approvals()
        await keep(console, "!risk:low")
        await console.press("o")
        await command(console, "theme maestro-day")
        await command(console, "mouse")
        await console.pilot.pause()
    async with open_console(busy_operator(), home=str(tmp_path)) as console:
        await console.see("maestro \u203a approvals", " / !risk:low ")
        assert console.app.theme == "maestro-day"
        assert not console.app.front.switches.mouse
        await console.until(lambda: console.approvals.queue.order == ("RISK", False))


async def test_a_home_that_cannot_be_written_hurts_nobody(tmp_path: Path) -> None:
    async with open_console(busy_operator(), home=str(tmp_path / "missing")) as console:
        await console.press("3")
        console.app.keeper.note()
        console.app.keeper.flush()
        await console.see("maestro \u203a approvals")


# -- keys ---------------------------------------------------------------------------------------


async def test_an_operators_own_keys_work_and_help_shows_them(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text('audit = "f4"\ndefer = "w"\n')
    operator = busy_operator()
    async with open_console(operator, key_folders=[tmp_path], size=(100, 50)) as console:
        await console.press("f4")
        await console.see("maestro \u203a audit")
        await console.press("9")
        await console.open_approvals("77be02")
        await console.see("w not now")
        await console.press("w")
        await console.until(lambda: console.dialog() == "DeferDialog")
        await console.press("escape")
        await console.press("question_mark")
        await console.see("f4")


async def test_a_wrong_key_file_is_told_and_the_usual_keys_hold(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text('audti = "f4"\n')
    async with open_console(busy_operator(), key_folders=[tmp_path]) as console:
        assert any("did you mean 'audit'?" in each for each in console.toasts())
        await console.press("9")
        await console.see("maestro \u203a audit")


# -- looking only ---------------------------------------------------------------------------------


async def test_a_read_only_console_looks_and_changes_nothing() -> None:
    operator = busy_operator()
    async with open_console(operator, looks=Looks(read_only=True), size=(120, 40)) as console:
        await console.open_approvals("b09e41")
        await console.see("[READ-ONLY]")
        for key in ("a", "d", "e", "n", "r", "b"):
            await console.press(key)
            assert not console.dialog()
        assert "This console is read-only: it only looks." in console.toasts()
        with pytest.raises(ConfigError, match="read-only"):
            await console.app.bridge.fleet.send(ACK)
    assert operator.commands == []


# -- calls ----------------------------------------------------------------------------------------


async def test_quiet_hours_keep_the_bell_for_what_is_critical(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[int] = []

    def ring(_: MaestroApp) -> None:
        rung.append(1)

    monkeypatch.setattr(MaestroApp, "bell", ring)
    operator = FakeOperator()
    async with open_console(operator, looks=Looks(quiet="00:00-23:59")) as console:
        operator.hold("aa0001")
        await console.hear()
        await console.see("1 approval")
    assert rung == []
