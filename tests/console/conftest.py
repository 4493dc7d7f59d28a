"""Console tests wait for messages to be dealt with, not for the processor to be idle."""

import asyncio

import pytest

_TURNS = 25


async def _take_turns(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Let whatever is ready run. Tests wait for conditions, so a turn too few only costs one more.

    Textual's own waits for an idle processor: twenty milliseconds and more for every key, and for
    ever on a busy machine.
    """
    del min_sleep, max_sleep
    for _ in range(_TURNS):
        await asyncio.sleep(0)


@pytest.fixture(autouse=True)
def quick_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait longer than what it waits for."""
    for module in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{module}.wait_for_idle", _take_turns)
