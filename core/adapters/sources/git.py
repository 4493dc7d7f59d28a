"""A repository's history, read by `git` itself and never written."""

import asyncio
import contextlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from core.adapters.sources.parse_git import (
    find_merges,
    lead_time_min,
    parse_log,
    review_time_min,
)
from core.clock import Clock
from core.errors import SourceFailed
from core.measures import Measured
from core.source_settings import GitBinding

_OUTPUT_BYTES_MAX: Final = 16_000_000
_COMMITS_MAX: Final = 50_000
_COMPLAINT_BYTES_MAX: Final = 4_096
# A repository may be somebody else's: nothing in its own settings may start a program or reach
# for the network, and nothing of it is written.
_SAFELY: Final = (
    "--no-pager",
    "--no-optional-locks",
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "log.showSignature=false"),
    *("-c", "protocol.allow=never"),
)


class GitGauge:
    """Commits, tags, merges and decision records of the last weeks."""

    def __init__(self, binding: GitBinding, path: Path, clock: Clock) -> None:
        self._binding = binding
        self._path = path
        self._clock = clock
        self.label: Final = f"git {binding.measure} {binding.path}"

    async def measure(self) -> Measured:
        """Ask git. Raises SourceFailed, TimeoutError."""
        async with asyncio.timeout(self._binding.timeout_s):
            return await self._measure()

    async def close(self) -> None:
        """Nothing is held."""

    async def _measure(self) -> Measured:
        days = self._binding.window_days
        since = self._clock.now() - timedelta(days=days)
        weeks = days / 7
        within = f"in {days:g} days"
        match self._binding.measure:
            case "commits_per_week":
                count = int(await self._git("rev-list", "--count", *self._since(since)))
                return Measured(count / weeks, note=f"{count} commits {within}")
            case "tags_per_week":
                count = await self._tags(since)
                return Measured(count / weeks, note=f"{count} tags {within}")
            case "decisions_per_week":
                count = await self._decisions(since)
                return Measured(count / weeks, note=f"{count} decision records {within}")
            case "decisions_per_hour":
                count = await self._decisions(since)
                return Measured(count / (days * 24), note=f"{count} decision records {within}")
            case "lead_time_min" | "review_time_min":
                return await self._merges(since, within)

    def _since(self, since: datetime) -> tuple[str, ...]:
        stamp = since.astimezone(UTC).isoformat(timespec="seconds")
        return (f"--since={stamp}", "--end-of-options", self._binding.revision)

    async def _tags(self, since: datetime) -> int:
        tags = self._binding.tags
        pattern = "refs/tags" if tags == "*" else f"refs/tags/{tags}"
        printed = await self._git("for-each-ref", "--format=%(creatordate:unix)", "--", pattern)
        times = [int(word) for word in printed.split() if word.isdecimal()]
        return sum(1 for at_s in times if at_s >= since.timestamp())

    async def _decisions(self, since: datetime) -> int:
        printed = await self._git(
            *("log", "--diff-filter=A", "--name-only", "--format=", "-z"),
            *self._since(since),
            *("--", f":(glob){self._binding.decisions}"),
            globbing=True,
        )
        return len({name for name in printed.split("\0") if name.strip()})

    async def _merges(self, since: datetime, within: str) -> Measured:
        printed = await self._git(
            *("log", "--format=%H %at %ct %P", f"--max-count={_COMMITS_MAX}"),
            *("--end-of-options", self._binding.revision),
        )
        merges = find_merges(parse_log(printed), since_s=since.timestamp())
        lead = self._binding.measure == "lead_time_min"
        value = lead_time_min(merges) if lead else review_time_min(merges)
        return Measured(value, note=f"{len(merges)} merges {within}")

    async def _git(self, *arguments: str, globbing: bool = False) -> str:
        safely = [each for each in _SAFELY if not (globbing and each == "--literal-pathspecs")]
        try:
            process = await asyncio.create_subprocess_exec(
                *("git", *safely, "-C", str(self._path), *arguments),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_environment(),
            )
        except FileNotFoundError as error:
            raise SourceFailed("git is not installed here; install it") from error
        try:
            assert process.stdout is not None  # noqa: S101 - narrows for the checker
            assert process.stderr is not None  # noqa: S101
            printed, said = await asyncio.gather(
                _read(process.stdout), process.stderr.read(_COMPLAINT_BYTES_MAX)
            )
            if len(printed) > _OUTPUT_BYTES_MAX:
                raise SourceFailed("git printed too much; narrow the window")
            if await process.wait() != 0:
                raise SourceFailed(_explain(said.decode(errors="replace")))
            return printed.decode(errors="replace")
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


async def _read(stream: asyncio.StreamReader) -> bytes:
    """All of it, or a little more than may be."""
    parts = bytearray()
    while len(parts) <= _OUTPUT_BYTES_MAX and (part := await stream.read(65_536)):
        parts += part
    return bytes(parts)


def _environment() -> dict[str, str]:
    """Without what a hook or a shell of git's own would have it look at instead."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"}


def _explain(said: str) -> str:
    first = said.strip().partition("\n")[0].removeprefix("fatal: ") or "no reason given"
    if "dubious ownership" in said:
        return "the repository belongs to another user; allow it with git's safe.directory"
    return f"git refuses: {first}"
