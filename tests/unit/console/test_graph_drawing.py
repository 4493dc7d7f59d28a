"""The drawing of who needs whom says exactly that, and nothing overlaps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from console.view_models.graph import (
    Node,
    graph_title,
    keep_nodes,
    make_nodes,
    node_cells,
    node_words,
    searched,
)
from console.view_models.graph_drawing import Drawing, draw, draw_tree
from console.view_models.ink import plain_text
from core.fleet import AgentState
from core.ids import AgentId
from tests.fleet_day import make_agent, make_fleet

UP, DOWN, LEFT, RIGHT = (0, -1), (0, 1), (-1, 0), (1, 0)
ENDS: Final = {
    "│": (UP, DOWN), "─": (LEFT, RIGHT), "┌": (DOWN, RIGHT), "┐": (DOWN, LEFT), "└": (UP, RIGHT),
    "┘": (UP, LEFT), "├": (UP, DOWN, RIGHT), "┤": (UP, DOWN, LEFT), "┬": (DOWN, LEFT, RIGHT),
    "┴": (UP, LEFT, RIGHT), "┼": (UP, DOWN, LEFT, RIGHT),
}  # fmt: skip


def agent(name: str, *needs: str) -> AgentState:
    made = make_agent(name)
    spec = replace(made.spec, depends_on=tuple(map(AgentId, needs)))
    return replace(made, spec=spec)


def nodes_of(needs: Mapping[str, Sequence[str]]) -> tuple[Node, ...]:
    return make_nodes(agent(name, *far) for name, far in needs.items())


def grid(drawing: Drawing) -> list[str]:
    return [plain_text(row) for row in drawing.rows]


def follow(drawing: Drawing, name: str) -> set[str]:
    """Where the lines that leave a box end, as an eye follows them."""
    rows, place = grid(drawing), drawing.places[name]
    start = place.y + place.height
    if start >= len(rows):
        return set()
    columns = range(place.x, place.x + place.width)
    way = [
        (x, start) for x in columns if rows[start][x] == "▼" or UP in ENDS.get(rows[start][x], ())
    ]
    assert len(way) <= 1, (name, way)
    heads, seen, found = [(at, DOWN) for at in way], set[object](), set[str]()
    while heads:
        (x, y), to = heads.pop()
        if ((x, y), to) in seen:
            continue
        seen.add(((x, y), to))
        sign = rows[y][x]
        if sign == "▼":
            found.add(_box_at(drawing, x, y + 1))
            continue
        back = (-to[0], -to[1])
        if sign == "│" and to in {LEFT, RIGHT}:
            ends = [to]  # another line is crossed
        else:
            assert back in ENDS[sign], (name, sign, x, y)
            ends = [each for each in ENDS[sign] if each != back]
        heads += [((x + end[0], y + end[1]), end) for end in ends]
    return found


def _box_at(drawing: Drawing, x: int, y: int) -> str:
    (found,) = [
        name
        for name, place in drawing.places.items()
        if place.x <= x < place.x + place.width and place.y == y
    ]
    return found


graphs = st.integers(2, 11).flatmap(
    lambda size: st.tuples(
        *(st.sets(st.integers(0, max(0, at - 1)), max_size=min(at, 3)) for at in range(size))
    )
)


@settings(max_examples=120, deadline=None)
@given(graphs, st.sampled_from([20, 500]))
def test_every_line_leads_from_who_is_needed_to_who_needs_it_and_no_other_does(
    chosen: tuple[set[int], ...], height: int
) -> None:
    needs = {
        f"a{at}": [f"a{each}" for each in sorted(far) if each < at] for at, far in enumerate(chosen)
    }
    nodes = nodes_of(needs)
    drawing = draw(nodes, width=10_000, height=height)
    for node in nodes:
        assert follow(drawing, node.name) == set(node.needed_by)
        place = drawing.places[node.name]
        row = grid(drawing)[place.y + place.height // 2]
        assert f"● {node.name} " in row[place.x : place.x + place.width]
    cells = [
        (x, y)
        for place in drawing.places.values()
        for x in range(place.x, place.x + place.width)
        for y in range(place.y, place.y + place.height)
    ]
    assert len(cells) == len(set(cells))


def test_the_ten_agents_fit_a_small_terminal_and_have_borders_in_a_large_one() -> None:
    nodes = make_nodes(make_fleet())
    small, large = draw(nodes, width=80, height=18), draw(nodes, width=200, height=55)
    assert len(small.places) == len(large.places) == 10
    assert small.width <= 80
    assert {each.height for each in small.places.values()} == {1}
    assert {each.height for each in large.places.values()} == {3}


def test_two_hundred_agents_are_a_tree_that_names_every_need() -> None:
    needs = {"root": list[str]()} | {
        f"agent-{at}": ["root", *([f"agent-{at // 2}"] if at > 1 else [])] for at in range(1, 200)
    }
    nodes = nodes_of(needs)
    drawing = draw(nodes, width=120, height=40)
    assert len(drawing.rows) == len(drawing.places) == 200
    for node in nodes:
        place = drawing.places[node.name]
        text = grid(drawing)[place.y]
        assert text[place.x :].startswith(f"● {node.name}  ")
        parent = [each for each in node.needs if each in _above(drawing, node.name)]
        assert all(each in text for each in node.needs if each not in parent[-1:])


def _above(drawing: Drawing, name: str) -> list[str]:
    place = drawing.places[name]
    return [each for each, at in drawing.places.items() if at.y < place.y and at.x < place.x]


def test_an_agent_that_is_missing_is_drawn_and_told() -> None:
    nodes = nodes_of({"shop": ["ghost"]})
    assert "[ ? ghost ]" in grid(draw(nodes, width=80, height=5))[0]
    assert "1 not in the fleet" in plain_text(graph_title(nodes, 0))
    ghost = next(each for each in nodes if each.name == "ghost")
    assert "not in the fleet" in plain_text(node_cells(ghost)[1])
    assert plain_text(node_words(ghost)).endswith("needed by shop")
    assert plain_text(node_words(None)) == "nothing selected"


def test_a_circle_is_drawn_without_end() -> None:
    nodes = nodes_of({"a": [], "b": ["a", "c"], "c": ["b"]})
    assert set(draw(nodes, width=80, height=20).places) == {"a", "b", "c"}
    assert set(draw_tree(nodes).places) == {"a", "b", "c"}


def test_names_of_wide_letters_are_a_tree() -> None:
    drawing = draw(nodes_of({"店": [], "b": ["店"]}), width=80, height=20)
    assert grid(drawing) == [" ● 店  online", " └ ● b  online"]


def test_a_filter_keeps_what_the_kept_need_of_each_other() -> None:
    some = [each for each in make_nodes(make_fleet()) if each.name in {"ai", "video", "data"}]
    kept = keep_nodes(some)
    assert {each.name: each.needs for each in kept} == {
        "ai": (),
        "video": ("ai",),
        "data": ("ai",),
    }
    assert draw((), width=80, height=20).rows == ()
    assert searched(kept[0]).fields["agent"] == "ai"


def test_who_needs_nobody_and_is_needed_by_nobody_is_counted_alone() -> None:
    fleet = make_fleet()
    nodes = make_nodes(fleet)
    assert "3 need nobody" in plain_text(graph_title(nodes, len(fleet) - len(nodes)))
