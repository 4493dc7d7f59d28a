"""This host and its processes, as the system itself tells."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.adapters.sources.build import SourceFactory
from core.adapters.system import SystemClock
from core.errors import SourceFailed
from tests.integration.sources.servers import bind, read_once


@pytest.fixture
def busy() -> Iterator[psutil.Process]:
    """A process that computes without end."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    yield psutil.Process(process.pid)
    process.kill()
    process.wait()


def wait_until_it_computed(process: psutil.Process, seconds: float) -> None:
    while process.cpu_times().user < seconds:
        time.sleep(0.01)


@pytest.mark.parametrize("measure", ["cpu", "memory", "disk"])
async def test_a_share_of_the_host_lies_between_0_and_1(measure: str) -> None:
    found = await read_once(Path(), source="psutil", measure=measure)
    assert found.value is not None
    assert 0 <= found.value <= 1
    assert found.note.startswith("of ")


async def test_the_load_is_that_of_one_minute() -> None:
    found = await read_once(Path(), source="psutil", measure="load")
    assert found.value == pytest.approx(os.getloadavg()[0], abs=2)


async def test_a_process_has_its_share(busy: psutil.Process) -> None:
    factory = SourceFactory(base=Path(), clock=SystemClock())
    for who in ({"pid": busy.pid}, {"process": busy.name()}):
        cpu = factory.build(bind(source="psutil", measure="cpu", **who))
        for _ in range(2):  # the first read looks twice, the next ones compare with the last
            share = (await cpu.read()).value
            assert share is not None
            assert 0 <= share <= 1.05
        memory = await factory.build(bind(source="psutil", measure="memory", **who)).read()
        assert memory.value is not None
        assert memory.value > 0
        await cpu.close()
    busy.kill()
    busy.wait()
    gone = factory.build(bind(source="psutil", measure="cpu", pid=busy.pid))
    with pytest.raises(SourceFailed, match=f"no process with pid {busy.pid} runs here"):
        await gone.read()
    await factory.close()


async def test_a_busy_host_is_seen_to_be_busy_also_at_the_second_read(
    busy: psutil.Process,
) -> None:
    factory = SourceFactory(base=Path(), clock=SystemClock())
    cpu = factory.build(bind(source="psutil", measure="cpu"))
    await cpu.read()
    await asyncio.to_thread(wait_until_it_computed, busy, 0.3)
    share = (await cpu.read()).value
    assert share is not None
    assert share > 0.2 / (psutil.cpu_count() or 1)
    await factory.close()


async def test_who_is_not_there_is_said() -> None:
    with pytest.raises(SourceFailed, match="no process nobody-has-this-name runs here"):
        await read_once(Path(), source="psutil", measure="memory", process="nobody-has-this-name")
    with pytest.raises(SourceFailed, match="No such file"):
        await read_once(Path(), source="psutil", measure="disk", path="/not/there")
