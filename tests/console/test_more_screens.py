"""Policies, replay, proposed rules, reports, log, settings, doctor, traces, pairs, telemetry."""

import csv
import io
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from console.keymap import find_row
from console.office import ELSEWHERE, Office
from console.screens.base import Asked, MaestroScreen
from console.screens.more import MORE_SCREENS
from core.actions import ActionStatus
from core.errors import StorageError
from core.reporting.forms import Form
from tests.console.day import busy_operator
from tests.console.driving import Driver, open_console
from tests.console.fakes import MARIA, FakeOperator
from tests.console.fleet_driving import chosen, table
from tests.console.office_fakes import FakeMachine, log_line, make_case, make_rule
from tests.fake_fleet import FakeFleet


@asynccontextmanager
async def open_on(
    screen: str,
    *,
    machine: FakeMachine | None = None,
    operator: FakeOperator | None = None,
    office: Office | None = None,
    size: tuple[int, int] = (80, 24),
) -> AsyncGenerator[tuple[Driver, FakeMachine]]:
    """A console over a machine, on one of its screens."""
    machine = machine or FakeMachine()
    async with open_console(operator or FakeOperator(), size=size, fleet=FakeFleet()) as console:
        console.app.front.office = office or machine.office()
        await go_to(console, screen)
        yield console, machine


async def go_to(console: Driver, screen: str) -> None:
    console.app.carry_out(Asked(screen))
    await console.until(lambda: console.app.screen is console.app.main_screens.get(screen))
    await console.hear()


async def answer(console: Driver, text: str) -> None:
    """Type into the line at the bottom in place of what stands there."""
    await console.until(lambda: console.app.screen.query("#line"))
    console.line("line").value = text
    await console.press("enter")


# -- everywhere ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(MORE_SCREENS))
async def test_each_screen_has_a_command_and_a_sentence_of_help(name: str) -> None:
    assert find_row(name).help
    async with open_on(name) as (console, _):
        assert console.app.front_screen is console.app.main_screens[name]
        assert table(console) is not None


@pytest.mark.parametrize("name", ["policies", "policy_replay", "logs", "settings", "doctor"])
async def test_a_console_elsewhere_says_so_and_promises_nothing(name: str) -> None:
    async with open_on(name, office=Office()) as (console, _):
        await console.see(ELSEWHERE[:60])


async def test_what_cannot_be_read_again_stands_with_a_word() -> None:
    async with open_on("settings") as (console, machine):
        await console.see("gateway.port")
        machine.failure = StorageError("disk I/O error")
        await console.press("r")
        await console.see("gateway.port", "✗ old: disk I/O error")
        machine.failure = None
        await console.press("r")
        await console.until(lambda: "old" not in console.screen_text())


# -- policies -----------------------------------------------------------------------------


async def test_a_policy_shows_what_it_says_where_it_stands_and_whom_its_pack_judges() -> None:
    async with open_on("policies", size=(160, 45)) as (console, _):
        await console.see("POLICIES  5", "permit:shell", "coding-agent.cedar:12")
        await console.press("down", "down")
        text = console.paper("policies-row")
        assert "✗ deny" in text
        assert "/coding-agent.cedar:44" in "".join(text.split())
        assert "claude-code, scraper" in text
        assert "forbid (principal, action, resource)" in text


async def test_seven_leads_to_the_policies_and_the_filter_keeps_one_pack() -> None:
    async with open_on("doctor") as (console, _):
        await console.press("7")
        await console.see("POLICIES")
        console.app.main_screens["policies"].set_filter("pack:payments says:ask")
        await console.see("POLICIES  1 of 5", "ask:large-transfer")
        await console.press("y")
        assert console.app.clipboard == "/srv/maestro/packs/payments/payments.cedar:12"


async def test_the_tests_of_the_packs_run_by_a_key_failed_ones_first() -> None:
    async with open_on("policies") as (console, machine):
        await console.press("t")
        await console.see("1 passed", "✗ 1 failed")
        assert chosen(console).name == "rm asks"
        assert "by permit:shell" in console.paper("policy_tests-row")
        machine.policies.cases = (make_case("rm asks"),)
        await console.press("r")
        await console.see("none failed")
        await console.press("escape")
        await console.see("POLICIES")


async def test_replay_shows_what_would_change_and_leads_to_the_action() -> None:
    operator = busy_operator()
    async with open_on("policies", operator=operator) as (console, machine):
        await console.press("w")
        await console.see("✓ allow 1 more", "✗ deny 1 more", "1,190 the same")
        assert machine.policies.folders == [""]
        await console.press("t")
        await console.until(
            lambda: (
                console.app.front_screen is not None and console.app.front_screen.NAME == "trace"
            )
        )


