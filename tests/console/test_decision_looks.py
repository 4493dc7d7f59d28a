"""How deciding looks: what would run, a group, an edit, a decision that can still be taken back."""

from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any

import pytest
from textual._wait import wait_for_idle
from textual.pilot import Pilot
from textual.widgets import TextArea

from console.app import MaestroApp
from tests.console.day import busy_operator
from tests.console.driving import Driver
from tests.console.fakes import MARIA
from tests.fake_fleet import FakeFleet
from tests.fakes import FakeClock

Compare = Callable[..., bool]


async def show_words(console: Driver) -> None:
    await console.open_approvals("8f2a1c")
    await console.press("enter")
    await console.see("RUNS", "TOUCHES")


async def show_request(console: Driver) -> None:
    await console.open_approvals("b09e41")
    await console.see("REQUEST", "goes to")


async def show_unsent(console: Driver) -> None:
    await console.open_approvals("77be02")
    await console.press("a")
    await console.see("takes back", "approve in 3s")
    await console.until(console.dossier_fits)
    console.read_time()


async def show_group(console: Driver) -> None:
    await console.open_approvals("b09e41")
    await console.press("b")
    await console.see("approve 3")
    await console.press("down", "space")
    await console.see("taken out")


async def show_editing(console: Driver) -> None:
    await console.open_approvals("b09e41")
    await console.press("e")
    await console.until(lambda: console.dialog() == "EditDialog")
    area = console.app.screen.query_one("#text", TextArea)
    area.text = area.text.replace('"page": 1', '"page": "2"')
    await console.see("would run as", "page was a number, is now text")


async def show_mistyped(console: Driver) -> None:
    await show_editing(console)
    area = console.app.screen.query_one("#text", TextArea)
    area.text = area.text.replace('"2"', "")
    await console.see("line 3, column 11")


async def show_two_people(console: Driver) -> None:
    await console.open_approvals("c41d07")
    await console.see("you are maria")


Show = Callable[[Driver], Awaitable[None]]
SHOWS: tuple[Show, ...] = (
    show_words,
    show_request,
    show_unsent,
    show_group,
    show_editing,
    show_mistyped,
    show_two_people,
)
SIZES = {"80x24": (80, 24), "120x36": (120, 36), "160x45": (160, 45)}
SMALL_ONLY = (show_mistyped, show_two_people)
CASES = [
    pytest.param(show, size, id=f"{getattr(show, '__name__', '')[5:]}-{name}")
    for show in SHOWS
    for name, size in SIZES.items()
    if name == "80x24" or show not in SMALL_ONLY
]


@pytest.fixture(autouse=True)
def steady_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine that runs this shows."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.mark.parametrize("theme", ["maestro-night", "maestro-day"])
@pytest.mark.parametrize(("show", "size"), CASES)
def test_deciding_looks_as_it_was_approved(
    show: Show, size: tuple[int, int], theme: str, snap_compare: Compare
) -> None:
    operator, clock = busy_operator(), FakeClock()
    app = MaestroApp(operator, operator.bus, clock, MARIA, zone=UTC, theme=theme, fleet=FakeFleet())

    async def go(pilot: Pilot[Any]) -> None:
        console = Driver(app, pilot, clock, operator)
        await console.until(lambda: app.bridge.snapshot.approvals is not None)
        await console.hear()
        await show(console)
        app.tick()
        await wait_for_idle()  # a picture is of the very last state

    assert snap_compare(app, terminal_size=size, run_before=go)
