"""What the console asks of the machine that it runs on."""

import asyncio
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

from console.cli.setup import examine_home
from console.cli.shelf import FileShelf
from console.cli.sources import SourceReport
from console.office import Office
from console.view_models.setting_rows import setting_rows
from console.view_models.settings import COMMAND_LINE
from core.adapters.home import is_demo
from core.adapters.report_files import put_files
from core.bootstrap import Engine
from core.errors import ConfigError, StorageError
from core.office_ports import FindingRow, SettingRow
from core.reporting.catalog import make_report
from core.reporting.forms import Form, write_report
from core.reporting.ports import Period, Sources
from core.settings import GatewaySettings, Settings, find_place, load_settings

_LINES_MAX: Final = 2_000
_BYTES_MAX: Final = 2_000_000
_LOG: Final = Path("logs") / "maestro.jsonl"
_PORT: Final = ("gateway", "port")  # the one setting that has an option
_LOOKED_AT: Final = "configuration, policies, permissions, trail: nothing to mend"


def open_office(engine: Engine, *, config: Path | None, folder: Path) -> "Machine":
    """Let consoles that attach to this engine ask its machine. Relative paths start at `folder`."""
    here = Machine(engine, config, folder, LogTail(engine.home))
    engine.office.open(here)
    return here


def make_office(engine: Engine, *, config: Path | None, folder: Path) -> Office:
    """The machine of a hosted engine, for the console over it and for those that attach."""
    here = open_office(engine, config=config, folder=folder)
    return Office(
        policies=engine.policies,
        read_log=here.read_log,
        read_settings=here.read_settings,
        examine=here.examine,
        write_report=here.write_report,
        put_files=FileShelf(engine.home).put,
    )


class LogTail:
    """The newest lines of the engine's own log; read again only when it has changed."""

    def __init__(self, home: Path) -> None:
        self._path = home / _LOG
        self._seen: tuple[int, int, int] | None = None
        self._lines: tuple[str, ...] = ()

    async def read(self) -> tuple[str, ...]:
        """Newest last; the very same tuple while nothing was added. Raises StorageError."""
        return await asyncio.to_thread(self._read)

    def _read(self) -> tuple[str, ...]:
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_size, status.st_mtime_ns)
            if seen != self._seen:
                self._lines = self._tail()
                self._seen = seen
        except FileNotFoundError:
            self._seen, self._lines = None, ()
        except OSError as error:
            raise StorageError(f"cannot read {self._path}: {error.strerror}") from error
        return self._lines

    def _tail(self) -> tuple[str, ...]:
        older = self._path.with_name(self._path.name + ".1")
        lines = _last_lines(self._path)
        if len(lines) < _LINES_MAX and older.exists():
            lines = [*_last_lines(older), *lines]
        return tuple(lines[-_LINES_MAX:])


def _last_lines(path: Path) -> list[str]:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - _BYTES_MAX)
        file.seek(start)
        text = file.read().decode(errors="replace")
    lines = text.split("\n")
    return [each for each in (lines[1:] if start else lines) if each]


@dataclass(frozen=True, slots=True)
class Machine:
    """The one that the engine runs on. Implements `core.office_ports.OfficePort`."""

    engine: Engine
    config: Path | None
    folder: Path
    log: LogTail

    async def read_log(self) -> tuple[str, ...]:
        """The newest lines, newest last."""
        return await self.log.read()

    async def read_settings(self) -> tuple[SettingRow, ...]:
        """What is in force, and where each comes from, as the file stands now."""
        return await asyncio.to_thread(list_settings, self.engine.settings, self.config)

    async def examine(self) -> tuple[FindingRow, ...]:
        """What `maestro doctor` finds now."""
        return await asyncio.to_thread(examine, self.engine.home, self.config, self.folder)

    async def write_report(
        self, kind: str, form: Form, since: datetime, until: datetime
    ) -> tuple[Path, ...]:
        """Make it of the running engine, and put it where reports are."""
        engine = self.engine
        now = engine.clock.now()
        zone = now.astimezone().tzinfo or UTC
        sources = Sources(
            home=str(engine.home),
            ledger=engine.desk,
            fleet=engine.fleet,
            made_by=engine.operator,
            demo=is_demo(engine.home),
        )
        made = await make_report(kind, sources, Period(since, until), now=now)
        stem = f"maestro-{kind}-{now.astimezone(zone):%Y-%m-%d-%H%M%S}"

        def write() -> tuple[Path, ...]:
            return put_files(engine.home / "reports", stem, write_report(made, form, zone))

        return await asyncio.to_thread(write)


def examine(home: Path, config: Path | None, folder: Path) -> tuple[FindingRow, ...]:
    """What the doctor finds, source by source. Blocks; raises nothing that it can tell."""
    problems, sources = examine_home(home, partial(load_settings, config), folder)
    found = list(map(_source_row, sources))
    found += [FindingRow(subject="engine", name="", ok=False, said=each) for each in problems]
    if not problems:
        found.append(FindingRow(subject="engine", name="", ok=True, said=_LOOKED_AT))
    return tuple(found)


def _source_row(report: SourceReport) -> FindingRow:
    said = f"{report.said} ({report.source})" if report.ok else report.said
    return FindingRow(subject="source", name=report.key, ok=report.ok, said=said)


def list_settings(settings: Settings, config: Path | None) -> tuple[SettingRow, ...]:
    """Each setting with its origin. Blocks; raises ConfigError when the file cannot be read."""
    text, given = "", dict[str, Any]()
    if config is not None:
        try:
            text = config.read_text(encoding="utf-8")
            given = tomllib.loads(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"cannot read {config}: {error}") from error

    def find_origin(path: Sequence[str]) -> str:
        if path == _PORT and _is_from_option(settings.gateway.port, given):
            return COMMAND_LINE
        place = find_place(path, text)
        if place.startswith("line ") and config is not None:
            return f"{config.name}:{place.removeprefix('line ')}"
        if place:
            return place.removeprefix("the variable ")
        return config.name if config is not None and _holds(given, path) else ""

    defaults = Settings.model_construct().model_dump(mode="json")
    return setting_rows(settings.model_dump(mode="json"), defaults, find_origin)


def _is_from_option(port: int, given: Mapping[str, Any]) -> bool:
    """Whether neither a variable nor the file nor the default says this: `--port` remains."""
    variables = {name.upper(): text for name, text in os.environ.items()}
    stated = variables.get("MAESTRO_GATEWAY__PORT") or _find(given, _PORT)
    return str(port) != str(GatewaySettings().port if stated is None else stated).strip()


def _holds(given: Mapping[str, Any], path: Sequence[str]) -> bool:
    return _find(given, path) is not None


def _find(given: Mapping[str, Any], path: Sequence[str]) -> Any:
    found: Any = given
    for part in path:
        found = cast("Mapping[str, Any]", found).get(part) if isinstance(found, Mapping) else None
    return found
