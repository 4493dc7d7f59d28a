"""Programs that the configuration names: run without a shell, ended when they take too long."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from core.adapters.programs import run_program
from core.errors import OperationFailed


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


async def test_the_last_line_is_what_it_said() -> None:
    assert await run_program(python("print('one'); print('two')"), timeout_s=30) == "two"


async def test_no_shell_reads_the_arguments(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    said = await run_program(
        [*python("import sys; print(sys.argv[1])"), f"$(touch {trap}); echo *"], timeout_s=30
    )
    assert said == f"$(touch {trap}); echo *"
    assert not trap.exists()


async def test_variables_join_its_environment() -> None:
    code = "import os; print(os.environ['ACTION_ARGUMENTS'], 'PATH' in os.environ)"
    said = await run_program(python(code), timeout_s=30, variables={"ACTION_ARGUMENTS": '{"n":1}'})
    assert said == '{"n":1} True'


async def test_a_failure_tells_status_and_last_word() -> None:
    with pytest.raises(OperationFailed, match="ended with status 3: the unit is masked"):
        await run_program(python("print('the unit is masked'); raise SystemExit(3)"), timeout_s=30)


@pytest.mark.parametrize("argv", [["no-such-program-here"], ["bad\0name"]])
async def test_what_cannot_be_started_is_said(argv: list[str]) -> None:
    with pytest.raises(OperationFailed, match="cannot start"):
        await run_program(argv, timeout_s=30)


async def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}');"
        "time.sleep(600)"
    )
    with pytest.raises(OperationFailed, match="took longer than"):
        await run_program(python(code), timeout_s=8)  # it has to come so far as to write
    async with asyncio.timeout(30):  # the signal is on its way
        while not all(map(_has_ended, map(int, pids.read_text().split()))):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def _has_ended(pid: int) -> bool:
    """Gone, or dead and not yet collected by whoever adopted it."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return True
    return state in {"Z", "X"}


async def test_however_much_it_prints_only_the_end_is_kept() -> None:
    said = await run_program(python("print('x' * 5_000_000); print('end')"), timeout_s=30)
    assert said == "end"


async def test_a_daemon_that_it_leaves_behind_goes_on(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = (
        "import subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid)); print('started')"
    )
    assert await run_program(python(code), timeout_s=30) == "started"
    pid = int(pid_file.read_text())
    assert not _has_ended(pid)
    os.kill(pid, signal.SIGKILL)
