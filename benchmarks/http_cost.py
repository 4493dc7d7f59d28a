"""The same load through HTTP: `maestro serve` in a process of its own, 200 actions/s open loop.

    python -m benchmarks.http_cost

Baseline: one fsync of the same disk in the same run. The client is plain asyncio sockets, kept
open, so that what is measured is the gateway and not a client library. `floor` is the smallest
durable write, second by second in turns with the load: what that takes is the disk's doing.
`in_memory` is the same load with the home on a disk that is memory. `stolen` is time in which this
machine's cores waited for another one on the same host: client and server need both of them.
"""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from itertools import count
from pathlib import Path

from benchmarks._load import (
    MEMORY,
    Call,
    closed_loop,
    command,
    fsync_ms,
    open_loop,
    percentile,
    smallest_write,
    stolen_s,
    write_pack,
)

RATE_PER_S = 200.0
SECONDS = 10
CONNECTIONS = 64


class Connection:
    """One kept-alive HTTP/1.1 connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def post(self, head: str, body: bytes) -> int:
        """Send, read the whole answer, return its status."""
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        self._writer.write(request)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        lines = answer.decode("latin-1").lower().split("\r\n")
        length = next(line for line in lines if line.startswith("content-length:"))
        await self._reader.readexactly(int(length.split(":")[1]))
        return int(lines[0].split()[1])


async def main() -> None:
    """Run all of it and print one JSON line."""
    with tempfile.TemporaryDirectory() as folder:
        async with _serving(Path(folder)) as home:
            report = await _measure(home, Path(folder))
    print(json.dumps(report | await _measure_in_memory()))


@contextlib.asynccontextmanager
async def _serving(place: Path) -> AsyncGenerator[Path]:
    """The home of an engine that serves, with 100 policies."""
    home, config = place / "home", place / "maestro.toml"
    config.write_text(
        "[gateway]\nport = 0\nrequests_per_s = 100000.0\n"
        f'[governance]\ndefault_pack = "load"\npacks_dir = "{write_pack(place / "packs")}"\n',
        encoding="utf-8",
    )
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console", "serve", "--home", str(home), "--config", str(config),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        await server.stdout.readline()
        yield home
    finally:
        server.terminate()
        await server.wait()


async def _connect(home: Path, statuses: dict[int, int]) -> Call:
    """A call that proposes the next action, over one of the open connections."""
    port = json.loads((home / "gateway.json").read_text(encoding="utf-8"))["port"]
    token = (home / "agent.token").read_text(encoding="utf-8").strip()
    head = (
        "POST /v1/actions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    )
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(Connection(*await asyncio.open_connection("127.0.0.1", port)))
    numbers = count()

    async def act(_number: int) -> None:
        number = next(numbers)
        body = {
            "agent": f"agent-{number % 20}",
            "kind": "shell.execute",
            "resource": "bash",
            "arguments": {"command": command(number)},
            "purpose": "build and test the project",
        }
        connection = await free.get()
        status = await connection.post(head, json.dumps(body).encode())
        free.put_nowait(connection)
        statuses[status] = statuses.get(status, 0) + 1

    return act


async def _measure(home: Path, place: Path) -> dict[str, object]:
    statuses: dict[int, int] = {}
    act = await _connect(home, statuses)
    fsync = fsync_ms(place)
    await open_loop(act, rate_per_s=RATE_PER_S, seconds=1)
    taken: list[float] = []
    floor: list[float] = []
    stolen = stolen_s()
    with smallest_write(place) as write:
        for _ in range(SECONDS):
            floor += await open_loop(write, rate_per_s=RATE_PER_S, seconds=1)
            taken += await open_loop(act, rate_per_s=RATE_PER_S, seconds=1)
    stolen = stolen_s() - stolen
    per_s = await closed_loop(act, callers=CONNECTIONS, seconds=5)
    fsync = max(fsync, fsync_ms(place))
    p50, p99 = percentile(taken, 0.5), percentile(taken, 0.99)
    return {
        "benchmark": "http_cost",
        "p50_ms": round(p50, 3),
        "p99_ms": round(p99, 3),
        "fsync_ms": round(fsync, 3),
        "floor_p50_ms": round(percentile(floor, 0.5), 3),
        "floor_p99_ms": round(percentile(floor, 0.99), 3),
        "stolen_ms_per_s": round(stolen * 1000 / (2 * SECONDS), 1),
        "p50_over_fsync_ms": round(p50 - fsync, 3),
        "p99_over_3_fsync_ms": round(p99 - 3 * fsync, 3),
        "closed_loop_64_per_s": round(per_s),
        "statuses": {str(status): number for status, number in statuses.items()},
        "ratio": round(p50 / fsync, 2),
    }


async def _measure_in_memory() -> dict[str, object]:
    if not os.access(MEMORY, os.W_OK):
        return {}
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        async with _serving(Path(folder)) as home:
            act = await _connect(home, {})
            await open_loop(act, rate_per_s=RATE_PER_S, seconds=1)
            taken = await open_loop(act, rate_per_s=RATE_PER_S, seconds=SECONDS / 2)
    return {
        "p50_ms_in_memory": round(percentile(taken, 0.5), 3),
        "p99_ms_in_memory": round(percentile(taken, 0.99), 3),
    }


if __name__ == "__main__":
    asyncio.run(main())
