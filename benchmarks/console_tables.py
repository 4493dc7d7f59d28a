"""What a table of the console costs: a whole repaint, moving, sorting and filtering.

The rows are entries of a trail, filtered and sorted by the code that the screens use, in a
program of Textual without a terminal. The baseline is Textual's own DataTable with the same cells,
repainted after one cell changed. Times are processor times.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.widgets import DataTable

from benchmarks._load import percentile
from console.themes import DEFAULT_THEME, read_shipped, to_textual
from console.view_models.columns import Column
from console.view_models.filters import Searched, parse_filter
from console.view_models.ink import Span, Spans, Tone
from console.widgets.live_table import LiveTable

WIDTH, HEIGHT = 120, 36
SMALL, LARGE = 1_000, 100_000
ASKED, DENIED = 0.7, 0.9
PEER_ROWS = 1_000
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
    event: str
    agent: str
    risk: float
    action: str


def make_rows(count: int) -> tuple[Row, ...]:
    return tuple(
        Row(
            seq=number,
            event=EVENTS[number % 4],
            agent=f"agent-{number * 7919 % 1000}",
            risk=number * 31 % 101 / 100,
            action=f"shell.exec /srv/{number % 97}",
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
        (Span(f"{row.seq * 2654435761 % 2**32:08x}", Tone.DIM),),
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
            sorts={"SEQ": lambda row: row.seq, "AGENT": lambda row: row.agent},
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
    table.repaint()
    table.notify_style_update()
    draw(table)


def p95(values: list[float]) -> float:
    return round(percentile(values, 0.95), 2)


def narrow(table: LiveTable[Row], rows: tuple[Row, ...], text: str) -> None:
    kept = parse_filter(text, ("agent", "event"))
    table.show([row for row in rows if kept.fits(searched(row))], cells)
    draw(table)


async def measure(rounds: int) -> dict[str, object]:
    app = Tables()
    rows = {count: make_rows(count) for count in (SMALL, LARGE)}
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        app.peer.display = False
        app.table.styles.height = "1fr"
        await pilot.pause()
        table, whole = app.table, dict[int, float]()
        table.focus()
        for count in (SMALL, LARGE):
            table.show(rows[count], cells)
            await pilot.pause()
            cpu_ms(lambda: repaint(table), 5)
            whole[count] = median(cpu_ms(lambda: repaint(table), rounds))

        def step() -> None:
            table.action_move(1)
            draw(table)

        def page() -> None:
            table.action_page(1)
            repaint(table)

        scroll = cpu_ms(step, rounds) + cpu_ms(page, rounds)

        def sort() -> None:
            table.sort_next()
            draw(table)

        sorting = cpu_ms(sort, 9)
        words = ["agent:agent-7", "judged", "!judged", "/srv/9[0-6]", "agent:agent-1 settled"] * 2
        filtering: list[float] = []
        for text in words:
            filtering += cpu_ms(partial(narrow, table, rows[LARGE], text), 1)
        peer = await measure_peer(app, pilot.pause, rows[SMALL], min(rounds, 20))
    return {
        "benchmark": "console_tables",
        "repaint_cpu_ms": round(whole[LARGE], 2),
        "baseline_cpu_ms": round(peer, 2),
        "ratio": round(whole[LARGE] / peer, 3),
        "repaint_1k_cpu_ms": round(whole[SMALL], 2),
        "large_to_small": round(whole[LARGE] / whole[SMALL], 2),
        "scroll_p95_cpu_ms": p95(scroll),
        "sort_100k_p95_cpu_ms": p95(sorting),
        "filter_100k_p95_cpu_ms": p95(filtering),
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
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=100)
    print(json.dumps(asyncio.run(measure(parser.parse_args().rounds))))


if __name__ == "__main__":
    main()
