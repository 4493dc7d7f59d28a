"""A killed process loses nothing that it acknowledged."""

from pathlib import Path

import pytest

from benchmarks.kill_store import run_kills


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_kill_9_under_load_loses_nothing_and_decides_nothing_twice(
    tmp_path: Path, kills: int
) -> None:
    tally = run_kills(tmp_path / "store.db", kills=kills, seed=kills)
    assert tally.acknowledged > kills
    assert (tally.kills, tally.lost, tally.decided_twice) == (kills, 0, 0)
