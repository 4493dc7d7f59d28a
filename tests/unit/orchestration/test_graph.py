import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DependencyInvalid
from core.fleet import AgentSpec
from core.ids import AgentId
from core.orchestration.graph import DependencyGraph

# The spec's table: each agent with what it depends on.
TEN = {
    "architect": (),
    "ai": ("architect",),
    "video": ("ai", "architect"),
    "backend": ("architect", "ai", "video"),
    "frontend": ("backend", "architect"),
    "devops": ("architect",),
    "data": ("backend", "ai"),
    "mobile": ("backend", "frontend"),
    "security": ("architect", "data"),
    "business": ("frontend", "mobile", "data"),
}


def make_specs(needs: dict[str, tuple[str, ...]]) -> list[AgentSpec]:
    return [
        AgentSpec(
            name=AgentId(name), role="tests", depends_on=tuple(AgentId(each) for each in below)
        )
        for name, below in needs.items()
    ]


def path_of(error: DependencyInvalid) -> list[str]:
    return str(error).partition(":")[0].split(" → ")


@st.composite
def layered(draw: st.DrawFn) -> dict[str, tuple[str, ...]]:
    """Any graph without circles: each depends on earlier ones only; given in any order."""
    count = draw(st.integers(1, 8))
    needs = {
        f"a{number}": tuple(
            f"a{below}" for below in sorted(draw(st.sets(st.integers(0, number - 1))))
        )
        if number
        else ()
        for number in range(count)
    }
    return {name: needs[name] for name in draw(st.permutations(list(needs)))}


def test_the_ten_agents_start_after_what_they_need() -> None:
    assert DependencyGraph(make_specs(TEN)).start_order() == (
        "architect",
        "ai",
        "devops",
        "video",
        "backend",
        "frontend",
        "data",
        "mobile",
        "security",
        "business",
    )


def test_dependents_come_nearest_first() -> None:
    graph = DependencyGraph(make_specs(TEN))
    assert graph.dependents(AgentId("video")) == (
        "backend",
        "frontend",
        "data",
        "mobile",
        "business",
        "security",
    )
    assert graph.dependents(AgentId("business")) == ()


def test_what_an_agent_suffers_from_comes_nearest_first() -> None:
    graph = DependencyGraph(make_specs(TEN))
    failed = frozenset({AgentId("architect"), AgentId("video")})
    assert graph.failed_below(AgentId("frontend"), failed) == ("architect", "video")
    assert graph.failed_below(AgentId("mobile"), failed) == ("architect", "video")
    assert graph.failed_below(AgentId("video"), frozenset({AgentId("mobile")})) == ()


def test_a_circle_is_refused_with_the_path() -> None:
    specs = make_specs({"x": ("a",), "a": ("b",), "b": ("c",), "c": ("a",)})
    with pytest.raises(DependencyInvalid, match="circle") as caught:
        DependencyGraph(specs)
    path = path_of(caught.value)
    assert path[0] == path[-1]
    assert sorted(path[1:]) == ["a", "b", "c"]
    assert "".join(path) in {"abca", "bcab", "cabc"}


def test_an_agent_that_needs_itself_is_refused() -> None:
    with pytest.raises(DependencyInvalid, match="a → a"):
        DependencyGraph(make_specs({"a": ("a",)}))


def test_an_unknown_name_is_refused_with_who_needs_it() -> None:
    with pytest.raises(DependencyInvalid, match=re.escape("a → ghost: there is no agent")):
        DependencyGraph(make_specs({"a": ("ghost",)}))


def test_two_agents_of_one_name_are_refused() -> None:
    with pytest.raises(DependencyInvalid, match="two agents"):
        DependencyGraph([*make_specs({"a": ()}), *make_specs({"a": ()})])


@settings(max_examples=60)
@given(layered())
def test_every_agent_starts_after_all_that_it_needs_and_stops_before(
    needs: dict[str, tuple[str, ...]],
) -> None:
    graph = DependencyGraph(make_specs(needs))
    order = graph.start_order()
    assert sorted(order) == sorted(needs)
    assert graph.stop_order() == order[::-1]
    for name, below in needs.items():
        assert all(order.index(AgentId(each)) < order.index(AgentId(name)) for each in below)


@settings(max_examples=60)
@given(layered())
def test_dependents_and_what_is_below_mirror_each_other(needs: dict[str, tuple[str, ...]]) -> None:
    graph = DependencyGraph(make_specs(needs))
    for name in graph.start_order():
        for other in graph.start_order():
            above = other in graph.dependents(name)
            assert above == (graph.failed_below(other, frozenset({name})) == (name,))


@settings(max_examples=60)
@given(layered(), st.data())
def test_any_circle_is_named_by_a_path_of_real_dependencies(
    needs: dict[str, tuple[str, ...]], data: st.DataObject
) -> None:
    graph = DependencyGraph(make_specs(needs))
    below = data.draw(st.sampled_from(graph.start_order()))
    above = data.draw(st.sampled_from((below, *graph.dependents(below))))
    closed = {**needs, below: (*needs[below], above)}
    with pytest.raises(DependencyInvalid) as caught:
        DependencyGraph(make_specs(closed))
    path = path_of(caught.value)
    assert path[0] == path[-1]
    assert all(needed in closed[needer] for needer, needed in pairwise(path))
