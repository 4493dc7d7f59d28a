"""Files that the console writes into a home."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.adapters.report_files import put_files


@dataclass(frozen=True, slots=True)
class FileShelf:
    """Files in folders of the home, mode 0600."""

    home: Path

    async def put(self, folder: str, stem: str, files: Mapping[str, bytes]) -> tuple[Path, ...]:
        """Write them. Raises StorageError."""
        return await asyncio.to_thread(put_files, self.home / folder, stem, files)
