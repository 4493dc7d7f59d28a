"""The map of activity: its cells, shades, times and table say what was counted."""

from datetime import UTC
from itertools import groupby

from hypothesis import given, settings
from hypothesis import strategies as st

from console.view_models import heat
from console.view_models.heat import Measure
from console.view_models.ink import Tone, plain_text
from core.fleet import Activity, ActivitySpan, AgentActivity, AgentOrigin
from core.ids import AgentId
from tests.factories import NOW
from tests.fleet_activity import make_activity
from tests.fleet_day import make_agent, make_fleet

FLEET = make_fleet()
HOUR = make_activity(ActivitySpan.HOUR, FLEET)


def one(*actions: int, errors: tuple[int, ...] = (), known: int = 0) -> Activity:
    """One agent's minutes, from the first of which `known` are not known."""
    nothing = (0,) * len(actions)
    row = AgentActivity(
        agent=AgentId("backend"),
        origin=AgentOrigin.HOSTED,
        actions=actions,
        messages=nothing,
        errors=errors or nothing,
    )
    return Activity(
        start_s=600, each_s=60, spans=len(actions), since_s=600 + 60.0 * known, agents=(row,)
    )


def drawn(activity: Activity, room: int, measure: Measure = Measure.ALL) -> str:
    rows = heat.heat_rows((make_agent("backend"),), activity)
    return plain_text(heat.map_spans(rows[0], heat.make_grid(rows, activity, measure, room)))


def test_shades_grow_with_counts_and_what_is_not_known_is_not_nothing() -> None:
    assert drawn(one(5, 0, 1, 3, 5, 8, known=1), 6) == "╌·░▒▓█"
    assert drawn(one(0, 0), 2) == "··"
    assert drawn(one(0, 1), 2) == "·█"


def test_a_span_with_errors_is_marked_and_wider_cells_keep_their_shade() -> None:
    activity = one(4, 4, 0, errors=(0, 1, 1))
    assert drawn(activity, 3) == "█✗✗"
    assert drawn(activity, 9) == "███✗██✗··"
    assert drawn(activity, 3, Measure.ERRORS) == "·██"


def test_shade_never_stands_for_itself_by_colour_alone() -> None:
    activity = one(1, 3, 5, 8)
    rows = heat.heat_rows((make_agent("backend"),), activity)
    spans = heat.map_spans(rows[0], heat.make_grid(rows, activity, Measure.ALL, 4))
    assert [(each.text, each.tone) for each in spans] == [
        ("░", Tone.DIM),
        ("▒", Tone.INFO),
        ("▓", Tone.TITLE),
        ("█", Tone.STRONG),
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=120), st.integers(1, 300))
def test_whatever_the_room_every_span_is_in_one_cell_and_the_map_fits(
    counts: list[int], room: int
) -> None:
    activity = one(*counts)
    rows = heat.heat_rows((), activity)
    grid = heat.make_grid(rows, activity, Measure.ALL, room)
    assert [at for start, end in grid.edges for at in range(start, end)] == list(range(len(counts)))
    assert grid.edges[-1][1] == len(counts)
    text = plain_text(heat.map_spans(rows[0], grid))
    assert len(text) == len(grid.edges) * grid.wide <= room
    sums = [sum(counts[start:end]) for start, end in grid.edges]
    assert grid.most == max(sums)
    order = {sign: at for at, sign in enumerate("·░▒▓█")}
    shades = [order[text[at * grid.wide]] for at in range(len(sums))]
    by_sum = sorted(zip(sums, shades, strict=True))
    assert [shade for _, shade in by_sum] == sorted(shades)
    for _, group in groupby(by_sum, key=lambda each: each[0]):
        assert len({shade for _, shade in group}) == 1
    assert len(heat.axis(grid, UTC)) <= len(text)


def test_times_stand_under_the_cells_that_begin_then() -> None:
    rows = heat.heat_rows(FLEET, HOUR)
    axis = heat.axis(heat.make_grid(rows, HOUR, Measure.ALL, 60), UTC)
    assert axis.startswith("08:01")
    assert axis.index("08:21") == 20


def test_the_table_names_every_span_in_which_anything_happened_newest_first() -> None:
    cells = heat.heat_table(heat.heat_rows(FLEET, HOUR), HOUR)
    counted = {
        (each.agent, each.origin): (sum(each.actions), sum(each.messages), sum(each.errors))
        for each in HOUR.agents
    }
    for agent, sums in counted.items():
        own = [each for each in cells if (each.agent, each.origin) == agent]
        assert sums == (
            sum(each.actions for each in own),
            sum(each.messages for each in own),
            sum(each.errors for each in own),
        )
    assert [each.at for each in cells] == sorted((e.at for e in cells), reverse=True)
    first = [plain_text(each) for each in heat.table_cells(cells[0], UTC, NOW)]
    assert first[:2] == ["09:00", "architect"]


def test_an_agent_that_left_the_fleet_is_still_counted() -> None:
    rows = heat.heat_rows((), one(1, 2))
    (row,) = rows
    cells = heat.heat_cells(row, heat.make_grid(rows, one(1, 2), Measure.ALL, 40))
    assert plain_text(cells[1]) == "? gone"
    assert plain_text(cells[3]) == "3"
    assert heat.searched(row).fields["state"] == "gone"


def test_the_selected_agent_is_told_in_numbers() -> None:
    rows = heat.heat_rows(FLEET, HOUR)
    backend = next(each for each in rows if each.agent == "backend")
    said = plain_text(heat.row_words(backend, HOUR, UTC))
    assert said.startswith("backend  ")
    assert " errors  most at " in said
    last = next(each for each in rows if each.did is None)
    assert "did nothing" in plain_text(heat.row_words(last, HOUR, UTC))
    assert plain_text(heat.row_words(None, HOUR, UTC)) == "nothing selected"
    quiet = heat.heat_rows((), one(0, errors=(1,)))[0]
    assert "most at" not in plain_text(heat.row_words(quiet, one(0), UTC))


def test_the_legend_gives_the_least_count_of_each_shade() -> None:
    activity = one(0, 100, known=1)
    grid = heat.make_grid(heat.heat_rows((), activity), activity, Measure.ALL, 2)
    said = plain_text(heat.legend(grid, UTC))
    assert "░ 1+  ▒ 25+  ▓ 50+  █ 75+  ✗ errors" in said
    assert "╌ not counted before 00:11" in said
    calm = one(0, 0)
    plain = heat.make_grid(heat.heat_rows((), calm), calm, Measure.ERRORS, 2)
    assert plain_text(heat.legend(plain, UTC)) == "· none"


def test_sorting_is_by_what_was_done_and_by_errors() -> None:
    rows = heat.heat_rows(FLEET, HOUR)
    assert max(rows, key=heat.SORTS["DONE"]).agent == "backend"  # type: ignore[arg-type] # pyright: ignore[reportArgumentType, reportCallIssue]
    assert all(by(rows[0]) is not None for by in heat.SORTS.values())
    cells = heat.heat_table(rows, HOUR)
    assert all(by(cells[0]) is not None for by in heat.CELL_SORTS.values())
