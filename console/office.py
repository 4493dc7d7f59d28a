"""What screens may ask of the machine that the console runs on; adapters stay out of sight."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from console.language import N_

if TYPE_CHECKING:  # needed by screens that are made later than the first picture
    from core.office_ports import FindingRow, SettingRow
    from core.policy_ports import PolicyPort
    from core.reporting.forms import Form

ELSEWHERE = N_("this console does not run where the engine does: look there")


class ReportWriter(Protocol):
    """Makes a report and writes it."""

    async def __call__(
        self, kind: str, form: Form, since: datetime, until: datetime
    ) -> tuple[Path, ...]:
        """Where it was written. Raises MaestroError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Each is None where there is none: the screen says so. What they raise is a MaestroError."""

    policies: PolicyPort | None = None
    read_log: Callable[[], Awaitable[tuple[str, ...]]] | None = (
        None  # the newest lines, newest last
    )
    read_settings: Callable[[], Awaitable[tuple[SettingRow, ...]]] | None = None
    examine: Callable[[], Awaitable[tuple[FindingRow, ...]]] | None = None  # the doctor
    write_report: ReportWriter | None = None
    # a folder's name in the home, a stem, ending -> content
    put_files: Callable[[str, str, Mapping[str, bytes]], Awaitable[tuple[Path, ...]]] | None = None
