"""Real servers on loopback: nginx and Postgres, found where systems keep them."""

import asyncio
import contextlib
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from core.adapters.sources.build import SourceFactory
from core.adapters.system import SystemClock
from core.measures import Measured
from core.source_settings import BINDINGS

START_S = 20.0


def program(name: str) -> str:
    """Where it is; skips the test where it is not."""
    folders = [*sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin"))), "/usr/sbin"]
    path = os.pathsep.join([os.environ.get("PATH", ""), *folders])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"{name} is not installed; .ci/install-servers does it")
    return str(Path(found).resolve())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wait_for_port(port: int, process: "subprocess.Popen[Any]") -> None:
    ends_s = time.monotonic() + START_S
    while time.monotonic() < ends_s:
        assert process.poll() is None, "the server ended at once"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError("the server does not answer")


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path, **options: Any) -> Generator[int]:
    """A server until the block ends; the id of its process."""
    with log.open("wb") as output:
        process: subprocess.Popen[Any] = subprocess.Popen(
            command, stdout=output, stderr=output, **options
        )
        try:
            wait_for_port(port, process)
            yield process.pid
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def unprivileged() -> dict[str, Any]:
    """How to start what refuses to run as the superuser."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def bind(**values: Any) -> Any:
    """A binding as the configuration would make it."""
    return BINDINGS[values["source"]](**values)


async def read_once(base: Path, **values: Any) -> Measured:
    """Build, read, close."""
    factory = SourceFactory(base=base, clock=SystemClock())
    source = factory.build(bind(**values))
    try:
        return await source.read()
    finally:
        await source.close()
        await factory.close()


Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextlib.asynccontextmanager
async def serving(answer: Answer, trust: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
    """A server that answers each connection once; its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(await reader.readuntil(b"\r\n\r\n"), writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the caller has gone, or the test is over
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=trust)
    host, port = server.sockets[0].getsockname()[:2]
    async with server:
        yield f"{'https' if trust else 'http'}://{host}:{port}/healthz?key=s3cret"


def says(data: bytes) -> Answer:
    async def answer(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return answer
