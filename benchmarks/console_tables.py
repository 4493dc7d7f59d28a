"""What a table of the console costs: a whole repaint, moving, sorting and filtering.

A repaint is of rows that were never drawn, as after a page down; of the same rows it is told beside
that, because the table keeps lines that did not change. Sorting and filtering go on in slices:
the first picture has what a first slice found; the whole is when all rows were looked at.

The rows are entries of a trail, filtered and sorted by the code that the screens use, in a
program of Textual without a terminal. The baseline is Textual's own DataTable with the same cells,
repainted after one cell changed. Times are processor times.

Sorting is by columns of texts, numbers and times, in both directions, with the cursor at the start
and in the middle; keys of a column are read anew before its first direction. The first picture
counts when the rows in sight are those that a plain sort puts there.
"""

import argparse
import asyncio
import gc
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widgets import DataTable

from benchmarks._load import percentile, say_when_ended
from console.sieve import Sieve
from console.themes import DEFAULT_THEME, read_shipped, to_textual
from console.view_models.columns import Column
from console.view_models.filters import Searched, parse_filter
from console.view_models.ink import Span, Spans, Tone
from console.widgets.live_table import LiveTable

WIDTH, HEIGHT = 120, 36
SMALL, LARGE = 1_000, 100_000
ASKED, DENIED = 0.7, 0.9
PEER_ROWS = 1_000
PAGES_MAX = 25
CURSORS = (0, 50_000)
FILTERS = (
    "agent:agent-7",
    "judged",
    "!judged",
    "/srv/9[0-6]",
    "agent:agent-1 settled",
    "/nothing.*like it/",
    "!agent:/agent-[0-9]/",
    "nothingatall",
) * 3
BEGAN = datetime(2026, 11, 22, tzinfo=UTC)
EVENTS = ("action.judged", "approval.held", "approval.settled", "outcome.reported")
COLUMNS = (
    Column(title="SEQ", width=8, right=True),
    Column(title="TIME", width=10),
    Column(title="EVENT", width=20),
    Column(title="AGENT", width=14),
    Column(title="RISK", width=6, right=True),
    Column(title="ACTION", width=26),
    Column(title="BY", width=10),
    Column(title="HASH", width=10),
)


@dataclass(frozen=True, slots=True)
class Row:
    seq: int
    at: datetime
    event: str
    agent: str
    risk: float
    action: str
    hash: str


SORTS: dict[str, Callable[[Row], Any]] = {
    "SEQ": lambda row: row.seq,
    "TIME": lambda row: row.at,
    "EVENT": lambda row: row.event,
    "AGENT": lambda row: row.agent,
    "RISK": lambda row: row.risk,
    "HASH": lambda row: row.hash,
}


def make_rows(count: int) -> tuple[Row, ...]:
    return tuple(
        Row(
            seq=number,
            at=BEGAN + timedelta(seconds=number),
            event=EVENTS[number % 4],
            agent=f"agent-{number * 7919 % 1000}",
            risk=number * 31 % 101 / 100,
            action=f"shell.exec /srv/{number % 97}",
            hash=f"{number * 2654435761 % 2**32:08x}",
        )
        for number in range(count)
    )


def cells(row: Row) -> tuple[Spans, ...]:
    return (
        (Span(str(row.seq)),),
        (Span(f"{row.seq // 3600 % 24:02}:{row.seq // 60 % 60:02}:{row.seq % 60:02}", Tone.DIM),),
        (Span(row.event, Tone.WARN if row.risk > ASKED else Tone.PLAIN),),
        (Span(row.agent, Tone.STRONG),),
        (Span(f"{row.risk:.2f}", Tone.BAD if row.risk > DENIED else Tone.OK),),
        (Span(row.action),),
        (Span("maria" if row.seq % 5 == 0 else ""),),
        (Span(row.hash, Tone.DIM),),
    )


def searched(row: Row) -> Searched:
    return Searched(
        {"agent": row.agent, "event": row.event},
        f"{row.seq} {row.event} {row.agent} {row.action}",
    )


class Tables(App[None]):
    """Both tables, as large as the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.register_theme(to_textual(read_shipped(DEFAULT_THEME)))
        self.theme = DEFAULT_THEME
        self.table = LiveTable[Row](
            COLUMNS,
            key=lambda row: str(row.seq),
            id="live",
            sorts=SORTS,
        )
        self.peer = DataTable[str](id="peer")

    def compose(self) -> ComposeResult:
        yield self.table
        yield self.peer


def cpu_ms(work: Callable[[], object], rounds: int) -> list[float]:
    taken: list[float] = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        taken.append((time.process_time() - started) * 1000)
    return taken


def draw(table: LiveTable[Row]) -> None:
    """Every line in sight."""
    table.render_lines(Region(0, 0, WIDTH, table.size.height))


def repaint(table: LiveTable[Row]) -> None:
    """The same rows again, with Textual's styles forgotten."""
    table.repaint()
    table.notify_style_update()
    draw(table)


def repaint_anew(table: LiveTable[Row]) -> float:
    """Every line of rows that were never drawn; the going there is not counted."""
    table.action_page(1)
    return cpu_ms(lambda: repaint(table), 1)[0]


def p95(values: list[float]) -> float:
    return round(percentile(values, 0.95), 2)