async def test_replay_takes_another_folder_and_says_what_is_wrong_with_it() -> None:
    async with open_on("policy_replay") as (console, machine):
        await console.press("w")
        await answer(console, "/nowhere")
        await console.until(lambda: machine.policies.folders == ["", "/nowhere"])
        await console.see("/nowhere: is no folder")
        await console.press("w")
        await answer(console, "/srv/edited")
        await console.until(lambda: "/srv/edited" in console.paper("policy_replay-row"))


async def test_a_proposed_rule_shows_its_effect_and_is_accepted_only_after_it_was_read() -> None:
    async with open_on("policy_proposals") as (console, machine):
        await console.see("would have saved 15 questions")
        assert "14 times by maria, paul" in console.paper("policy_proposals-row")
        await console.press("a")
        await console.until(lambda: console.dialog() == "AcceptDialog")
        await console.press("a", "enter")
        assert machine.policies.accepted == []
        console.read_time()
        await console.press("a")
        await console.until(lambda: machine.policies.accepted == [("r1", MARIA)])
        await console.see("nothing was approved five times")
        assert "✓ rule g7a1b2 holds" in console.toasts()[-1]


async def test_a_rule_that_is_refused_says_why() -> None:
    async with open_on("policy_proposals") as (console, machine):
        await console.press("a")
        await console.until(lambda: console.dialog() == "AcceptDialog")
        console.read_time()
        machine.policies.failure = StorageError("disk full")
        await console.press("a")
        await console.until(lambda: "disk full" in console.toasts())
        assert machine.policies.accepted == []


async def test_escape_lets_a_proposed_rule_be() -> None:
    async with open_on("policy_proposals") as (console, machine):
        machine.policies.rules = (make_rule(), make_rule("r2", resource_pattern="make\x1b[2Jlint"))
        await console.press("r")
        await console.see("make\\x1b[2Jlint")
        await console.press("a")
        await console.until(lambda: console.dialog() == "AcceptDialog")
        console.read_time()
        await console.press("escape")
        await console.until(lambda: not console.dialog())
        assert machine.policies.accepted == []


# -- reports and export -------------------------------------------------------------------


async def test_a_report_is_written_in_the_chosen_form_and_period() -> None:
    async with open_on("reports") as (console, machine):
        await console.see("REPORTS", "24h", "html")
        await console.press("f", "t")
        await answer(console, "7d")
        await console.see("7d", " as md")
        await console.press("w")
        await console.see("✓ written")
        ((kind, form, since, until),) = machine.reports
        assert (kind, form) == ("approvals", Form.MARKDOWN)
        assert until - since == timedelta(days=7)
        assert console.app.clipboard == "/home/ana/.maestro/reports/approvals.md"


async def test_a_period_that_is_none_changes_nothing() -> None:
    async with open_on("reports") as (console, machine):
        for words in ("yesterday", "2026-11-01 2026-11-02 2026-11-03"):
            await console.press("t")
            await answer(console, words)
        assert len(console.toasts()) == 2
        await console.see("24h")
        machine.failure = StorageError("disk full")
        await console.press("w")
        await console.until(lambda: "disk full" in console.toasts())


async def test_e_writes_the_rows_as_filtered_with_all_that_they_hold() -> None:
    async with open_on("settings") as (console, machine):
        console.app.main_screens["settings"].set_filter("from:maestro.toml")
        await console.press("e")
        await console.until(lambda: len(machine.written) == 2)
        name, text = next(each for each in machine.written.items() if each[0].endswith(".csv"))
        assert name == "exports/settings-2026-11-21-090000.csv" or name.startswith(
            "exports/settings"
        )
        rows = list(csv.DictReader(io.StringIO(text.decode())))
        assert [row["key"] for row in rows] == ["gateway.port", "mcp.files.env.API_TOKEN"]
        found = json.loads(next(v for k, v in machine.written.items() if k.endswith(".json")))
        assert found[0]["value"] == "7800"
        assert ".csv" in console.app.clipboard


async def test_an_empty_list_writes_nothing() -> None:
    async with open_on("settings") as (console, machine):
        console.app.main_screens["settings"].set_filter("nothing-like-this")
        await console.press("e")
        await console.until(lambda: "There is no row to write." in console.toasts())
        assert machine.written == {}


@pytest.mark.parametrize(("form", "ending"), [("svg", ".svg"), ("text", ".txt"), ("", ".svg")])
async def test_a_screen_is_written_as_it_stands(form: str, ending: str) -> None:
    async with open_on("settings") as (console, machine):
        await console.see("gateway.port")
        console.app.carry_out(Asked("screenshot", argument=form))
        await console.until(lambda: machine.written)
        ((name, content),) = machine.written.items()
        assert name.endswith(ending)
        assert b"gateway.port" in content


async def test_a_form_of_screenshot_that_there_is_not_is_told() -> None:
    async with open_on("settings") as (console, machine):
        console.app.carry_out(Asked("screenshot", argument="png"))
        await console.until(console.toasts)
        assert "svg or text" in console.toasts()[-1]
        assert machine.written == {}


