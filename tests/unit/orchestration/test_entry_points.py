import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from core.fleet import AgentSpec
from core.orchestration.entry_points import load_agents
from tests.unit.orchestration.hosting import ScriptedWork, make_spec

KNOWN = (make_spec("backend"), make_spec("frontend", "backend"))


class Entry:
    """An entry point that gives what the test says."""

    def __init__(self, name: str, give: Callable[[], object]) -> None:
        self.name = name
        self.give = give

    def load(self) -> Callable[[], object]:
        return self.give


def finding(*entries: object) -> Callable[[str], Iterable[EntryPoint]]:
    def find(group: str) -> Iterable[EntryPoint]:
        assert group == "maestro.agents"
        return entries  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    return find


def giving(spec: AgentSpec) -> Entry:
    return Entry(spec.name, lambda: (spec, ScriptedWork()))


def test_nothing_installed_brings_nothing() -> None:
    assert load_agents(KNOWN) == ((), ())


def test_an_agent_of_another_package_joins_with_its_dependencies() -> None:
    first, second = make_spec("translator", "backend", "critic"), make_spec("critic", "frontend")
    agents, problems = load_agents(KNOWN, find=finding(giving(first), giving(second)))
    assert [spec for spec, _ in agents] == [second, first]
    assert problems == ()


def raising(error: BaseException) -> Callable[[], object]:
    def give() -> object:
        raise error

    return give


class NoWork:
    def handle(self) -> None: ...
    def tick(self) -> None: ...


@pytest.mark.parametrize(
    ("give", "why"),
    [
        (raising(RuntimeError("no licence")), "RuntimeError: no licence"),
        (raising(ImportError("no module named torch")), "ImportError: no module named torch"),
        (raising(SystemExit(3)), "SystemExit: 3"),
        (lambda: None, "does not return a pair"),
        (lambda: (make_spec("a"),), "does not return a pair"),
        (lambda: ("a", ScriptedWork()), "is no AgentSpec"),
        (lambda: (make_spec("a"), object()), "no `async def handle`"),
        (lambda: (make_spec("a"), NoWork()), "no `async def handle`"),
        (lambda: (make_spec("*"), ScriptedWork()), "is no name"),
        (lambda: (make_spec("orchestrator"), ScriptedWork()), "the program's own"),
        (lambda: (replace(make_spec("a"), capacity=0), ScriptedWork()), "capacity"),
        (lambda: (make_spec("a", every_s=0.01), ScriptedWork()), "every_s"),
        (lambda: (make_spec("a", every_s=math.nan), ScriptedWork()), "every_s"),
        (lambda: (make_spec("backend"), ScriptedWork()), "'backend' already"),
    ],
)
def test_a_broken_one_is_reported_and_skipped(give: Callable[[], object], why: str) -> None:
    fine = make_spec("zebra")
    agents, problems = load_agents(KNOWN, find=finding(Entry("broken", give), giving(fine)))
    assert [spec for spec, _ in agents] == [fine]
    assert len(problems) == 1
    assert problems[0].startswith("entry point 'broken': ")
    assert why in problems[0]


def test_one_that_needs_what_there_is_not_is_left_out_and_those_that_need_it_too() -> None:
    agents, problems = load_agents(
        KNOWN,
        find=finding(
            giving(make_spec("above", "lost")),
            giving(make_spec("lost", "ghost")),
            giving(make_spec("fine", "backend")),
        ),
    )
    assert [spec.name for spec, _ in agents] == ["fine"]
    assert problems == (
        "agent 'lost': lost → ghost: there is no agent named 'ghost'",
        "agent 'above': above → lost: there is no agent named 'lost'",
    )


def test_a_circle_among_them_takes_nobody_else_along() -> None:
    agents, problems = load_agents(
        KNOWN,
        find=finding(
            giving(make_spec("a", "b")), giving(make_spec("b", "a")), giving(make_spec("c"))
        ),
    )
    assert [spec.name for spec, _ in agents] == ["c"]
    assert "circle" in problems[0]
    assert len(problems) == 2
