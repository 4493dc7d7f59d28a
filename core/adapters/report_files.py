"""Reports as files: whole or not at all, private to their owner."""

import asyncio
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.errors import StorageError


class ReportFiles:
    """Implements `core.reporting.schedule.Shelf`."""

    async def put(self, folder: Path, stem: str, files: Mapping[str, bytes]) -> None:
        """Write `stem` + ending; an older file of that name is replaced. Raises StorageError."""
        await asyncio.to_thread(put_files, folder, stem, files)

    async def prune(self, folder: Path, plan: str, keep: int) -> None:
        """Remove all but the newest `keep` days of a plan's files. Raises StorageError."""
        await asyncio.to_thread(_prune, folder, plan, keep)


def put_files(folder: Path, stem: str, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write them and return where they are. Raises StorageError."""
    written: list[Path] = []
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for ending, content in files.items():
            handle, draft = tempfile.mkstemp(dir=folder, prefix=".report-")  # mode 0600
            try:
                with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor has no path
                    file.write(content)
                path = folder / f"{stem}{ending}"
                os.replace(draft, path)  # noqa: PTH105 - the draft is a name, not a path
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise
            written.append(path)
    except OSError as error:
        raise StorageError(f"cannot write to {folder}: {error.strerror}") from error
    return tuple(written)


def _prune(folder: Path, plan: str, keep: int) -> None:
    own = re.compile(re.escape(plan) + r"-(\d{4}-\d{2}-\d{2})(?:-[a-z-]+)?\.\w+")
    days: dict[str, list[Path]] = {}
    try:
        for path in folder.iterdir():
            if found := own.fullmatch(path.name):
                days.setdefault(found[1], []).append(path)
        for day in sorted(days)[:-keep]:
            for path in days[day]:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot tidy {folder}: {error.strerror}") from error