# -- log ----------------------------------------------------------------------------------


async def test_the_log_follows_until_it_is_held_still() -> None:
    async with open_on("logs") as (console, machine):
        await console.see("LOG  5", "● following", "the source answers again")
        machine.lines = (*machine.lines, log_line("a new line"))
        console.clock.advance(1.5)
        console.app.tick()
        await console.see("a new line")
        await console.press("f")
        machine.lines = (*machine.lines, log_line("another"))
        console.clock.advance(1.5)
        console.app.tick()
        await console.see("■ held still")
        assert "another" not in console.screen_text()
        await console.press("r")
        await console.see("another")


async def test_the_log_keeps_what_is_grave_enough_and_fits_the_words() -> None:
    async with open_on("logs") as (console, _):
        await console.press("t")
        await console.see("LOG  3 of 5", "warning and worse")
        await console.press("t")
        await console.see("LOG  2 of 5", "Traceback (most recent call last):")
        await console.press("t")
        console.app.main_screens["logs"].set_filter("level:warning p95")
        await console.see("LOG  1 of 5")
        assert "tries      3" in console.paper("logs-row")


async def test_what_the_log_holds_is_drawn_inert() -> None:
    machine = FakeMachine()
    machine.lines = ("\x1b]0;owned\x07[bold]x", log_line("\x1b[31mred\u202e", more_text="\x9b2J"))
    async with open_on("logs", machine=machine) as (console, _):
        await console.see("[bold]x", "red")
        assert not any(each in console.screen_text() for each in ("\x1b", "\x07", "\u202e", "\x9b"))


# -- settings, doctor ---------------------------------------------------------------------


async def test_a_setting_says_where_it_comes_from_and_secrets_are_not_shown() -> None:
    async with open_on("settings") as (console, _):
        await console.see("SETTINGS  4", "3 of your own", "maestro.toml:3", "set, not shown")
        await console.press("down")
        text = console.paper("settings-row")
        assert "default    7717" in text
        assert "MAESTRO_GATEWAY__PORT wins over the file" in text


async def test_the_doctor_shows_first_what_is_to_be_mended_and_looks_again() -> None:
    async with open_on("doctor") as (console, machine):
        await console.see("✗ 1 to mend")
        assert chosen(console).name == "backend.p95"
        machine.findings = (replace(machine.findings[1], ok=True),)
        await console.press("r")
        await console.see("✓ nothing to do")


async def test_the_doctor_and_the_sessions_lie_one_key_away() -> None:
    async with open_on("settings") as (console, _):
        await console.press("d")
        await console.see("DOCTOR")
        await go_to(console, "telemetry")
        await console.press("n")
        await console.see("SESSIONS")


# -- traces -------------------------------------------------------------------------------


async def test_traces_lead_to_their_waterfall() -> None:
    async with open_on("traces", operator=busy_operator()) as (console, _):
        await console.see("TRACES  2", "✗ failed")
        row = chosen(console)
        assert (row.spans > 0, row.actions > 1) == (True, True)
        await console.press("enter")
        await console.see("approval.wait")


async def test_a_trace_without_spans_says_so() -> None:
    operator = FakeOperator()
    operator.hold("8f2a1c")
    async with open_on("traces", operator=operator) as (console, _):
        await console.see("· no span")
        assert chosen(console).status == ActionStatus.PENDING.value


# -- pairs, telemetry ---------------------------------------------------------------------


async def test_a_pair_shows_when_it_ran_and_what_it_says() -> None:
    async with open_on("coordinators") as (console, _):
        await console.see("frontend-backend", "✓ ran", "no OpenAPI document")
        assert "9, 0 failed" in console.paper("coordinators-row")


async def test_telemetry_shows_what_was_understood_and_what_was_not() -> None:
    async with open_on("telemetry") as (console, _):
        await console.see("claude-code", "1.3M")
        text = console.paper("telemetry-row")
        assert "812 of terminal.type" in text
        assert "0 spans, 812 logs, 240 points" in text


async def test_escape_leads_from_the_sessions_to_the_telemetry() -> None:
    async with open_on("telemetry") as (console, _):
        await console.press("n")
        await console.until(lambda: name_of(console) == "sessions")
        await console.press("enter", "escape")
        assert name_of(console) == "sessions"
        await console.press("escape")
        await console.until(lambda: name_of(console) == "telemetry")


def name_of(console: Driver) -> str:
    screen = console.app.screen
    return screen.NAME if isinstance(screen, MaestroScreen) else ""


async def test_sessions_show_tokens_cost_and_what_has_no_price() -> None:
    async with open_on("sessions") as (console, _):
        await console.see("SESSIONS")
        assert chosen(console).totals.calls > 0
