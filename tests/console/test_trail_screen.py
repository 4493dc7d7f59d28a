"""The trail: complete, current, filtered, verified with one key."""

import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from console.screens.audit import AuditScreen
from console.view_models.audit import Heads
from core.audit.rules import GENESIS, seal_entries
from core.ports import VerifyReport
from core.records import AuditEntry
from tests.console.day import busy_operator, fill_trail
from tests.console.driving import Driver, open_console
from tests.console.fakes import FakeOperator
from tests.factories import NOW, make_draft


@asynccontextmanager
async def open_trail(
    operator: FakeOperator, size: tuple[int, int] = (80, 24)
) -> AsyncGenerator[tuple[Driver, AuditScreen]]:
    async with open_console(operator, size=size) as console:
        await console.press("9")
        await console.until(lambda: isinstance(console.app.screen, AuditScreen))
        screen = console.app.screen
        assert isinstance(screen, AuditScreen)
        await console.until(lambda: screen.entries or not operator.entries)
        yield console, screen


async def test_the_newest_entry_comes_first_and_older_ones_are_loaded_on_the_way_down() -> None:
    operator = FakeOperator()
    fill_trail(operator, 500)
    async with open_trail(operator) as (console, screen):
        assert [each.seq for each in screen.entries[:2]] == [500, 499]
        assert len(screen.entries) == 200
        for loaded in (400, 500):
            await console.press("end")
            await console.until(lambda: len(screen.entries) == loaded)  # noqa: B023 - awaited here
        await console.press("end")
        await console.see("action.judged")
        selected = screen.trail.selected
        assert selected is not None
        assert selected.seq == 1


async def test_going_to_the_end_while_a_page_is_looked_through_loads_the_next_one_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_go_on, read = threading.Event(), Heads.read

    def slow(heads: Heads, entries: Sequence[AuditEntry]) -> None:
        may_go_on.wait()
        read(heads, entries)

    operator = FakeOperator()
    fill_trail(operator, 500)
    async with open_trail(operator) as (console, screen):
        monkeypatch.setattr(Heads, "read", slow)
        await console.press("end")
        await console.until(lambda: len(screen.entries) == 400)
        await console.press("end")
        may_go_on.set()
        await console.until(lambda: len(screen.entries) == 500)


async def test_new_entries_appear_by_themselves_and_the_selection_stays() -> None:
    operator = FakeOperator()
    fill_trail(operator, 20)
    async with open_trail(operator) as (console, screen):
        await console.press("down", "down")
        chosen = screen.trail.selected
        fill_trail(operator, 24)
        await console.hear()
        await console.until(lambda: screen.entries[0].seq == 24)
        assert screen.trail.selected == chosen
        await console.see("24 entries")


async def test_more_than_a_page_of_news_leaves_no_gap() -> None:
    operator = FakeOperator()
    fill_trail(operator, 20)
    async with open_trail(operator) as (console, screen):
        fill_trail(operator, 400)
        await console.hear()
        await console.until(lambda: screen.entries[:1] and screen.entries[0].seq == 400)
        seqs = [each.seq for each in screen.entries]
        assert seqs == list(range(400, 400 - len(seqs), -1))


async def test_filters_are_asked_of_the_store() -> None:
    operator = FakeOperator()
    fill_trail(operator, 60)
    async with open_trail(operator) as (console, screen):
        await console.press("slash")
        await console.type("event:approval.approved")
        await console.press("enter")
        await console.until(lambda: len(screen.entries) == 15)
        await console.see(" / event:approval.approved ")
        await console.press("slash")
        await console.type("seq:7")
        await console.press("enter")
        await console.until(lambda: [each.seq for each in screen.entries] == [7])
        await console.press("slash")
        await console.type("nothing")
        await console.press("enter")
        await console.see("no entry fits the filter")
        await console.press("escape")
        await console.until(lambda: len(screen.entries) == 60)


async def test_an_entry_opens_whole_and_closes() -> None:
    async with open_trail(busy_operator()) as (console, screen):
        await console.press("enter")
        await console.until(lambda: screen.paper.has_focus)
        await console.see('"event": "action.outcome"')
        await console.press("slash", "escape", "escape")
        await console.until(lambda: screen.trail.has_focus)
        await console.press("y")
        assert console.app.clipboard == screen.entries[0].hash


async def test_the_entry_beside_the_list_is_scrolled_from_it() -> None:
    operator = FakeOperator()
    draft = make_draft(body={"arguments": {"command": "\n".join("abcdefghij" * 10)}})
    operator.entries = list(seal_entries(GENESIS, [draft] * 2))
    async with open_trail(operator, (130, 20)) as (console, screen):
        await console.press("enter", "escape", "full_stop")
        await console.until(lambda: screen.trail.has_focus)
        await console.press("comma")
        await console.pilot.click("#trail", offset=(10, 2), times=2)
        await console.until(lambda: screen.paper.has_focus)


async def test_v_verifies_and_says_what_it_found() -> None:
    operator = busy_operator()
    async with open_trail(operator) as (console, _):
        await console.see("not verified yet")
        await console.press("c")
        await console.until(lambda: any("The trail verifies: 60" in t for t in console.toasts()))
        await console.see("✓ verified 60, 56 signed", "✓ chain ok")
        operator.report = VerifyReport(
            ok=False,
            entries=60,
            head="",
            signed_length=56,
            problem="entry 7 was edited",
            first_bad=7,
        )
        await console.press("c")
        await console.until(lambda: any("entry 7 was edited" in t for t in console.toasts()))
        await console.see("✗ broken at 7", "✗ chain broken")


async def test_a_trail_that_cannot_be_read_is_a_message() -> None:
    operator = busy_operator()
    async with open_trail(operator) as (console, screen):
        operator.broken = {"read_audit", "verify_audit"}
        await console.press("c")
        await console.until(lambda: "verify_audit: disk I/O error" in console.toasts())
        screen.set_filter("agent:maria")
        await console.until(lambda: "read_audit: disk I/O error" in console.toasts())
        await console.see("no entry")
        operator.broken = set()
        screen.set_filter("")
        await console.until(lambda: screen.entries)


async def test_t_draws_the_trace_of_an_entrys_action_and_says_when_there_is_none() -> None:
    operator = busy_operator()
    drafts = [
        make_draft(),
        make_draft(event="engine.started", actor="engine", action_id=None, at=NOW),
    ]
    operator.entries = list(seal_entries(GENESIS, drafts))
    async with open_trail(operator) as (console, _):
        await console.press("t")
        assert "The selected row belongs to no action." in console.toasts()
        await console.press("down", "t")
        await console.see("approval.wait", "audit \u203a trace")
        await console.press("escape")
        await console.see("maestro \u203a audit")


async def test_an_agents_rows_are_kept_by_a_command() -> None:
    async with open_trail(busy_operator()) as (console, screen):
        await console.press("colon")
        await console.type("agent maria")
        await console.press("enter")
        await console.until(lambda: len(screen.entries) == 30)
        await console.see(" / agent:maria ")
