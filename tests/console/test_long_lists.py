"""Lists too long for one frame: sorted and filtered beside the screen, with nothing moved."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

import pytest
from textual.app import App, ComposeResult

from console import sieve as sifting
from console import sorting
from console.sieve import Sieve
from console.themes import DEFAULT_THEME, read_shipped, to_textual
from console.view_models import ordering
from console.view_models.columns import Column
from console.view_models.ink import Span, Spans
from console.widgets.live_table import LiveTable

MANY = 3_000


class Row(NamedTuple):
    """A row of a list."""

    number: int
    name: str


def _cells(row: Row) -> tuple[Spans, ...]:
    return ((Span(str(row.number)),), (Span(row.name),))


ROWS = tuple(Row(number, f"name {number * 7919 % MANY:05}") for number in range(MANY))


class OneList(App[None]):
    """A table, as large as the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(to_textual(read_shipped(DEFAULT_THEME)))
        self.theme = DEFAULT_THEME
        self.table = LiveTable[Row](
            (Column(title="NO", width=8, right=True), Column(title="NAME", width=20)),
            key=lambda row: str(row.number),
            id="list",
            sorts={"NO": lambda row: row.number, "NAME": lambda row: row.name},
        )

    def compose(self) -> ComposeResult:
        """The table."""
        yield self.table


@pytest.fixture(autouse=True)
def _no_time_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that takes more than one step goes on beside the screen."""
    monkeypatch.setattr(sorting, "FIRST_S", 0.0)
    monkeypatch.setattr(sifting, "FIRST_S", 0.0)
    monkeypatch.setattr(sifting, "SLICE_S", 0.0)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)


async def test_a_long_list_is_sorted_beside_the_screen_and_the_cursor_stays_on_its_row() -> None:
    app = OneList()
    async with app.run_test(size=(60, 12)) as pilot:
        app.table.show(ROWS, _cells)
        app.table.select("17")
        app.table.sort_by("NAME", falling=True)
        assert app.table.is_sorting
        assert list(app.table.rows) == list(ROWS)
        await _until(lambda: not app.table.is_sorting)
        await pilot.pause()
        assert list(app.table.rows) == sorted(ROWS, key=lambda row: row.name, reverse=True)
        assert app.table.selected == ROWS[17]
        assert ROWS[17] in app.table.in_sight


@pytest.fixture
def _sight_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in sight is put in order at once, all the rest beside the screen."""
    monkeypatch.setattr(sorting, "FIRST_S", 60.0)
    monkeypatch.setattr(ordering, "_RUN", 100)
    monkeypatch.setattr(ordering, "_SAMPLES", 100)


@pytest.mark.usefixtures("_sight_first")
@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("at", [0, 17, 1500, MANY - 1])
async def test_what_is_in_sight_is_in_order_at_once_and_the_cursor_stays_on_its_row(
    at: int, *, falling: bool
) -> None:
    app = OneList()
    async with app.run_test(size=(60, 12)) as pilot:
        app.table.show(ROWS, _cells)
        app.table.select(str(at))
        await pilot.pause()
        app.table.sort_by("NAME", falling=falling)
        ordered = sorted(ROWS, key=lambda row: row.name, reverse=falling)
        assert app.table.is_sorting
        assert app.table.selected == ROWS[at]
        first = app.table.in_sight
        assert ROWS[at] in first
        assert len(first) == app.table.size.height - 1
        top = ordered.index(first[0])
        assert list(first) == ordered[top : top + len(first)]
        await _until(lambda: not app.table.is_sorting)
        assert app.table.in_sight == first
        assert app.table.rows == ordered


@pytest.mark.usefixtures("_sight_first")
async def test_what_is_not_in_order_yet_is_not_shown_as_if_it_were() -> None:
    app = OneList()
    async with app.run_test(size=(60, 12)):
        app.table.show(ROWS, _cells)
        app.table.sort_by("NAME", falling=False)
        app.table.action_move_to(-1)
        assert app.table.is_sorting
        assert app.table.selected is None
        assert {app.table.render_line(y).text.strip() for y in range(1, 12)} == {"…"}
        assert set(app.table.rows) == set(ROWS)
        await _until(lambda: not app.table.is_sorting)
        last = max(ROWS, key=lambda row: row.name)
        assert app.table.selected == last
        assert app.table.in_sight[-1] == last


