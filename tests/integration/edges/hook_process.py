"""`maestro hook claude-code` as Claude Code starts it: a process for every event."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

REPO: Final = Path(__file__).parents[3]


class Answer:
    """What the command left behind."""

    def __init__(self, code: int | None, stdout: bytes, stderr: bytes) -> None:
        self.code = code
        self.document: dict[str, Any] = json.loads(stdout) if stdout else {}
        self.stderr = stderr.decode()

    @property
    def decision(self) -> str:
        return str(self.document["hookSpecificOutput"]["permissionDecision"])

    @property
    def reason(self) -> str:
        return str(self.document["hookSpecificOutput"]["permissionDecisionReason"])


@asynccontextmanager
async def hooked(
    home: Path, event: Mapping[str, Any] | bytes, *options: str
) -> AsyncGenerator[asyncio.Task[Answer]]:
    """Start the command on one event; yields its answer to come. It ends with the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "console", "hook", "claude-code", "--home", str(home), *options),
        cwd=REPO,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()

    async def finish() -> Answer:
        try:
            stdout, stderr = await process.communicate(raw)
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        return Answer(process.returncode, stdout, stderr)

    task = asyncio.create_task(finish())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def run(home: Path, event: Mapping[str, Any] | bytes, *options: str) -> Answer:
    """The answer to one event."""
    async with hooked(home, event, *options) as answer:
        return await answer
