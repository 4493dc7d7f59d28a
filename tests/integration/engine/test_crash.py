"""A killed engine loses nothing that it acknowledged, to agents or to operators."""

from pathlib import Path

import pytest

from benchmarks.kill_engine import run_rounds


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.slow)])
async def test_kill_9_under_load_loses_nothing_and_decides_nothing_twice(
    tmp_path: Path, rounds: int
) -> None:
    tally = await run_rounds(tmp_path / "home", rounds=rounds, seed=rounds)
    assert tally.ok, tally
    assert tally.rounds == rounds
    assert tally.actions > rounds
    assert tally.decisions > rounds