@pytest.mark.usefixtures("_sight_first")
async def test_a_row_that_is_not_in_order_yet_can_be_gone_to() -> None:
    app = OneList()
    async with app.run_test(size=(60, 12)):
        app.table.show(ROWS, _cells)
        app.table.sort_by("NAME", falling=False)
        far = max(ROWS, key=lambda row: row.name)
        assert app.table.select(str(far.number))
        assert app.table.selected == far
        await _until(lambda: not app.table.is_sorting)
        assert app.table.selected == far
        assert app.table.in_sight[-1] == far


@pytest.mark.usefixtures("_sight_first")
async def test_another_order_does_not_wait_for_the_one_before() -> None:
    app = OneList()
    async with app.run_test(size=(60, 12)):
        app.table.show(ROWS, _cells)
        app.table.sort_by("NAME", falling=False)
        app.table.reverse()
        ordered = sorted(ROWS, key=lambda row: row.name, reverse=True)
        at = ordered.index(ROWS[0])
        assert app.table.selected == ROWS[0]
        assert app.table.in_sight[-1] == ordered[at]
        await _until(lambda: not app.table.is_sorting)
        assert app.table.rows == ordered


async def test_rows_that_come_while_a_list_is_sorted_are_in_it_at_the_end() -> None:
    app = OneList()
    more = (Row(MANY, "name 00000 and a half"), *ROWS)
    async with app.run_test(size=(60, 12)):
        app.table.show(ROWS, _cells)
        app.table.sort_by("NAME", falling=False)
        app.table.show(more, _cells)
        await _until(lambda: not app.table.is_sorting)
        assert list(app.table.rows) == sorted(more, key=lambda row: row.name)


async def test_the_order_asked_for_last_is_the_one_that_comes() -> None:
    app = OneList()
    async with app.run_test(size=(60, 12)):
        app.table.show(ROWS, _cells)
        app.table.sort_by("NAME", falling=False)
        app.table.sort_by("NO", falling=True)
        await _until(lambda: not app.table.is_sorting)
        assert list(app.table.rows) == list(reversed(ROWS))


async def test_a_sort_turned_off_meanwhile_leaves_the_rows_as_they_come() -> None:
    app = OneList()
    async with app.run_test(size=(60, 12)):
        app.table.show(ROWS, _cells)
        app.table.sort_by("NAME", falling=False)
        app.table.sort_next()
        assert app.table.order == ("", False)
        await _until(lambda: not app.table.is_sorting)
        assert list(app.table.rows) == list(ROWS)


def _even(row: Row) -> bool:
    return not row.number % 2


async def test_the_first_rows_that_fit_are_there_at_once_and_all_of_them_later() -> None:
    app, told = OneList(), list[int | None]()
    async with app.run_test(size=(60, 12)):
        sieve = Sieve[Row](app.table, lambda: told.append(sieve.looked_at))
        first = sieve.keep(ROWS, _even, "even")
        assert 0 < len(first) < MANY / 2
        assert sieve.looked_at is not None
        await _until(lambda: sieve.looked_at is None)
        assert list(sieve.keep(ROWS, _even, "even")) == [row for row in ROWS if _even(row)]
        assert told[-1] is None


async def test_new_rows_under_the_same_filter_never_shorten_the_list_meanwhile() -> None:
    app = OneList()
    more = (Row(MANY, "new"), *ROWS)
    async with app.run_test(size=(60, 12)):
        sieve = Sieve[Row](app.table, lambda: None)
        sieve.keep(ROWS, _even, "even")
        await _until(lambda: sieve.looked_at is None)
        assert len(sieve.keep(more, _even, "even")) == MANY / 2
        await _until(lambda: len(sieve.keep(more, _even, "even")) == MANY / 2 + 1)


async def test_another_filter_takes_the_place_of_one_that_is_not_done() -> None:
    app = OneList()
    async with app.run_test(size=(60, 12)):
        sieve = Sieve[Row](app.table, lambda: None)
        sieve.keep(ROWS, _even, "even")
        assert sieve.keep(ROWS[:1], lambda _: True, "all") == [ROWS[0]]
        await asyncio.sleep(0)
        sieve.keep(ROWS, lambda row: not _even(row), "odd")
        await _until(lambda: sieve.looked_at is None)
        assert len(sieve.keep(ROWS, lambda row: not _even(row), "odd")) == MANY / 2
