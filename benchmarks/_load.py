"""What benchmarks share: fsync of this disk, a home with 100 policies, percentiles, a last word."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.settings import Settings

POLICIES = 100
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it

Call = Callable[[int], Awaitable[None]]
_COMMANDS = ("ls -la", "git status", "python -m pytest -q", "grep -rn {} src", "make target-{}")


def say_when_ended() -> None:
    """Have a time limit or a closed terminal end the program with a sentence.

    By itself Python says nothing then, and in a pipe the exit code is lost as well.
    """

    def end(number: int, _frame: object) -> None:
        name = signal.Signals(number).name
        os.write(2, f"{sys.argv[0]}: ended by {name} before there was a figure\n".encode())
        os._exit(128 + number)

    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, end)


def command(number: int) -> str:
    """Three of five come again and again, as agents' do; two were never seen before."""
    return _COMMANDS[number % len(_COMMANDS)].format(number)


def fsync_ms(folder: Path, *, count: int = 200) -> float:
    """Median of appending 4 KiB and `fsync`, in milliseconds."""
    taken: list[float] = []
    path = folder / "fsync.probe"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        for _ in range(count):
            started = time.perf_counter()
            os.write(descriptor, b"x" * 4096)
            os.fsync(descriptor)
            taken.append((time.perf_counter() - started) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return percentile(taken, 0.5)


@contextlib.contextmanager
def smallest_write(folder: Path) -> Iterator[Call]:
    """A call that makes the smallest durable write: one hop to a thread, 4 KiB, one fdatasync."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread, (folder / "floor").open("ab", buffering=0) as file:

        def append() -> None:
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())

        async def write(_number: int) -> None:
            await loop.run_in_executor(thread, append)

        yield write


def stolen_s() -> float:
    """Seconds that the cores were ready and not run; 0 where nobody counts them."""
    try:
        fields = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return 0.0
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all lie at or below."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def write_pack(folder: Path) -> Path:
    """A pack that adds policies for shell commands to the default one, 100 and more in all."""
    pack = folder / "load"
    pack.mkdir(parents=True)
    (pack / "pack.toml").write_text(
        'description = "load"\nextends = ["coding-agent"]\n\n[permissions]\n'
        'agent = ["read_files", "write_files", "execute_commands", "call_tools"]\n',
        encoding="utf-8",
    )
    rules = "\n".join(_rule(number) for number in range(POLICIES))
    (pack / "load.cedar").write_text(rules + "\n", encoding="utf-8")
    return folder


def _rule(number: int) -> str:
    """Every other rule closes a resource, which an index finds; the rest look at the facts."""
    scope, condition = "resource", f'context.finding_codes.contains("code-{number}")'
    if number % 2:
        scope, condition = f'resource == Resource::"closed-{number}"', "true"
    return (
        f'@id("load-{number}")\n@reason("rule {number} closes this")\n'
        f'forbid (principal, action == Action::"shell.execute", {scope})\n'
        f"when {{ {condition} }};"
    )


def make_settings(packs: Path) -> Settings:
    """Defaults, under the load pack."""
    base = Settings()
    governance = base.governance.model_copy(
        update={"default_pack": "load", "packs_dir": packs, "pending_max": 1_000_000}
    )
    gateway = base.gateway.model_copy(update={"port": 0, "requests_per_s": 100_000.0})
    return base.model_copy(update={"governance": governance, "gateway": gateway})


async def open_loop(act: Call, *, rate_per_s: float, seconds: float) -> list[float]:
    """Start a call every 1/rate s whatever earlier ones do; milliseconds from its due time."""
    taken: list[float] = []
    due = time.perf_counter()

    async def one(number: int, at: float) -> None:
        await act(number)
        taken.append((time.perf_counter() - at) * 1000)

    async with asyncio.TaskGroup() as group:
        for number in range(int(rate_per_s * seconds)):
            due += 1 / rate_per_s
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(number, due))
    return taken


async def closed_loop(act: Call, *, callers: int, seconds: float) -> float:
    """Calls a second that `callers` get done, each waiting for its own."""
    done = 0
    end = time.perf_counter() + seconds

    async def caller(number: int) -> None:
        nonlocal done
        while time.perf_counter() < end:
            await act(number)
            done += 1

    await asyncio.gather(*(caller(number) for number in range(callers)))
    return done / seconds
