"""Files that other tools write: their number, and their age."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from core.adapters.sources.apart import Apart
from core.adapters.sources.parse_file import (
    read_coverage,
    read_csv,
    read_json,
    read_junit,
    read_lighthouse,
    read_number,
)
from core.adapters.sources.regular import open_regular, read_at_most
from core.clock import Clock
from core.errors import SourceFailed
from core.measures import Measured
from core.source_settings import FileBinding

_AHEAD_S_MAX: Final = 60.0


class FileGauge:
    """One number out of one file; as old as the file is."""

    def __init__(self, binding: FileBinding, path: Path, clock: Clock) -> None:
        self._binding = binding
        self._path = path
        self._clock = clock
        self._apart = Apart()
        self.label: Final = f"file {binding.path}"

    async def measure(self) -> Measured:
        """Read and parse in a thread."""
        changed_s, measured = await self._apart.run(self._read, self._binding.timeout_s)
        if changed_s > self._clock.now().timestamp() + _AHEAD_S_MAX:
            when = datetime.fromtimestamp(changed_s, UTC).isoformat(timespec="seconds")
            raise SourceFailed(f"it was changed in the future ({when}): check this host's clock")
        return Measured(measured.value, changed_s, measured.note)

    async def close(self) -> None:
        """Nothing is held."""

    def _read(self) -> tuple[float, Measured]:
        with open_regular(self._path) as file:
            changed_s = os.fstat(file.fileno()).st_mtime
            data = read_at_most(file, self._binding.bytes_max + 1)
        if len(data) > self._binding.bytes_max:
            raise SourceFailed(
                f"it is longer than {self._binding.bytes_max} bytes: raise bytes_max"
            )
        return changed_s, self._parse(data)

    def _parse(self, data: bytes) -> Measured:
        binding = self._binding
        match binding.format:
            case "json":
                return read_json(data, binding.pointer or "")
            case "csv":
                return read_csv(data, binding.column or "", binding.aggregate)
            case "junit":
                return read_junit(data, binding.measure or "pass_share")
            case "coverage":
                return read_coverage(data, binding.measure or "line_rate")
            case "lighthouse":
                return read_lighthouse(data, binding.category or "")
            case "number":
                return read_number(data)
