import asyncio

import pytest

from core.agents.proposals import Proposer
from core.agents.reader import DocumentReader
from core.agents.settings import OrchestrationSettings
from core.errors import SourceFailed
from core.fleet_ports import AgentContext
from core.orchestration.coordinators.base import CoordinatorLoop, Found, no_source, sum_up
from core.orchestration.coordinators.catalog import build_coordinators
from core.orchestration.openapi.rules import compare_documents
from core.orchestration.resolver import ConflictResolver
from tests.fakes import FakeClock
from tests.unit.agents.crew import FakeContext, FakeFiles


class Scripted:
    """Does what the script says, one step each run; then goes on finding nothing."""

    name = "scripted"
    every_s = 300.0

    def __init__(self, *script: Found | Exception | None) -> None:
        self._script = list(script)

    async def run_once(self, context: AgentContext) -> Found:
        assert context is not None
        step = self._script.pop(0) if self._script else Found("nothing")
        if step is None:
            await asyncio.Event().wait()
            raise AssertionError
        if isinstance(step, Exception):
            raise step
        return step


def make_loop(*script: Found | Exception | None, clock: FakeClock | None = None) -> CoordinatorLoop:
    return CoordinatorLoop(
        Scripted(*script), context=FakeContext(), clock=clock or FakeClock(), run_s_max=0.01
    )


@pytest.mark.parametrize(
    ("step", "note"),
    [
        (
            SourceFailed("cannot read plan.toml"),
            "failed: cannot read plan.toml; tried again in 60 s",
        ),
        (KeyError("x"), "failed: KeyError: 'x'; tried again in 60 s"),
        (None, "failed: took longer than 0.01 s; tried again in 60 s"),
    ],
)
async def test_a_failing_coordinator_is_counted_and_backs_off(
    step: Exception | None, note: str
) -> None:
    loop = make_loop(Found("one", ("kept",)), step)
    assert await loop.run_once() == 300
    assert await loop.run_once() == 60
    state = loop.state()
    assert (state.runs, state.failures, state.note, state.findings) == (2, 1, note, ("kept",))
    assert await loop.run_once() == 300
    assert loop.state().failures == 1


async def test_it_runs_on_its_period_and_says_when_it_is_due() -> None:
    clock = FakeClock()
    loop = make_loop(Found("one"), ValueError("no"), clock=clock)
    running = asyncio.ensure_future(loop.run())
    for seconds, runs in ((0, 1), (299, 1), (1, 2), (59, 2), (1, 3)):
        clock.advance(seconds)
        for _ in range(5):
            await asyncio.sleep(0)
        assert loop.state().runs == runs
    state = loop.state()
    assert state.next_at is not None
    assert state.last_at is not None
    assert (state.next_at - state.last_at).total_seconds() == 300
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_before_its_first_run_it_says_so() -> None:
    state = make_loop().state()
    assert (state.name, state.note, state.last_at) == ("scripted", "has not run yet", None)


def test_many_findings_are_summed_up() -> None:
    assert sum_up((), "all is well") == Found("all is well")
    assert sum_up(("a",), "") == Found("a", ("a",))
    assert sum_up(("a", "b", "c"), "") == Found("a (and 2 more)", ("a", "b", "c"))
    assert no_source("x", "y").note == "no source: declare x and y in maestro.toml"


async def test_findings_are_bounded() -> None:
    loop = make_loop(Found("many", ("x",) * 500))
    await loop.run_once()
    assert len(loop.state().findings) == 100


async def test_the_four_without_any_source_say_what_to_declare() -> None:
    context = FakeContext()
    loops = build_coordinators(
        settings=OrchestrationSettings(),
        context=context,
        clock=context.clock,
        reader=DocumentReader(FakeFiles(), compare_documents),
        resolver=ConflictResolver(),
        proposer=Proposer(find_action=context.find_action, why_not=lambda _kind, _resource: ""),
        load=lambda _agent: 0.0,
    )
    for each in loops:
        await each.run_once()
    states = [each.state() for each in loops]
    assert [(each.name, each.every_s) for each in states] == [
        ("frontend-backend", 300.0),
        ("ai-video", 120.0),
        ("data-security", 300.0),
        ("mobile-backend", 300.0),
    ]
    assert all("no source" in each.note and each.failures == 0 for each in states)
    assert loops[0].name == "coordinator-frontend-backend"
    assert (context.sent, context.asked, context.proposed, context.alerts) == ([], [], [], {})