async def answer(
    work: Callable[[], None], table: LiveTable[Row], busy: Callable[[], bool]
) -> tuple[float, float]:
    """Do what a key does; milliseconds until the first picture, and until all is there."""
    started = time.process_time()
    work()
    draw(table)
    first = time.process_time() - started
    while busy():  # noqa: ASYNC110 - each turn of the loop is looked at
        await asyncio.sleep(0)
    draw(table)
    return first * 1000, (time.process_time() - started) * 1000


async def measure_sorts(
    table: LiveTable[Row], rows: tuple[Row, ...], title: str
) -> list[tuple[float, float]]:
    """Milliseconds until what is in sight is right, and until all is."""
    taken: list[tuple[float, float]] = []
    expected = {
        falling: sorted(rows, key=SORTS[title], reverse=falling) for falling in (True, False)
    }
    for cursor in CURSORS:
        table.sort_by("", falling=False)
        gc.collect()  # or the collector would look through what is expected within the measure
        table.show([*rows], cells)  # other rows: their keys are not known
        table.action_move_to(cursor)
        taken += [
            await measure_sort(table, title, ordered, falling=falling)
            for falling, ordered in expected.items()
        ]
    return taken


async def measure_sort(
    table: LiveTable[Row], title: str, expected: Sequence[Row], *, falling: bool
) -> tuple[float, float]:
    first: float | None = None
    started = time.process_time()
    table.sort_by(title, falling=falling)
    draw(table)
    while True:
        top, seen = round(table.scroll_y), table.in_sight
        if first is None and list(seen) == expected[top : top + len(seen)]:
            draw(table)
            first = time.process_time() - started
        if not table.is_sorting:
            break
        await asyncio.sleep(0)
    draw(table)
    if first is None:
        raise RuntimeError(f"{title} was never in order")
    return first * 1000, (time.process_time() - started) * 1000


def narrow(table: LiveTable[Row], sieve: Sieve[Row], rows: tuple[Row, ...], text: str) -> None:
    kept = parse_filter(text, ("agent", "event"))
    table.show(sieve.keep(rows, lambda row: kept.fits(searched(row)), kept), cells)


async def measure(rounds: int) -> dict[str, object]:
    app = Tables()
    rows = {count: make_rows(count) for count in (SMALL, LARGE)}
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        app.peer.display = False
        app.table.styles.height = "1fr"
        await pilot.pause()
        table, whole, again = app.table, dict[int, float](), 0.0
        table.focus()
        for count in (SMALL, LARGE):
            table.show(rows[count], cells)
            await pilot.pause()
            cpu_ms(lambda: repaint(table), 5)
            again = median(cpu_ms(lambda: repaint(table), rounds))
            # No more pages than the smaller table has rows for: at the end nothing is new.
            whole[count] = median(repaint_anew(table) for _ in range(min(rounds, PAGES_MAX)))

        def step() -> None:
            table.action_move(1)
            draw(table)

        def page() -> None:
            table.action_page(1)
            repaint(table)

        scroll = cpu_ms(step, rounds) + cpu_ms(page, rounds)

        sorting = [
            taken for title in SORTS for taken in await measure_sorts(table, rows[LARGE], title)
        ]
        table.sort_by("", falling=False)
        sieve: Sieve[Row] = Sieve(table, lambda: draw(table))
        filtering = [
            await answer(
                partial(narrow, table, sieve, rows[LARGE], text),
                table,
                lambda: sieve.looked_at is not None,
            )
            for text in FILTERS
        ]
        peer = await measure_peer(app, pilot.pause, rows[SMALL], min(rounds, 20))
    return {
        "benchmark": "console_tables",
        "repaint_cpu_ms": round(whole[LARGE], 2),
        "baseline_cpu_ms": round(peer, 2),
        "ratio": round(whole[LARGE] / peer, 3),
        "repaint_again_cpu_ms": round(again, 2),
        "repaint_1k_cpu_ms": round(whole[SMALL], 2),
        "large_to_small": round(whole[LARGE] / whole[SMALL], 2),
        "scroll_p95_cpu_ms": p95(scroll),
        "sort_100k_first_p95_cpu_ms": p95([first for first, _ in sorting]),
        "sort_100k_whole_p95_cpu_ms": p95([last for _, last in sorting]),
        "filter_100k_first_p95_cpu_ms": p95([first for first, _ in filtering]),
        "filter_100k_whole_p95_cpu_ms": p95([last for _, last in filtering]),
        "columns": len(COLUMNS),
        "size": [WIDTH, HEIGHT],
        "baseline": f"Textual's DataTable, {PEER_ROWS} rows, after one cell changed",
    }


async def measure_peer(
    app: Tables, pause: Callable[[], object], rows: tuple[Row, ...], rounds: int
) -> float:
    peer = app.peer
    app.table.display, peer.display = False, True
    peer.styles.height = "1fr"
    keys = [peer.add_column(each.title, key=each.title) for each in COLUMNS]
    for row in rows[:PEER_ROWS]:
        peer.add_row(
            *("".join(part.text for part in cell) for cell in cells(row)), key=str(row.seq)
        )
    await asyncio.sleep(0.5)
    del pause

    def change(number: int) -> None:
        peer.update_cell(str(number % 20), keys[2], f"changed {number}")
        peer.render_lines(Region(0, 0, WIDTH, peer.size.height))

    taken = [cpu_ms(lambda at=number: change(at), 1)[0] for number in range(rounds)]  # type: ignore[misc]
    return median(taken)


def main() -> None:
    say_when_ended()
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    print(json.dumps(asyncio.run(measure(parser.parse_args().rounds))))


if __name__ == "__main__":
    main()
