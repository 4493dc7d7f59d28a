"""What front ends may ask of the machine that an engine runs on: its log, settings, findings."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One setting in force. A value that may be secret is never in `value`."""

    key: str  # "gateway.port"
    value: str
    origin: str  # "default", "maestro.toml:12", "MAESTRO_GATEWAY__PORT"
    default: str  # "" where there is none
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One thing that the doctor looked at."""

    subject: str  # "sources", "engine", …
    name: str  # "backend.error_rate"
    ok: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPage:
    """Lines of the engine's own log, newest last."""

    lines: tuple[str, ...]
    whole: bool  # False: these follow those that the asker has
    mark: str  # of the newest line; asking with it brings only what came after


class OfficePort(Protocol):
    """Each raises a MaestroError with a sentence for the screen."""

    async def read_log(self) -> tuple[str, ...]:
        """The newest lines, newest last."""
        ...

    async def read_settings(self) -> tuple[SettingRow, ...]:
        """What is in force, and where each comes from."""
        ...

    async def examine(self) -> tuple[FindingRow, ...]:
        """What the doctor finds now."""
        ...


class OfficeDoor:
    """Where a running engine's office is; shut until whoever hosts the engine brings one."""

    def __init__(self) -> None:
        self.port: OfficePort | None = None

    def open(self, port: OfficePort) -> None:
        """From now on it is asked here."""
        self.port = port
