"""The newest calls of a web server's access log, for who asks what callers use."""

import asyncio
import os
from pathlib import Path
from typing import Final

from core.adapters.sources.parse_access_log import parse_line
from core.adapters.sources.regular import open_regular, read_at_most
from core.clock import Clock
from core.errors import SourceFailed
from core.orchestration.coordinators.versions import SeenCall

_BYTES_MAX: Final = 16_000_000  # of the log's end


class LoggedCalls:
    """Reads the end of one log, as far back as `window_s` and as its last 16 MB."""

    def __init__(self, path: Path, *, window_s: float, clock: Clock) -> None:
        self._path = path
        self._window_s = window_s
        self._clock = clock

    async def read(self) -> tuple[SeenCall, ...]:
        """Oldest first; lines that are none are left out. Raises SourceFailed."""
        since_s = self._clock.now().timestamp() - self._window_s
        return await asyncio.to_thread(self._read, since_s)

    def _read(self, since_s: float) -> tuple[SeenCall, ...]:
        try:
            with open_regular(self._path) as file:
                start = max(0, file.seek(0, os.SEEK_END) - _BYTES_MAX)
                file.seek(start)
                lines = read_at_most(file, _BYTES_MAX).decode(errors="replace").splitlines()
        except OSError as error:
            raise SourceFailed(f"cannot read {self._path}: {error.strerror}") from error
        entries = map(parse_line, lines[1:] if start else lines)
        return tuple(
            SeenCall(each.path, each.status, each.duration_s)
            for each in entries
            if each is not None and each.at_s >= since_s
        )
